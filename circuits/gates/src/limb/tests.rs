use std::sync::LazyLock;

use ashlar_ecgfp5::testing::{Verdict, prove_forged};
use plonky2::{
    field::types::{Field64, PrimeField64, Sample},
    gates::gate_testing::{test_eval_fns, test_low_degree},
    hash::hash_types::HashOut,
    iop::{
        generator::generate_partial_witness,
        target::Target,
        witness::{PartialWitness, Witness, WitnessWrite},
    },
    plonk::{
        circuit_data::{CircuitConfig, CircuitData},
        config::PoseidonGoldilocksConfig,
    },
};
use proptest::prelude::*;

use super::{
    constraints::{CONSTRAINTS, DEGREE},
    layout::{DIGIT_BITS, DIGITS, LOW, OPS, WIRES, digit, value},
    *,
};

type C = PoseidonGoldilocksConfig;

/// The index of the constraint on a digit, or (for the place after the last) on the sum.
const fn constraint(op: usize, place: usize) -> usize {
    op * (DIGITS + 1) + place
}

const SUM: usize = DIGITS;

#[test]
fn low_degree() {
    test_low_degree::<F, _, D>(LimbGate);
}

#[test]
fn eval_fns() {
    test_eval_fns::<F, C, _, D>(LimbGate).expect("base, extension and circuit agree");
}

#[test]
fn lanes_evaluate_the_same() {
    ashlar_lanes::testing::agrees_with_its_gate(LimbGate, recognise);
}

#[test]
fn shape() {
    let config = CircuitConfig::standard_recursion_config();
    assert_eq!((WIRES, CONSTRAINTS, DEGREE), (128, 128, 4));
    assert!(WIRES <= config.num_wires);
    assert!(LimbGate.num_constants() <= config.num_constants);
    assert!(digit(OPS - 1, LOW.end - 1) < config.num_routed_wires);
    assert_eq!(LimbGate.num_ops(), OPS);
}

/// Nine points: whole packs of any size up to eight, and a rest.
#[test]
fn points_evaluate_the_same_in_packs_and_alone() {
    const POINTS: usize = 9;
    let hash = HashOut::ZERO;
    let columns = |count| (0..count * POINTS).map(|_| F::rand()).collect::<Vec<_>>();
    let (constants, wires) = (columns(2), columns(WIRES));
    let batch = EvaluationVarsBaseBatch::new(POINTS, &constants, &wires, &hash);
    let together = LimbGate.eval_unfiltered_base_batch(batch);
    for point in 0..POINTS {
        let of_point = |columns: &[F]| {
            columns[point..]
                .iter()
                .step_by(POINTS)
                .copied()
                .collect::<Vec<_>>()
        };
        let alone = evaluate(&of_point(&constants), &of_point(&wires));
        assert_eq!(of_point(&together), alone);
    }
}

/// Rows that a circuit which verifies proofs spends on this gate's constraints.
#[test]
fn recursive_cost() {
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let wires = builder.add_virtual_extension_targets(WIRES);
    let constants = builder.add_virtual_extension_targets(2);
    let public_inputs_hash = builder.add_virtual_hash();
    let vars = EvaluationTargets {
        local_constants: &constants,
        local_wires: &wires,
        public_inputs_hash: &public_inputs_hash,
    };
    LimbGate.eval_unfiltered_circuit(&mut builder, vars);
    let rows = builder.num_gates();
    println!("{rows} rows");
    assert!(rows <= 40, "{rows} rows");
}

fn evaluate(constants: &[F], wires: &[F]) -> Vec<F> {
    let hash = HashOut::ZERO;
    LimbGate.eval_unfiltered_base_batch(EvaluationVarsBaseBatch::new(1, constants, wires, &hash))
}

/// The constraints that a row of this width breaks.
fn broken(width: Width, wires: &[F]) -> Vec<usize> {
    let values = evaluate(&width.constants(), wires);
    (0..CONSTRAINTS).filter(|&i| !values[i].is_zero()).collect()
}

