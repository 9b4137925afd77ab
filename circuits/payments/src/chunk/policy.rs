//! What a signed slot shows of its account's policy: a clause that permits it. Twin of [`crate::policy::ClauseWitness`].
//!
//! Rules are hashed as they are, so a value that the account's owner did not choose leads to another `auth`; what is
//! constrained here is only that the chosen ones permit the slot. In a slot that is not signed, all that could fail is
//! multiplied by zero.

use ashlar_gates::range_check;
use ashlar_statement::{
    circuit::{hash, root},
    elements,
    hash::{Builder, F, Hash, Role, ZERO_HASH},
};
use plonky2::{
    field::types::Field,
    hash::hash_types::HashOutTarget,
    iop::target::{BoolTarget, Target},
};

use crate::policy::{ANY_TOKEN, CAP_BITS, ClauseWitness, KIND_BITS, POLICY_DEPTH};

#[cfg(test)]
mod tests;

/// Bits of the differences of times, which have 28: the narrowest width that shares rows.
pub(super) const WINDOW_BITS: usize = 32;

elements! {
    /// A clause of the source's policy.
    #[derive(Debug, Clone, Copy)]
    pub struct PolicyWires<T> {
        /// Hash of the key that signs.
        pub key_hash: [T; 4],
        /// Mask of kinds.
        pub kinds: T,
        /// Whether the clause is for any token; else it is for the slot's.
        pub any_token: T,
        /// Most that amount and fee may be.
        pub cap: T,
        /// First minute in which it holds.
        pub from: T,
        /// Last minute in which it holds.
        pub until: T,
        /// Whether it has a lock.
        pub locked: T,
        /// What opens the lock.
        pub preimage: [T; 4],
        /// Path of the clause.
        pub siblings: [[T; 4]; POLICY_DEPTH],
        /// Place of the clause.
        pub place: T,
    }
}

impl PolicyWires<F> {
    /// Those of a clause and the key that signs under it.
    pub fn new(key_hash: &Hash, clause: &ClauseWitness) -> Self {
        let rules = &clause.rules;
        Self {
            key_hash: key_hash.elements,
            kinds: F::from_canonical_u8(rules.kinds),
            any_token: F::from_bool(rules.token.is_none()),
            cap: F::from_noncanonical_u64(rules.cap),
            from: F::from_canonical_u32(rules.from),
            until: F::from_canonical_u32(rules.until),
            locked: F::from_bool(clause.lock.is_some()),
            preimage: clause.preimage.unwrap_or(ZERO_HASH).elements,
            siblings: clause.path.siblings.map(|sibling| sibling.elements),
            place: F::from_canonical_u8(clause.place),
        }
    }
}

/// What the clause must permit. In a signed slot the caller owes that one flag is set and the others are not, that the
/// token has 8 bits and the time 28, and that `spent` is below 2^63; in any other slot, nothing.
pub(super) struct PolicyUse<'a> {
    /// Boolean. If it is zero nothing is required, and the wires may hold anything.
    pub(super) signed: BoolTarget,
    /// Kinds that may be signed: number and flag.
    pub(super) kinds: &'a [(usize, Target)],
    /// Token of the slot.
    pub(super) token: Target,
    /// Amount and fee.
    pub(super) spent: Target,
    /// Of the batch, in minutes since 1970.
    pub(super) time: Target,
}

