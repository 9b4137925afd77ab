//! Columns and constraints.
//!
//! What the on-chain verifier pays for is opened commitments, so columns are few and rows are many: four advice columns
//! a, b, c, d, of which b, c, d can be copied, and seven fixed ones: coefficients k₀ … k₃, the kind of row (tail) and
//! two round flags. The kinds:
//!
//! * **sum** (tail = [`CHAIN`] or [`CLOSE`]): a is a limb of the range table, and `k₀a + k₁b + k₂c + k₃bc + d` is d of
//!   the next row (chain) or zero (close);
//! * **round** (a flag, or tail = [`ENTRANCE`]): one layer of Poseidon2, see [`super::rounds`];
//! * **inert** (all of these zero): k₀ or k₁ moves a value between a and a column that can be copied: `k₀ (d − a(next))`
//!   and `k₁ (a − d(next))` are zero.
//!
//! An instance is added to every row's sum: row i exposes its d, by `d = instance` on a closing row without operands.
//! From row [`INSTANCE_ROWS`] on the instance must be zero, so a verifier has to refuse longer instances.
//!
//! # The range table has no column
//! An entry v is a row with `(k₂, k₃) = (v, TABLE_TAG)` that is inert, or a sum whose c is a copy of zero, so that
//! neither coefficient acts. The lookup asks for `(a, TABLE_TAG)` on sum rows and `(0, 0)` elsewhere. No other row has
//! the tag as k₃ (checked when a layout is finished), hence a limb equals an entry.

use halo2_proofs::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, Instance, VirtualCells},
    poly::Rotation,
};

use super::rounds::{self, Rounds};

/// Columns a, b, c, d.
pub const ADVICE_COLUMNS: usize = 4;
/// Four coefficients, tail, two round flags.
pub const FIXED_COLUMNS: usize = COEFFICIENTS + 3;
/// Coefficients of a, b, c and bc.
pub const COEFFICIENTS: usize = 4;
/// Rows that can expose an instance, the first ones.
pub const INSTANCE_ROWS: usize = 9;
/// Degree of the constraint system: a flag times `x^5`.
///
/// Must be asked for: halo2-axiom otherwise caps it at 5, and then no proof verifies.
pub const DEGREE: usize = 6;

/// Column of limbs, which cannot be copied.
pub(super) const A: usize = 0;
/// First factor.
pub(super) const B: usize = 1;
/// Second factor.
pub(super) const C: usize = 2;
/// Running totals.
pub(super) const D: usize = 3;

/// Tail of a sum row whose total is the next row's d.
pub const CHAIN: u64 = 1;
/// Tail of a sum row whose total is zero.
pub const CLOSE: u64 = 2;
/// Tail of the first row of a permutation, where the external matrix acts without an S-box.
pub const ENTRANCE: u64 = 3;

/// Inert rows: the coefficient that makes a of the next row equal to d.
pub(super) const FEED: u8 = 0;
/// Inert rows: the coefficient that makes d of the next row equal to a.
pub(super) const DRAIN: u8 = 1;
/// The coefficient that holds an entry of the range table.
pub(super) const TABLE: u8 = 2;
/// The coefficient that marks an entry of the range table.
pub(super) const TAG: u8 = 3;
/// The mark: a value that no row has as coefficient of bc.
pub const TABLE_TAG: u64 = 0x7261_6e67_655f_7461;

/// Names of the fixed columns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FixedColumn {
    /// Coefficients of a, b, c, bc in sums; additive constants in rounds; flags and table entries in inert rows.
    Coefficient(u8),
    /// [`CHAIN`], [`CLOSE`], [`ENTRANCE`] or zero.
    Tail,
    /// The S-boxes of this row enter an external layer.
    Full,
    /// This row holds four consecutive inputs of the S-box of lane 0.
    Partial,
}

/// The columns.
#[derive(Clone, Debug)]
pub struct WrapConfig {
    advice: [Column<Advice>; ADVICE_COLUMNS],
    fixed: [Column<Fixed>; FIXED_COLUMNS],
    instance: Column<Instance>,
}

impl WrapConfig {
    /// Allocates the columns and constrains them.
    pub fn configure(meta: &mut ConstraintSystem<Fr>) -> Self {
        let config = Self {
            advice: std::array::from_fn(|_| meta.advice_column()),
            fixed: std::array::from_fn(|_| meta.fixed_column()),
            instance: meta.instance_column(),
        };
        for column in [B, C, D] {
            meta.enable_equality(config.advice[column]);
        }
        meta.set_minimum_degree(DEGREE);
        config.sum_gate(meta);
        config.move_gate(meta);
        config.round_gate(meta);
        config.limb_lookup(meta);
        config
    }

    pub(super) fn advice(&self, column: usize) -> Column<Advice> {
        self.advice[column]
    }

    pub(super) fn fixed(&self, column: FixedColumn) -> Column<Fixed> {
        self.fixed[match column {
            FixedColumn::Coefficient(i) => usize::from(i),
            FixedColumn::Tail => COEFFICIENTS,
            FixedColumn::Full => COEFFICIENTS + 1,
            FixedColumn::Partial => COEFFICIENTS + 2,
        }]
    }

    fn query(&self, meta: &mut VirtualCells<'_, Fr>, column: FixedColumn) -> Expression<Fr> {
        meta.query_fixed(self.fixed(column), Rotation::cur())
    }

