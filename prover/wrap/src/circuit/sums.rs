//! Sums over rows, and range checks: limbs ride on the rows of a sum.
//!
//! # Soundness of range checks
//! The d of a sum's rows are running totals: each row's equation fixes the next from the one before, and the last total
//! is zero. A run of rows whose only operands are limbs lᵢ with coefficients `−2^(w·i)` therefore says that the d of
//! its first row is `Σ lᵢ·2^(w·i)` in the native field. The lookup makes each lᵢ an integer below `2^w`, and a run is
//! narrower than the native modulus, so d is an integer below two to the run's width. A quotient needs no cell: its
//! limbs carry `−p·2^(w·i)` in the very sum that it divides.

use halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};

use super::{
    config::{B, CHAIN, CLOSE, D},
    integer::{P, divide, from_limbs, inverse_power_of_two, limbs, power_of_two, shift_right, truncate},
    layout::{Cell, FixedRow},
    recorder::{Operand, Recorder},
};

/// A summand of a constraint `Σ = 0`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Term {
    /// `coefficient · cell`.
    Linear(Fr, Cell),
    /// `coefficient · cell · cell`.
    Product(Fr, Cell, Cell),
}

/// Limbs as operands of a sum: coefficient and witness.
type Limbs = Vec<(Fr, Fr)>;

