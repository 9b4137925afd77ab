//! The [`Chip`] of the circuit.

use halo2_proofs::halo2curves::bn256::Fr;
use num_bigint::BigInt;
use plonky2::field::{
    extension::FieldExtension,
    types::{Field, PrimeField64},
};

use super::{
    integer::centred,
    layout::Cell,
    recorder::Recorder,
    sums::Term,
    wide::{Coordinate, Ext, Fe, Sum, Wide, wide_bits},
};
use crate::chip::{Chip, F, F2, MAX_WIDE_BITS};

/// GF(p²) = GF(p)\[x\]/(x² − 7).
const NON_RESIDUE: u64 = 7;
/// Room for a sum of some hundred terms below [`MAX_WIDE_BITS`].
const SUM_BITS: u64 = 8;
/// The factor 7 and the sum of two products.
const PRODUCT_BITS: u64 = 4;

impl Recorder {
    /// Reduces the larger operand until the product leaves room for sums.
    fn fitting(&mut self, a: &Wide, b: &Wide) -> (Wide, Wide) {
        let (mut a, mut b) = (a.clone(), b.clone());
        while wide_bits(&a) + wide_bits(&b) + PRODUCT_BITS > u64::from(MAX_WIDE_BITS) - SUM_BITS {
            if wide_bits(&a) > wide_bits(&b) {
                a = self.reduced(&a);
            } else {
                b = self.reduced(&b);
            }
        }
        (a, b)
    }
}

impl Chip for Recorder {
    type Fe = Fe;
    type Ext = Ext;
    type Wide = Wide;
    type Word = Cell;
    type Bit = Cell;

    fn constant(&mut self, value: F) -> Fe {
        Fe::Constant(value)
    }

    fn constant_ext(&mut self, value: F2) -> Ext {
        value.0.map(Fe::Constant)
    }

    fn constant_word(&mut self, value: Fr) -> Cell {
        self.constant_cell(value)
    }

    fn witness(&mut self, value: F) -> Fe {
        Fe::Cell(self.range([value.to_canonical_u64(), 0, 0, 0], 64))
    }

    fn witness_ext(&mut self, value: F2) -> Ext {
        value.0.map(|coordinate| self.witness(coordinate))
    }

    fn witness_word(&mut self, value: Fr) -> Cell {
        self.free_word(value)
    }

    fn widen(&mut self, a: &Fe) -> Wide {
        [Coordinate::element(a), Coordinate::constant(F::ZERO)]
    }

    fn widen_ext(&mut self, a: &Ext) -> Wide {
        [Coordinate::element(&a[0]), Coordinate::element(&a[1])]
    }

    fn sum(&mut self, terms: &[(F, Wide)], constant: F2) -> Wide {
        let mut sums = constant.0.map(|c| {
            let mut sum = Sum::default();
            sum.add_constant(&BigInt::from(centred(c)));
            sum
        });
        for (coefficient, value) in terms {
            let scale = BigInt::from(centred(*coefficient));
            let value = if wide_bits(value) + scale.bits() > u64::from(MAX_WIDE_BITS) - SUM_BITS {
                self.reduced(value)
            } else {
                value.clone()
            };
            for (sum, coordinate) in sums.iter_mut().zip(&value) {
                self.add_scaled(sum, &scale, coordinate);
            }
        }
        sums.map(Sum::finish)
    }

    fn inner_product(&mut self, terms: &[(Wide, Wide)], addend: Option<&Wide>) -> Wide {
        let mut sums = [Sum::default(), Sum::default()];
        if let Some(addend) = addend {
            for (sum, coordinate) in sums.iter_mut().zip(addend) {
                self.continue_from(sum, coordinate);
            }
        }
        let [sum0, sum1] = &mut sums;
        for (a, b) in terms {
            let (a, b) = self.fitting(a, b);
            self.add_product(sum0, 1, &a[0], &b[0]);
            self.add_product(sum0, NON_RESIDUE, &a[1], &b[1]);
            self.add_product(sum1, 1, &a[0], &b[1]);
            self.add_product(sum1, 1, &a[1], &b[0]);
        }
        sums.map(Sum::finish)
    }

