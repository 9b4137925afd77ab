//! How long a proof is.

use snark_verifier_sdk::snark_verifier::system::halo2::{Config, compile};

use crate::snark::{INSTANCES, VerifierKey};

const POINT_BYTES: usize = 64;
const SCALAR_BYTES: usize = 32;
/// SHPLONK ends with two commitments.
const OPENING_POINTS: usize = 2;

/// Bytes of every proof that `key` verifies: commitments to witness and quotient, evaluations, opening.
pub fn proof_bytes(key: &VerifierKey) -> usize {
    let protocol = compile(
        key.params(),
        key.vk(),
        Config::kzg().with_num_instance(vec![INSTANCES]),
    );
    let commitments = protocol.num_witness.iter().sum::<usize>() + protocol.quotient.num_chunk();
    (commitments + OPENING_POINTS) * POINT_BYTES + protocol.evaluations.len() * SCALAR_BYTES
}
