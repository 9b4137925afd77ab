//! Each gate beside plonky2's own evaluation, at random points.

use ashlar_lanes::testing::agrees_with_its_gate;
use ashlar_statement::hash::{D, F};
use plonky2::{
    gates::{
        arithmetic_base::ArithmeticGate, arithmetic_extension::ArithmeticExtensionGate,
        base_sum::BaseSumGate, constant::ConstantGate, coset_interpolation::CosetInterpolationGate,
        exponentiation::ExponentiationGate, gate::Gate, multiplication_extension::MulExtensionGate,
        noop::NoopGate, poseidon::PoseidonGate, poseidon_mds::PoseidonMdsGate, public_input::PublicInputGate,
        random_access::RandomAccessGate, reducing::ReducingGate, reducing_extension::ReducingExtensionGate,
    },
    plonk::circuit_data::CircuitConfig,
};

use super::recognise;

fn compare(gate: impl Gate<F, D>) {
    agrees_with_its_gate(gate, recognise);
}

#[test]
fn gates_of_a_few_products_and_sums_are_plonky2_s() {
    let config = CircuitConfig::standard_recursion_config();
    compare(NoopGate);
    compare(ConstantGate::new(2));
    compare(PublicInputGate);
    compare(ArithmeticGate::new_from_config(&config));
    compare(ArithmeticExtensionGate::<D>::new_from_config(&config));
    compare(MulExtensionGate::<D>::new_from_config(&config));
}

#[test]
fn gates_that_decide_by_bits_are_plonky2_s() {
    let config = CircuitConfig::standard_recursion_config();
    for count in [1, 40, 63] {
        compare(BaseSumGate::<2>::new(count));
    }
    for bits in 1..=6 {
        compare(RandomAccessGate::<F, D>::new_from_config(&config, bits));
    }
    for bits in [1, 5, 66] {
        compare(ExponentiationGate::<F, D>::new(bits));
    }
}

#[test]
fn gates_that_sum_by_powers_and_interpolate_are_plonky2_s() {
    for coefficients in [1, 2, 43] {
        compare(ReducingGate::<D>::new(coefficients));
    }
    for coefficients in [1, 2, 32] {
        compare(ReducingExtensionGate::<D>::new(coefficients));
    }
    for bits in 1..=4 {
        compare(CosetInterpolationGate::<F, D>::new(bits));
    }
    // What a verifier's circuit has: constraints of degree 8 at most.
    let mut limited = CosetInterpolationGate::<F, D>::new(4);
    limited.degree = 6;
    compare(limited);
}

#[test]
fn gates_of_poseidon_are_plonky2_s() {
    compare(PoseidonGate::<F, D>::new());
    compare(PoseidonMdsGate::<F, D>::new());
}
