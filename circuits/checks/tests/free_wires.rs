//! Small circuits, sound and not.

use ashlar_circuit_checks::{CheckError, D, F, Findings, free_wires};
use plonky2::{
    field::types::Field,
    hash::{
        hashing::PlonkyPermutation,
        poseidon::{PoseidonHash, PoseidonPermutation},
    },
    iop::{
        target::{BoolTarget, Target},
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::{
        circuit_builder::CircuitBuilder,
        circuit_data::{CircuitConfig, CircuitData},
        config::{AlgebraicHasher, PoseidonGoldilocksConfig},
    },
};

type Builder = CircuitBuilder<F, D>;
type Circuit = CircuitData<F, PoseidonGoldilocksConfig, D>;

/// A circuit over two inputs.
fn build(constrain: impl FnOnce(&mut Builder, [Target; 2])) -> (Circuit, [Target; 2]) {
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let inputs = builder.add_virtual_target_arr();
    constrain(&mut builder, inputs);
    (builder.build(), inputs)
}

fn examine((circuit, inputs): &(Circuit, [Target; 2]), values: &[[u64; 2]]) -> Result<Findings, CheckError> {
    let witnesses = values.iter().map(|values| {
        let mut witness = PartialWitness::new();
        let values = values.map(F::from_canonical_u64);
        witness.set_target_arr(inputs, &values).expect("set once");
        witness
    });
    free_wires(circuit, witnesses)
}

#[track_caller]
fn assert_sound(findings: &Findings) {
    assert_eq!((&findings.free[..], &findings.idle[..]), (&[][..], &[][..]));
    assert!(findings.determined > 0);
}

/// Hints for bits, an inverse, a quotient in GF(p²) and a comparison, each with its constraints.
#[test]
fn a_sound_circuit_has_no_free_wire() {
    let circuit = build(|builder, [a, b]| {
        builder.range_check(a, 20);
        let bits = builder.split_le(b, 40);
        let inverse = builder.inverse(a);
        let [a, b] = [a, b].map(|base| builder.convert_to_ext(base));
        let i = builder.constant_extension(F::from_canonical_u64(5).into());
        let quotient = builder.div_extension(a, b);
        let quotient = builder.mul_extension(quotient, i);
        let is_less = builder.is_equal(quotient.0[0], inverse);
        let picked = builder.select(bits[3], inverse, quotient.0[1]);
        builder.register_public_inputs(&[picked, is_less.target]);
    });
    assert_sound(&examine(&circuit, &[[77, 1 << 39], [1, 1]]).expect("satisfied"));
}

#[test]
fn a_hint_without_its_constraint_is_found() {
    let inverse = |builder: &mut Builder, a: Target, is_bound: bool| {
        let inverse = builder.inverse(a); // with its constraint, which stays
        let hint = builder.add_virtual_target();
        builder.generate_copy(inverse, hint);
        if is_bound {
            builder.connect(inverse, hint);
        }
        hint
    };
    for is_bound in [true, false] {
        let circuit = build(|builder, [a, b]| {
            let hint = inverse(builder, a, is_bound);
            let product = builder.mul(hint, b);
            builder.register_public_input(product);
        });
        let findings = examine(&circuit, &[[3, 4]]).expect("satisfied");
        assert_eq!(findings.free.is_empty(), is_bound);
        assert!(
            is_bound
                || findings
                    .free
                    .iter()
                    .any(|place| place.gate.starts_with("Arithmetic")),
            "{findings:?}"
        );
    }
}

/// The hash of the public inputs is computed from it, but does not bind it.
#[test]
fn a_public_input_that_nothing_binds_is_found() {
    let circuit = build(|builder, [a, _]| {
        let square = builder.square(a);
        let claimed = builder.add_virtual_target();
        builder.generate_copy(square, claimed);
        builder.register_public_input(claimed);
    });
    let findings = examine(&circuit, &[[3, 4]]).expect("satisfied");
    assert!(
        findings
            .free
            .iter()
            .any(|place| place.gate.starts_with("Poseidon")),
        "{findings:?}"
    );
}

/// The hint of a comparison is an inverse: of nothing when the sides are equal, and then it may be anything.
#[test]
fn a_hint_without_effect_is_idle_until_a_witness_shows_that_it_is_bound() {
    let circuit = build(|builder, [a, b]| {
        let equal = builder.is_equal(a, b);
        builder.register_public_input(equal.target);
    });
    let equal = examine(&circuit, &[[5, 5]]).expect("satisfied");
    assert_eq!((equal.free.len(), equal.idle.len()), (0, 1), "{equal:?}");
    assert_sound(&examine(&circuit, &[[5, 5], [5, 6]]).expect("satisfied"));
}

#[test]
fn a_witness_that_breaks_the_circuit_is_an_error() {
    let contradicting = build(|builder, [a, b]| builder.connect(a, b));
    assert!(matches!(
        examine(&contradicting, &[[1, 1], [1, 2]]),
        Err(CheckError::Contradiction { witness: 1, .. })
    ));
    // A swap that is no bit: the gate's own constraint, which no generator and no copy sees.
    let broken = build(|builder, [swap, b]| {
        let state = PoseidonPermutation::new([b; 12]);
        PoseidonHash::permute_swapped(state, BoolTarget::new_unsafe(swap), builder);
    });
    assert!(matches!(
        examine(&broken, &[[2, 0]]),
        Err(CheckError::Unsatisfied { witness: 0, .. })
    ));
}
