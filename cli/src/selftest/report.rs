//! What a self-test writes: `selftest.json`, whose layout `docs/gpu.md` describes.

use ashlar_benches::{
    Machine, Measurement,
    operations::{CARD, CPU},
};
use serde::{Deserialize, Serialize};

use super::{
    figures::{CardFacts, Figures},
    part::{Part, Scale, Target},
};
use crate::auto::Split;

/// Layout of the file.
pub const SCHEMA: u32 = 1;

/// How a check or a part ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Well.
    Passed,
    /// Not well.
    Failed,
    /// It could not be made here.
    Skipped,
    /// It has not ended; in no report that was written.
    #[serde(skip)]
    Running,
}

impl Status {
    /// For the page.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
            Self::Running => "running",
        }
    }
}

/// A check of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Its name.
    pub check: String,
    /// How it ended.
    pub status: Status,
    /// How long it took.
    pub seconds: f64,
    /// What was wrong, or why it could not be made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// A part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartReport {
    /// Which.
    pub part: Part,
    /// How it ended: failed if the process did not reach its end, or a check failed.
    pub status: Status,
    /// How long it took.
    pub seconds: f64,
    /// How long it had.
    pub limit_seconds: f64,
    /// What was wrong first, or why nothing of it could be made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Its checks, as far as it got.
    pub checks: Vec<Check>,
    /// The end of its log, if it failed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub log_tail: Vec<String>,
}

impl PartReport {
    /// Whether nothing is passed for its sake: it failed, or it is required and was not made.
    pub fn counts_against(&self) -> bool {
        match self.status {
            Status::Passed => false,
            Status::Skipped => self.part.is_required(),
            Status::Failed | Status::Running => true,
        }
    }

    /// How many of its checks passed.
    pub fn passed_checks(&self) -> usize {
        let passed = |check: &&Check| check.status == Status::Passed;
        self.checks.iter().filter(passed).count()
    }
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Layout of the file.
    pub schema: u32,
    /// Version of the program.
    pub version: String,
    /// SHA-256 of the program's file.
    pub binary_sha256: Option<String>,
    /// The command line.
    pub command: String,
    /// When it began, in seconds since 1970.
    pub started_unix_secs: u64,
    /// How long it took.
    pub seconds: f64,
    /// How long it had.
    pub limit_seconds: f64,
    /// How much was done.
    pub scale: Scale,
    /// Who computed.
    pub target: Target,
    /// Whether conformance, wrap and faults passed, and nothing else failed.
    pub passed: bool,
    /// The machine, with the commit that was built.
    pub machine: Machine,
    /// The card.
    pub card: Option<CardFacts>,
    /// The parts, in order.
    pub parts: Vec<PartReport>,
    /// The figures.
    pub figures: Figures,
    /// How `auto` should split work here; nothing without a card's figures.
    pub split: Option<Split>,
}

/// Where the card becomes faster than the CPU and stays so, by the medians of full-size multiplications and of BN254
/// transforms of one column, transfers included. Nothing where no size has both.
pub fn split(kernels: &[Measurement]) -> Option<Split> {
    let from = |operation: &str| {
        let seconds = |backend: &str, log_size: u32| {
            let own = |m: &&Measurement| {
                (m.operation.as_str(), m.backend.as_str(), m.log_size) == (operation, backend, log_size)
            };
            kernels.iter().find(own).map(|m| m.seconds)
        };
        let mut sizes: Vec<u32> = kernels.iter().map(|m| m.log_size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let faster: Vec<(u32, bool)> = sizes
            .into_iter()
            .filter_map(|size| {
                let (card, cpu) = (seconds(CARD, size)?, seconds(CPU, size)?);
                Some((size, card < cpu))
            })
            .collect();
        let won = faster.iter().rev().take_while(|(_, faster)| *faster).last();
        (!faster.is_empty()).then(|| won.map(|(size, _)| 1usize << size))
    };
    Some(Split {
        msm: from("msm_bn254")?,
        ntt: from("ntt_bn254")?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn measurement(operation: &str, backend: &str, log_size: u32, seconds: f64) -> Measurement {
        Measurement {
            operation: operation.into(),
            backend: backend.into(),
            log_size,
            seconds,
            best_seconds: seconds,
            cold_seconds: seconds,
            runs: 1,
            peak_bytes: None,
        }
    }

    fn part(part: Part, status: Status) -> PartReport {
        PartReport {
            part,
            status,
            seconds: 1.0,
            limit_seconds: 2.0,
            reason: None,
            checks: Vec::new(),
            log_tail: Vec::new(),
        }
    }

    #[test]
    fn required_parts_must_have_passed_and_the_others_must_not_have_failed() {
        let with = |changed: Part, status| {
            let of = |p| part(p, if p == changed { status } else { Status::Passed });
            !Part::ALL.map(of).iter().any(PartReport::counts_against)
        };
        for p in Part::ALL {
            assert!(with(p, Status::Passed));
            assert!(!with(p, Status::Failed), "{p:?}");
            assert_eq!(with(p, Status::Skipped), !p.is_required(), "{p:?}");
        }
    }

    #[test]
    fn the_split_is_where_the_card_wins_for_good() {
        let times = |operation: &'static str, card: [f64; 4]| {
            let sizes = [10, 12, 14, 16];
            let of = move |backend: &'static str, seconds: [f64; 4]| {
                sizes
                    .into_iter()
                    .zip(seconds)
                    .map(move |(size, seconds)| measurement(operation, backend, size, seconds))
            };
            of("ashlar/icicle", card).chain(of("ashlar/cpu", [1.0, 2.0, 4.0, 8.0]))
        };
        let found = |msm, ntt| {
            let kernels: Vec<_> = times("msm_bn254", msm).chain(times("ntt_bn254", ntt)).collect();
            split(&kernels).unwrap()
        };
        // It wins at 2^10 by chance, and for good from 2^14 on.
        let mixed = found([0.5, 3.0, 3.0, 3.0], [0.1; 4]);
        assert_eq!((mixed.msm, mixed.ntt), (Some(1 << 14), Some(1 << 10)));
        let never = found([9.0; 4], [0.1, 0.1, 0.1, 9.0]);
        assert_eq!((never.msm, never.ntt), (None, None));
        let only_cpu = [measurement("msm_bn254", "ashlar/cpu", 10, 1.0)];
        assert_eq!(split(&only_cpu), None);
    }
}
