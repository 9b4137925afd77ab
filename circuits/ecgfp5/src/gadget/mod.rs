//! Verification of a signature inside a circuit.

use anyhow::Result;
use ashlar_poseidon::{Role, circuit::hash};
use plonky2::{
    field::{extension::FieldExtension, types::Field},
    hash::hash_types::HashOutTarget,
    iop::{
        target::{BoolTarget, Target},
        witness::WitnessWrite,
    },
};

use crate::{
    Builder, F,
    algebra::{InCircuit, Q, QuinticAlgebra, weighted},
    field::{self, NON_SQUARE},
    gate::{
        EcGfp5StepGate,
        layout::{self, SELECTOR_BITS, STEPS},
        table::PART_BITS,
    },
    keys::PublicKey,
    point::Point,
    scalar::Scalar,
    signature::Signature,
};

/// Bits of the challenge: two words of 64.
pub const CHALLENGE_BITS: usize = 128;
/// Rows of [`EcGfp5StepGate`] that one signature takes.
pub const STEP_ROWS: usize = CHALLENGE_BITS.div_ceil(STEPS);

const RESPONSE_BITS: usize = SELECTOR_BITS * PART_BITS;
const CHAIN_STEPS: usize = STEP_ROWS * STEPS;

/// A signature and its key as targets. Nothing is constrained until [`verify_signature`].
#[derive(Clone, Debug)]
pub struct SignatureTarget {
    key_x: Q<Target>,
    key_u: Q<Target>,
    /// A root of x/7, which shows that x is no square.
    key_root: Q<Target>,
    /// 1/u, which shows that the key is not neutral.
    key_u_inverse: Q<Target>,
    /// The challenge, least significant bit first.
    challenge_bits: Vec<BoolTarget>,
    /// The response, least significant bit first.
    response_bits: Vec<BoolTarget>,
}

impl SignatureTarget {
    /// Allocates the targets.
    pub fn add_virtual(builder: &mut Builder) -> Self {
        // the gate makes the bits boolean
        let mut bits = |n| (0..n).map(|_| builder.add_virtual_bool_target_unsafe()).collect();
        let (challenge_bits, response_bits) = (bits(CHALLENGE_BITS), bits(RESPONSE_BITS));
        Self {
            key_x: builder.add_virtual_target_arr(),
            key_u: builder.add_virtual_target_arr(),
            key_root: builder.add_virtual_target_arr(),
            key_u_inverse: builder.add_virtual_target_arr(),
            challenge_bits,
            response_bits,
        }
    }

    /// Sets every target.
    ///
    /// # Errors
    /// If a target is set already, to another value.
    pub fn set_witness(
        &self,
        witness: &mut impl WitnessWrite<F>,
        key: &PublicKey,
        signature: &Signature,
    ) -> Result<()> {
        self.set(witness, key.point(), signature.e(), signature.s())
    }

    /// Sets every target for a slot that is not enabled: the generator as key, e = s = 0.
    ///
    /// # Errors
    /// As [`Self::set_witness`].
    pub fn set_disabled(&self, witness: &mut impl WitnessWrite<F>) -> Result<()> {
        self.set(witness, &Point::GENERATOR, 0, &Scalar::ZERO)
    }

    fn set(&self, witness: &mut impl WitnessWrite<F>, key: &Point, e: u128, s: &Scalar) -> Result<()> {
        let (x, u) = (key.x(), key.u());
        let seventh = F::from_canonical_u64(NON_SQUARE).inverse();
        let root = field::sqrt(FieldExtension::<5>::scalar_mul(&x, seventh));
        witness.set_target_arr(&self.key_x, &x.0)?;
        witness.set_target_arr(&self.key_u, &u.0)?;
        witness.set_target_arr(&self.key_root, &root.unwrap_or_default().0)?;
        witness.set_target_arr(&self.key_u_inverse, &u.try_inverse().unwrap_or_default().0)?;
        for (i, bit) in self.challenge_bits.iter().enumerate() {
            witness.set_bool_target(*bit, e >> i & 1 == 1)?;
        }
        for (i, bit) in self.response_bits.iter().enumerate() {
            witness.set_bool_target(*bit, s.bit(i))?;
        }
        Ok(())
    }
}

/// Constrains, if `enabled`, that `sig` is a signature of `message` under a key that hashes to `key_hash`.
///
/// Always constrained: the key is an element of the group and not neutral; every bit is a bit; both words of the
/// challenge are canonical. Only if enabled: the key's hash is `key_hash`, and the challenge is the hash of commitment,
/// key and message. A slot that is not enabled is satisfied by [`SignatureTarget::set_disabled`].
///
/// The response is an integer of 321 bits and may exceed the group order: a circuit proves that the signer knows a
/// signature, not that its encoding is strict. The caller owes that `enabled` is boolean and that `message` binds all
/// that is signed (domain, nonce, …).
///
/// Costs [`STEP_ROWS`] = 43 rows of [`EcGfp5StepGate`], three of Poseidon and about seven of arithmetic.
pub fn verify_signature(
    builder: &mut Builder,
    sig: &SignatureTarget,
    key_hash: HashOutTarget,
    message: HashOutTarget,
    enabled: BoolTarget,
) {
    assert_key_in_group(builder, sig);
    let computed = hash(builder, Role::Key, &sig.key_u);
    for (computed, expected) in computed.elements.into_iter().zip(key_hash.elements) {
        builder.conditional_assert_eq(enabled.target, computed, expected);
    }

    let chain = constrain_chain(builder, sig);
    let input = [&chain.commitment_u[..], &sig.key_u, &message.elements].concat();
    let computed = hash(builder, Role::Challenge, &input);
    for (computed, word) in computed.elements.into_iter().zip(chain.challenge) {
        builder.conditional_assert_eq(enabled.target, computed, word);
    }
}

