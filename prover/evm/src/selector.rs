//! Names of functions and errors in calldata.

use sha3::{Digest, Keccak256};

/// The first four bytes of the signature's Keccak-256.
pub(crate) fn selector(signature: &str) -> u32 {
    let digest = Keccak256::digest(signature);
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}
