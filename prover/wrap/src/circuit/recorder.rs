//! The recorder: writes rows and copies, computing the witness at once. Sums and range checks: [`super::sums`].
//!
//! The layout never depends on witness values: methods that need a witness use it only to fill cells.

use std::collections::{BTreeMap, HashMap};

use halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};

use super::{
    config::{
        A, ADVICE_COLUMNS, B, C, CLOSE, D, DRAIN, ENTRANCE, FEED, FixedColumn, INSTANCE_ROWS, in_lanes,
    },
    integer::limbs,
    layout::{Cell, FixedRow, Layout, Usage},
    rounds::{Kind, ROWS, Rounds},
    table::TableRows,
};

/// Limb width of the wrap circuit.
pub const LIMB_BITS: u32 = 16;

/// What stands in a cell: a copy of another cell, or a new witness.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Copy(Cell),
    New(Fr),
}

/// Records a circuit. Implements [`Chip`](crate::chip::Chip).
#[derive(Debug)]
pub struct Recorder {
    layout: Layout,
    zero: Cell,
    one: Cell,
    constants: HashMap<[u8; 32], Cell>,
    /// Cells of inert rows that can be copied and hold nothing yet.
    free: Vec<Cell>,
    table: TableRows,
    step: &'static str,
    /// Of the step under way, since it was entered.
    usage: Usage,
    forced: HashMap<Cell, Fr>,
}

impl Recorder {
    /// A recorder with the wrap circuit's 16-bit limbs.
    pub fn new() -> Self {
        Self::with_limb_bits(LIMB_BITS)
    }

    /// A recorder with a smaller range table, for tests with small k.
    pub fn with_limb_bits(limb_bits: u32) -> Self {
        Self::forced(limb_bits, HashMap::new())
    }

    /// A recorder that gives the cells named in `forced` these witnesses instead of the honest ones, and computes what
    /// follows from them: how tests play a dishonest prover.
    pub fn forced(limb_bits: u32, forced: HashMap<Cell, Fr>) -> Self {
        assert!(matches!(limb_bits, 4 | 8 | 16), "limbs of 4, 8 or 16 bits");
        let nowhere = Cell { column: 0, row: 0 };
        let mut recorder = Self {
            layout: Layout {
                limb_bits,
                advice: Default::default(),
                fixed: Vec::new(),
                copies: Vec::new(),
                instances: Vec::new(),
                unused: Default::default(),
                steps: BTreeMap::new(),
            },
            zero: nowhere,
            one: nowhere,
            constants: HashMap::new(),
            free: Vec::new(),
            table: TableRows::default(),
            step: "set-up",
            usage: Usage::default(),
            forced,
        };
        for _ in 0..INSTANCE_ROWS {
            recorder.write_row(&FixedRow::EMPTY, [None; ADVICE_COLUMNS]);
        }
        recorder.table = TableRows::default(); // these rows become sums
        recorder.anchor_constants();
        recorder
    }

    /// The recorded circuit.
    pub fn finish(mut self) -> Layout {
        self.end_step();
        self.table.write(&mut self.layout, self.zero);
        self.layout
    }

    /// The witness of a cell.
    pub fn value(&self, cell: Cell) -> Fr {
        self.layout.value(cell)
    }

    /// Appends a cell to the instance column.
    pub fn expose(&mut self, cell: Cell) {
        let row = self.layout.instances.len();
        assert!(row < INSTANCE_ROWS, "at most {INSTANCE_ROWS} instances");
        let exposed = Cell {
            column: D as u8,
            row: row as u32,
        };
        let value = self.value(cell);
        let value = self.effective(exposed, value);
        self.layout.set_value(exposed, value);
        self.layout.mark_used(exposed);
        self.layout.copies.push((cell, exposed));
        self.layout
            .fixed
            .push((FixedColumn::Tail, exposed.row, Fr::from(CLOSE)));
        self.layout.instances.push(exposed);
    }

    pub(super) fn set_step(&mut self, step: &'static str) {
        self.end_step();
        self.step = step;
    }

    /// Cells holding 0 and 1. Zero is the sum `d = 0`; one is the constant of a round whose S-boxes see zeros.
    fn anchor_constants(&mut self) {
        let mut row = FixedRow::EMPTY;
        row.tail = CLOSE;
        self.zero = self.write_row(&row, [None, None, None, Some(Operand::New(Fr::ZERO))])[D];
        let zero = Operand::Copy(self.zero);
        self.feed(zero);
        let ones = [Fr::ONE, Fr::ZERO, Fr::ZERO, Fr::ZERO];
        let mut row = FixedRow::EMPTY;
        row.full = true;
        row.coefficients = Rounds::get().constant_row(ones);
        let zeros = [Some(Operand::New(Fr::ZERO)), Some(zero), Some(zero), Some(zero)];
        self.write_row(&row, zeros);
        let ones = in_lanes(ones).map(|value| Some(Operand::New(value)));
        self.one = self.write_row(&FixedRow::EMPTY, ones)[B];
    }

    // --- rows ---------------------------------------------------------------------------------------------------------

    /// The witness that a cell gets where `value` is the honest one.
    pub(super) fn effective(&self, cell: Cell, value: Fr) -> Fr {
        self.forced.get(&cell).copied().unwrap_or(value)
    }

