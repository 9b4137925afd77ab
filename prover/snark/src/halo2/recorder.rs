//! The recorder: writes rows, range checks and copies, computing the witness at once.
//!
//! The layout never depends on witness values: methods that need a witness use it only to fill cells.

use std::collections::{BTreeMap, HashMap, HashSet};

use halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};

use super::{
    config::{ADVICE_COLUMNS, CHAIN, CLOSE, ENTRANCE, FixedColumn, MAIN_COLUMNS},
    integer::{from_limbs, limbs, power_of_two, scalar, shift_right, truncate},
    layout::{Cell, FixedRow, Layout, Usage},
    rounds::{Kind, ROWS, Rounds},
};

/// Limb width of the wrap circuit.
pub const LIMB_BITS: u32 = 16;
const LIMB_COLUMN: usize = MAIN_COLUMNS;
const E: usize = 4;

/// A summand of a constraint `Σ = 0`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Term {
    /// `coefficient · cell`.
    Linear(Fr, Cell),
    /// `coefficient · cell · cell`.
    Product(Fr, Cell, Cell),
}

/// What stands in a main cell: a copy of another cell, or a new witness.
#[derive(Clone, Copy, Debug)]
enum Operand {
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
    /// Unused cells of the last row of free words.
    free: Vec<Cell>,
    step: &'static str,
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
                unused: HashSet::new(),
                steps: BTreeMap::new(),
            },
            zero: nowhere,
            one: nowhere,
            constants: HashMap::new(),
            free: Vec::new(),
            step: "set-up",
            forced,
        };
        recorder.anchor_constants();
        recorder
    }

    /// The recorded circuit.
    pub fn finish(self) -> Layout {
        self.layout
    }

    /// The witness of a cell.
    pub fn value(&self, cell: Cell) -> Fr {
        self.layout.value(cell)
    }

    /// Appends a cell to the instance column.
    pub fn expose(&mut self, cell: Cell) {
        self.layout.instances.push(cell);
    }

    pub(super) fn set_step(&mut self, step: &'static str) {
        self.step = step;
    }

    /// Cells holding 0 and 1. Zero is the sum `1·a = 0`; one is the constant of a round whose S-boxes see zeros.
    fn anchor_constants(&mut self) {
        let mut row = FixedRow::EMPTY;
        row.coefficients[0] = Fr::ONE;
        self.zero = self.write_row(&row, [Some(Operand::New(Fr::ZERO)), None, None, None, None])[0];
        let ones = [Fr::ONE, Fr::ZERO, Fr::ZERO, Fr::ZERO];
        let mut row = FixedRow::EMPTY;
        row.full = true;
        row.coefficients = Rounds::get().constant_row(ones);
        let zero = Some(Operand::Copy(self.zero));
        self.write_row(&row, [zero, zero, zero, zero, None]);
        let ones = ones.map(|value| Some(Operand::New(value)));
        self.one = self.write_row(&FixedRow::EMPTY, [ones[0], ones[1], ones[2], ones[3], None])[0];
    }

    // --- rows ---------------------------------------------------------------------------------------------------------

    fn assign(&mut self, cell: Cell, value: Fr) {
        let value = self.forced.get(&cell).copied().unwrap_or(value);
        let column = &mut self.layout.advice[usize::from(cell.column)];
        debug_assert_eq!(column.len(), cell.row as usize, "columns grow row by row");
        column.push(value);
    }

    fn usage(&mut self) -> &mut Usage {
        self.layout.steps.entry(self.step).or_default()
    }

    fn write_row(
        &mut self,
        fixed: &FixedRow,
        operands: [Option<Operand>; MAIN_COLUMNS],
    ) -> [Cell; MAIN_COLUMNS] {
        let row = self.layout.advice[0].len() as u32;
        self.usage().rows += 1;
        for (column, value) in fixed.entries() {
            self.layout.fixed.push((column, row, value));
        }
        std::array::from_fn(|column| {
            let cell = Cell {
                column: column as u8,
                row,
            };
            match operands[column] {
                None => {
                    self.assign(cell, Fr::ZERO);
                    self.layout.unused.insert(cell);
                }
                Some(Operand::New(value)) => self.assign(cell, value),
                Some(Operand::Copy(source)) => {
                    let value = self.value(source);
                    self.assign(cell, value);
                    self.layout.copies.push((source, cell));
                }
            }
            cell
        })
    }

    /// A cell without constraints.
    pub(super) fn free_word(&mut self, value: Fr) -> Cell {
        // Values are written when cells are handed out, so that forced witnesses are respected.
        if self.free.is_empty() {
            let mut cells = self.write_row(&FixedRow::EMPTY, [None; MAIN_COLUMNS]).to_vec();
            cells.reverse();
            self.free = cells;
        }
        let cell = self.free.pop().expect("just filled");
        self.layout.unused.remove(&cell);
        let value = self.forced.get(&cell).copied().unwrap_or(value);
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

    pub(super) fn assert_same(&mut self, a: Cell, b: Cell) {
        if a != b {
            self.layout.copies.push((a, b));
        }
    }

    // --- sums ---------------------------------------------------------------------------------------------------------

    /// The value of `constant + Σ terms`.
    pub(super) fn evaluate(&self, terms: &[Term], constant: Fr) -> Fr {
        terms.iter().fold(constant, |sum, term| {
            sum + match *term {
                Term::Linear(k, cell) => k * self.value(cell),
                Term::Product(k, x, y) => k * self.value(x) * self.value(y),
            }
        })
    }

    /// A new cell equal to `constant + Σ terms`.
    pub(super) fn solve(&mut self, terms: &[Term], constant: Fr) -> Cell {
        let value = self.evaluate(terms, constant);
        self.write_sum(terms, constant, Some(value)).expect("a new cell")
    }

    /// Makes `constant + Σ terms` zero in the native field.
    pub(super) fn assert_sum_zero(&mut self, terms: &[Term], constant: Fr) {
        self.write_sum(terms, constant, None);
    }

    /// Constrains `constant + Σ terms − result = 0` and returns the cell of the result, if one is asked for.
    fn write_sum(&mut self, terms: &[Term], constant: Fr, result: Option<Fr>) -> Option<Cell> {
        let mut rows: Vec<SumRow> = Vec::new();
        for (i, term) in terms.iter().filter_map(as_product).enumerate() {
            if i % 2 == 0 {
                rows.push(SumRow::default());
            }
            rows[i / 2].put_product(i % 2, term);
        }
        let mut linear: Vec<(Fr, Operand)> = Vec::new();
        for term in terms {
            if let Term::Linear(k, cell) = *term
                && k != Fr::ZERO
                && !rows.iter_mut().any(|row| row.attach(k, cell))
            {
                linear.push((k, Operand::Copy(cell)));
            }
        }
        if constant != Fr::ZERO {
            linear.push((constant, Operand::Copy(self.one)));
        }
        linear.extend(result.map(|value| (-Fr::ONE, Operand::New(value))));

        // One linear term stands in e of the first row; it needs a coefficient ±1, so the others are scaled.
        let head = (0..linear.len())
            .rev()
            .find(|i| linear[*i].0 == -Fr::ONE || linear[*i].0 == Fr::ONE)
            .or(linear.len().checked_sub(1))
            .map(|i| linear.remove(i));
        for (k, operand) in linear {
            if !rows.iter_mut().any(|row| row.put_linear(k, operand)) {
                let mut row = SumRow::default();
                row.put_linear(k, operand);
                rows.push(row);
            }
        }
        if rows.is_empty() {
            rows.push(SumRow::default());
        }
        let cells = self.write_sum_rows(rows, head);
        result.map(|_| cells.expect("the new cell was placed"))
    }

    /// Writes `head + Σ rows = 0`, returns the new cell among the operands, if any.
    fn write_sum_rows(&mut self, rows: Vec<SumRow>, head: Option<(Fr, Operand)>) -> Option<Cell> {
        let last = rows.len() - 1;
        let (k, mut e) = match head {
            Some((k, operand)) => (k, Some(operand)),
            None if last == 0 => (Fr::ONE, None),
            None => (Fr::ONE, Some(Operand::Copy(self.zero))),
        };
        let scale = if k == Fr::ONE || k == -Fr::ONE {
            k
        } else {
            k.invert().expect("terms have non-zero coefficients")
        };
        let mut new = None;
        for (i, row) in rows.into_iter().enumerate() {
            let is_last = i == last;
            // head/k: e + Σ in chained rows, −e − Σ in the last
            let factor = if is_last { -scale } else { scale };
            let mut fixed = FixedRow::EMPTY;
            fixed.coefficients = row.coefficients.map(|c| c * factor);
            fixed.products = row.products.map(|c| c * factor);
            fixed.tail = match (is_last, e) {
                (false, _) => scalar(CHAIN.into()),
                (true, Some(_)) => scalar(CLOSE.into()),
                (true, None) => Fr::ZERO,
            };
            let [a, b, c, d] = row.operands;
            let cells = self.write_row(&fixed, [a, b, c, d, e]);
            for (cell, operand) in cells.iter().zip([a, b, c, d, e]) {
                // running totals are new cells too: only the caller's counts
                let is_running_total = cell.column as usize == E && i > 0;
                if matches!(operand, Some(Operand::New(_))) && !is_running_total {
                    new = Some(*cell);
                }
            }
            let values = cells.map(|cell| self.value(cell));
            let total = (0..4).map(|j| fixed.coefficients[j] * values[j]).sum::<Fr>()
                + fixed.products[0] * values[0] * values[1]
                + fixed.products[1] * values[2] * values[3]
                + values[E];
            e = Some(Operand::New(total));
        }
        new
    }

    /// `x · y`, both bits, or any native product.
    pub(super) fn multiply(&mut self, x: Cell, y: Cell) -> Cell {
        self.solve(&[Term::Product(Fr::ONE, x, y)], Fr::ZERO)
    }

    /// `bit ? y : x`.
    pub(super) fn select(&mut self, bit: Cell, x: Cell, y: Cell) -> Cell {
        let terms = [
            Term::Product(Fr::ONE, bit, y),
            Term::Product(-Fr::ONE, bit, x),
            Term::Linear(Fr::ONE, x),
        ];
        self.solve(&terms, Fr::ZERO)
    }

    /// A new bit: `b·b − b = 0`.
    pub(super) fn boolean(&mut self, value: bool) -> Cell {
        let mut row = FixedRow::EMPTY;
        row.products[0] = Fr::ONE;
        row.tail = scalar(CLOSE.into());
        let cell = Cell {
            column: 0,
            row: self.layout.advice[0].len() as u32,
        };
        let copy = Some(Operand::Copy(cell));
        let value = Some(Operand::New(Fr::from(u64::from(value))));
        self.write_row(&row, [value, copy, None, None, copy])[0]
    }

    // --- range checks -------------------------------------------------------------------------------------------------

    /// Rounds up to whole limbs.
    pub(super) fn whole_limbs(&self, bits: u32) -> u32 {
        bits.next_multiple_of(self.layout.limb_bits)
    }

    /// A new cell holding `value`, below two to [`Self::whole_limbs`]`(bits)`. Higher bits of a dishonest `value` are
    /// dropped.
    pub(super) fn range(&mut self, value: [u64; 4], bits: u32) -> Cell {
        let width = self.layout.limb_bits;
        let bits = self.whole_limbs(bits);
        let count = bits / width;
        let value = truncate(value, bits);
        let first = self.layout.advice[LIMB_COLUMN].len() as u32;
        let shift = power_of_two(width);
        for i in 0..count {
            let cell = Cell {
                column: LIMB_COLUMN as u8,
                row: first + i,
            };
            self.assign(cell, from_limbs(shift_right(value, i * width)));
            if i + 1 < count {
                self.layout.fixed.push((FixedColumn::Shift, cell.row, shift));
            }
        }
        self.usage().lookups += count as usize;
        Cell {
            column: LIMB_COLUMN as u8,
            row: first,
        }
    }

    /// The cell of `value >> bits` inside the range check that starts at `cell`; `bits` is a multiple of the limb width.
    pub(super) fn high_part(&self, cell: Cell, bits: u32) -> Cell {
        debug_assert_eq!(usize::from(cell.column), LIMB_COLUMN);
        Cell {
            row: cell.row + bits / self.layout.limb_bits,
            ..cell
        }
    }

    /// Little-endian limbs of a cell's canonical representative.
    pub(super) fn limbs(&self, cell: Cell) -> [u64; 4] {
        limbs(self.value(cell))
    }

    // --- Poseidon2 ----------------------------------------------------------------------------------------------------

    /// The permutation.
    pub(super) fn permutation(&mut self, inputs: [Cell; 4]) -> [Cell; 4] {
        let rounds = Rounds::get();
        let mut state = inputs.map(Operand::Copy);
        let values = rounds.witness(inputs.map(|cell| self.value(cell)));
        for (i, (kind, offsets)) in rounds.plan().iter().enumerate() {
            let mut row = FixedRow::EMPTY;
            row.coefficients = *offsets;
            match kind {
                Kind::Entrance => row.tail = scalar(ENTRANCE.into()),
                Kind::Full => row.full = true,
                Kind::Partial => row.partial = true,
            }
            let [a, b, c, d] = state.map(Some);
            self.write_row(&row, [a, b, c, d, None]);
            state = values[i + 1].map(Operand::New);
        }
        debug_assert_eq!(values.len(), ROWS);
        let [a, b, c, d] = state.map(Some);
        let [a, b, c, d, _] = self.write_row(&FixedRow::EMPTY, [a, b, c, d, None]);
        [a, b, c, d]
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

/// A row of a sum before its e is known.
#[derive(Default)]
struct SumRow {
    operands: [Option<Operand>; 4],
    coefficients: [Fr; 4],
    products: [Fr; 2],
}

impl SumRow {
    fn put_product(&mut self, half: usize, (k, x, y): (Fr, Cell, Cell)) {
        self.products[half] = k;
        self.operands[2 * half] = Some(Operand::Copy(x));
        self.operands[2 * half + 1] = Some(Operand::Copy(y));
    }

    /// Adds a linear term to a factor of a product that already stands in the row.
    fn attach(&mut self, k: Fr, cell: Cell) -> bool {
        let slot = (0..4).find(|i| matches!(self.operands[*i], Some(Operand::Copy(held)) if held == cell));
        if let Some(slot) = slot {
            self.coefficients[slot] += k;
        }
        slot.is_some()
    }

    fn put_linear(&mut self, k: Fr, operand: Operand) -> bool {
        let slot = (0..4).find(|i| self.operands[*i].is_none());
        if let Some(slot) = slot {
            self.operands[slot] = Some(operand);
            self.coefficients[slot] = k;
        }
        slot.is_some()
    }
}

fn as_product(term: &Term) -> Option<(Fr, Cell, Cell)> {
    match *term {
        Term::Product(k, x, y) => Some((k, x, y)),
        Term::Linear(..) => None,
    }
}

const _: () = assert!(ADVICE_COLUMNS == MAIN_COLUMNS + 1);
