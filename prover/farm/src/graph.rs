//! The job graph of a batch, as data: chunk -> fold tree -> compress -> wrap.

use ashlar_proto::JobKind;
use ashlar_protocol::fold_schedule;

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
    use super::*;

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

    /// Producers come before their consumers, folds take what the schedule says, and no path is longer than it must be.
    #[test]
    fn folds_follow_the_schedule() {
        for chunks in 1..300 {
            let jobs = plan(chunks);
            let folds: Vec<_> = jobs.iter().filter(|job| job.kind == JobKind::Fold).collect();
            let schedule = fold_schedule(chunks as usize);
            assert_eq!(folds.len(), schedule.len());
            for (job, step) in folds.iter().zip(&schedule) {
                assert_eq!(job.producers, [step.left, step.right]);
            }
            for (place, job) in jobs.iter().enumerate() {
                assert!(job.producers.iter().all(|&producer| producer < place));
            }
            let depth = jobs.last().map(|wrap| wrap.stage - 2);
            assert_eq!(depth, Some(chunks.next_power_of_two().ilog2()));
        }
    }
}
