//! The plain twin: a [`Chip`] that computes and remembers failed assertions.

use ashlar_bn254 as bn254;
use halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField};
use plonky2::field::{
    extension::FieldExtension,
    types::{Field, PrimeField64},
};

use crate::chip::{Chip, F, F2};

/// An element of GF(p²) that a circuit would hold unreduced.
#[derive(Clone, Debug)]
pub struct Wide {
    value: F2,
    is_base: bool,
}

impl Wide {
    /// The element it stands for.
    pub fn value(&self) -> F2 {
        self.value
    }
}

/// Computes with plain values. Failed assertions are kept with the step they belong to.
#[derive(Debug, Default)]
pub struct NativeChip {
    failures: Vec<Failure>,
    step: &'static str,
}

/// A failed assertion.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{assertion} in step `{step}`")]
pub struct Failure {
    /// The verifier's step, as named by [`Chip::enter`].
    pub step: &'static str,
    /// What did not hold.
    pub assertion: &'static str,
}

impl NativeChip {
    /// A chip that has seen no operation.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first assertion that failed, if any did.
    pub fn result(&self) -> Result<(), Failure> {
        self.failures.first().cloned().map_or(Ok(()), Err)
    }

    /// All assertions that failed, in order.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    fn require(&mut self, holds: bool, assertion: &'static str) {
        if !holds {
            self.failures.push(Failure {
                step: self.step,
                assertion,
            });
        }
    }
}

fn index<'a>(bits: impl IntoIterator<Item = &'a bool>) -> usize {
    bits.into_iter()
        .enumerate()
        .map(|(i, bit)| usize::from(*bit) << i)
        .sum()
}

impl Chip for NativeChip {
    type Fe = F;
    type Ext = F2;
    type Wide = Wide;
    type Word = Fr;
    type Bit = bool;

    fn constant(&mut self, value: F) -> F {
        value
    }

    fn constant_ext(&mut self, value: F2) -> F2 {
        value
    }

    fn constant_word(&mut self, value: Fr) -> Fr {
        value
    }

    fn witness(&mut self, value: F) -> F {
        value
    }

    fn witness_ext(&mut self, value: F2) -> F2 {
        value
    }

    fn witness_word(&mut self, value: Fr) -> Fr {
        value
    }

    fn widen(&mut self, a: &F) -> Wide {
        Wide {
            value: F2::from(*a),
            is_base: true,
        }
    }

    fn widen_ext(&mut self, a: &F2) -> Wide {
        Wide {
            value: *a,
            is_base: false,
        }
    }

    fn sum(&mut self, terms: &[(F, Wide)], constant: F2) -> Wide {
        let products = terms
            .iter()
            .map(|(coefficient, term)| term.value * F2::from(*coefficient));
        Wide {
            value: constant + products.sum::<F2>(),
            is_base: constant.0[1] == F::ZERO && terms.iter().all(|(_, term)| term.is_base),
        }
    }

    fn inner_product(&mut self, terms: &[(Wide, Wide)], addend: Option<&Wide>) -> Wide {
        let products = terms.iter().map(|(a, b)| a.value * b.value);
        Wide {
            value: addend.map_or(F2::ZERO, Wide::value) + products.sum::<F2>(),
            is_base: addend.is_none_or(|addend| addend.is_base)
                && terms.iter().all(|(a, b)| a.is_base && b.is_base),
        }
    }

    fn reduce(&mut self, a: &Wide) -> F {
        assert!(a.is_base, "an element of GF(p²) reduced as one of GF(p)");
        a.value.0[0]
    }

    fn reduce_ext(&mut self, a: &Wide) -> F2 {
        a.value
    }

    fn is_base(&self, a: &Wide) -> bool {
        a.is_base
    }

    fn assert_zero(&mut self, a: &Wide) {
        self.require(a.value == F2::ZERO, "an identity in GF(p²)");
    }

    fn assert_canonical(&mut self, _: &F) {} // elements are

    fn ext(&mut self, c0: &F, c1: &F) -> F2 {
        F2::from_basefield_array([*c0, *c1])
    }

    fn coordinates(&self, a: &F2) -> [F; 2] {
        a.0
    }

    fn inverse_ext(&mut self, a: &F2) -> F2 {
        self.require(*a != F2::ZERO, "a non-zero divisor");
        a.try_inverse().unwrap_or(F2::ZERO)
    }

    fn bits(&mut self, a: &F) -> Vec<bool> {
        let a = a.to_canonical_u64();
        (0..64).map(|i| a >> i & 1 == 1).collect()
    }

    fn assert_zero_bit(&mut self, bit: &bool) {
        self.require(!bit, "a bit is zero");
    }

    fn select_product(&mut self, base: F, bits: &[bool], factors: &[F]) -> F {
        assert_eq!(bits.len(), factors.len(), "one factor per bit");
        let chosen = bits.iter().zip(factors).filter(|(bit, _)| **bit);
        chosen.fold(base, |product, (_, factor)| product * *factor)
    }

    fn lookup_ext(&mut self, bits: &[bool], table: &[F2]) -> F2 {
        assert_eq!(table.len(), 1 << bits.len(), "one entry per index");
        table[index(bits)]
    }

    fn lookup_word(&mut self, bits: &[bool], table: &[Fr]) -> Fr {
        assert_eq!(table.len(), 1 << bits.len(), "one entry per index");
        table[index(bits)]
    }

    fn swap(&mut self, bit: &bool, a: &Fr, b: &Fr) -> (Fr, Fr) {
        if *bit { (*b, *a) } else { (*a, *b) }
    }

    fn permute(&mut self, mut state: [Fr; 4]) -> [Fr; 4] {
        bn254::permute(&mut state);
        state
    }

    fn pack(&mut self, elements: &[F]) -> Fr {
        bn254::pack(elements)
    }

    fn unpack(&mut self, word: &Fr) -> [F; 3] {
        bn254::unpack(word)
    }

    fn split7(&mut self, word: &Fr) -> [F; 5] {
        let bytes = word.to_repr();
        std::array::from_fn(|i| {
            let mut piece = [0; 8];
            let bytes = &bytes[7 * i..32.min(7 * i + 7)];
            piece[..bytes.len()].copy_from_slice(bytes);
            F::from_canonical_u64(u64::from_le_bytes(piece))
        })
    }

    fn assert_equal_word(&mut self, a: &Fr, b: &Fr) {
        self.require(a == b, "two digests are equal");
    }

    fn enter(&mut self, step: &'static str) {
        self.step = step;
    }
}