    fn reduce(&mut self, a: &Wide) -> Fe {
        assert!(a[1].is_zero(), "an element of GF(p²) reduced as one of GF(p)");
        self.reduce_coordinate(&a[0])
    }

    fn reduce_ext(&mut self, a: &Wide) -> Ext {
        [self.reduce_coordinate(&a[0]), self.reduce_coordinate(&a[1])]
    }

    fn is_base(&self, a: &Wide) -> bool {
        a[1].is_zero()
    }

    fn assert_zero(&mut self, a: &Wide) {
        for coordinate in a {
            self.assert_zero_coordinate(coordinate);
        }
    }

    fn assert_canonical(&mut self, a: &Fe) {
        if let Fe::Cell(cell) = a {
            self.assert_below_p(*cell);
        }
    }

    fn ext(&mut self, c0: &Fe, c1: &Fe) -> Ext {
        [*c0, *c1]
    }

    fn coordinates(&self, a: &Ext) -> [Fe; 2] {
        *a
    }

    fn inverse_ext(&mut self, a: &Ext) -> Ext {
        let value = F2::from_basefield_array(a.map(|coordinate| self.element_value(&coordinate)));
        let inverse = self.witness_ext(value.try_inverse().unwrap_or(F2::ZERO));
        let (wide, wide_inverse) = (self.widen_ext(a), self.widen_ext(&inverse));
        let product = self.product(&wide, &wide_inverse);
        let excess = self.sum(&[(F::ONE, product)], F2::NEG_ONE);
        self.assert_zero(&excess);
        inverse
    }

    fn bits(&mut self, a: &Fe) -> Vec<Cell> {
        match a {
            Fe::Constant(value) => {
                let value = value.to_canonical_u64();
                (0..64)
                    .map(|i| self.constant_cell(Fr::from(value >> i & 1)))
                    .collect()
            }
            Fe::Cell(cell) => {
                self.assert_below_p(*cell);
                self.bit_cells(*cell)
            }
        }
    }

    fn assert_zero_bit(&mut self, bit: &Cell) {
        self.assert_same(self.zero(), *bit);
    }

    fn select_product(&mut self, base: F, bits: &[Cell], factors: &[F]) -> Fe {
        self.power_product(base, bits, factors)
    }

    fn lookup_ext(&mut self, bits: &[Cell], table: &[Ext]) -> Ext {
        [0, 1].map(|i| {
            let table: Vec<Cell> = table.iter().map(|entry| self.element_cell(&entry[i])).collect();
            Fe::Cell(self.lookup_cell(bits, &table))
        })
    }

    fn lookup_word(&mut self, bits: &[Cell], table: &[Cell]) -> Cell {
        self.lookup_cell(bits, table)
    }

    fn swap(&mut self, bit: &Cell, a: &Cell, b: &Cell) -> (Cell, Cell) {
        let left = self.select(*bit, *a, *b);
        let right = [
            Term::Linear(Fr::one(), *a),
            Term::Linear(Fr::one(), *b),
            Term::Linear(-Fr::one(), left),
        ];
        (left, self.solve(&right, Fr::zero()))
    }

    fn permute(&mut self, state: [Cell; 4]) -> [Cell; 4] {
        self.permutation(state)
    }

    fn pack(&mut self, elements: &[Fe]) -> Cell {
        self.packed(elements)
    }

    fn unpack(&mut self, word: &Cell) -> [Fe; 3] {
        let [l0, l1, l2, _] = self.decompose(*word, [64; 4], 2);
        [l0, l1, l2].map(|limb| Fe::Cell(self.canonical_residue(limb)))
    }

    fn split7(&mut self, word: &Cell) -> [Fe; 5] {
        self.decompose(*word, [56, 56, 56, 56, 32], 2).map(Fe::Cell)
    }

    fn assert_equal_word(&mut self, a: &Cell, b: &Cell) {
        self.assert_same(*a, *b);
    }

    fn enter(&mut self, step: &'static str) {
        self.set_step(step);
    }
}
