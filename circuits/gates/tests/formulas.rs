//! Products that are rounded and functions by polynomials: what each constraint is there for, and the same integers as
//! outside of a circuit.

use ashlar_ecgfp5::testing::{Verdict, prove_forged};
use ashlar_fixed::{CDF, LN, PDF, Pieces, Round, Steps, mul_shift as native};
use ashlar_gates::{
    Builder, Cdf, D, F, Formula, Function, Ln, MulShift, Pdf, Piecewise, RowGate, mul_shift, piecewise,
    testing::{FormulaRow, is_a_gate},
};
use plonky2::{
    field::types::{Field, Field64, PrimeField64},
    iop::{
        target::Target,
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::{
        circuit_data::{CircuitConfig, CircuitData},
        config::PoseidonGoldilocksConfig,
    },
};
use proptest::prelude::*;

type C = PoseidonGoldilocksConfig;

/// Digits of a quotient and of a remainder.
const QUOTIENT: usize = 16;
const DIGITS: usize = 31;
/// Constraints of an operation.
const OF_OP: usize = DIGITS + 2;

fn f(value: u64) -> F {
    F::from_noncanonical_u64(value)
}

fn signed(value: F) -> i64 {
    let value = value.to_canonical_u64();
    match value > F::ORDER / 2 {
        true => -((F::ORDER - value) as i64),
        false => value as i64,
    }
}

#[test]
fn every_gate_is_the_same_in_values_lanes_and_circuits() {
    is_a_gate::<MulShift>();
    is_a_gate::<Piecewise<Cdf>>();
    is_a_gate::<Piecewise<Pdf>>();
    is_a_gate::<Piecewise<Ln>>();
}

#[test]
fn shapes_are_as_they_are_said() {
    let routed = CircuitConfig::standard_recursion_config().num_routed_wires;
    assert_eq!(
        (MulShift::WIRES, MulShift::CONSTRAINTS, MulShift::DEGREE),
        (102, 99, 4)
    );
    assert!(MulShift::digits(0) <= routed);
    type Gate = Piecewise<Cdf>;
    assert_eq!((Gate::WIRES, Gate::CONSTRAINTS, Gate::DEGREE), (118, 122, 6));
    assert!(Gate::PIECE <= routed);
}

fn products(pairs: [(u64, u64); 3], round: Round) -> FormulaRow<MulShift> {
    let mut row = FormulaRow::blank(&[MulShift::constant(round)]);
    for (op, (x, y)) in pairs.into_iter().enumerate() {
        row.set(MulShift::left(op), &[f(x), f(y)]);
    }
    row.fill()
}

const PAIRS: [(u64, u64); 3] = [
    (1 << 31, (1 << 31) - 1),
    (0, u64::MAX >> 2),
    (12_345_678_901, 98_765_432),
];

#[test]
fn each_constraint_of_a_product_is_all_that_catches_its_wire() {
    for round in [Round::Down, Round::Up] {
        let row = products(PAIRS, round);
        assert_eq!(row.broken(), []);
        for op in 0..MulShift::OPS {
            let (first, constraints) = (MulShift::digits(op), OF_OP * op);
            let quotient = f(u64::from(native(PAIRS[op].0, PAIRS[op].1, round).expect("fits")));
            assert_eq!(row.wires[MulShift::quotient(op)], quotient);
            // A digit of four, and one less in the next: all sums are what they were.
            for place in (0..QUOTIENT - 1).chain(QUOTIENT..DIGITS - 1) {
                let mut forged = row.clone();
                let lend = |forged: &mut FormulaRow<MulShift>| {
                    forged.wires[first + place] += f(4);
                    forged.wires[first + place + 1] -= F::ONE;
                };
                lend(&mut forged);
                let broken = forged.broken();
                assert!(!broken.is_empty(), "{op} {place}");
                let digits = constraints + place..=constraints + place + 1;
                assert!(
                    broken.iter().all(|of| digits.contains(of)),
                    "{op} {place}: {broken:?}"
                );
            }
            // Another quotient than its digits', and digits that are not the product's.
            let mut forged = row.clone();
            forged.wires[MulShift::quotient(op)] += F::ONE;
            assert_eq!(forged.broken(), [constraints + DIGITS]);
            let mut forged = row.clone();
            let digit = forged.wires[first].to_canonical_u64();
            let (other, change) = if digit == 3 {
                (2, F::NEG_ONE)
            } else {
                (digit + 1, F::ONE)
            };
            forged.wires[first] = f(other);
            forged.wires[MulShift::quotient(op)] += change;
            assert_eq!(forged.broken(), [constraints + DIGITS + 1]);
        }
    }
}

/// The one mistake that would let a trader's rounding be somebody else's: a remainder on the wrong side.
#[test]
fn what_is_rounded_one_way_is_refused_by_a_row_of_the_other() {
    let uneven = [((1 << 30) + 3, 3), ((1 << 30) + 1, 5), (7, 11)];
    for (round, other) in [(Round::Down, Round::Up), (Round::Up, Round::Down)] {
        let mut row = products(uneven, round);
        row.constants = vec![MulShift::constant(other)];
        let products: Vec<_> = (0..3).map(|op| OF_OP * op + DIGITS + 1).collect();
        assert_eq!(row.broken(), products, "{round:?}");
    }
}

#[test]
fn a_product_that_is_too_large_has_no_quotient() {
    for round in [Round::Down, Round::Up] {
        for pair in [(1 << 31, 1 << 31), (1 << 40, 1 << 23), (3 << 61, 1)] {
            let row = products([pair, (0, 0), (0, 0)], round);
            assert!(!row.broken().is_empty(), "{pair:?}");
            assert_eq!(native(pair.0, pair.1, round), None);
        }
    }
}

fn evaluated<T: Function>(argument: u64) -> FormulaRow<Piecewise<T>> {
    let mut row = FormulaRow::blank(&[]);
    row.set(Piecewise::<T>::ARGUMENT, &[f(argument)]);
    row.fill()
}

/// Whether a row holds what the function does outside of a circuit.
fn is_the_function_s<T: Function>(argument: u32) {
    let row = evaluated::<T>(argument.into());
    assert_eq!(row.broken(), [], "{argument}");
    let steps: Steps = T::PIECES.steps(argument);
    for k in 0..4 {
        let value = signed(row.wires[Piecewise::<T>::value(k)]);
        assert_eq!(value, steps.values[k], "{argument}, step {k}");
    }
}

#[test]
fn rows_hold_what_the_function_does_at_the_ends_and_in_the_middle_of_each_piece() {
    for piece in 0..64u32 {
        for offset in [0, 1, 1 << 19, (1 << 20) - 1] {
            let argument = piece << 20 | offset;
            is_the_function_s::<Cdf>(argument);
            is_the_function_s::<Pdf>(argument);
            is_the_function_s::<Ln>(argument);
        }
    }
}

#[test]
fn each_constraint_of_an_evaluation_is_all_that_catches_its_wire() {
    type Gate = Piecewise<Pdf>;
    // Places of constraints: bits, digits of the place, the argument, digits of remainders and values, then the highest
    // coefficient, and by step from the last the raised value and the step.
    const ARGUMENT: usize = 16;
    const OTHERS: usize = 17;
    const HIGHEST: usize = OTHERS + 96;
    let step = |k: usize| HIGHEST + 1 + 2 * (3 - k);
    for argument in [0, 0x123_4567, (1 << 26) - 1] {
        let row = evaluated::<Pdf>(argument);
        assert_eq!(row.broken(), []);
        for bit in 0..6 {
            // A bit of two, and one less above it; the coefficients are then of no piece.
            let mut forged = row.clone();
            forged.wires[Gate::PIECE + bit] += f(2);
            assert!(forged.broken().contains(&bit), "bit {bit}");
        }
        let borrow = |from: usize, constraint: usize| {
            let mut forged = row.clone();
            forged.wires[from] += f(4);
            forged.wires[from + 1] -= F::ONE;
            let broken = forged.broken();
            assert!(!broken.is_empty(), "{from}");
            let digits = constraint..=constraint + 1;
            assert!(broken.iter().all(|of| digits.contains(of)), "{from}: {broken:?}");
        };
        for place in 0..9 {
            borrow(Gate::OFFSET + place, 6 + place);
        }
        let mut digits = OTHERS;
        for k in 0..4 {
            (0..9).for_each(|place| borrow(Gate::remainder(k) + place, digits + place));
            digits += 10;
        }
        for k in 0..4 {
            let count = Gate::raised(k + 1) - Gate::raised(k);
            (0..count - 1).for_each(|place| borrow(Gate::raised(k) + place, digits + place));
            digits += count;
        }
        let mut forged = row.clone();
        forged.wires[Gate::ARGUMENT] += F::ONE;
        assert_eq!(forged.broken(), [ARGUMENT]);

        let mut forged = row.clone();
        forged.wires[Gate::value(4)] += F::ONE;
        let broken = forged.broken();
        assert!(
            broken == [HIGHEST] || broken == [HIGHEST, step(3) + 1],
            "{broken:?}"
        ); // at 0 it counts for nothing

        for k in 0..4 {
            // The value alone: its digits say otherwise, and what it is used for does not come out.
            let mut forged = row.clone();
            forged.wires[Gate::value(k)] += F::ONE;
            assert!(forged.broken().contains(&step(k)), "value {k}");
            // A remainder alone: only its step tells.
            let mut forged = row.clone();
            let place = Gate::remainder(k);
            let digit = forged.wires[place].to_canonical_u64();
            forged.wires[place] = f(digit ^ 1);
            assert_eq!(forged.broken(), [step(k) + 1], "remainder {k}");
        }
    }
}

/// Twenty bits of choice a step, if a quotient were free: it takes a unit more, and the remainder a unit's worth less.
#[test]
fn a_step_s_value_is_no_choice_of_the_prover_s() {
    type Gate = Piecewise<Cdf>;
    let row = evaluated::<Cdf>(0x155_5555);
    for k in 1..4 {
        let mut forged = row.clone();
        let value = Gate::value(k);
        forged.wires[value] += F::ONE;
        // Its digits agree, carries included.
        let first = Gate::raised(k);
        let mut place = first;
        while forged.wires[place] == f(3) {
            forged.wires[place] = F::ZERO;
            place += 1;
        }
        forged.wires[place] += F::ONE;
        let broken = forged.broken();
        let of_step = 17 + 96 + 1 + 2 * (3 - k) + 1;
        let of_next = of_step + 2;
        assert_eq!(broken, [of_step, of_next], "step {k}");
    }
}

/// A circuit with one of each, its inputs free.
fn circuit() -> (CircuitData<F, C, D>, [Target; 3]) {
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let [x, y, argument] = builder.add_virtual_target_arr();
    let results = [
        mul_shift(&mut builder, x, y, Round::Down),
        mul_shift(&mut builder, x, y, Round::Up),
        piecewise::<Cdf>(&mut builder, argument),
        piecewise::<Pdf>(&mut builder, argument),
        piecewise::<Ln>(&mut builder, argument),
    ];
    assert_eq!(builder.num_gates(), 5);
    builder.register_public_inputs(&results);
    (builder.build::<C>(), [x, y, argument])
}

#[test]
fn a_circuit_proves_what_is_computed_outside_of_it() {
    let (data, targets) = circuit();
    let inputs = |values: [u64; 3]| {
        let mut witness = PartialWitness::new();
        for (target, value) in targets.into_iter().zip(values) {
            witness.set_target(target, f(value)).expect("set once");
        }
        witness
    };
    let values = [87_654_321_012, 13_579_246, 0x2bc_def1];
    let proof = data.prove(inputs(values)).expect("proves");
    data.verify(proof.clone()).expect("verifies");
    let [down, up] = [Round::Down, Round::Up].map(|round| native(values[0], values[1], round).expect("fits"));
    let at = |pieces: Pieces| pieces.at(values[2] as u32);
    let expected = [i64::from(down), i64::from(up), at(CDF), at(PDF), at(LN)];
    let found: Vec<_> = proof.public_inputs.iter().map(|value| signed(*value)).collect();
    assert_eq!(found, expected);
    for wrong in [[1 << 33, 1 << 30, 0], [0, 0, 1 << 26]] {
        assert_eq!(
            prove_forged(&data, &inputs(wrong), &[]),
            Verdict::Refused,
            "{wrong:?}"
        );
    }
}

/// Constants, so that only what a row holds can be forged: the row is content with what it holds instead.
#[test]
fn what_goes_into_a_row_is_what_was_given() {
    let product = |forged: &[(usize, u64)]| {
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let [x, y] = [1 << 30, 5].map(|value| builder.constant(f(value)));
        mul_shift(&mut builder, x, y, Round::Down);
        let wire = |&(column, value): &(usize, u64)| (Target::wire(0, column), f(value));
        let forged: Vec<_> = forged.iter().map(wire).collect();
        prove_forged(&builder.build::<C>(), &PartialWitness::new(), &forged)
    };
    assert_eq!(product(&[]), Verdict::Accepted);
    assert_eq!(
        product(&[(MulShift::left(0), 1 << 31)]),
        Verdict::Refused,
        "another factor"
    );
    assert_eq!(
        product(&[(MulShift::right(0), 7)]),
        Verdict::Refused,
        "another factor"
    );

    let evaluation = |forged: &[u64]| {
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let argument = builder.constant(f(1 << 23));
        piecewise::<Cdf>(&mut builder, argument);
        let wire = Target::wire(0, Piecewise::<Cdf>::ARGUMENT);
        let forged: Vec<_> = forged.iter().map(|value| (wire, f(*value))).collect();
        prove_forged(&builder.build::<C>(), &PartialWitness::new(), &forged)
    };
    assert_eq!(evaluation(&[]), Verdict::Accepted);
    assert_eq!(evaluation(&[2 << 23]), Verdict::Refused, "another argument");
}

#[test]
fn gates_are_found_by_who_evaluates_them_in_lanes() {
    assert!(RowGate::<MulShift>::recognise(&RowGate::<MulShift>::new()).is_some());
    assert!(RowGate::<MulShift>::recognise(&RowGate::<Piecewise<Cdf>>::new()).is_none());
}

proptest! {
    #[test]
    fn any_product_is_rounded_as_outside(x in 0..1u64 << 33, y in 0..1u64 << 29, up in any::<bool>()) {
        let round = if up { Round::Up } else { Round::Down };
        let row = products([(x, y), (y, x), (x, 1)], round);
        prop_assert_eq!(row.broken(), []);
        let expected = native(x, y, round).expect("fits");
        prop_assert_eq!(row.wires[MulShift::quotient(0)], f(expected.into()));
        prop_assert_eq!(row.wires[MulShift::quotient(1)], f(expected.into()));
    }

    #[test]
    fn any_argument_is_evaluated_as_outside(argument in 0u32..1 << 26) {
        is_the_function_s::<Cdf>(argument);
        is_the_function_s::<Pdf>(argument);
        is_the_function_s::<Ln>(argument);
    }
}