/// One row, its values free.
struct Row {
    data: CircuitData<F, C, D>,
    row: usize,
}

impl Row {
    fn of(width: Width) -> &'static Self {
        static ROWS: LazyLock<[Row; 3]> = LazyLock::new(|| Width::ALL.map(Row::new));
        &ROWS[width as usize]
    }

    fn new(width: Width) -> Self {
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let row = builder.add_gate(LimbGate, width.constants().to_vec());
        Self {
            data: builder.build::<C>(),
            row,
        }
    }

    fn wire(&self, column: usize) -> Target {
        Target::wire(self.row, column)
    }

    fn inputs(&self, values: [u64; OPS]) -> PartialWitness<F> {
        let mut witness = PartialWitness::new();
        for (op, x) in values.into_iter().enumerate() {
            let wire = self.wire(value(op));
            witness
                .set_target(wire, F::from_noncanonical_u64(x))
                .expect("set once");
        }
        witness
    }

    /// All wires of the row, as its generators fill them.
    fn fill(&self, values: [u64; OPS]) -> Vec<F> {
        let inputs = self.inputs(values);
        let witness = generate_partial_witness(inputs, &self.data.prover_only, &self.data.common);
        let witness = witness.expect("every value has digits");
        (0..WIRES)
            .map(|column| witness.get_target(self.wire(column)))
            .collect()
    }
}

/// Digits of 2 only, so that each can be lowered and raised.
fn all_twos(width: Width) -> u64 {
    (0xaaaa_aaaa_aaaa_aaaau64) & ((1 << width.bits()) - 1)
}

fn numbers() -> impl Strategy<Value = u64> {
    let near_a_power =
        (0u32..64, -2i64..3).prop_map(|(bit, offset)| (1u64 << bit).wrapping_add_signed(offset));
    prop_oneof![
        any::<u64>(),
        near_a_power,
        any::<u64>().prop_map(|x| x >> 8),
        Just(F::ORDER - 1)
    ]
}

proptest! {
    #[test]
    fn a_value_is_accepted_exactly_if_it_is_narrow(values: [u64; OPS], narrow in any::<[bool; OPS]>(), edge in numbers()) {
        for width in Width::ALL {
            let row = Row::of(width);
            let mut values = values;
            for op in 0..OPS {
                values[op] >>= if narrow[op] { 64 - width.bits() } else { 0 };
            }
            values[2] = edge;
            let too_wide = |op: &usize| F::from_noncanonical_u64(values[*op]).to_canonical_u64() >> width.bits() != 0;
            let expected: Vec<_> = (0..OPS).filter(too_wide).map(|op| constraint(op, SUM)).collect();
            prop_assert_eq!(broken(width, &row.fill(values)), expected);
        }
    }
}

/// A digit of 4, or of -1, in a sum that is right.
#[test]
fn each_digit_constraint_is_all_that_catches_its_digit() {
    for width in Width::ALL {
        let places = width.bits() / DIGIT_BITS;
        let wires = Row::of(width).fill([all_twos(width); OPS]);
        assert_eq!(broken(width, &wires), []);
        for op in 0..OPS {
            for place in 0..places {
                let mut high = wires.clone();
                high[digit(op, place)] = F::from_canonical_u64(4);
                high[value(op)] += F::from_canonical_u64(2 << (DIGIT_BITS * place));
                assert_eq!(broken(width, &high), [constraint(op, place)]);
                let mut negative = wires.clone();
                negative[digit(op, place)] = F::NEG_ONE;
                negative[value(op)] -= F::from_canonical_u64(3 << (DIGIT_BITS * place));
                assert_eq!(broken(width, &negative), [constraint(op, place)]);
            }
            for place in places..DIGITS {
                let mut weightless = wires.clone();
                weightless[digit(op, place)] = F::from_canonical_u64(5);
                assert_eq!(broken(width, &weightless), [constraint(op, place)]);
            }
        }
    }
}

