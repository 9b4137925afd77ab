//! The shape of the fold tree, and its native twin.

use crate::hash::{F, Hash, two_to_one};
use crate::pubdata::Evaluation;
use crate::public_inputs::SpanPublicInputs;

/// Folds two neighbouring nodes into a new one. Leaves are numbered 0 to n-1, new nodes n, n+1, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct FoldStep {
    /// The earlier span.
    pub left: usize,
    /// The later span.
    pub right: usize,
    /// The node that results.
    pub out: usize,
}

/// The steps that fold `leaves` chunks into one span, level by level: neighbours are paired from the left, an
/// odd last one is carried up. One leaf needs no step; the root is the last step's `out`.
pub fn fold_schedule(leaves: usize) -> Vec<FoldStep> {
    let mut steps = Vec::with_capacity(leaves.saturating_sub(1));
    let mut level: Vec<usize> = (0..leaves).collect();
    let mut next = leaves;
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match *pair {
                [left, right] => {
                    let out = next;
                    next += 1;
                    steps.push(FoldStep { left, right, out });
                    out
                }
                _ => pair[0],
            })
            .collect();
    }
    steps
}

/// Public inputs of a fold: `None` unless the right span continues the left one, at the same domain, point
/// and fee account.
pub fn fold_pair(left: &SpanPublicInputs<F>, right: &SpanPublicInputs<F>) -> Option<SpanPublicInputs<F>> {
    let same = |span: &SpanPublicInputs<F>| (span.domain, span.z, span.fee_account);
    if left.new_root != right.old_root || same(left) != same(right) {
        return None;
    }
    let hash = |elements| Hash { elements };
    let both = Evaluation::from(left).concat(&Evaluation::from(right));
    Some(SpanPublicInputs {
        old_root: left.old_root,
        new_root: right.new_root,
        domain: left.domain,
        data_hash: two_to_one(hash(left.data_hash), hash(right.data_hash)).elements,
        z: left.z,
        bridge_eval: both.bridge_eval.0,
        rollup_eval: both.rollup_eval.0,
        bridge_power: both.bridge_power.0,
        rollup_power: both.rollup_power.0,
        fee_account: left.fee_account,
        deposit_count: left.deposit_count + right.deposit_count,
        withdrawal_count: left.withdrawal_count + right.withdrawal_count,
        transfer_count: left.transfer_count + right.transfer_count,
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

/// Root of the fold tree over the chunks' data hashes: known before the evaluation point is.
pub(super) fn fold_hashes(hashes: &[Hash]) -> Option<Hash> {
    let mut nodes = hashes.to_vec();
    for step in fold_schedule(hashes.len()) {
        nodes.push(two_to_one(nodes[step.left], nodes[step.right]));
    }
    nodes.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_nodes_are_carried_up() {
        let step = |left, right, out| FoldStep { left, right, out };
        assert_eq!(fold_schedule(1), []);
        assert_eq!(fold_schedule(2), [step(0, 1, 2)]);
        assert_eq!(
            fold_schedule(5),
            [step(0, 1, 5), step(2, 3, 6), step(5, 6, 7), step(7, 4, 8)]
        );
    }

    #[test]
    fn every_node_is_folded_once_in_order() {
        for leaves in 1..40 {
            let steps = fold_schedule(leaves);
            assert_eq!(steps.len(), leaves - 1);
            let mut ranges: Vec<_> = (0..leaves).map(|leaf| Some((leaf, leaf + 1))).collect();
            for step in steps {
                let left = ranges[step.left].take().expect("not folded yet");
                let right = ranges[step.right].take().expect("not folded yet");
                assert_eq!((left.1, step.out), (right.0, ranges.len()));
                ranges.push(Some((left.0, right.1)));
            }
            assert_eq!(ranges.last(), Some(&Some((0, leaves))));
        }
    }
}
