//! Payments: accounts with balances in many tokens, deposits, transfers and withdrawals. State, transactions, the native
//! transition, and the chunk circuit that proves the same transition. The native side is the oracle of the circuit.
//!
//! ```
//! use ashlar_payments::{
//!     batch::{BlockBuilder, BlockConfig},
//!     packing::{PackedAmount, PackedFee},
//!     state::MemoryStore,
//!     transaction::{Deposit, Domain, SecretKey, Transaction, Transfer},
//! };
//!
//! let domain = Domain { chain_id: 31337, rollup: [0x11; 20] };
//! let [operator, alice] = ["operator", "alice"].map(|name| SecretKey::from_seed(name.as_bytes()));
//! let config = BlockConfig { domain, fee_owner: operator.public_key().key_hash(), slots: 4 };
//! let mut batch = BlockBuilder::new(MemoryStore::new(), config)?;
//! for (account, key) in [(0, &operator), (1, &alice)] {
//!     let key_hash = key.public_key().key_hash();
//!     batch.push(Deposit { account, token: 0, amount: 1_000, key_hash })?;
//! }
//! let (amount, fee) = (PackedAmount::exact(300)?, PackedFee::exact(2)?);
//! let transfer = Transfer { from: 1, to: 0, token: 0, amount, fee, nonce: 0 };
//! batch.push(Transaction::Transfer(transfer).sign(&domain, &alice))?;
//! let (sealed, _) = batch.seal(1, 29_700_000)?; // at so many minutes since 1970
//! assert_eq!(sealed.rollup.len(), 14); // a transfer's public data on L1
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod account;
mod application;
pub mod batch;
pub mod chunk;
pub mod execute;
pub mod packing;
pub mod pubdata;
pub mod state;
pub mod transaction;
pub mod tree;
pub mod validate;
pub mod witness;

pub use application::Payments;
