use plonky2::{
    field::types::{Field, PrimeField64, Sample},
    gates::gate_testing::{test_eval_fns, test_low_degree},
    hash::hash_types::HashOut,
    iop::{
        generator::generate_partial_witness,
        target::Target,
        witness::{PartialWitness, Witness, WitnessWrite},
    },
    plonk::{
        circuit_builder::CircuitBuilder,
        circuit_data::{CircuitConfig, CircuitData},
        config::PoseidonGoldilocksConfig,
        vars::EvaluationVarsBaseBatch,
    },
};

use super::{
    constraints::{CONSTRAINTS, DEGREE},
    layout::*,
    *,
};
use crate::{
    point::Point,
    scalar::Scalar,
    testing::{Verdict, prove_forged},
};

type C = PoseidonGoldilocksConfig;

#[test]
fn low_degree() {
    test_low_degree::<F, _, D>(EcGfp5StepGate);
}

#[test]
fn eval_fns() {
    test_eval_fns::<F, C, _, D>(EcGfp5StepGate).expect("base, extension and circuit agree");
}

#[test]
fn lanes_evaluate_the_same() {
    ashlar_lanes::testing::agrees_with_its_gate(EcGfp5StepGate, recognise);
}

#[test]
fn shape() {
    let config = CircuitConfig::standard_recursion_config();
    assert_eq!((WIRES, CONSTRAINTS, DEGREE), (124, 103, 6));
    assert!(WIRES <= config.num_wires);
    assert!(doubled(0) <= config.num_routed_wires);
}

/// Rows that a circuit which verifies proofs spends on this gate's constraints.
#[test]
fn recursive_cost() {
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let wires = builder.add_virtual_extension_targets(WIRES);
    let public_inputs_hash = builder.add_virtual_hash();
    let vars = EvaluationTargets {
        local_constants: &[],
        local_wires: &wires,
        public_inputs_hash: &public_inputs_hash,
    };
    EcGfp5StepGate.eval_unfiltered_circuit(&mut builder, vars);
    let arithmetic = builder.num_gates();
    let data = builder.build::<C>();
    let gates = data.common.gates.len();
    println!(
        "{arithmetic} rows of arithmetic, degree {} with constants, {gates} gates",
        data.common.degree()
    );
    assert!(arithmetic < 260, "{arithmetic} rows");
    assert!(data.common.degree() <= 512);
}

fn random_point() -> Point {
    Point::GENERATOR.mul(&Scalar::from_bytes_wide(&std::array::from_fn(|_| rand::random())))
}

fn constraints_of(wires: &[F]) -> Vec<F> {
    let hash = HashOut::ZERO;
    EcGfp5StepGate.eval_unfiltered_base_batch(EvaluationVarsBaseBatch::new(1, &[], wires, &hash))
}

/// One row, with its inputs free.
struct Row {
    data: CircuitData<F, C, D>,
    row: usize,
}

impl Row {
    fn new() -> Self {
        let mut builder = CircuitBuilder::new(CircuitConfig::standard_recursion_config());
        let row = builder.add_gate(EcGfp5StepGate, vec![]);
        Self {
            data: builder.build::<C>(),
            row,
        }
    }

    fn wire(&self, column: usize) -> Target {
        Target::wire(self.row, column)
    }

    fn inputs(&self, acc: &Point, key: &Point, challenge: u64, bits: [u8; 12]) -> PartialWitness<F> {
        let mut witness = PartialWitness::new();
        let mut set = |column, value| witness.set_target(self.wire(column), value).expect("set once");
        for (first, point) in [(ACC, acc), (KEY, key)] {
            for (i, limb) in point.x().0.into_iter().chain(point.u().0).enumerate() {
                set(first + i, limb);
            }
        }
        set(CHALLENGE_IN, F::from_canonical_u64(challenge));
        for (i, bit) in bits.into_iter().enumerate() {
            set(BITS + i, F::from_canonical_u8(bit));
        }
        witness
    }

    /// All wires of the row, as its generator fills them.
    fn fill(&self, inputs: PartialWitness<F>) -> Vec<F> {
        let witness = generate_partial_witness(inputs, &self.data.prover_only, &self.data.common);
        let witness = witness.expect("inputs are consistent");
        (0..WIRES)
            .map(|column| witness.get_target(self.wire(column)))
            .collect()
    }
}

/// The step by the native group operations.
fn expected(mut acc: Point, key: &Point, bits: [u8; 12]) -> Point {
    for step in bits.chunks_exact(4) {
        let selector = step[1] as usize | (step[2] as usize) << 1 | (step[3] as usize) << 2;
        acc = acc.double() + *table::entry(selector);
        if step[0] == 1 {
            acc = acc + *key;
        }
    }
    acc
}

