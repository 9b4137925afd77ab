//! Merkle paths over BN254 Poseidon2, up to a cap.

use ashlar_bn254::LIMBS_PER_LANE;
use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};

use crate::chip::Chip;

/// Elements per permutation.
const RATE: usize = 3 * LIMBS_PER_LANE;

/// Twin of `Bn254Hasher::hash_or_noop`, over the elements' present representatives.
pub fn hash_leaf<Ch: Chip>(chip: &mut Ch, leaf: &[Ch::Fe]) -> Ch::Word {
    if leaf.len() <= LIMBS_PER_LANE {
        return chip.pack(leaf);
    }
    let zero = chip.constant_word(Fr::ZERO);
    let mut lanes = std::array::from_fn(|_| zero.clone());
    for block in leaf.chunks(RATE) {
        for (lane, elements) in lanes[1..].iter_mut().zip(block.chunks(LIMBS_PER_LANE)) {
            *lane = chip.pack(elements);
        }
        lanes = chip.permute(lanes);
    }
    let [digest, ..] = lanes;
    digest
}

/// Asserts that the leaf with this digest stands at `index` (bits, lowest first) under `cap`.
pub fn assert_member<Ch: Chip>(
    chip: &mut Ch,
    digest: Ch::Word,
    index: &[Ch::Bit],
    siblings: &[Ch::Word],
    cap: &[Ch::Word],
) {
    let (path, cap_index) = index.split_at(siblings.len());
    let mut digest = digest;
    for (bit, sibling) in path.iter().zip(siblings) {
        let (left, right) = chip.swap(bit, &digest, sibling);
        let zero = chip.constant_word(Fr::ZERO);
        [digest, ..] = chip.permute([zero.clone(), zero, left, right]);
    }
    let root = chip.lookup_word(cap_index, cap);
    chip.assert_equal_word(&digest, &root);
}
