//! The fold tree over spans and over data hashes: the native twin of the fold circuit.

use ashlar_protocol::fold_schedule;

use plonky2::field::types::Field;

use crate::{
    BatchPublicInputs, SpanPublicInputs,
    hash::{F, Hash, Role, two_to_one},
    public_inputs::{LINKED_BIT, TIME_BITS, WORDS_BITS},
    stream::Evaluation,
};

/// Public inputs of a fold: `None` unless the right span continues the left one, at the same domain, point,
/// fee account and time.
pub fn fold_pair(left: &SpanPublicInputs<F>, right: &SpanPublicInputs<F>) -> Option<SpanPublicInputs<F>> {
    let same = |span: &SpanPublicInputs<F>| (span.domain, span.z, span.fee_account, span.time);
    if left.new_root != right.old_root || same(left) != same(right) {
        return None;
    }
    let hash = |elements| Hash { elements };
    let both = Evaluation::from(left).concat(&Evaluation::from(right));
    Some(SpanPublicInputs {
        old_root: left.old_root,
        new_root: right.new_root,
        domain: left.domain,
        data_hash: data_node(hash(left.data_hash), hash(right.data_hash)).elements,
        z: left.z,
        bridge_eval: both.bridge_eval.0,
        rollup_eval: both.rollup_eval.0,
        bridge_power: both.bridge_power.0,
        rollup_power: both.rollup_power.0,
        fee_account: left.fee_account,
        time: left.time,
        bridge_words: left.bridge_words + right.bridge_words,
        rollup_words: left.rollup_words + right.rollup_words,
    })
}

/// Folds all spans by [`fold_schedule`]; `None` when there is none or two neighbours do not fit.
pub fn fold_spans(spans: &[SpanPublicInputs<F>]) -> Option<SpanPublicInputs<F>> {
    let mut nodes = spans.to_vec();
    for step in fold_schedule(spans.len()) {
        let span = fold_pair(&nodes[step.left], &nodes[step.right])?;
        nodes.push(span);
    }
    nodes.last().copied()
}

/// Root of the fold tree over the chunks' data hashes: known before the evaluation point is. `None` without any.
pub fn fold_hashes(hashes: &[Hash]) -> Option<Hash> {
    let mut nodes = hashes.to_vec();
    for step in fold_schedule(hashes.len()) {
        nodes.push(data_node(nodes[step.left], nodes[step.right]));
    }
    nodes.last().copied()
}

fn data_node(left: Hash, right: Hash) -> Hash {
    two_to_one(Role::DataNode, left, right)
}

/// What the compress circuit makes of the root span.
pub fn batch_public_inputs(span: &SpanPublicInputs<F>) -> BatchPublicInputs<F> {
    BatchPublicInputs {
        old_root: span.old_root,
        new_root: span.new_root,
        domain: span.domain,
        data_hash: span.data_hash,
        z: span.z,
        bridge_eval: span.bridge_eval,
        rollup_eval: span.rollup_eval,
        fee_account_and_time: span.fee_account * F::from_canonical_u64(1 << TIME_BITS) + span.time,
        stream_words: span.bridge_words * F::from_canonical_u64(1 << WORDS_BITS) + span.rollup_words,
        blob_value: [F::ZERO; 3],
    }
}

/// The data hash of a batch whose rollup stream is in a blob, whose words have this hash: it fixes both.
pub fn linked_data_hash(data_hash: Hash, words_hash: Hash) -> Hash {
    two_to_one(Role::LinkedData, data_hash, words_hash)
}

/// What the join and compress circuits make of the root span and of the blob's words: their hash, and the value of their
/// polynomial at the blob's point, in 56-bit words with the lowest first.
pub fn linked_public_inputs(
    span: &SpanPublicInputs<F>,
    words_hash: Hash,
    blob_value: [F; 5],
) -> BatchPublicInputs<F> {
    let batch = batch_public_inputs(span);
    let data_hash = Hash {
        elements: batch.data_hash,
    };
    let [y0, y1, rest @ ..] = blob_value;
    BatchPublicInputs {
        data_hash: linked_data_hash(data_hash, words_hash).elements,
        rollup_eval: [y0, y1],
        fee_account_and_time: batch.fee_account_and_time + F::from_canonical_u64(1 << LINKED_BIT),
        blob_value: rest,
        ..batch
    }
}