#[test]
fn rows_agree_with_the_group() {
    let row = Row::new();
    let key = random_point();
    for i in 0..40 {
        let mut bits: [u8; 12] = std::array::from_fn(|_| rand::random::<u8>() & 1);
        // include what incomplete formulas get wrong
        let acc = match i {
            0 => Point::NEUTRAL,
            1 => key,
            2 => -key,
            3 => {
                bits = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                (-*table::entry(1)).mul(&half()) // 2A + T = 0
            }
            _ => random_point(),
        };
        let wires = row.fill(row.inputs(&acc, &key, 5, bits));
        assert_eq!(constraints_of(&wires), vec![F::ZERO; CONSTRAINTS]);
        let out = expected(acc, &key, bits);
        assert_eq!(wires[OUT..OUT + 5], out.x().0);
        assert_eq!(wires[OUT + 5..OUT + 10], out.u().0);
        let word = 5 * 8 + bits[0] as u64 * 4 + bits[4] as u64 * 2 + bits[8] as u64;
        assert_eq!(wires[CHALLENGE_OUT].to_canonical_u64(), word);
    }
}

/// 1/2 modulo the group order, (n + 1) / 2.
fn half() -> Scalar {
    let bytes: [u8; 40] = (-Scalar::ONE).to_bytes();
    let mut half = [0; 40];
    let mut carry = 0;
    for i in (0..40).rev() {
        half[i] = bytes[i] >> 1 | carry << 7;
        carry = bytes[i] & 1;
    }
    let half = Scalar::from_bytes(&half).expect("below n") + Scalar::ONE;
    assert_eq!(half + half, Scalar::ONE);
    half
}

/// Every wire is bound: changing any single one of a good row breaks a constraint.
#[test]
fn every_changed_wire_breaks_a_constraint() {
    let row = Row::new();
    for bits in [[1; 12], [0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0]] {
        let wires = row.fill(row.inputs(&random_point(), &random_point(), 0, bits));
        for column in 0..WIRES {
            for change in [F::ONE, F::NEG_ONE, F::rand()] {
                let mut bad = wires.clone();
                bad[column] += change;
                let broken = constraints_of(&bad).iter().any(|value| !value.is_zero());
                assert!(broken, "wire {column} with bits {bits:?}");
            }
        }
    }
}

/// A changed output breaks the equations that define it, and a digit of two the one that makes it a bit.
#[test]
fn each_constraint_catches_its_own_wire() {
    let row = Row::new();
    let wires = row.fill(row.inputs(
        &random_point(),
        &random_point(),
        0,
        [1, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1],
    ));
    let breaks = |column: usize, value: F, constraints: std::ops::Range<usize>| {
        let mut bad = wires.clone();
        bad[column] = value;
        constraints_of(&bad)[constraints]
            .iter()
            .any(|value| !value.is_zero())
    };
    for bit in 0..12 {
        assert!(breaks(BITS + bit, F::TWO, bit..bit + 1), "bit {bit}");
    }
    assert!(breaks(CHALLENGE_OUT, wires[CHALLENGE_OUT] + F::ONE, 12..13));
    for step in 0..STEPS {
        for (k, first) in [doubled(step), shifted(step), sum(step)].into_iter().enumerate() {
            for i in 0..10 {
                let equations = 13 + 30 * step + 10 * k + 5 * (i / 5);
                let column = first + i;
                assert!(
                    breaks(column, F::rand(), equations..equations + 5),
                    "wire {column}"
                );
            }
        }
    }
}

/// The same through the prover and the verifier, one wire of each kind.
#[test]
fn forged_wires_give_no_proof() {
    let row = Row::new();
    let (acc, key) = (random_point(), random_point());
    let inputs = row.inputs(&acc, &key, 3, [1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0]);
    assert_eq!(prove_forged(&row.data, &inputs, &[]), Verdict::Accepted);
    let wires = row.fill(inputs.clone());
    let columns = (0..STEPS)
        .flat_map(|step| {
            [
                doubled(step),
                doubled(step) + 9,
                shifted(step) + 3,
                shifted(step) + 6,
                sum(step) + 5,
            ]
        })
        .chain([CHALLENGE_OUT, OUT, OUT + 9]);
    for column in columns {
        let forged = [(row.wire(column), wires[column] + F::ONE)];
        assert_eq!(
            prove_forged(&row.data, &inputs, &forged),
            Verdict::Refused,
            "wire {column}"
        );
    }
    for column in [challenge_bit(0), selector_bit(1, 2)] {
        let forged = [(row.wire(column), F::TWO)];
        assert_eq!(
            prove_forged(&row.data, &inputs, &forged),
            Verdict::Refused,
            "bit {column}"
        );
    }
}
