//! The shape of the fold tree.

/// Folds two neighbouring nodes into a new one. Leaves are numbered 0 to n-1, new nodes n, n+1, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FoldStep {
    /// The earlier span.
    pub left: usize,
    /// The later span.
    pub right: usize,
    /// The node that results.
    pub out: usize,
}

/// The steps that fold `leaves` proofs into one, level by level: neighbours are paired from the left, an odd last one is
/// carried up unchanged. One leaf needs no step; the root is the last step's `out`.
///
/// The data hash that L1 stores has this shape, so the order is part of the protocol: a proof folded otherwise is refused.
///
/// ```
/// let pairs: Vec<_> = ashlar_protocol::fold_schedule(5).iter().map(|step| (step.left, step.right)).collect();
/// assert_eq!(pairs, [(0, 1), (2, 3), (5, 6), (7, 4)]); // 5, 6 and 7 are nodes that the steps before made
/// ```
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_nodes_are_carried_up() {
        let pairs = |leaves| -> Vec<(usize, usize)> {
            let steps = fold_schedule(leaves).into_iter();
            steps.map(|step| (step.left, step.right)).collect()
        };
        assert_eq!(pairs(0), []);
        assert_eq!(pairs(1), []);
        assert_eq!(pairs(2), [(0, 1)]);
        assert_eq!(pairs(3), [(0, 1), (3, 2)]);
        assert_eq!(pairs(5), [(0, 1), (2, 3), (5, 6), (7, 4)]);
        assert_eq!(pairs(6), [(0, 1), (2, 3), (4, 5), (6, 7), (9, 8)]);
    }

    /// Every node but the root is folded once, outputs count up, and each fold joins adjacent spans.
    #[test]
    fn adjacent_spans_become_one() {
        for leaves in 1..300 {
            let mut spans: Vec<_> = (0..leaves).map(|leaf| Some((leaf, leaf + 1))).collect();
            let steps = fold_schedule(leaves);
            assert_eq!(steps.len(), leaves - 1);
            for step in steps {
                let left = spans[step.left].take().expect("not folded yet");
                let right = spans[step.right].take().expect("not folded yet");
                assert_eq!((left.1, step.out), (right.0, spans.len()));
                spans.push(Some((left.0, right.1)));
            }
            assert_eq!(spans.last(), Some(&Some((0, leaves))));
        }
    }
}