    fn assign(&mut self, cell: Cell, value: Fr, is_used: bool) {
        let value = self.effective(cell, value);
        let column = usize::from(cell.column);
        debug_assert_eq!(
            self.layout.advice[column].len(),
            cell.row as usize,
            "columns grow row by row"
        );
        self.layout.push(column, value, is_used);
    }

    pub(super) fn count_lookup(&mut self) {
        self.usage.lookups += 1;
    }

    /// Charges what was counted to the step that was under way.
    fn end_step(&mut self) {
        let Usage { rows, lookups } = std::mem::take(&mut self.usage);
        if rows > 0 {
            let total = self.layout.steps.entry(self.step).or_default();
            total.rows += rows;
            total.lookups += lookups;
        }
    }

    pub(super) fn limb_bits(&self) -> u32 {
        self.layout.limb_bits
    }

    pub(super) fn next_row(&self) -> u32 {
        self.layout.advice[0].len() as u32
    }

    pub(super) fn operand_value(&self, operand: Operand) -> Fr {
        match operand {
            Operand::Copy(source) => self.value(source),
            Operand::New(value) => value,
        }
    }

    /// Writes the next row. An operand may copy an earlier cell of the same row.
    pub(super) fn write_row(
        &mut self,
        fixed: &FixedRow,
        operands: [Option<Operand>; ADVICE_COLUMNS],
    ) -> [Cell; ADVICE_COLUMNS] {
        let row = self.next_row();
        self.usage.rows += 1;
        fixed.for_each_entry(|column, value| self.layout.fixed.push((column, row, value)));
        self.table.offer(row, fixed, operands[C].is_some());
        std::array::from_fn(|column| {
            let cell = Cell {
                column: column as u8,
                row,
            };
            match operands[column] {
                None => self.assign(cell, Fr::ZERO, false),
                Some(operand) => {
                    self.assign(cell, self.operand_value(operand), true);
                    if let Operand::Copy(source) = operand {
                        assert_ne!(column, A, "a cannot be copied");
                        self.layout.copies.push((source, cell));
                    }
                }
            }
            cell
        })
    }

    /// A cell without constraints.
    pub(super) fn free_word(&mut self, value: Fr) -> Cell {
        // Values are written when cells are handed out, so that forced witnesses are respected.
        if self.free.is_empty() {
            let [_, b, c, d] = self.write_row(&FixedRow::EMPTY, [None; ADVICE_COLUMNS]);
            self.free = vec![d, c, b];
        }
        let cell = self.free.pop().expect("just filled");
        self.layout.mark_used(cell);
        let value = self.effective(cell, value);
        self.layout.set_value(cell, value);
        cell
    }

    /// A cell holding a constant.
    pub(super) fn constant_cell(&mut self, value: Fr) -> Cell {
        if value == Fr::ZERO {
            return self.zero;
        }
        if value == Fr::ONE {
            return self.one;
        }
        if let Some(cell) = self.constants.get(&value.to_repr()) {
            return *cell;
        }
        let cell = self.solve(&[], value);
        self.constants.insert(value.to_repr(), cell);
        cell
    }

    pub(super) fn zero(&self) -> Cell {
        self.zero
    }

    pub(super) fn one(&self) -> Cell {
        self.one
    }

    pub(super) fn assert_same(&mut self, a: Cell, b: Cell) {
        if a != b {
            self.layout.copies.push((a, b));
        }
    }

    /// Little-endian limbs of a cell's canonical representative.
    pub(super) fn limbs(&self, cell: Cell) -> [u64; 4] {
        limbs(self.value(cell))
    }

    // --- Poseidon2 ----------------------------------------------------------------------------------------------------

    /// An inert row that makes a of the next row equal to `operand`.
    fn feed(&mut self, operand: Operand) -> Cell {
        let [_, b, c, d] = self.write_row(&FixedRow::moving(FEED), [None, None, None, Some(operand)]);
        self.free.extend([c, b]);
        d
    }

    /// The permutation.
    pub(super) fn permutation(&mut self, inputs: [Cell; 4]) -> [Cell; 4] {
        let rounds = Rounds::get();
        let [_, lane_1, ..] = inputs;
        let fed = self.feed(Operand::Copy(lane_1));
        let [lane_0, _, lane_2, lane_3] = inputs.map(Operand::Copy);
        let a = Cell {
            column: A as u8,
            row: self.next_row(),
        };
        let lane_1 = Operand::New(self.effective(a, self.value(fed)));
        let mut state = [lane_0, lane_1, lane_2, lane_3];
        let values = rounds.witness(state.map(|operand| self.operand_value(operand)));
        for (i, (kind, offsets)) in rounds.plan().iter().enumerate() {
            let mut row = FixedRow::EMPTY;
            row.coefficients = *offsets;
            match kind {
                Kind::Entrance => row.tail = ENTRANCE,
                Kind::Full => row.full = true,
                Kind::Partial => row.partial = true,
            }
            self.write_row(&row, in_lanes(state.map(Some)));
            state = values[i + 1].map(Operand::New);
        }
        debug_assert_eq!(values.len(), ROWS);
        let outputs = self.write_row(&FixedRow::moving(DRAIN), in_lanes(state.map(Some)));
        let [lane_0, undrained, lane_2, lane_3] = in_lanes(outputs);
        let drained = Operand::New(self.value(undrained));
        let [_, b, c, lane_1] = self.write_row(&FixedRow::EMPTY, [None, None, None, Some(drained)]);
        self.free.extend([c, b]);
        [lane_0, lane_1, lane_2, lane_3]
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}
