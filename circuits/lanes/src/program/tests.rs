//! Programs and codes of gates that do anything, beside the gates themselves.

use std::panic::{AssertUnwindSafe, catch_unwind};

use plonky2::field::types::{Field, Field64, PrimeField64};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{Constraints, F, Lanes, PackedGate, Portable, Row, mds, sbox_to_halves};

const WIRES: usize = 4;
const CONSTANTS: usize = 2;

/// A step of a gate; numbers are those of values so far, modulo their count.
#[derive(Clone, Debug)]
enum Step {
    Word(u64),
    Add(usize, usize),
    Sub(usize, usize),
    MulAdd(usize, usize, usize),
    Scale(usize, u32),
    /// Products that are added up; a third of them thrice, and all of that and one more.
    Sum(Vec<(usize, usize)>),
    /// Halves of 8 times an element less another, and 2^32 in each.
    Halves(usize, usize),
    /// Halves of a seventh power, and some element.
    Joined(usize, usize),
    Push(usize),
}

struct Steps(Vec<Step>);

impl Steps {
    fn constraints(&self) -> usize {
        self.0.iter().filter(|step| matches!(step, Step::Push(_))).count()
    }

    fn program(&self) -> Program {
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

fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        proptest::sample::select(vec![0, 1, 2, F::ORDER - 1, F::ORDER, F::ORDER + 1, u64::MAX]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let any = any::<usize>;
    prop_oneof![
        2 => word().prop_map(Step::Word),
        2 => (any(), any()).prop_map(|(a, b)| Step::Add(a, b)),
        2 => (any(), any()).prop_map(|(a, b)| Step::Sub(a, b)),
        2 => (any(), any(), any()).prop_map(|(a, b, c)| Step::MulAdd(a, b, c)),
        1 => (any(), 0u32..5).prop_map(|(a, c)| Step::Scale(a, c)),
        2 => vec((any(), any()), 0..6).prop_map(Step::Sum),
        2 => (any(), any()).prop_map(|(a, b)| Step::Halves(a, b)),
        1 => (any(), any()).prop_map(|(a, b)| Step::Joined(a, b)),
        3 => any().prop_map(Step::Push),
    ]
}

/// The gate itself, on elements.
fn evaluated(gate: &Steps, row: Row<'_, Portable>) -> Vec<F> {
    let mut sums = vec![Portable.empty_sum(); gate.constraints()];
    gate.portable(row, [F::ONE], &mut sums);
    sums.into_iter().map(|sum| Portable.reduce(sum)[0]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn programs_and_codes_compute_what_their_gate_does(
        steps in vec(step(), 1..60),
        words in vec(word(), WIRES + CONSTANTS + 4),
    ) {
        let words: Vec<_> = words.into_iter().map(|word| [F(word)]).collect();
        let row = Row {
            wires: &words[..WIRES],
            constants: &words[WIRES..][..CONSTANTS],
            public_inputs_hash: words[WIRES + CONSTANTS..].try_into().expect("four"),
        };
        let gate = Steps(steps);
        let program = gate.program();
        let expected = evaluated(&gate, row);
        prop_assert_eq!(program.run(row), &expected[..]);
        prop_assert_eq!(Code::of(&program).run(row), expected);
    }
}

/// What is recorded for the last of some steps. Values 0 to 3 are wires, 4 and 5 constants, 6 to 9 of the hash.
fn ops(steps: &[Step]) -> Vec<Op> {
    let last = WIRES + CONSTANTS + 4 + steps.len() - 1;
    let steps = steps.iter().cloned().chain([Step::Push(last)]);
    Steps(steps.collect()).program().ops
}

#[test]
fn operations_on_constants_are_done_and_those_that_change_nothing_left_out() {
    use Step::{Add, Halves, MulAdd, Scale, Sub, Sum, Word};
    assert_eq!(ops(&[Word(2), Word(3), Add(10, 11)]), [Op::Value(5)]);
    assert_eq!(ops(&[Word(2), Word(3), Sub(10, 11)]), [Op::Value(F::ORDER - 1)]);
    assert_eq!(ops(&[Word(2), Word(3), MulAdd(10, 11, 11)]), [Op::Value(9)]);
    assert_eq!(ops(&[Word(2), Sum(vec![(10, 10); 2])]), [Op::Value(8)]);
    let halves = F(8 * (1 << 32 | 2) - 1 + (1 << 32)) + F(1 << 32) * F(1 << 32);
    let folded = ops(&[Word(1 << 32 | 2), Word(1), Halves(10, 11)]);
    assert_eq!(folded, [Op::Value(halves.to_canonical_u64())]);
    for steps in [
        [Word(0), Add(0, 10)],
        [Word(F::ORDER), Add(10, 0)],
        [Word(0), Sub(0, 10)],
        [Word(0), MulAdd(10, 1, 0)],
        [Word(1), Sum(vec![(0, 10)])],
        [Word(1), Scale(0, 1)],
    ] {
        assert_eq!(ops(&steps), [Op::Wire(0)], "{steps:?}");
    }
    assert_eq!(ops(&[Sub(0, 0)]), [Op::Value(0)]);
    let [a, b, c] = [0, 1, 2].map(Node);
    let two = [Op::Wire(0), Op::Wire(1)];
    assert_eq!(ops(&[Sum(vec![(1, 0)])]), [&two[..], &[Op::Mul(a, b)]].concat());
    let three = [Op::Wire(0), Op::Wire(1), Op::Wire(2)];
    for sum in [vec![(1, 0), (2, 10)], vec![(10, 2), (0, 1)]] {
        let found = ops(&[Word(1), Sum(sum)]);
        assert_eq!(found, [&three[..], &[Op::MulAdd(a, b, c)]].concat());
    }
}

#[test]
fn equal_operations_are_recorded_once_whatever_the_order_of_their_operands() {
    let sums = [Step::Add(0, 1), Step::Add(1, 0), Step::Sub(10, 11)];
    assert_eq!(ops(&sums), [Op::Value(0)]);
    let products = [
        Step::Sum(vec![(0, 1)]),
        Step::Sum(vec![(1, 0)]),
        Step::Sub(10, 11),
    ];
    assert_eq!(ops(&products), [Op::Value(0)]);
    // A third of the products counts thrice, and one of these is among the rest as well.
    let sum = [Step::Sum(vec![(0, 1), (1, 2), (1, 0)])];
    let products = match &ops(&sum)[..] {
        [.., Op::Products(products)] => products.clone(),
        other => panic!("{other:?}"),
    };
    let weights: Vec<_> = products
        .iter()
        .map(|product| (product.weight, product.a, product.b))
        .collect();
    assert_eq!(weights, [(1, Node(1), Node(2)), (4, Node(0), Node(1))]);
}

#[test]
fn what_no_constraint_needs_is_left_out() {
    let steps = [Step::Add(0, 1), Step::Halves(2, 3), Step::Sub(10, 1)];
    let [a, b, sum] = [0, 1, 2].map(Node);
    assert_eq!(
        ops(&steps),
        [Op::Wire(0), Op::Wire(1), Op::Add(a, b), Op::Sub(sum, b)]
    );
}

#[test]
fn registers_are_used_again_behind_the_last_use_of_what_they_hold() {
    // A chain needs one, however long; so does one whose every value is a constraint.
    let chain = |between: &[Step]| {
        let mut steps = vec![Step::Add(0, 1)];
        for i in 0..20 {
            steps.extend_from_slice(between);
            steps.push(Step::MulAdd(10 + i, 2, 3));
        }
        steps.push(Step::Push(30));
        Code::of(&Steps(steps).program())
    };
    assert_eq!(chain(&[]).registers(), 1);
    assert_eq!(Code::of(&Steps(vec![Step::Push(0)]).program()).registers(), 0);
    // Two values are there at once.
    let two = [
        Step::Add(0, 1),
        Step::Sub(0, 1),
        Step::MulAdd(10, 11, 10),
        Step::Push(12),
    ];
    assert_eq!(Code::of(&Steps(two.to_vec()).program()).registers(), 2);
}

struct Layer;

impl PackedGate for Layer {
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let halves = row.wires.iter().map(|wire| lanes.split(*wire));
        let (low, high): (Vec<_>, Vec<_>) = halves.map(|[low, high]| (low, high)).unzip();
        let [low, high] = [low, high].map(|half| mds(lanes, &half.try_into().ok().expect("twelve")));
        for i in 0..low.len() {
            constraints.push(lanes.join([low[i], high[i]]));
        }
    }
}

#[test]
fn a_layer_of_poseidon_has_the_operations_that_it_is_written_in() {
    let shape = Shape {
        wires: 12,
        constants: 0,
        constraints: 12,
    };
    let program = Program::trace(&Layer, shape);
    let count = |of: fn(&Op) -> bool| program.ops().iter().filter(|op| of(op)).count();
    assert_eq!(count(|op| matches!(op, Op::Join(..))), 12);
    assert_eq!(count(|op| matches!(op, Op::Low(_) | Op::High(_))), 24);
    assert_eq!(
        count(|op| matches!(op, Op::Mul(..) | Op::MulAdd(..) | Op::Products(_))),
        0
    );
    assert_eq!(count(|op| matches!(op, Op::Value(_))), 0);
    assert_eq!(program.constraints().len(), 12);
}

struct Storing;

impl PackedGate for Storing {
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, _: &mut Constraints<'_, L>) {
        lanes.store(row.wires[0], &mut [F::ZERO; 8]);
    }
}

#[test]
fn a_gate_that_cannot_be_traced_says_so_and_the_next_one_can() {
    let shape = Shape {
        wires: 1,
        constants: 0,
        constraints: 0,
    };
    let refused = catch_unwind(AssertUnwindSafe(|| Program::trace(&Storing, shape)));
    let message = refused.expect_err("values are not known");
    assert_eq!(
        message.downcast_ref::<&str>(),
        Some(&"a gate that stores values cannot be traced")
    );
    let gate = Steps(vec![Step::Push(0)]);
    assert_eq!(gate.program().ops(), [Op::Wire(0)]);
}

#[test]
#[should_panic(expected = "no more constraints than the gate says")]
fn a_gate_with_more_constraints_than_its_shape_is_refused() {
    let shape = Shape {
        wires: WIRES,
        constants: CONSTANTS,
        constraints: 1,
    };
    Program::trace(&Steps(vec![Step::Push(0), Step::Push(1)]), shape);
}