    fn coefficients(&self, meta: &mut VirtualCells<'_, Fr>) -> [Expression<Fr>; COEFFICIENTS] {
        std::array::from_fn(|i| self.query(meta, FixedColumn::Coefficient(i as u8)))
    }

    /// a, b, c, d of a row.
    fn row(&self, meta: &mut VirtualCells<'_, Fr>, rotation: Rotation) -> [Expression<Fr>; ADVICE_COLUMNS] {
        self.advice.map(|column| meta.query_advice(column, rotation))
    }

    fn kind(&self, meta: &mut VirtualCells<'_, Fr>) -> Kind {
        Kind {
            tail: self.query(meta, FixedColumn::Tail),
            full: self.query(meta, FixedColumn::Full),
            partial: self.query(meta, FixedColumn::Partial),
        }
    }

    fn sum_gate(&self, meta: &mut ConstraintSystem<Fr>) {
        meta.create_gate("sum", |meta| {
            let kind = self.kind(meta);
            let [k0, k1, k2, k3] = self.coefficients(meta);
            let [a, b, c, d] = self.row(meta, Rotation::cur());
            let next = meta.query_advice(self.advice[D], Rotation::next());
            let instance = meta.query_instance(self.instance, Rotation::cur());
            let total = k0 * a + k1 * b.clone() + k2 * c.clone() + k3 * b * c + d;
            [kind.sum() * total - kind.chain() * next - instance]
        });
    }

    fn move_gate(&self, meta: &mut ConstraintSystem<Fr>) {
        meta.create_gate("move", |meta| {
            let inert = self.kind(meta).inert();
            let feed = self.query(meta, FixedColumn::Coefficient(FEED));
            let drain = self.query(meta, FixedColumn::Coefficient(DRAIN));
            let [a, .., d] = self.row(meta, Rotation::cur());
            let [next_a, .., next_d] = self.row(meta, Rotation::next());
            [inert.clone() * feed * (d - next_a), inert * drain * (a - next_d)]
        });
    }

    fn round_gate(&self, meta: &mut ConstraintSystem<Fr>) {
        let rounds = Rounds::get();
        meta.create_gate("round", |meta| {
            let row = in_lanes(self.row(meta, Rotation::cur()));
            let next = in_lanes(self.row(meta, Rotation::next()));
            let kind = self.kind(meta);
            let entrance = kind.entrance();
            let flags = rounds::Flags {
                full: kind.full,
                partial: kind.partial,
                next_partial: meta.query_fixed(self.fixed(FixedColumn::Partial), Rotation::next()),
                entrance,
            };
            rounds.constraints(&flags, &self.coefficients(meta), &row, &next)
        });
    }

    fn limb_lookup(&self, meta: &mut ConstraintSystem<Fr>) {
        meta.lookup_any("limb", |meta| {
            let sum = self.kind(meta).sum();
            let a = meta.query_advice(self.advice[A], Rotation::cur());
            let [entry, tag] = [TABLE, TAG].map(|i| self.query(meta, FixedColumn::Coefficient(i)));
            vec![(sum.clone() * a, entry), (sum * Fr::from(TABLE_TAG), tag)]
        });
    }
}

/// Lanes of the permutation from cells a, b, c, d and back: lane 1 stands in a, because Merkle nodes neither fill it nor
/// read it.
pub(super) fn in_lanes<T>([a, b, c, d]: [T; ADVICE_COLUMNS]) -> [T; ADVICE_COLUMNS] {
    [b, a, c, d]
}

/// The columns that say what a row is. Tail is zero in rows with a flag.
struct Kind {
    tail: Expression<Fr>,
    full: Expression<Fr>,
    partial: Expression<Fr>,
}

impl Kind {
    /// `Π (tail − zero)`, scaled to one at `at`.
    fn tail_polynomial(&self, zeros: &[u64], at: u64) -> Expression<Fr> {
        let scale: Fr = zeros.iter().map(|zero| Fr::from(at) - Fr::from(*zero)).product();
        let factors = zeros.iter().map(|zero| self.tail.clone() - constant(*zero));
        let product = factors.reduce(|product, factor| product * factor);
        product.expect("a zero") * scale.invert().expect("not a zero")
    }

    /// One in sum rows. Of degree 2, which the lookup needs: 0 and 3 are as far apart as 1 and 2.
    fn sum(&self) -> Expression<Fr> {
        self.tail_polynomial(&[0, ENTRANCE], CHAIN)
    }

    /// One in sum rows that continue.
    fn chain(&self) -> Expression<Fr> {
        self.tail_polynomial(&[0, CLOSE, ENTRANCE], CHAIN)
    }

    /// One where a permutation starts.
    fn entrance(&self) -> Expression<Fr> {
        self.tail_polynomial(&[0, CHAIN, CLOSE], ENTRANCE)
    }

    /// One in rows that are neither sums nor rounds.
    fn inert(&self) -> Expression<Fr> {
        let round = self.full.clone() + self.partial.clone();
        (constant(1) - round) * self.tail_polynomial(&[CHAIN, CLOSE, ENTRANCE], 0)
    }
}

const _: () = assert!(CHAIN + CLOSE == ENTRANCE, "sum() is one at both");

pub(super) fn constant(value: u64) -> Expression<Fr> {
    Expression::Constant(Fr::from(value))
}
