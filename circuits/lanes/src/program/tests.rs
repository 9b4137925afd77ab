//! Programs and codes of gates that do anything, beside the gates themselves.

use std::panic::{AssertUnwindSafe, catch_unwind};

use plonky2::field::types::{Field, Field64, PrimeField64};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    Constraints, F, Lanes, PackedGate, Portable, Row, mds,
    testing::{CONSTANTS, STEPS, Step, Steps, WIRES},
};

fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        proptest::sample::select(vec![0, 1, 2, F::ORDER - 1, F::ORDER, F::ORDER + 1, u64::MAX]),
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
        words_of_steps in vec((0u32..STEPS, vec(word(), 1..12)), 1..60),
        words in vec(word(), WIRES + CONSTANTS + 4),
    ) {
        let words: Vec<_> = words.into_iter().map(|word| [F(word)]).collect();
        let row = Row {
            wires: &words[..WIRES],
            constants: &words[WIRES..][..CONSTANTS],
            public_inputs_hash: words[WIRES + CONSTANTS..].try_into().expect("four"),
        };
        let gate = Steps(words_of_steps.iter().map(|(kind, words)| Step::of(*kind, words)).collect());
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

/// Halves of the first wire, then of both.
struct Crossed;

impl PackedGate for Crossed {
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        let [[low, high], [_, other]] = [lanes.split(row.wires[0]), lanes.split(row.wires[1])];
        constraints.push(lanes.join([low, high]));
        constraints.push(lanes.join([low, other]));
    }
}

#[test]
fn halves_are_the_word_that_they_were_only_if_they_are_of_one() {
    let shape = Shape {
        wires: 2,
        constants: 0,
        constraints: 2,
    };
    let program = Program::trace(&Crossed, shape);
    let [a, b, low, high] = [0, 1, 2, 3].map(Node);
    let ops = [
        Op::Wire(0),
        Op::Wire(1),
        Op::Low(a),
        Op::High(b),
        Op::Join(low, high),
    ];
    assert_eq!(program.ops(), ops);
    assert_eq!(program.constraints(), [a, Node(4)]);
}

#[test]
fn another_program_has_another_digest() {
    let step = |step: Step| Code::of(&Steps(vec![step, Step::Push(10)]).program());
    let codes = [
        step(Step::Add(0, 1)),
        step(Step::Sub(0, 1)),
        step(Step::Add(0, 2)),
        step(Step::Word(5)),
        step(Step::Word(6)),
        step(Step::Word(5 << 32)),
    ];
    for (i, code) in codes.iter().enumerate() {
        let same: Vec<_> = (0..codes.len())
            .filter(|j| codes[*j].digest() == code.digest())
            .collect();
        assert_eq!(same, [i]);
    }
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