impl Recorder {
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
        let result = Operand::New(self.evaluate(terms, constant));
        let lines = Draft::new(self, terms, constant).into_lines(vec![]);
        self.write_lines(lines, -Fr::ONE, result, CLOSE).0
    }

    /// Makes `constant + Σ terms` zero in the native field.
    pub(super) fn assert_sum_zero(&mut self, terms: &[Term], constant: Fr) {
        self.assert_zero_with(terms, constant, vec![]);
    }

    /// Makes `constant + Σ terms` a number below two to [`Self::whole_limbs`]`(bits)`.
    pub(super) fn assert_in_range(&mut self, terms: &[Term], constant: Fr, bits: u32) {
        let value = limbs(self.evaluate(terms, constant));
        let limbs = self.split(value, bits, -Fr::ONE);
        self.assert_zero_with(terms, constant, limbs);
    }

    /// Makes `constant + Σ terms` equal to p times a number below two to [`Self::whole_limbs`]`(bits)`.
    pub(super) fn assert_multiple(&mut self, terms: &[Term], constant: Fr, bits: u32) {
        let (quotient, _) = divide(limbs(self.evaluate(terms, constant)));
        let quotient = self.split(quotient, bits, -Fr::from(P));
        self.assert_zero_with(terms, constant, quotient);
    }

    /// A new cell r below 2^64 such that `constant + Σ terms = q·p + r` in the native field, q below two to
    /// [`Self::whole_limbs`]`(bits)`.
    pub(super) fn remainder(&mut self, terms: &[Term], constant: Fr, bits: u32) -> Cell {
        let (quotient, _) = divide(limbs(self.evaluate(terms, constant)));
        let quotient = self.split(quotient, bits, -Fr::from(P));
        let mut draft = Draft::new(self, terms, constant);
        let head = draft.take_loose(|k| k == Fr::ONE);
        let start = head.map_or(Operand::Copy(self.zero()), |(_, operand)| operand);
        let (_, total) = self.write_lines(draft.into_lines(quotient), Fr::ONE, start, CHAIN);
        self.run(Operand::New(total), 64)
    }

    fn assert_zero_with(&mut self, terms: &[Term], constant: Fr, limbs: Limbs) {
        let mut draft = Draft::new(self, terms, constant);
        let is_unit = |k| k == Fr::ONE || k == -Fr::ONE;
        let head = draft.take_loose(is_unit).or_else(|| draft.take_loose(|_| true));
        // The first d has no coefficient, so the others are divided by the one it should have.
        let (k, start) = head.unwrap_or((Fr::ONE, Operand::Copy(self.zero())));
        let scale = if is_unit(k) {
            k
        } else {
            k.invert().expect("terms have non-zero coefficients")
        };
        self.write_lines(draft.into_lines(limbs), scale, start, CLOSE);
    }

    /// Writes `start + scale · Σ lines`, the last row with the given tail. Returns the cell of `start` and the total.
    fn write_lines(&mut self, lines: Vec<Line>, scale: Fr, start: Operand, tail: u64) -> (Cell, Fr) {
        let (last, mut total, mut first) = (lines.len() - 1, start, None);
        for (i, line) in lines.into_iter().enumerate() {
            let mut fixed = FixedRow::EMPTY;
            fixed.coefficients = line.coefficients.map(|k| sparse_product(k, scale));
            fixed.tail = if i == last { tail } else { CHAIN };
            if line.limb.is_some() {
                self.count_lookup();
            }
            let [b, c] = line.factors;
            let cells = self.write_row(&fixed, [line.limb.map(Operand::New), b, c, Some(total)]);
            first.get_or_insert(cells[D]);
            let [a, b, c, d] = cells.map(|cell| self.value(cell));
            let [k0, k1, k2, k3] = fixed.coefficients;
            let products = [(k0, a), (k1, b), (k2, c), (sparse_product(k3, b), c)];
            let sum = products
                .iter()
                .fold(d, |sum, (k, x)| sum + sparse_product(*k, *x));
            total = Operand::New(sum);
        }
        (first.expect("at least one line"), self.operand_value(total))
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

    /// A new bit: `b − b·b = 0`.
    pub(super) fn boolean(&mut self, value: bool) -> Cell {
        let mut row = FixedRow::EMPTY;
        row.coefficients = [Fr::ZERO, Fr::ZERO, Fr::ZERO, -Fr::ONE];
        row.tail = CLOSE;
        let bit = Cell {
            column: B as u8,
            row: self.next_row(),
        };
        let copy = Some(Operand::Copy(bit));
        let value = Some(Operand::New(Fr::from(u64::from(value))));
        self.write_row(&row, [None, value, copy, copy])[B]
    }

    // --- range checks -------------------------------------------------------------------------------------------------

    /// Rounds up to whole limbs.
    pub(super) fn whole_limbs(&self, bits: u32) -> u32 {
        bits.next_multiple_of(self.limb_bits())
    }

    /// The limbs of `value`, as many as `bits` need (higher bits of a dishonest value are dropped), with the
    /// coefficients that make it `scale · value`.
    fn split(&self, value: [u64; 4], bits: u32, scale: Fr) -> Limbs {
        let (width, bits) = (self.limb_bits(), self.whole_limbs(bits));
        assert!(
            bits <= Fr::CAPACITY,
            "limbs of {bits} bits could wrap around the native field"
        );
        (0..bits / width)
            .map(|i| {
                let limb = truncate(shift_right(value, i * width), width);
                (scale * power_of_two(i * width), from_limbs(limb))
            })
            .collect()
    }

    /// Rows that show `operand` to be below two to [`Self::whole_limbs`]`(bits)`; returns its cell.
    fn run(&mut self, operand: Operand, bits: u32) -> Cell {
        let cell = Cell {
            column: D as u8,
            row: self.next_row(),
        };
        let value = self.effective(cell, self.operand_value(operand));
        let limbs = self.split(limbs(value), bits, -Fr::ONE);
        let lines = Draft::default().into_lines(limbs);
        self.write_lines(lines, Fr::ONE, operand, CLOSE).0
    }

    /// A new cell holding `value`, below two to [`Self::whole_limbs`]`(bits)`. Higher bits of a dishonest `value` are
    /// dropped.
    pub(super) fn range(&mut self, value: [u64; 4], bits: u32) -> Cell {
        let value = truncate(value, self.whole_limbs(bits));
        self.run(Operand::New(from_limbs(value)), bits)
    }

    /// A new cell of exactly `bits` bits: a partial top limb is also checked when shifted to the full width.
    pub(super) fn exact_range(&mut self, value: [u64; 4], bits: u32) -> Cell {
        let cell = self.range(value, bits);
        let (limb, padding) = (self.limb_bits(), self.whole_limbs(bits) - bits);
        if padding > 0 {
            let rows = self.whole_limbs(bits) / limb;
            // the running total before the top limb: that limb at its weight
            let top = Cell {
                row: cell.row + rows - 1,
                ..cell
            };
            // The weight of a limb that stands `padding` lower.
            let weight = power_of_two(bits - limb);
            let shifted = limbs(self.value(top) * inverse_power_of_two(bits - limb));
            let line = Line {
                limb: Some(from_limbs(truncate(shifted, limb))),
                coefficients: [-weight, Fr::ZERO, Fr::ZERO, Fr::ZERO],
                ..Line::default()
            };
            self.write_lines(vec![line], Fr::ONE, Operand::Copy(top), CLOSE);
        }
        cell
    }
}

