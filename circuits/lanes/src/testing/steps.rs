//! Gates that do anything.

use crate::{Constraints, F, Lanes, PackedGate, Program, Row, program::Shape, sbox_to_halves};

/// Wires of [`Steps`].
pub const WIRES: usize = 4;
/// Constants of [`Steps`].
pub const CONSTANTS: usize = 2;
/// Kinds of [`Step`].
pub const STEPS: u32 = 9;

/// A step of a gate; numbers are those of values so far, modulo their count.
#[derive(Clone, Debug)]
pub enum Step {
    /// A constant.
    Word(u64),
    /// `a + b`
    Add(usize, usize),
    /// `a - b`
    Sub(usize, usize),
    /// `a b + c`
    MulAdd(usize, usize, usize),
    /// By a small constant.
    Scale(usize, u32),
    /// Products that are added up, each of the first third of them thrice.
    Sum(Vec<(usize, usize)>),
    /// Halves of 8 times an element less another, and 2^32 in each.
    Halves(usize, usize),
    /// The seventh power of an element by way of its halves, by the square of another.
    Joined(usize, usize),
    /// A constraint.
    Push(usize),
}

impl Step {
    /// A step of one of [`STEPS`] kinds; words beyond the last are zeros.
    pub fn of(kind: u32, words: &[u64]) -> Self {
        let word = |i: usize| words.get(i).copied().unwrap_or_default();
        let at = |i: usize| word(i) as usize;
        match kind {
            0 => Self::Word(word(0)),
            1 => Self::Add(at(0), at(1)),
            2 => Self::Sub(at(0), at(1)),
            3 => Self::MulAdd(at(0), at(1), at(2)),
            4 => Self::Scale(at(0), word(1) as u32 % 5),
            5 => Self::Sum((1..words.len()).map(|i| (at(i - 1), at(i))).collect()),
            6 => Self::Halves(at(0), at(1)),
            7 => Self::Joined(at(0), at(1)),
            _ => Self::Push(at(0)),
        }
    }
}

/// A gate of any steps, over [`WIRES`] wires, [`CONSTANTS`] constants and the hash of public inputs.
#[derive(Clone, Debug)]
pub struct Steps(pub Vec<Step>);

impl Steps {
    /// How many it has.
    pub fn constraints(&self) -> usize {
        self.0.iter().filter(|step| matches!(step, Step::Push(_))).count()
    }

    /// What it records.
    pub fn program(&self) -> Program {
        let (wires, constants, constraints) = (WIRES, CONSTANTS, self.constraints());
        let shape = Shape {
            wires,
            constants,
            constraints,
        };
        Program::trace(self, shape)
    }
}

impl PackedGate for Steps {
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let mut values = [row.wires, row.constants, row.public_inputs_hash].concat();
        for step in &self.0 {
            let at = |i: &usize| values[i % values.len()];
            let value = match step {
                Step::Word(word) => lanes.splat(F(*word)),
                Step::Add(a, b) => lanes.add(at(a), at(b)),
                Step::Sub(a, b) => lanes.sub(at(a), at(b)),
                Step::MulAdd(a, b, c) => lanes.mul_add(at(a), at(b), at(c)),
                Step::Scale(a, c) => lanes.scale(at(a), *c),
                Step::Sum(products) => {
                    let product = |sum, (a, b): &(usize, usize)| {
                        lanes.add_product(sum, lanes.factor(at(a)), lanes.factor(at(b)))
                    };
                    let (few, rest) = products.split_at(products.len() / 3);
                    let sum = few.iter().fold(lanes.empty_sum(), product);
                    let sum = lanes.add_sums(sum, lanes.add_sums(sum, sum));
                    lanes.reduce(rest.iter().fold(sum, product))
                }
                Step::Halves(a, b) => {
                    let ([low, high], [low_b, high_b]) = (lanes.split(at(a)), lanes.split(at(b)));
                    let bias = lanes.splat(F(1 << 32));
                    let less = |half, other| lanes.minus(lanes.plus(lanes.shifted::<3>(half), bias), other);
                    let (low, high) = (less(low, low_b), less(high, high_b));
                    lanes.join([low, high])
                }
                Step::Joined(a, b) => {
                    // As the element that they make, whatever the halves.
                    let halves = sbox_to_halves(lanes, at(a));
                    let low = lanes.plus(halves[0], lanes.splat(F(1 << 34)));
                    let sum = lanes.join_and_add([low, halves[1]], lanes.splat(F(5)));
                    let sum = lanes.sub(sum, lanes.splat(F((1 << 34) + 5)));
                    lanes.mul(sum, lanes.square(at(b)))
                }
                Step::Push(a) => {
                    constraints.push(at(a));
                    continue;
                }
            };
            values.push(value);
        }
    }
}
