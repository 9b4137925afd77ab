//! Columns and constraints.
//!
//! Five main advice columns a, b, c, d, e and one limb column z. Three kinds of constraint:
//!
//! * **sum**: `k₀a + k₁b + k₂c + k₃d + m₀·ab + m₁·cd` is added to e and the total is passed to e of the next row
//!   (tail = [`CHAIN`]), or is equal to e (tail = [`CLOSE`]), or is zero (tail = 0);
//! * **round** (four constraints): one layer of Poseidon2, see [`super::rounds`];
//! * **limb**: `z − shift · z(next)` is in the table, so a run of rows recomposes a range-checked integer.

use halo2_proofs::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, Instance, VirtualCells},
    poly::Rotation,
};

use super::rounds::{self, Rounds};

/// Main columns.
pub const MAIN_COLUMNS: usize = 5;
/// Main columns and the limb column.
pub const ADVICE_COLUMNS: usize = MAIN_COLUMNS + 1;
/// Coefficients, products, tail, two round flags, shift, table.
pub const FIXED_COLUMNS: usize = 4 + 2 + 5;
/// Degree of the constraint system: a flag times `x^5`.
///
/// Must be asked for: halo2-axiom otherwise caps it at 5, and then no proof verifies.
pub const DEGREE: usize = 6;

/// Tail value of a row whose total is equal to its e.
pub const CLOSE: i64 = -1;
/// Tail value of a row whose total, with its e added, is the next row's e.
pub const CHAIN: i64 = 1;
/// Tail value of the first row of a permutation, where the external matrix acts without an S-box.
pub const ENTRANCE: i64 = 2;

/// Names of the fixed columns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FixedColumn {
    /// Coefficients of a, b, c, d; additive constants in rounds.
    Coefficient(u8),
    /// Coefficients of ab and cd.
    Product(u8),
    /// [`CLOSE`], [`CHAIN`], [`ENTRANCE`] or zero.
    Tail,
    /// The S-boxes of this row enter an external layer.
    Full,
    /// This row holds four consecutive inputs of the S-box of lane 0.
    Partial,
    /// Two to the limb width where the next row's limbs continue this row's, else zero.
    Shift,
    /// The range table.
    Table,
}

/// The columns.
#[derive(Clone, Debug)]
pub struct WrapConfig {
    main: [Column<Advice>; MAIN_COLUMNS],
    limbs: Column<Advice>,
    fixed: [Column<Fixed>; FIXED_COLUMNS],
    instance: Column<Instance>,
}

impl WrapConfig {
    /// Allocates the columns and constrains them.
    pub fn configure(meta: &mut ConstraintSystem<Fr>) -> Self {
        let config = Self {
            main: std::array::from_fn(|_| meta.advice_column()),
            limbs: meta.advice_column(),
            fixed: std::array::from_fn(|_| meta.fixed_column()),
            instance: meta.instance_column(),
        };
        for column in config.main.iter().chain([&config.limbs]) {
            meta.enable_equality(*column);
        }
        meta.enable_equality(config.instance);
        meta.set_minimum_degree(DEGREE);
        config.sum_gate(meta);
        config.round_gate(meta);
        config.limb_lookup(meta);
        config
    }

    pub(super) fn advice(&self, column: usize) -> Column<Advice> {
        *self.main.get(column).unwrap_or(&self.limbs)
    }

    pub(super) fn fixed(&self, column: FixedColumn) -> Column<Fixed> {
        self.fixed[match column {
            FixedColumn::Coefficient(i) => usize::from(i),
            FixedColumn::Product(i) => 4 + usize::from(i),
            FixedColumn::Tail => 6,
            FixedColumn::Full => 7,
            FixedColumn::Partial => 8,
            FixedColumn::Shift => 9,
            FixedColumn::Table => 10,
        }]
    }

    pub(super) fn instance(&self) -> Column<Instance> {
        self.instance
    }

    fn query(&self, meta: &mut VirtualCells<'_, Fr>, column: FixedColumn) -> Expression<Fr> {
        meta.query_fixed(self.fixed(column), Rotation::cur())
    }

    /// a, b, c, d of a row.
    fn quad(&self, meta: &mut VirtualCells<'_, Fr>, rotation: Rotation) -> [Expression<Fr>; 4] {
        std::array::from_fn(|i| meta.query_advice(self.main[i], rotation))
    }

    /// One where a permutation starts.
    fn entrance(&self, meta: &mut VirtualCells<'_, Fr>) -> Expression<Fr> {
        let tail = self.query(meta, FixedColumn::Tail);
        let sixth = Fr::from(6).invert().expect("6 is not zero");
        tail.clone() * (tail.clone() * tail - constant(1)) * sixth // 0 at -1, 0, 1
    }

    fn sum_gate(&self, meta: &mut ConstraintSystem<Fr>) {
        meta.create_gate("sum", |meta| {
            let tail = self.query(meta, FixedColumn::Tail);
            let in_round = self.query(meta, FixedColumn::Full)
                + self.query(meta, FixedColumn::Partial)
                + self.entrance(meta);
            let quad = self.quad(meta, Rotation::cur());
            let e = meta.query_advice(self.main[4], Rotation::cur());
            let next = meta.query_advice(self.main[4], Rotation::next());
            let linear = (0..4)
                .map(|i| self.query(meta, FixedColumn::Coefficient(i)) * quad[usize::from(i)].clone())
                .reduce(|sum, term| sum + term)
                .expect("four terms");
            let [a, b, c, d] = quad;
            let half = Fr::from(2).invert().expect("2 is not zero");
            let chains = tail.clone() * (tail.clone() + constant(1)) * half;
            let products = self.query(meta, FixedColumn::Product(0)) * a * b
                + self.query(meta, FixedColumn::Product(1)) * c * d;
            // An entrance row has tail 2 and chains = 3: it leaves 2e = 3e(next), and permutations do not use e.
            [(constant(1) - in_round) * linear + products + tail * e - chains * next]
        });
    }

    fn round_gate(&self, meta: &mut ConstraintSystem<Fr>) {
        let rounds = Rounds::get();
        meta.create_gate("round", |meta| {
            let row = self.quad(meta, Rotation::cur());
            let next = self.quad(meta, Rotation::next());
            let flags = rounds::Flags {
                full: self.query(meta, FixedColumn::Full),
                partial: self.query(meta, FixedColumn::Partial),
                next_partial: meta.query_fixed(self.fixed(FixedColumn::Partial), Rotation::next()),
                entrance: self.entrance(meta),
            };
            let constants = std::array::from_fn(|i| self.query(meta, FixedColumn::Coefficient(i as u8)));
            rounds.constraints(&flags, &constants, &row, &next)
        });
    }

    fn limb_lookup(&self, meta: &mut ConstraintSystem<Fr>) {
        meta.lookup_any("limb", |meta| {
            let shift = self.query(meta, FixedColumn::Shift);
            let table = self.query(meta, FixedColumn::Table);
            let z = meta.query_advice(self.limbs, Rotation::cur());
            let next = meta.query_advice(self.limbs, Rotation::next());
            vec![(z - shift * next, table)]
        });
    }
}

pub(super) fn constant(value: u64) -> Expression<Fr> {
    Expression::Constant(Fr::from(value))
}
