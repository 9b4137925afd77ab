//! Payments: accounts with balances in many tokens, deposits, transfers and withdrawals. State, transactions, the native
//! transition, and the chunk circuit that proves the same transition. The native side is the oracle of the circuit.

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
