//! plonky2's gates, at several points at once. plonky2's own evaluation is what they are compared with.

mod arithmetic;
mod bits;
mod extension;
mod poseidon;
mod reducing;
#[cfg(test)]
mod tests;

use ashlar_lanes::Evaluate;
use ashlar_statement::hash::{D, F};
use plonky2::gates::{
    arithmetic_base::ArithmeticGate, arithmetic_extension::ArithmeticExtensionGate, base_sum::BaseSumGate,
    constant::ConstantGate, coset_interpolation::CosetInterpolationGate, exponentiation::ExponentiationGate,
    gate::AnyGate, multiplication_extension::MulExtensionGate, noop::NoopGate, poseidon::PoseidonGate,
    poseidon_mds::PoseidonMdsGate, public_input::PublicInputGate, random_access::RandomAccessGate,
    reducing::ReducingGate, reducing_extension::ReducingExtensionGate,
};

/// plonky2's.
pub fn recognise(gate: &dyn AnyGate<F, D>) -> Option<Box<dyn Evaluate>> {
    let gate = gate.as_any();
    if gate.is::<NoopGate>() {
        Some(Box::new(arithmetic::Noop))
    } else if let Some(gate) = gate.downcast_ref::<ConstantGate>() {
        Some(Box::new(arithmetic::Constant::of(gate)))
    } else if gate.is::<PublicInputGate>() {
        Some(Box::new(arithmetic::PublicInput))
    } else if let Some(gate) = gate.downcast_ref::<ArithmeticGate>() {
        Some(Box::new(arithmetic::Arithmetic { ops: gate.num_ops }))
    } else if let Some(gate) = gate.downcast_ref::<ArithmeticExtensionGate<D>>() {
        Some(Box::new(arithmetic::ArithmeticExtension { ops: gate.num_ops }))
    } else if let Some(gate) = gate.downcast_ref::<MulExtensionGate<D>>() {
        Some(Box::new(arithmetic::MulExtension { ops: gate.num_ops }))
    } else if let Some(gate) = gate.downcast_ref::<BaseSumGate<2>>() {
        Some(Box::new(bits::Bits {
            count: gate.num_limbs,
        }))
    } else if let Some(gate) = gate.downcast_ref::<RandomAccessGate<F, D>>() {
        bits::RandomAccess::of(gate).map(|gate| Box::new(gate) as Box<dyn Evaluate>)
    } else if let Some(gate) = gate.downcast_ref::<ExponentiationGate<F, D>>() {
        Some(Box::new(bits::Exponentiation {
            bits: gate.num_power_bits,
        }))
    } else if let Some(gate) = gate.downcast_ref::<ReducingGate<D>>() {
        Some(Box::new(reducing::Reducing {
            coefficients: gate.num_coeffs,
        }))
    } else if let Some(gate) = gate.downcast_ref::<ReducingExtensionGate<D>>() {
        Some(Box::new(reducing::ReducingExtension {
            coefficients: gate.num_coeffs,
        }))
    } else if let Some(gate) = gate.downcast_ref::<CosetInterpolationGate<F, D>>() {
        Some(Box::new(reducing::CosetInterpolation::of(gate)))
    } else if gate.is::<PoseidonGate<F, D>>() {
        Some(Box::new(poseidon::Permutation))
    } else if gate.is::<PoseidonMdsGate<F, D>>() {
        Some(Box::new(poseidon::Mds))
    } else {
        None
    }
}
