//! Joining neighbouring spans in-circuit. The native twins are [`ashlar_statement::fold_pair`] and
//! [`ashlar_statement::batch_public_inputs`].

use ashlar_statement::{
    BatchPublicInputs, LINKED_BIT, SpanPublicInputs, TIME_BITS, WORDS_BITS, circuit::hash, hash::Role,
};
use plonky2::{
    field::types::Field,
    iop::{
        ext_target::ExtensionTarget,
        target::{BoolTarget, Target},
    },
};

use crate::config::{Builder, D, F};

/// Public inputs of a chunk, lift or fold proof.
pub type Span = SpanPublicInputs<F>;
/// Public inputs of a compressed proof.
pub type Batch = BatchPublicInputs<F>;

/// The span that covers `left`, then `right`. Constrains the right one to continue the left one, at the same domain,
/// point, fee account and time.
pub(crate) fn join(
    builder: &mut Builder,
    left: &SpanPublicInputs<Target>,
    right: &SpanPublicInputs<Target>,
) -> SpanPublicInputs<Target> {
    connect(builder, &left.new_root, &right.old_root);
    connect(builder, &left.domain, &right.domain);
    connect(builder, &left.z, &right.z);
    connect(
        builder,
        &[left.fee_account, left.time],
        &[right.fee_account, right.time],
    );
    let data_hash = hash(
        builder,
        Role::DataNode,
        &[left.data_hash, right.data_hash].concat(),
    );
    let zero = [builder.zero(); D];
    SpanPublicInputs {
        old_root: left.old_root,
        new_root: right.new_root,
        domain: left.domain,
        data_hash: data_hash.elements,
        z: left.z,
        bridge_eval: append(builder, left.bridge_eval, left.bridge_power, right.bridge_eval),
        rollup_eval: append(builder, left.rollup_eval, left.rollup_power, right.rollup_eval),
        bridge_power: append(builder, zero, left.bridge_power, right.bridge_power),
        rollup_power: append(builder, zero, left.rollup_power, right.rollup_power),
        fee_account: left.fee_account,
        time: left.time,
        // A chunk publishes hundreds of words: their sums stay far below 2^31.
        bridge_words: builder.add(left.bridge_words, right.bridge_words),
        rollup_words: builder.add(left.rollup_words, right.rollup_words),
    }
}

/// What L1 sees of the span of a whole batch, joined with a blob or not. Leaves have range-checked fee account and time, and
/// word counts are small, so the two elements that hold several numbers each hold them in one way only.
pub(crate) fn to_batch(
    builder: &mut Builder,
    span: &SpanPublicInputs<Target>,
    is_joined: BoolTarget,
) -> BatchPublicInputs<Target> {
    // Where join puts them; in another root these are powers of `z`.
    let [y2, y3] = span.bridge_power;
    let blob_value = [y2, y3, span.rollup_power[0]].map(|word| builder.mul(is_joined.target, word));
    let mut pair = |bits: u32, high, low| builder.mul_const_add(F::from_canonical_u64(1 << bits), high, low);
    BatchPublicInputs {
        old_root: span.old_root,
        new_root: span.new_root,
        domain: span.domain,
        data_hash: span.data_hash,
        z: span.z,
        bridge_eval: span.bridge_eval,
        rollup_eval: span.rollup_eval,
        stream_words: pair(WORDS_BITS, span.bridge_words, span.rollup_words),
        fee_account_and_time: {
            let account_and_time = pair(TIME_BITS, span.fee_account, span.time);
            pair(LINKED_BIT, is_joined.target, account_and_time)
        },
        blob_value,
    }
}

/// `eval + power · next` in GF(p²).
fn append(builder: &mut Builder, eval: [Target; D], power: [Target; D], next: [Target; D]) -> [Target; D] {
    let [eval, power, next] = [eval, power, next].map(ExtensionTarget);
    builder.mul_add_extension(power, next, eval).0
}

pub(crate) fn connect(builder: &mut Builder, left: &[Target], right: &[Target]) {
    for (&l, &r) in left.iter().zip(right) {
        builder.connect(l, r);
    }
}
