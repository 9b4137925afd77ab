//! The rollup proper: state, transactions, the native state transition, sealing of batches, and the chunk
//! circuit that proves the same transition. The native side is the oracle of the circuit.

pub mod hash;
pub mod public_inputs;
