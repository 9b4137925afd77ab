//! The rollup proper: state, transactions, the native state transition, sealing of batches, and the chunk
//! circuit that proves the same transition. The native side is the oracle of the circuit.

pub mod account;
pub mod batch;
pub mod chunk;
pub mod execute;
pub mod hash;
pub mod packing;
pub mod pubdata;
pub mod public_inputs;
pub mod state;
pub mod transaction;
pub mod tree;
pub mod validate;
pub mod witness;
