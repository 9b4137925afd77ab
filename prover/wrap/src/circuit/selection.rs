//! Choosing by bits.

use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};
use num_bigint::BigInt;
use plonky2::field::types::{Field as _, PrimeField64};

use super::{
    integer::P,
    layout::Cell,
    recorder::Recorder,
    sums::Term,
    wide::{Coordinate, Fe, Sum},
};
use crate::chip::F;

/// Bits that choose one constant together.
const WINDOW_BITS: usize = 4;

impl Recorder {
    /// `table[Σ bitᵢ 2ⁱ]`.
    pub(super) fn lookup_cell(&mut self, bits: &[Cell], table: &[Cell]) -> Cell {
        assert_eq!(table.len(), 1 << bits.len(), "one entry per index");
        let mut layer = table.to_vec();
        for bit in bits {
            layer = layer
                .chunks_exact(2)
                .map(|pair| self.select(*bit, pair[0], pair[1]))
                .collect();
        }
        layer[0]
    }

    /// `base · Π (bitᵢ ? factorsᵢ : 1)`.
    pub(super) fn power_product(&mut self, base: F, bits: &[Cell], factors: &[F]) -> Fe {
        assert_eq!(bits.len(), factors.len(), "one factor per bit");
        let mut product = Fe::Constant(base);
        for (bits, factors) in bits.chunks(WINDOW_BITS).zip(factors.chunks(WINDOW_BITS)) {
            // the base goes into the first window
            let base = match product {
                Fe::Constant(base) => base,
                Fe::Cell(_) => F::ONE,
            };
            let table: Vec<F> = (0..1usize << bits.len())
                .map(|index| {
                    let chosen = factors.iter().enumerate().filter(|(i, _)| index >> i & 1 == 1);
                    chosen.fold(base, |product, (_, factor)| product * *factor)
                })
                .collect();
            let window = self.lookup_constant(bits, &table);
            product = match product {
                Fe::Constant(_) => self.reduce_coordinate(&window),
                Fe::Cell(_) => {
                    let mut sum = Sum::default();
                    self.add_product(&mut sum, 1, &Coordinate::element(&product), &window);
                    self.reduce_coordinate(&sum.finish())
                }
            };
        }
        product
    }

    /// `table[Σ bitᵢ 2ⁱ]` as a multilinear polynomial in the bits: exact over the integers, so it is below p.
    fn lookup_constant(&mut self, bits: &[Cell], table: &[F]) -> Coordinate {
        // monomials[S] = product of the bits in S
        let mut monomials: Vec<Option<Cell>> = vec![None];
        for bit in bits {
            for i in 0..monomials.len() {
                let monomial = match monomials[i] {
                    None => *bit,
                    Some(other) => self.multiply(other, *bit),
                };
                monomials.push(Some(monomial));
            }
        }
        // coefficients by Möbius inversion over subsets
        let mut coefficients: Vec<Fr> = table
            .iter()
            .map(|value| Fr::from(value.to_canonical_u64()))
            .collect();
        for i in 0..bits.len() {
            for set in 0..coefficients.len() {
                if set >> i & 1 == 1 {
                    let without = coefficients[set ^ 1 << i];
                    coefficients[set] -= without;
                }
            }
        }
        let terms = monomials
            .iter()
            .zip(&coefficients)
            .filter_map(|(monomial, k)| monomial.map(|cell| Term::Linear(*k, cell)))
            .filter(|term| !matches!(term, Term::Linear(k, _) if *k == Fr::ZERO))
            .collect();
        Coordinate::bounded(terms, BigInt::from(P - 1))
            .with_constant(BigInt::from(table[0].to_canonical_u64()))
    }
}
