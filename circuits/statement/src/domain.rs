//! Domain separation: a signature is good on one chain and one rollup contract only.

use plonky2::field::types::Field;
use sha3::{Digest, Keccak256};

use crate::hash::F;

/// Names one deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Domain {
    /// L1 chain.
    pub chain_id: u64,
    /// Address of the rollup contract.
    pub rollup: [u8; 20],
}

impl Domain {
    /// `chain_id` as a 256-bit big-endian word, then the address: how L1 hashes a domain.
    pub(crate) fn packed(&self) -> [u8; 52] {
        let mut bytes = [0; 52];
        bytes[24..32].copy_from_slice(&self.chain_id.to_be_bytes());
        bytes[32..].copy_from_slice(&self.rollup);
        bytes
    }

    /// The first 28 bytes of `keccak256("ashlar/v1" ‖ chain id ‖ address)` as four 7-byte words.
    pub fn words(&self) -> [F; 4] {
        let digest = Keccak256::new()
            .chain_update(b"ashlar/v1")
            .chain_update(self.packed())
            .finalize();
        let mut words = [F::ZERO; 4];
        for (word, bytes) in words.iter_mut().zip(digest.chunks_exact(7)) {
            *word = F::from_canonical_u64(bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::PrimeField64;

    use super::*;

    #[test]
    fn domains_differ_by_chain_and_address() {
        let base = Domain {
            chain_id: 1,
            rollup: [7; 20],
        };
        let words = base.words();
        assert!(words.iter().all(|word| word.to_canonical_u64() < 1 << 56));
        assert_ne!(words, Domain { chain_id: 2, ..base }.words());
        assert_ne!(
            words,
            Domain {
                rollup: [8; 20],
                ..base
            }
            .words()
        );
    }
}
