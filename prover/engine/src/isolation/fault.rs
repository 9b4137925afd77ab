//! What can be wrong with a child.

use std::{io, path::PathBuf, process::ExitStatus, time::Duration};

use super::{AnswerError, FrameError};
use crate::VerifyError;

/// What the child was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Opening keys and preparing the prover.
    Starting,
    /// Working on a job.
    Proving,
    /// Waiting for a job.
    Idle,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Starting => "while it started",
            Self::Proving => "while it proved",
            Self::Idle => "while it waited for a job",
        })
    }
}

/// Why a child is not used any more. Each costs the child its life; the next job gets a new one.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The program does not run: look whether it was moved or replaced.
    #[error("cannot start {}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It died. A signal such as SIGABRT or SIGSEGV points at the driver, SIGKILL at the kernel's memory limit; an exit
    /// status at its own last words on stderr.
    #[error("it ended with {status} {phase}")]
    Ended {
        /// How.
        status: ExitStatus,
        /// When.
        phase: Phase,
    },
    /// It gave no answer in time and was killed. A slow machine needs a longer deadline.
    #[error("no answer within {} s {phase}; killed", limit.as_secs_f64())]
    Deadline {
        /// The time it had.
        limit: Duration,
        /// When.
        phase: Phase,
    },
    /// It closed its output, but did not end; it was killed.
    #[error("it closed its output {phase}; killed")]
    Closed {
        /// When.
        phase: Phase,
    },
    /// What it wrote is no frame: something else writes to its standard output, or it is another program.
    #[error("it wrote something else than frames {phase}; killed")]
    Frame {
        /// When.
        phase: Phase,
        /// What is wrong.
        #[source]
        source: FrameError,
    },
    /// It greets with another verifying key: the program or the key cache was replaced under the worker. Restart the
    /// worker.
    #[error("it holds other wrap keys than this process")]
    Foreign,
    /// A frame with something else than an answer in it.
    #[error("its answer cannot be read")]
    Malformed(#[source] AnswerError),
    /// Its SNARK is invalid, or about something else than the job.
    #[error("its SNARK is refused")]
    WrongProof(#[source] VerifyError),
    /// It refused a job that the CPU could do.
    #[error("it gave no proof: {reason}")]
    Refused {
        /// What it said.
        reason: String,
    },
    /// Its backend failed and its own CPU made the proof. A device that failed once may fail for the rest of the
    /// process.
    #[error("its backend failed: {reason}")]
    FellBack {
        /// What it said.
        reason: String,
    },
}

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unserved {
    /// The child failed.
    #[error("the process failed")]
    Fault(#[source] Fault),
    /// Children failed so often in a row that none is started for a while.
    #[error("left alone for {} s more after {faults} faults in a row", remaining.as_secs())]
    Resting {
        /// Faults without a success between them.
        faults: u32,
        /// Until when.
        remaining: Duration,
    },
    /// The request does not fit a frame; no child has seen it.
    #[error("request")]
    Request(#[source] FrameError),
    /// The supervising thread has ended: a bug.
    #[error("the supervising thread has ended")]
    Unsupervised,
}
