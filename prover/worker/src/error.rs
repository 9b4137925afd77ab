//! Why a worker ends.

use std::io;

use tonic::Status;

/// What ends a worker. A coordinator that is away does not: the worker waits for it.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The coordinator proves other circuits; build both from one commit.
    #[error("the coordinator refuses this worker's circuits: {0}")]
    WrongCircuitSet(String),
    /// The coordinator does not take this worker's calls: a wrong setting, or a coordinator of another version.
    #[error("the coordinator refuses to {action}")]
    Refused {
        /// What was asked.
        action: &'static str,
        /// Its answer.
        #[source]
        source: Box<Status>,
    },
    /// The coordinator's answer breaks the contract: another version, or a bug.
    #[error("the coordinator's answer breaks the contract: {0}")]
    Contract(String),
    /// The thread that renews leases cannot be started; the machine is out of resources.
    #[error("cannot start the renewal thread")]
    RenewalThread(#[source] io::Error),
}
