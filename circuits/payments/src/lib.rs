//! Payments: accounts with balances in many tokens, deposits, transfers and withdrawals. State, transactions, the native
//! transition, and the chunk circuits that prove the same transition. The native side is the oracle of the circuits.
//!
//! ```
//! use ashlar_payments::{
//!     auth,
//!     batch::{BlockBuilder, BlockConfig, Shapes},
//!     packing::{PackedAmount, PackedFee},
//!     state::MemoryStore,
//!     transaction::{Deposit, Domain, SecretKey, Served, Transaction, Transfer},
//! };
//!
//! let domain = Domain { chain_id: 31337, rollup: [0x11; 20] };
//! let [operator, alice] = ["operator", "alice"].map(|name| SecretKey::from_seed(name.as_bytes()));
//! let (earner, payer) = ([1; 20], [2; 20]); // on L1
//! let config = BlockConfig { domain, fee_owner: earner, shapes: Shapes::new(&[4]) };
//! let mut batch = BlockBuilder::new(MemoryStore::new(), config)?;
//! batch.set_time(29_700_000); // so many minutes since 1970
//! for (account, owner, key) in [(0, earner, &operator), (1, payer, &alice)] {
//!     let auth = auth::of_key(key.public_key().key_hash());
//!     batch.push(Served::deposit(account, Deposit { token: 0, amount: 1_000, owner, auth }))?;
//! }
//! let (amount, fee) = (PackedAmount::exact(300)?, PackedFee::exact(2)?);
//! let transfer = Transfer { from: 1, to: 0, to_owner: earner, token: 0, amount, fee, nonce: 0 };
//! batch.push(Transaction::Transfer(transfer).sign(&domain, &alice))?;
//! let (sealed, _) = batch.seal(1)?;
//! assert_eq!(sealed.rollup.len(), 14); // a transfer's public data on L1
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod account;
mod application;
pub mod auth;
pub mod batch;
pub mod chunk;
pub mod execute;
pub mod exit;
pub mod leaves;
pub mod packing;
pub mod policy;
pub mod pubdata;
mod reader;
pub mod rebuild;
pub mod serve;
pub mod state;
pub mod transaction;
pub mod tree;
pub mod validate;
pub mod witness;

pub use application::Payments;
