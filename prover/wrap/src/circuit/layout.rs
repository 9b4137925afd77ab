//! What the recorder leaves behind: every cell, fixed value and copy constraint of the one region.

use std::{collections::BTreeMap, sync::Arc};

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{Circuit, ConstraintSystem, Error},
};

use super::config::{ADVICE_COLUMNS, CHAIN, CLOSE, COEFFICIENTS, FixedColumn, WrapConfig};

/// A cell of the region.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Cell {
    /// Advice column.
    pub column: u8,
    /// Row.
    pub row: u32,
}

/// Rows and what they check.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Serialize)]
pub struct Usage {
    /// Rows.
    pub rows: usize,
    /// Rows whose limb is part of an integer.
    pub lookups: usize,
}

/// A laid out circuit: the fixed part (same for every witness) and the witness.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) limb_bits: u32,
    pub(super) advice: [Vec<Fr>; ADVICE_COLUMNS],
    /// Non-zero fixed values.
    pub(super) fixed: Vec<(FixedColumn, u32, Fr)>,
    pub(super) copies: Vec<(Cell, Cell)>,
    /// The d of the rows that expose an instance, in order.
    pub(super) instances: Vec<Cell>,
    /// By column and row, whether no constraint reads the cell.
    pub(super) unused: [Vec<bool>; ADVICE_COLUMNS],
    pub(super) steps: BTreeMap<&'static str, Usage>,
}

impl Layout {
    /// Width of the range table's entries.
    pub fn limb_bits(&self) -> u32 {
        self.limb_bits
    }

    /// The witness of a cell.
    pub fn value(&self, cell: Cell) -> Fr {
        self.advice[usize::from(cell.column)][cell.row as usize]
    }

    /// Overwrites the witness of a cell: how tests feed a bad witness to the real circuit.
    pub fn set_value(&mut self, cell: Cell, value: Fr) {
        self.advice[usize::from(cell.column)][cell.row as usize] = value;
    }

    /// Appends a cell.
    pub(super) fn push(&mut self, column: usize, value: Fr, is_used: bool) {
        self.advice[column].push(value);
        self.unused[column].push(!is_used);
    }

    /// Says that a constraint reads the cell after all.
    pub(super) fn mark_used(&mut self, cell: Cell) {
        self.unused[usize::from(cell.column)][cell.row as usize] = false;
    }

    /// The values that the instance column must hold.
    pub fn instances(&self) -> Vec<Fr> {
        self.instances.iter().map(|cell| self.value(*cell)).collect()
    }

    /// Pairs of cells made equal.
    pub fn copies(&self) -> &[(Cell, Cell)] {
        &self.copies
    }

    /// All cells that constraints read.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        self.unused.iter().enumerate().flat_map(|(column, unused)| {
            let used = unused.iter().enumerate().filter(|(_, unused)| !**unused);
            used.map(move |(row, _)| Cell {
                column: column as u8,
                row: row as u32,
            })
        })
    }

    /// Rows used by all steps.
    pub fn usage(&self) -> Usage {
        Usage {
            rows: self.advice[0].len(),
            lookups: self.steps.values().map(|usage| usage.lookups).sum(),
        }
    }

    /// Rows used by each step of the recorded program.
    pub fn steps(&self) -> &BTreeMap<&'static str, Usage> {
        &self.steps
    }

    /// Whether the other layout has the same constraints, whatever its witness.
    pub fn same_constraints(&self, other: &Self) -> bool {
        self.limb_bits == other.limb_bits
            && self.fixed == other.fixed
            && self.copies == other.copies
            && self.instances == other.instances
            && self.usage() == other.usage()
    }
}

/// A [`Layout`] as a halo2 circuit.
#[derive(Clone, Debug)]
pub struct LayoutCircuit(pub Arc<Layout>);

impl Circuit<Fr> for LayoutCircuit {
    type Config = WrapConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> WrapConfig {
        WrapConfig::configure(meta)
    }

    fn synthesize(&self, config: WrapConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let layout = &*self.0;
        // One region: halo2-axiom's floor planner starts every region at row 0.
        layouter.assign_region(
            || "wrap",
            |mut region| {
                let mut cells: [Vec<_>; ADVICE_COLUMNS] = Default::default();
                for (column, (values, cells)) in layout.advice.iter().zip(&mut cells).enumerate() {
                    let advice = config.advice(column);
                    cells.extend(
                        values.iter().enumerate().map(|(row, value)| {
                            region.assign_advice(advice, row, Value::known(*value)).cell()
                        }),
                    );
                }
                for (column, row, value) in &layout.fixed {
                    region.assign_fixed(config.fixed(*column), *row as usize, *value);
                }
                let at = |cell: &Cell| cells[usize::from(cell.column)][cell.row as usize];
                for (left, right) in &layout.copies {
                    region.constrain_equal(at(left), at(right));
                }
                Ok(())
            },
        )
    }
}

/// The fixed part of a row before it is written.
#[derive(Clone, Debug)]
pub(super) struct FixedRow {
    pub(super) coefficients: [Fr; COEFFICIENTS],
    pub(super) tail: u64,
    pub(super) full: bool,
    pub(super) partial: bool,
}

const _: () = assert!(CHAIN == 1, "`for_each_entry` writes it as one");

impl FixedRow {
    pub(super) const EMPTY: Self = Self {
        coefficients: [Fr::ZERO; COEFFICIENTS],
        tail: 0,
        full: false,
        partial: false,
    };

    /// An inert row with one coefficient set.
    pub(super) fn moving(coefficient: u8) -> Self {
        let mut row = Self::EMPTY;
        row.coefficients[usize::from(coefficient)] = Fr::ONE;
        row
    }

    pub(super) fn is_sum(&self) -> bool {
        matches!(self.tail, CHAIN | CLOSE)
    }

    pub(super) fn is_inert(&self) -> bool {
        self.tail == 0 && !self.full && !self.partial
    }

    /// Hands out the non-zero entries.
    pub(super) fn for_each_entry(&self, mut entry: impl FnMut(FixedColumn, Fr)) {
        for (i, value) in (0..).zip(self.coefficients) {
            if value != Fr::ZERO {
                entry(FixedColumn::Coefficient(i), value);
            }
        }
        match self.tail {
            0 => {}
            CHAIN => entry(FixedColumn::Tail, Fr::ONE), // spares a product for most rows
            tail => entry(FixedColumn::Tail, Fr::from(tail)),
        }
        if self.full {
            entry(FixedColumn::Full, Fr::ONE);
        }
        if self.partial {
            entry(FixedColumn::Partial, Fr::ONE);
        }
    }
}
