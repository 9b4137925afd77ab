//! Why a worker ends.

use std::io;

use tonic::Status;

/// What ends a worker. A coordinator that is away does not: the worker waits for it.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The coordinator's address is not a URL.
    #[error("{url} is not a coordinator's address; write it like http://127.0.0.1:50051")]
    Address {
        /// As given.
        url: String,
        /// The cause.
        #[source]
        source: tonic::transport::Error,
    },
    /// Plain text must not leave the machine.
    #[error(
        "refusing to speak plain text to {0}: use a loopback address, for example the end of an encrypted tunnel"
    )]
    NotLoopback(String),
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
