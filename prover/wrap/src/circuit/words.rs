//! Canonical decompositions of BN254 words and Goldilocks elements.

use halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField};
use plonky2::field::types::{Field as _, PrimeField64};

use super::{
    integer::{P, from_limbs, limbs, power_of_two, shift_right, truncate},
    layout::Cell,
    recorder::Recorder,
    sums::Term,
    wide::Fe,
};
use crate::chip::F;

impl Recorder {
    /// A cell with the representative of `a`.
    pub(super) fn element_cell(&mut self, a: &Fe) -> Cell {
        match a {
            Fe::Constant(value) => self.constant_cell(Fr::from(value.to_canonical_u64())),
            Fe::Cell(cell) => *cell,
        }
    }

    /// The witness of `a` modulo p.
    pub(super) fn element_value(&self, a: &Fe) -> F {
        match a {
            Fe::Constant(value) => *value,
            Fe::Cell(cell) => F::from_noncanonical_u64(self.limbs(*cell)[0]),
        }
    }

    /// Makes a cell, known to be below 2^64, smaller than p: `p − 1 − a` has 64 bits too.
    pub(super) fn assert_below_p(&mut self, a: Cell) {
        self.assert_in_range(&[Term::Linear(-Fr::one(), a)], Fr::from(P - 1), 64);
    }

    /// The canonical residue of a cell known to be below 2^64: `limb = k·p + residue`, where k of one limb cannot be
    /// above 1 because `k·p ≤ limb`.
    pub(super) fn canonical_residue(&mut self, limb: Cell) -> Cell {
        let residue = self.remainder(&[Term::Linear(Fr::one(), limb)], Fr::zero(), 1);
        self.assert_below_p(residue);
        residue
    }

    /// `Σ elementᵢ · 2^(64·i)` of up to three elements.
    pub(super) fn packed(&mut self, elements: &[Fe]) -> Cell {
        assert!(elements.len() <= 3, "three elements of 64 bits fit in a word");
        let mut terms = Vec::new();
        let mut constant = Fr::zero();
        for (i, element) in elements.iter().enumerate() {
            let k = power_of_two(64 * i as u32);
            match element {
                Fe::Constant(value) => constant += k * Fr::from(value.to_canonical_u64()),
                Fe::Cell(cell) => terms.push(Term::Linear(k, *cell)),
            }
        }
        match terms[..] {
            [] => self.constant_cell(constant),
            [Term::Linear(k, cell)] if k == Fr::one() && constant == Fr::zero() => cell,
            _ => self.solve(&terms, constant),
        }
    }

    /// The bits of a cell below 2^64, least significant first.
    pub(super) fn bit_cells(&mut self, a: Cell) -> Vec<Cell> {
        let value = self.limbs(a)[0];
        let bits: Vec<Cell> = (0..64).map(|i| self.boolean(value >> i & 1 == 1)).collect();
        let mut terms = vec![Term::Linear(-Fr::one(), a)];
        let weighted = bits.iter().enumerate();
        terms.extend(weighted.map(|(i, bit)| Term::Linear(power_of_two(i as u32), *bit)));
        self.assert_sum_zero(&terms, Fr::zero());
        bits
    }

    /// Pieces of the given widths (256 bits in all) of the canonical representative of `word`, lowest first.
    ///
    /// With R = r − 1 and everything cut at the end of piece `half`, a borrow bit b and two range checks show that
    /// `R − value` is not negative: `0 ≤ R_low − low + b·2^cut` and `0 ≤ R_high − high − b`.
    pub(super) fn decompose<const N: usize>(
        &mut self,
        word: Cell,
        widths: [u32; N],
        half: usize,
    ) -> [Cell; N] {
        assert_eq!(widths.iter().sum::<u32>(), 256, "all bits of a word");
        let value = self.limbs(word);
        let mut offset = 0;
        let offsets = widths.map(|width| {
            offset += width;
            offset - width
        });
        let pieces: [Cell; N] = std::array::from_fn(|i| {
            self.exact_range(truncate(shift_right(value, offsets[i]), widths[i]), widths[i])
        });
        let cut = offsets[half];
        let weighted = |from: usize, to: usize, base: u32| -> Vec<Term> {
            (from..to)
                .map(|i| Term::Linear(-power_of_two(offsets[i] - base), pieces[i]))
                .collect()
        };

        let mut whole = weighted(0, N, 0);
        whole.push(Term::Linear(Fr::one(), word));
        self.assert_sum_zero(&whole, Fr::zero());

        let largest = limbs(-Fr::one());
        let (largest_low, largest_high) = (truncate(largest, cut), shift_right(largest, cut));
        let borrows = from_limbs(truncate(value, cut))
            .to_repr()
            .iter()
            .rev()
            .gt(from_limbs(largest_low).to_repr().iter().rev());
        let borrow = self.boolean(borrows);

        let mut terms = weighted(0, half, 0);
        terms.push(Term::Linear(power_of_two(cut), borrow));
        self.assert_in_range(&terms, from_limbs(largest_low), cut);

        let mut terms = weighted(half, N, cut);
        terms.push(Term::Linear(-Fr::one(), borrow));
        self.assert_in_range(&terms, from_limbs(largest_high), 256 - cut);
        pieces
    }
}
