//! The job graph of a batch, as data: chunk -> fold tree -> compress -> wrap.

use ashlar_proto::JobKind;

/// One fold of the tree. Nodes are the leaves `0..n`, then the outputs in order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldStep {
    /// Node of the earlier span.
    pub left: usize,
    /// Node of the later span.
    pub right: usize,
    /// The node this fold makes.
    pub out: usize,
}

/// Shape of the fold tree over `leaves` proofs: level by level, neighbours are paired from left to right, and an
/// odd last node is carried up unchanged. The root is the last node. The data hash of a batch has this shape too,
/// so it is part of the protocol.
pub fn fold_schedule(leaves: usize) -> Vec<FoldStep> {
    let mut steps = Vec::with_capacity(leaves.saturating_sub(1));
    let mut level: Vec<usize> = (0..leaves).collect();
    let mut next_node = leaves;
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match *pair {
                [left, right] => {
                    steps.push(FoldStep {
                        left,
                        right,
                        out: next_node,
                    });
                    next_node += 1;
                    next_node - 1
                }
                [carried] => carried,
                _ => unreachable!("chunks(2) gives one or two nodes"),
            })
            .collect();
    }
    steps
}

/// A job before it has an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedJob {
    /// What it does.
    pub kind: JobKind,
    /// Longest path from a witness: 0 for chunks.
    pub stage: u32,
    /// Position within its kind.
    pub ordinal: u32,
    /// The jobs whose outputs it takes, by position in the plan, in order. Empty for chunks: they take a witness.
    pub producers: Vec<usize>,
}

/// All jobs of a batch of `chunks >= 1` chunks, every producer before its consumers; the last one is the wrap.
pub fn plan(chunks: u32) -> Vec<PlannedJob> {
    let mut jobs: Vec<PlannedJob> = (0..chunks)
        .map(|ordinal| PlannedJob {
            kind: JobKind::Chunk,
            stage: 0,
            ordinal,
            producers: Vec::new(),
        })
        .collect();
    // Fold outputs are numbered as jobs are: leaf i is job i, and each step appends one job.
    for (step, ordinal) in fold_schedule(chunks as usize).into_iter().zip(0..) {
        let stage = 1 + jobs[step.left].stage.max(jobs[step.right].stage);
        jobs.push(PlannedJob {
            kind: JobKind::Fold,
            stage,
            ordinal,
            producers: vec![step.left, step.right],
        });
    }
    for kind in [JobKind::Compress, JobKind::Wrap] {
        let last = jobs.len() - 1;
        jobs.push(PlannedJob {
            kind,
            stage: jobs[last].stage + 1,
            ordinal: 0,
            producers: vec![last],
        });
    }
    jobs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(leaves: usize) -> Vec<(usize, usize)> {
        fold_schedule(leaves)
            .iter()
            .map(|step| (step.left, step.right))
            .collect()
    }

    #[test]
    fn small_trees() {
        assert_eq!(pairs(1), []);
        assert_eq!(pairs(2), [(0, 1)]);
        assert_eq!(pairs(3), [(0, 1), (3, 2)]);
        assert_eq!(pairs(5), [(0, 1), (2, 3), (5, 6), (7, 4)]);
        assert_eq!(pairs(6), [(0, 1), (2, 3), (4, 5), (6, 7), (9, 8)]);
    }

    #[test]
    fn one_chunk_needs_no_fold() {
        let kinds: Vec<_> = plan(1)
            .iter()
            .map(|job| (job.kind, job.stage, job.producers.clone()))
            .collect();
        assert_eq!(
            kinds,
            [
                (JobKind::Chunk, 0, vec![]),
                (JobKind::Compress, 1, vec![0]),
                (JobKind::Wrap, 2, vec![1])
            ]
        );
    }

    proptest! {
        /// Every node but the root is used once, outputs count up, and each fold joins adjacent spans.
        #[test]
        fn folds_adjacent_spans_into_one(leaves in 1usize..300) {
            let mut spans: Vec<(usize, usize)> = (0..leaves).map(|i| (i, i + 1)).collect();
            let mut used = vec![false; 2 * leaves];
            for step in fold_schedule(leaves) {
                prop_assert_eq!(step.out, spans.len());
                for node in [step.left, step.right] {
                    prop_assert!(!std::mem::replace(&mut used[node], true));
                }
                let (left, right) = (spans[step.left], spans[step.right]);
                prop_assert_eq!(left.1, right.0);
                spans.push((left.0, right.1));
            }
            prop_assert_eq!(spans.last(), Some(&(0, leaves)));
            let depth = plan(leaves as u32).last().map(|wrap| wrap.stage - 2);
            prop_assert_eq!(depth, Some(leaves.next_power_of_two().ilog2()));
        }
    }
}