/// Constrains the clause to permit the slot, if it is signed, and returns the `auth` that it leads to. That it is the
/// account's, that the key signs, and that it signs the place, is the caller's to constrain.
pub(super) fn constrain_policy(
    builder: &mut Builder,
    wires: &PolicyWires<Target>,
    usage: &PolicyUse<'_>,
) -> HashOutTarget {
    let signed = usage.signed.target;
    let [kinds, place, any_token, locked] =
        [wires.kinds, wires.place, wires.any_token, wires.locked].map(|wire| builder.mul(signed, wire));
    for flag in [any_token, locked] {
        builder.assert_bool(BoolTarget::new_unsafe(flag));
    }
    let (kind_bits, place_bits) = split(builder, kinds, place);
    permit_kind(builder, usage, &kind_bits);
    permit_time(builder, wires, usage);
    permit_spent(builder, wires, usage);
    let scope = scope(builder, kinds, any_token, usage.token);
    let rules = [scope, wires.cap, wires.from, wires.until];
    let signer = hash(builder, Role::ClauseSigner, &[wires.key_hash, rules].concat());
    let lock = lock(builder, wires.preimage, locked);
    let clause = hash(builder, Role::Clause, &[signer.elements, lock].concat());
    root(builder, Role::PolicyNode, clause, &place_bits, &wires.siblings)
}

/// Bits of the mask of kinds and of the place. One row splits both: 11 bits, of which the upper three are the place, so
/// that the lower eight are the mask.
fn split(
    builder: &mut Builder,
    kinds: Target,
    place: Target,
) -> ([BoolTarget; KIND_BITS], [BoolTarget; POLICY_DEPTH]) {
    let both = builder.mul_const_add(F::from_canonical_u64(1 << KIND_BITS), place, kinds);
    let bits = builder.split_le(both, KIND_BITS + POLICY_DEPTH);
    let place_bits = core::array::from_fn(|level| bits[KIND_BITS + level]);
    let upper = builder.le_sum(place_bits.iter());
    builder.connect(upper, place);
    (core::array::from_fn(|kind| bits[kind]), place_bits)
}

/// The flag that is set has its bit in the mask.
fn permit_kind(builder: &mut Builder, usage: &PolicyUse<'_>, kind_bits: &[BoolTarget; KIND_BITS]) {
    let none = builder.zero();
    let permitted = usage.kinds.iter().fold(none, |sum, (kind, flag)| {
        builder.mul_add(*flag, kind_bits[*kind].target, sum)
    });
    builder.connect(permitted, usage.signed.target);
}

/// `from ≤ time ≤ until`. All are below 2^28, so a difference below zero wraps far out of range.
fn permit_time(builder: &mut Builder, wires: &PolicyWires<Target>, usage: &PolicyUse<'_>) {
    let signed = usage.signed.target;
    let time = builder.mul(signed, usage.time);
    let elapsed = builder.arithmetic(F::NEG_ONE, F::ONE, signed, wires.from, time);
    range_check(builder, elapsed, WINDOW_BITS);
    let remaining = builder.mul_sub(signed, wires.until, time);
    range_check(builder, remaining, WINDOW_BITS);
}

/// `spent ≤ cap`. A cap is below 2^62, so that one that is exceeded by less than 2^63 wraps out of range.
fn permit_spent(builder: &mut Builder, wires: &PolicyWires<Target>, usage: &PolicyUse<'_>) {
    let signed = usage.signed.target;
    let spent = builder.mul(signed, usage.spent);
    let unspent = builder.mul_sub(signed, wires.cap, spent);
    range_check(builder, unspent, CAP_BITS as usize);
}

/// First element of the rules: the kinds, and above them the slot's token or what stands for any.
fn scope(builder: &mut Builder, kinds: Target, any_token: Target, token: Target) -> Target {
    let any = builder.constant(F::from_canonical_u16(ANY_TOKEN));
    let to_any = builder.sub(any, token);
    let token = builder.mul_add(any_token, to_any, token);
    builder.mul_const_add(F::from_canonical_u64(1 << KIND_BITS), token, kinds)
}

/// Twin of [`crate::policy::lock`] if the clause has a lock; else zero.
fn lock(builder: &mut Builder, preimage: [Target; 4], locked: Target) -> [Target; 4] {
    let zero = builder.zero();
    let lock = hash(builder, Role::Lock, &[preimage, [zero; 4]].concat());
    lock.elements.map(|element| builder.mul(locked, element))
}