/// Constrains that the key is on the curve, that its x is 7 times a square, and that its u is not zero. On the curve,
/// u = 0 means x = 0, so x is no square: the key is in the group, and not neutral.
fn assert_key_in_group(builder: &mut Builder, sig: &SignatureTarget) {
    let (zero, one) = (builder.zero(), builder.one());
    let mut algebra = InCircuit(builder);
    // u^2 (x^2 + 2x + b) = x
    let u_squared = algebra.square(1, &sig.key_u);
    let x_squared = algebra.square(1, &sig.key_x);
    let sum = algebra.combine(1, &x_squared, weighted(2, &sig.key_x));
    let cofactor = algebra.add_curve_b(&sum, 1);
    let x = algebra.mul(1, &u_squared, &cofactor);
    let seven_squares = algebra.square(NON_SQUARE as i64, &sig.key_root);
    let unit = algebra.mul(1, &sig.key_u, &sig.key_u_inverse);
    builder.connect_array(x, sig.key_x);
    builder.connect_array(seven_squares, sig.key_x);
    builder.connect_array(unit, [one, zero, zero, zero, zero]);
}

/// What the double-and-add chain yields.
struct Chain {
    /// u of sG + eQ.
    commitment_u: Q<Target>,
    /// Both words of e, the low one first.
    challenge: [Target; 2],
}

/// Lays the rows of the chain. Step j handles bit 128 - j of the challenge (the first step has none) and of each part
/// of the response.
fn constrain_chain(builder: &mut Builder, sig: &SignatureTarget) -> Chain {
    let zero = builder.zero();
    let bit = |bits: &[BoolTarget], i: usize| bits.get(i).map_or(zero, |bit| bit.target);
    let response = |part: usize, i: usize| {
        let bits = &sig.response_bits[part * PART_BITS..(part + 1) * PART_BITS];
        bit(bits, i)
    };
    // The low word starts inside this row, after its first two bits.
    const SPLIT_ROW: usize = (CHAIN_STEPS - 64) / STEPS;

    let mut acc = [zero; 10];
    let mut challenge_in = zero;
    let mut words = Vec::with_capacity(STEP_ROWS);
    for row_index in 0..STEP_ROWS {
        let row = builder.add_gate(EcGfp5StepGate, vec![]);
        let wire = |i| Target::wire(row, i);
        for i in 0..10 {
            builder.connect(acc[i], wire(layout::ACC + i));
        }
        for i in 0..5 {
            builder.connect(sig.key_x[i], wire(layout::KEY + i));
            builder.connect(sig.key_u[i], wire(layout::KEY + 5 + i));
        }
        builder.connect(challenge_in, wire(layout::CHALLENGE_IN));
        for step in 0..STEPS {
            let i = CHAIN_STEPS - 1 - (row_index * STEPS + step);
            builder.connect(bit(&sig.challenge_bits, i), wire(layout::challenge_bit(step)));
            for part in 0..SELECTOR_BITS {
                builder.connect(response(part, i), wire(layout::selector_bit(step, part)));
            }
        }
        acc = std::array::from_fn(|i| wire(layout::OUT + i));
        challenge_in = if row_index == SPLIT_ROW {
            sig.challenge_bits[63].target
        } else {
            wire(layout::CHALLENGE_OUT)
        };
        words.push(wire(layout::CHALLENGE_OUT));
    }

    let challenge_bit = |i: usize| sig.challenge_bits[i].target;
    // Row r ends with bit 126 - 3r.
    let high_start = words[SPLIT_ROW - 1]; // bits 127 to 66
    let high_start = builder.mul_const_add(F::TWO, high_start, challenge_bit(65));
    let high = builder.mul_const_add(F::TWO, high_start, challenge_bit(64));
    let low = words[STEP_ROWS - 1];
    let high_top = words[10]; // bits 127 to 96
    let low_top = builder.mul_const_add(F::TWO, words[31], challenge_bit(32)); // bits 63 to 33, then 32
    assert_canonical(builder, high, high_top);
    assert_canonical(builder, low, low_top);
    Chain {
        commitment_u: std::array::from_fn(|i| acc[5 + i]),
        challenge: [low, high],
    }
}

/// Constrains that a 64-bit integer with the value `word` in the field, and the upper half `top`, is below p: unless
/// its upper 32 bits are all ones and its lower ones not all zero.
fn assert_canonical(builder: &mut Builder, word: Target, top: Target) {
    let all_ones = builder.constant(F::from_canonical_u64(u32::MAX as u64));
    let critical = builder.is_equal(top, all_ones);
    let bottom = builder.mul_const_add(-F::from_canonical_u64(1 << 32), top, word);
    let excess = builder.mul(critical.target, bottom);
    builder.assert_zero(excess);
}

#[cfg(test)]
mod tests;