/// `k · x`, quick where k is zero or x is ±1: most coefficients of a sum are, and most scales.
fn sparse_product(k: Fr, x: Fr) -> Fr {
    if k == Fr::ZERO || x == Fr::ONE {
        k
    } else if x == -Fr::ONE {
        -k
    } else {
        k * x
    }
}

/// A row of a sum without its running total.
#[derive(Default)]
struct Line {
    limb: Option<Fr>,
    factors: [Option<Operand>; 2],
    coefficients: [Fr; 4],
}

impl Line {
    /// Where the cell stands already.
    fn find(&self, cell: Cell) -> Option<usize> {
        let holds = |factor: &Option<Operand>| matches!(factor, Some(Operand::Copy(held)) if *held == cell);
        self.factors.iter().position(holds)
    }
}

/// A sum on its way into rows.
#[derive(Default)]
struct Draft {
    /// One for each product.
    lines: Vec<Line>,
    /// Linear terms that no product's factor could take along.
    loose: Vec<(Fr, Operand)>,
}

impl Draft {
    fn new(recorder: &Recorder, terms: &[Term], constant: Fr) -> Self {
        let mut draft = Self::default();
        for term in terms {
            if let Term::Product(k, x, y) = *term {
                draft.lines.push(Line {
                    factors: [x, y].map(|cell| Some(Operand::Copy(cell))),
                    coefficients: [Fr::ZERO, Fr::ZERO, Fr::ZERO, k],
                    ..Line::default()
                });
            }
        }
        for term in terms {
            if let Term::Linear(k, cell) = *term
                && k != Fr::ZERO
                && !draft.attach(k, cell)
            {
                draft.loose.push((k, Operand::Copy(cell)));
            }
        }
        if constant != Fr::ZERO {
            draft.loose.push((constant, Operand::Copy(recorder.one())));
        }
        draft
    }

    /// Adds a linear term to a factor that already stands in a row.
    fn attach(&mut self, k: Fr, cell: Cell) -> bool {
        for line in &mut self.lines {
            if let Some(factor) = line.find(cell) {
                line.coefficients[B + factor] += k;
                return true;
            }
        }
        false
    }

    fn take_loose(&mut self, wanted: impl Fn(Fr) -> bool) -> Option<(Fr, Operand)> {
        let found = self.loose.iter().rposition(|(k, _)| wanted(*k))?;
        Some(self.loose.remove(found))
    }

    /// All terms, two linear ones a row, and the limbs spread over the rows from the first.
    fn into_lines(self, limbs: Limbs) -> Vec<Line> {
        let Self { mut lines, loose } = self;
        for pair in loose.chunks(2) {
            let mut line = Line::default();
            for (slot, (k, operand)) in pair.iter().enumerate() {
                line.factors[slot] = Some(*operand);
                line.coefficients[B + slot] = *k;
            }
            lines.push(line);
        }
        lines.resize_with(lines.len().max(limbs.len()).max(1), Line::default);
        for (line, (k, limb)) in lines.iter_mut().zip(limbs) {
            line.limb = Some(limb);
            line.coefficients[0] = k;
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "limbs of 256 bits could wrap around the native field")]
    fn runs_are_narrower_than_the_native_modulus() {
        let mut recorder = Recorder::with_limb_bits(4);
        recorder.range([1, 0, 0, 0], 252);
        recorder.range([1, 0, 0, 0], 253);
    }
}
