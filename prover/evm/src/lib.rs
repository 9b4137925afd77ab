//! What of proofs and state is checked on L1: generated contracts.
//!
//! [`verifier_solidity`] writes the verifier that gets deployed, for one verifying key. It implements the contracts' `IProofVerifier`:
//! `verify(bytes proof, uint256[8] instances)` reverts unless the proof is good. It accepts what
//! [`VerifierKey::verify`] accepts, in one encoding only: exact length, every scalar below the scalar order, every
//! coordinate below the base order; (0, 0) is the point at infinity.
//!
//! The tests hold it to snark-verifier's contract for the same key.
//!
//! [`path_solidity`] writes the contracts' `IPoseidonPath`: it hashes one balance of one account up to the state root.

mod generator;
mod poseidon;
mod selector;

use ashlar_kzg::{INSTANCES, Snark, VerifierKey};

pub use generator::GenerateError;

/// The largest runtime code that a chain accepts (EIP-170), in bytes.
pub const MAX_RUNTIME_BYTES: usize = 24_576;

/// Solidity source of the verifier of `key`, a pure function of the key.
pub fn verifier_solidity(key: &VerifierKey) -> Result<String, GenerateError> {
    generator::generate(key)
}

/// Solidity source of `PoseidonPath`, which hashes one balance of one account up to the state root: a function of
/// plonky2's constants and of the roles of digests.
pub fn path_solidity() -> String {
    poseidon::generate()
}

/// Solidity source of a contract `PoseidonHash` with one hash of a path and nothing else, for tests.
#[doc(hidden)]
pub fn hash_solidity(role: ashlar_poseidon::Role) -> String {
    poseidon::generate_hash(role)
}

/// Bytes of every proof that `key` verifies: commitments to witness and quotient, evaluations, opening.
pub fn proof_bytes(key: &VerifierKey) -> usize {
    generator::proof_bytes(key)
}

/// Calldata of `verify` for `snark`: selector, offset of the proof, instances, length of the proof, proof.
pub fn encode_calldata(snark: &Snark) -> Vec<u8> {
    generator::encode_call(&snark.instances, &snark.proof)
}

/// Length of [`encode_calldata`] for a proof of `proof_bytes`.
pub const fn calldata_bytes(proof_bytes: usize) -> usize {
    4 + 32 * (1 + INSTANCES + 1) + proof_bytes.next_multiple_of(32)
}
