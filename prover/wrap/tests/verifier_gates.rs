//! Gate constraints over the chip equal plonky2's own, at random points where no constraint holds.

use std::path::Path;

use ashlar_recursion::testing::CompressedSample;
use ashlar_wrap::{
    chip::{Chip, F, F2},
    verifier::{Constraints, GateKind, GateVars, NativeChip, VerifierError},
};
use plonky2::{
    field::types::{Field, Sample},
    gates::{
        arithmetic_base::ArithmeticGate,
        arithmetic_extension::ArithmeticExtensionGate,
        base_sum::BaseSumGate,
        constant::ConstantGate,
        coset_interpolation::CosetInterpolationGate,
        exponentiation::ExponentiationGate,
        gate::{Gate, GateRef},
        lookup::LookupGate,
        multiplication_extension::MulExtensionGate,
        noop::NoopGate,
        poseidon::PoseidonGate,
        poseidon_mds::PoseidonMdsGate,
        public_input::PublicInputGate,
        random_access::RandomAccessGate,
        reducing::ReducingGate,
        reducing_extension::ReducingExtensionGate,
    },
    hash::hash_types::HashOut,
    plonk::{circuit_data::CircuitConfig, vars::EvaluationVars},
};

struct Point {
    constants: Vec<F2>,
    wires: Vec<F2>,
    public_inputs_hash: HashOut<F>,
}

impl Point {
    fn random(gate: &GateRef<F, 2>) -> Self {
        Self {
            constants: F2::rand_vec(gate.0.num_constants()),
            wires: F2::rand_vec(gate.0.num_wires().max(4)),
            public_inputs_hash: HashOut::rand(),
        }
    }

    fn evaluate(&self, chip: &mut NativeChip, gate: &GateRef<F, 2>) -> Constraints<NativeChip> {
        let constants: Vec<_> = self.constants.iter().map(|c| chip.widen_ext(c)).collect();
        let wires: Vec<_> = self.wires.iter().map(|w| chip.widen_ext(w)).collect();
        let hash = self.public_inputs_hash.elements.map(|e| chip.widen(&e));
        let vars = GateVars {
            constants: &constants,
            wires: &wires,
            public_inputs_hash: &hash,
        };
        GateKind::of(gate).expect("supported gate").evaluate(chip, &vars)
    }

    fn expected(&self, gate: &GateRef<F, 2>) -> Vec<F2> {
        gate.0.eval_unfiltered(EvaluationVars {
            local_constants: &self.constants,
            local_wires: &self.wires,
            public_inputs_hash: &self.public_inputs_hash,
        })
    }
}

/// Compares every constraint, and the random combination that the vanishing polynomial takes.
fn check(gate: &GateRef<F, 2>) {
    for _ in 0..4 {
        let chip = &mut NativeChip::new();
        let point = Point::random(gate);
        let expected = point.expected(gate);
        let constraints = point.evaluate(chip, gate);
        let id = gate.0.id();
        assert_eq!(constraints.plain.len(), expected.len(), "{id}");
        assert_eq!(expected.len(), gate.0.num_constraints(), "{id}");
        for (i, expected) in expected.iter().enumerate() {
            let mut value = constraints.plain[i].value();
            for (factor, values) in &constraints.scaled {
                value += factor.value() * values[i].value();
            }
            assert_eq!(value, *expected, "{id}, constraint {i}");
            assert!(value != F2::ZERO, "{id}, constraint {i}: the point is not random");
        }

        let alpha = F::rand();
        let powers: Vec<_> = alpha
            .powers()
            .take(expected.len())
            .map(|p| chip.widen(&p))
            .collect();
        let combined = constraints.combine(chip, &powers).map(|c| c.value());
        let sum = expected
            .iter()
            .zip(alpha.powers())
            .map(|(c, p)| *c * F2::from(p))
            .sum::<F2>();
        assert_eq!(combined.unwrap_or(F2::ZERO), sum, "{id}, combination");
    }
}

fn check_gate(gate: impl Gate<F, 2>) {
    check(&GateRef::new(gate));
}

#[test]
fn wiring_gates_agree() {
    check_gate(NoopGate);
    check_gate(ConstantGate::new(2));
    check_gate(PublicInputGate);
}

#[test]
fn arithmetic_gates_agree() {
    let config = &CircuitConfig::standard_recursion_config();
    check_gate(ArithmeticGate::new_from_config(config));
    check_gate(ArithmeticExtensionGate::<2>::new_from_config(config));
    check_gate(MulExtensionGate::<2>::new_from_config(config));
    check_gate(ReducingGate::<2>::new(43));
    check_gate(ReducingExtensionGate::<2>::new(32));
    check_gate(ReducingGate::<2>::new(1));
    check_gate(ReducingExtensionGate::<2>::new(1));
}

#[test]
fn decomposition_gates_agree() {
    let config = &CircuitConfig::standard_recursion_config();
    check_gate(BaseSumGate::<2>::new(63));
    check_gate(BaseSumGate::<4>::new(31));
    check_gate(BaseSumGate::<3>::new(5));
    check_gate(ExponentiationGate::<F, 2>::new_from_config(config));
    check_gate(ExponentiationGate::<F, 2>::new(1));
    for bits in 1..=5 {
        check_gate(RandomAccessGate::<F, 2>::new_from_config(config, bits));
    }
}

#[test]
fn interpolation_gates_agree() {
    for subgroup_bits in 1..=4 {
        check_gate(CosetInterpolationGate::<F, 2>::new(subgroup_bits));
    }
}

#[test]
fn poseidon_gates_agree() {
    check_gate(PoseidonGate::<F, 2>::new());
    check_gate(PoseidonMdsGate::<F, 2>::new());
}

/// The gates with the parameters that the compressed circuit has: among them an interpolation cut in runs.
#[test]
fn gates_of_the_compressed_circuit_agree() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("halo2-wrap-sample.bin");
    let sample = CompressedSample::cached(&path, 27, 7).expect("sample proof");
    let gates = &sample.verifier.common.gates;
    let is_cut =
        |kind| matches!(kind, GateKind::CosetInterpolation { subgroup_bits: 4, degree, .. } if degree < 16);
    assert!(gates.iter().any(|gate| GateKind::of(gate).is_ok_and(is_cut)));
    for gate in gates {
        check(gate);
    }
}

#[test]
fn gates_with_lookup_tables_are_refused() {
    let config = CircuitConfig::standard_recursion_config();
    let table = std::sync::Arc::new(vec![(0u16, 0u16), (1, 1)]);
    let gate = GateRef::<F, 2>::new(LookupGate::new_from_table(&config, table));
    match GateKind::of(&gate) {
        Err(VerifierError::UnsupportedGate { id }) => assert!(id.contains("LookupGate")),
        other => panic!("lookup gate gave {other:?}"),
    }
}
