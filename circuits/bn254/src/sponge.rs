//! The challenger's duplex sponge: nine Goldilocks elements of rate in three lanes, one hidden lane of capacity.

use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};
use plonky2::{
    field::{
        goldilocks_field::GoldilocksField,
        types::{Field as _, PrimeField64},
    },
    hash::hashing::PlonkyPermutation,
};

use super::poseidon2::{self, limbs};

type F = GoldilocksField;

/// Goldilocks elements packed in one BN254 lane.
pub const LIMBS_PER_LANE: usize = 3;
/// Rate in Goldilocks elements: lanes 1 to 3.
pub(super) const RATE: usize = 9;

/// `e0 + e1·2^64 + e2·2^128` of up to three elements, canonical representatives.
pub fn pack(elements: &[F]) -> Fr {
    debug_assert!(elements.len() <= LIMBS_PER_LANE);
    let mut raw = [0u64; 4];
    for (limb, element) in raw.iter_mut().zip(elements) {
        *limb = element.to_canonical_u64();
    }
    Fr::from_raw(raw)
}

/// The three low 64-bit limbs of a lane, each reduced modulo p; the top 62 bits stay unused.
pub fn unpack(lane: &Fr) -> [F; LIMBS_PER_LANE] {
    let [l0, l1, l2, _] = limbs(lane);
    [l0, l1, l2].map(F::from_noncanonical_u64)
}

/// Sponge state as plonky2's challenger sees it: nine elements. The capacity lane is a whole BN254 scalar that plonky2
/// neither reads nor writes, so a verifier circuit never decomposes it.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq)]
pub struct SpongeState {
    rate: [F; RATE],
    capacity: Fr,
}

impl SpongeState {
    /// The lanes that the permutation works on: the capacity, then the rate, packed.
    pub fn lanes(&self) -> [Fr; poseidon2::WIDTH] {
        let [a, b, c] =
            std::array::from_fn(|i| pack(&self.rate[LIMBS_PER_LANE * i..LIMBS_PER_LANE * (i + 1)]));
        [self.capacity, a, b, c]
    }

    /// The state whose lanes were permuted: unpacked, so that what is not overwritten before the next permutation
    /// re-enters reduced.
    pub fn of_lanes(lanes: &[Fr; poseidon2::WIDTH]) -> Self {
        let [capacity, rate_lanes @ ..] = lanes;
        let mut rate = [F::ZERO; RATE];
        for (chunk, lane) in rate.chunks_mut(LIMBS_PER_LANE).zip(rate_lanes) {
            chunk.copy_from_slice(&unpack(lane));
        }
        Self {
            rate,
            capacity: *capacity,
        }
    }
}

impl AsRef<[F]> for SpongeState {
    fn as_ref(&self) -> &[F] {
        &self.rate
    }
}

impl PlonkyPermutation<F> for SpongeState {
    const RATE: usize = RATE;
    const WIDTH: usize = RATE;

    fn new<I: IntoIterator<Item = F>>(elements: I) -> Self {
        let mut state = Self {
            rate: [F::ZERO; RATE],
            capacity: Fr::ZERO,
        };
        state.set_from_iter(elements, 0);
        state
    }

    fn set_elt(&mut self, element: F, index: usize) {
        self.rate[index] = element;
    }

    fn set_from_iter<I: IntoIterator<Item = F>>(&mut self, elements: I, start: usize) {
        for (slot, element) in self.rate[start..].iter_mut().zip(elements) {
            *slot = element;
        }
    }

    fn set_from_slice(&mut self, elements: &[F], start: usize) {
        self.set_from_iter(elements.iter().copied(), start);
    }

    fn permute(&mut self) {
        let mut lanes = self.lanes();
        poseidon2::permute(&mut lanes);
        *self = Self::of_lanes(&lanes);
    }

    fn squeeze(&self) -> &[F] {
        &self.rate
    }
}

#[cfg(test)]
mod tests {
    use plonky2::iop::challenger::Challenger;

    use super::{super::Bn254Hasher, *};

    /// Plays the transcript by hand on lanes: two absorptions (one short), then more challenges than one squeeze has.
    #[test]
    fn challenger_agrees_with_lanes() {
        let inputs: Vec<F> = (0..11).map(|i| -F::from_canonical_u64(i * i + 1)).collect();
        let mut challenger = Challenger::<F, Bn254Hasher>::new();
        challenger.observe_elements(&inputs);
        let challenges = challenger.get_n_challenges(10);

        let mut lanes = [
            Fr::ZERO,
            pack(&inputs[0..3]),
            pack(&inputs[3..6]),
            pack(&inputs[6..9]),
        ];
        poseidon2::permute(&mut lanes);
        let kept = unpack(&lanes[1])[2];
        lanes[1] = pack(&[inputs[9], inputs[10], kept]);
        for i in 2..4 {
            lanes[i] = pack(&unpack(&lanes[i]));
        }
        poseidon2::permute(&mut lanes);
        let first: Vec<F> = lanes[1..].iter().flat_map(unpack).collect();
        let repacked = [
            lanes[0],
            pack(&first[0..3]),
            pack(&first[3..6]),
            pack(&first[6..9]),
        ];
        let mut lanes = repacked;
        poseidon2::permute(&mut lanes);
        // plonky2 takes challenges from the end of the squeezed slice.
        let mut expected: Vec<F> = first.into_iter().rev().collect();
        expected.push(unpack(&lanes[3])[2]);
        assert_eq!(challenges, expected);
    }

    #[test]
    fn pack_and_unpack_are_inverse_on_canonical_limbs() {
        let elements = [F::NEG_ONE, F::ZERO, F::from_canonical_u64(1 << 40)];
        assert_eq!(unpack(&pack(&elements)), elements);
    }
}