#[test]
fn each_sum_is_all_that_catches_its_value() {
    for width in Width::ALL {
        let wires = Row::of(width).fill([all_twos(width); OPS]);
        for op in 0..OPS {
            for change in [
                F::ONE,
                F::NEG_ONE,
                F::from_canonical_u64(1 << width.bits()),
                F::rand(),
            ] {
                let mut bad = wires.clone();
                bad[value(op)] += change;
                assert_eq!(broken(width, &bad), [constraint(op, SUM)]);
            }
            for place in 0..width.bits() / DIGIT_BITS {
                let mut bad = wires.clone();
                bad[digit(op, place)] += F::ONE;
                assert_eq!(broken(width, &bad), [constraint(op, SUM)]);
            }
        }
    }
}

/// Digits above the width are there, but neither add to a value nor take from it.
#[test]
fn digits_above_the_width_weigh_nothing() {
    for width in Width::ALL {
        let x = all_twos(width);
        let wires = Row::of(width).fill([x; OPS]);
        for op in 0..OPS {
            for place in width.bits() / DIGIT_BITS..DIGITS {
                let mut weightless = wires.clone();
                weightless[digit(op, place)] = F::ONE;
                assert_eq!(broken(width, &weightless), []);
                // The value that these digits spell is too wide.
                weightless[value(op)] = F::from_canonical_u64(x + (1 << (DIGIT_BITS * place)));
                assert_eq!(broken(width, &weightless), [constraint(op, SUM)]);
            }
        }
    }
}

/// A constant, so that only the copy of it can be forged: the row is content with the zero that it holds instead.
#[test]
fn what_a_row_checks_is_the_value_that_was_given() {
    let verdict = |x: u64, forged: &[(Target, F)]| {
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let x = builder.constant(F::from_canonical_u64(x));
        crate::range_check(&mut builder, x, Width::Bits62.bits());
        prove_forged(&builder.build::<C>(), &PartialWitness::new(), forged)
    };
    let zero = [(Target::wire(0, value(0)), F::ZERO)];
    assert_eq!(verdict(5, &[]), Verdict::Accepted);
    assert_eq!(
        verdict(5, &zero),
        Verdict::Refused,
        "another value than the constant"
    );
    assert_eq!(verdict(1 << 62, &zero), Verdict::Refused, "a wide constant");
}

/// The same through the prover and the verifier, one wire of each kind.
#[test]
fn forged_wires_give_no_proof() {
    for width in Width::ALL {
        let row = Row::of(width);
        let (last, limit) = (width.bits() / DIGIT_BITS - 1, 1u64 << width.bits());
        let verdict = |values, forged: &[(usize, F)]| {
            let forged: Vec<_> = forged.iter().map(|&(column, x)| (row.wire(column), x)).collect();
            prove_forged(&row.data, &row.inputs(values), &forged)
        };
        assert_eq!(verdict([0, 1, limit - 1, 5], &[]), Verdict::Accepted);
        for op in 0..OPS {
            let mut wide = [0; OPS];
            wide[op] = limit;
            assert_eq!(verdict(wide, &[]), Verdict::Refused);
            let four = [(digit(op, last), F::from_canonical_u64(4))];
            assert_eq!(verdict(wide, &four), Verdict::Refused, "a digit of 4");
            assert_eq!(
                verdict([0; OPS], &[(digit(op, 3), F::ONE)]),
                Verdict::Refused,
                "a wrong digit"
            );
            let mut negative = [0; OPS];
            negative[op] = F::ORDER - 1;
            assert_eq!(verdict(negative, &[]), Verdict::Refused);
            assert_eq!(
                verdict(negative, &[(digit(op, 0), F::NEG_ONE)]),
                Verdict::Refused,
                "a digit of -1"
            );
        }
    }
}
