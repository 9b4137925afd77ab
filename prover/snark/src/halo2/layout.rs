//! What the recorder leaves behind: every cell, fixed value and copy constraint of the one region.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{Circuit, ConstraintSystem, Error},
};

use super::config::{ADVICE_COLUMNS, FixedColumn, WrapConfig};

/// A cell of the region.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Cell {
    /// Advice column: main columns first, then the limb column.
    pub column: u8,
    /// Row.
    pub row: u32,
}

/// Rows of the two independent resources.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Serialize)]
pub struct Usage {
    /// Rows of the main columns.
    pub rows: usize,
    /// Rows of the limb column, each one lookup.
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
    /// Cells exposed, in the order of the instance column.
    pub(super) instances: Vec<Cell>,
    /// Cells that no constraint reads.
    pub(super) unused: HashSet<Cell>,
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
        let all = self.advice.iter().enumerate().flat_map(|(column, values)| {
            (0..values.len()).map(move |row| Cell {
                column: column as u8,
                row: row as u32,
            })
        });
        all.filter(|cell| !self.unused.contains(cell))
    }

    /// Rows used by all steps.
    pub fn usage(&self) -> Usage {
        Usage {
            rows: self.advice[0].len(),
            lookups: self.advice[ADVICE_COLUMNS - 1].len(),
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
        let exposed =
            layouter.assign_region(
                || "wrap",
                |mut region| {
                    let mut cells: [Vec<_>; ADVICE_COLUMNS] = Default::default();
                    for (column, (values, cells)) in layout.advice.iter().zip(&mut cells).enumerate() {
                        let advice = config.advice(column);
                        cells.extend(values.iter().enumerate().map(|(row, value)| {
                            region.assign_advice(advice, row, Value::known(*value)).cell()
                        }));
                    }
                    for (column, row, value) in &layout.fixed {
                        region.assign_fixed(config.fixed(*column), *row as usize, *value);
                    }
                    for limb in 0..1u64 << layout.limb_bits {
                        region.assign_fixed(config.fixed(FixedColumn::Table), limb as usize, Fr::from(limb));
                    }
                    let at = |cell: &Cell| cells[usize::from(cell.column)][cell.row as usize];
                    for (left, right) in &layout.copies {
                        region.constrain_equal(at(left), at(right));
                    }
                    Ok(layout.instances.iter().map(at).collect::<Vec<_>>())
                },
            )?;
        for (row, cell) in exposed.into_iter().enumerate() {
            layouter.constrain_instance(cell, config.instance(), row);
        }
        Ok(())
    }
}

/// A row of the main columns before it is written.
#[derive(Clone, Debug)]
pub(super) struct FixedRow {
    pub(super) coefficients: [Fr; 4],
    pub(super) products: [Fr; 2],
    pub(super) tail: Fr,
    pub(super) full: bool,
    pub(super) partial: bool,
}

impl FixedRow {
    pub(super) const EMPTY: Self = Self {
        coefficients: [Fr::ZERO; 4],
        products: [Fr::ZERO; 2],
        tail: Fr::ZERO,
        full: false,
        partial: false,
    };

    /// The non-zero entries.
    pub(super) fn entries(&self) -> impl Iterator<Item = (FixedColumn, Fr)> {
        let flag = |set: bool| if set { Fr::ONE } else { Fr::ZERO };
        let [c0, c1, c2, c3] = self.coefficients;
        let [p0, p1] = self.products;
        [
            (FixedColumn::Coefficient(0), c0),
            (FixedColumn::Coefficient(1), c1),
            (FixedColumn::Coefficient(2), c2),
            (FixedColumn::Coefficient(3), c3),
            (FixedColumn::Product(0), p0),
            (FixedColumn::Product(1), p1),
            (FixedColumn::Tail, self.tail),
            (FixedColumn::Full, flag(self.full)),
            (FixedColumn::Partial, flag(self.partial)),
        ]
        .into_iter()
        .filter(|(_, value)| *value != Fr::ZERO)
    }
}
