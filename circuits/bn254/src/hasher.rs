//! plonky2's `Hasher` over Poseidon2: leaves and Merkle nodes.

use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};
use plonky2::{field::goldilocks_field::GoldilocksField, plonk::config::Hasher};

use super::{
    Digest,
    digest::DIGEST_BYTES,
    poseidon2,
    sponge::{LIMBS_PER_LANE, RATE, SpongeState, pack},
};

/// Sponge hash with digests of one BN254 scalar (lane 0).
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct Bn254Hasher;

impl Hasher<GoldilocksField> for Bn254Hasher {
    const HASH_SIZE: usize = DIGEST_BYTES;
    type Hash = Digest;
    type Permutation = SpongeState;

    /// Nine elements per permutation overwrite lanes 1 to 3; a short last block leaves the lanes it does not reach.
    /// Collision-resistant for inputs of one fixed length, as plonky2 uses it.
    fn hash_no_pad(input: &[GoldilocksField]) -> Digest {
        let mut lanes = [Fr::ZERO; poseidon2::WIDTH];
        for block in input.chunks(RATE) {
            for (lane, elements) in lanes[1..].iter_mut().zip(block.chunks(LIMBS_PER_LANE)) {
                *lane = pack(elements);
            }
            poseidon2::permute(&mut lanes);
        }
        Digest(lanes[0])
    }

    /// Leaves of up to three elements are their own digest. Four would still fit in plonky2's 32 bytes, but not below r.
    fn hash_or_noop(input: &[GoldilocksField]) -> Digest {
        if input.len() <= LIMBS_PER_LANE {
            Digest(pack(input))
        } else {
            Self::hash_no_pad(input)
        }
    }

    fn two_to_one(left: Digest, right: Digest) -> Digest {
        let mut lanes = [Fr::ZERO, Fr::ZERO, left.0, right.0];
        poseidon2::permute(&mut lanes);
        Digest(lanes[0])
    }
}

#[cfg(test)]
mod tests {
    use plonky2::field::types::Field as _;

    use super::*;

    #[test]
    fn blocks_overwrite_only_the_lanes_they_reach() {
        let input: Vec<GoldilocksField> = (1..=13).map(GoldilocksField::from_canonical_u64).collect();
        let mut lanes = [
            Fr::ZERO,
            pack(&input[0..3]),
            pack(&input[3..6]),
            pack(&input[6..9]),
        ];
        poseidon2::permute(&mut lanes);
        lanes[1] = pack(&input[9..12]);
        lanes[2] = pack(&input[12..]);
        poseidon2::permute(&mut lanes);
        assert_eq!(Bn254Hasher::hash_no_pad(&input), Digest(lanes[0]));
    }

    /// 2^256 exceeds r five-fold: limbs that differ by r must not share a digest.
    #[test]
    fn four_element_leaves_are_hashed() {
        let input = [1, 2, 3, 1 << 62].map(GoldilocksField::from_canonical_u64);
        assert_eq!(
            Bn254Hasher::hash_or_noop(&input),
            Bn254Hasher::hash_no_pad(&input)
        );
        assert_eq!(Bn254Hasher::hash_or_noop(&input[..3]), Digest(pack(&input[..3])));
    }

    #[test]
    fn two_to_one_depends_on_order() {
        let (a, b) = (Digest(Fr::from(1)), Digest(Fr::from(2)));
        assert_ne!(Bn254Hasher::two_to_one(a, b), Bn254Hasher::two_to_one(b, a));
    }
}
