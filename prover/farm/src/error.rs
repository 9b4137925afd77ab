//! The farm's error, and the gRPC code of each variant.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use ashlar_proto::Digest;
use tonic::{Code, Status};

use crate::{
    artifact::{ArtifactsAtError, StoreRefusal},
    model::{JobId, LeaseKey, Tenant},
};

/// Why a request to the farm failed.
#[derive(Debug, thiserror::Error)]
pub enum FarmError {
    /// The request breaks the contract; send a different one.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field at fault.
        field: &'static str,
        /// What is wrong with it, with the limit.
        reason: String,
    },
    /// The caller was built for other circuits; build both sides from one commit.
    #[error(
        "circuit set {found} is not the coordinator's {}: build both from the same commit",
        listed(expected)
    )]
    WrongCircuitSet {
        /// The coordinator's.
        expected: Vec<Digest>,
        /// The caller's.
        found: Digest,
    },
    /// The batch number is taken by a batch of other content.
    #[error("batch {number} was submitted before with other content")]
    BatchConflict {
        /// The number.
        number: u64,
    },
    /// The batch was settled or given up, and what was kept of it is gone.
    #[error(
        "batch {0} was settled on its chain or given up, and its proofs are no longer kept: whoever submits it again has it \
         proved again"
    )]
    Retired(u64),
    /// The coordinator serves tenants that its operator named.
    #[error("the farm does not serve {0}: its operator admits it with `ashlar farm tenant`")]
    UnknownTenant(Tenant),
    /// The tenant has as many batches as it may: submit again when one is done.
    #[error(
        "{running} batches run, and {most} may at a time: submit this one again when one of them is done"
    )]
    QuotaReached {
        /// The tenant's that run.
        running: i64,
        /// Those that may.
        most: i64,
    },
    /// No such worker.
    #[error("no worker has ever registered as {0}")]
    UnknownWorker(String),
    /// No such batch.
    #[error("batch {0} was never submitted")]
    UnknownBatch(u64),
    /// No such job.
    #[error("job {} does not exist", .0.0)]
    UnknownJob(JobId),
    /// The session is of no worker, or of one registered for other circuits; register again.
    #[error("this session is not known: register again")]
    UnknownSession,
    /// Another process registered under the worker's name.
    #[error(
        "another process has registered as {0}: each needs a name of its own, and over TLS a certificate of its own"
    )]
    Superseded(String),
    /// The caller's certificate is another's.
    #[error("this is {owner}'s, and the certificate shown is that of {caller}")]
    NotYours {
        /// Whose it is.
        owner: String,
        /// Who asked.
        caller: String,
    },
    /// No artifact of that name.
    #[error("artifact {0} does not exist")]
    UnknownArtifact(Digest),
    /// No such lease was ever granted.
    #[error("job {} was never leased with this token", .0.0)]
    UnknownLease(JobId),
    /// The lease ended; the job may belong to somebody else by now.
    #[error("lease {} is not the current one of job {}", .0.token.0, .0.job.0)]
    LeaseNotCurrent(LeaseKey),
    /// The body is larger than the coordinator takes.
    #[error("{what} is larger than the limit of {limit_bytes} bytes")]
    TooLarge {
        /// Which body.
        what: &'static str,
        /// The limit.
        limit_bytes: u64,
    },
    /// The stored bytes no longer have their digest. The copy is set aside, and what made it runs again.
    #[error("artifact {0} is damaged; its copy was set aside")]
    ArtifactDamaged(Digest),
    /// The artifact is wanted while it is deleted, because nobody needed it. Call again, with its bytes.
    #[error("artifact {0} is being deleted, as nobody needed it: send it again")]
    ArtifactGoes(Digest),
    /// Somebody collects what nobody needs.
    #[error("a collection runs already, here or at another coordinator: wait until it is over")]
    CollectionRuns,
    /// Artifacts would go that an upload counts on.
    #[error(
        "the grace of artifacts that nobody needs is {} s, and must be longer than {} s: an upload leaves a copy of that age as \
         it is",
        .0.as_secs(),
        crate::RENEWED_AFTER.as_secs()
    )]
    GraceTooShort(Duration),
    /// The disk is full. Call again once there is room.
    #[error("no room is left for {}: make some, or name a larger disk; calls are good again then", path.display())]
    NoRoom {
        /// What could not be written.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Where artifacts are to be kept makes no sense.
    #[error("artifacts cannot be kept as it is set")]
    ArtifactsAt(#[from] ArtifactsAtError),
    /// The store of the artifacts does not answer, or has troubles of its own: nobody's fault. Call again.
    #[error(
        "the artifact store {at} cannot be reached: start it, or mend the network or AWS_ENDPOINT_URL; calls are good again \
         then"
    )]
    ArtifactStoreAway {
        /// Where artifacts are kept.
        at: String,
        /// The cause.
        #[source]
        source: Box<object_store::Error>,
    },
    /// The store of the artifacts does not let the coordinator do what it must: its operator's to mend. Call again.
    #[error("the artifact store {at} refuses the coordinator: {remedy}")]
    ArtifactStoreRefuses {
        /// Where artifacts are kept.
        at: String,
        /// What to do.
        remedy: &'static str,
        /// Why.
        #[source]
        source: StoreRefusal,
    },
    /// The bucket of the artifacts is not there: the operator's to mend. Call again.
    #[error("the artifact store {endpoint} has no bucket {bucket}: make it, or name one that it has")]
    NoBucket {
        /// The bucket.
        bucket: String,
        /// The store.
        endpoint: String,
    },
    /// What was tried at the start did not succeed.
    #[error("cannot {doing} artifacts at {at}")]
    ArtifactsUnusable {
        /// What was tried.
        doing: &'static str,
        /// Where artifacts are kept.
        at: String,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// The store does not give what was written last.
    #[error(
        "{0} does not show at once what was written or deleted there: artifacts need a store with strong consistency, and \
         without a cache in between"
    )]
    ArtifactsDiffer(String),
    /// The artifact folder or another file fails; check the disk.
    #[error("cannot access {}", path.display())]
    Artifact {
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The database fails; check the disk, or the server.
    #[error("job database")]
    Database(#[from] sqlx::Error),
    /// The database went away before a change was saved; make it again.
    #[error("the job database went away before the change was saved: call again")]
    ChangeLost,
    /// The database does not have the schema of this version.
    #[error("job database migration")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database holds a value that this version never writes.
    #[error("job database holds an unknown {what}: {value}")]
    CorruptDatabase {
        /// Which column.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// Another coordinator uses the directory; stop it first.
    #[error("{} is in use by another coordinator", .0.display())]
    DataDirInUse(PathBuf),
    /// Plain text must not leave the machine.
    #[error(
        "refusing to serve plain text on {0}: serve TLS (`ashlar certs`, --tls), or bind a loopback address such as \
         127.0.0.1 or [::1]"
    )]
    NotLoopback(SocketAddr),
    /// The dashboard must not leave the machine.
    #[error(
        "refusing to show the dashboard on {0}: it is plain text, and asks nobody who they are; bind a loopback address such \
         as 127.0.0.1, and come through a tunnel (`ssh -L`) or a proxy that asks"
    )]
    DashboardNotLoopback(SocketAddr),
    /// The address cannot be bound; choose another port or stop its user.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The server stopped by itself.
    #[error("gRPC server")]
    Serve(#[from] tonic::transport::Error),
    /// The dashboard's server stopped by itself.
    #[error("dashboard")]
    ServeDashboard(#[source] io::Error),
    /// A background thread panicked: a bug.
    #[error("background task panicked")]
    Panicked(#[from] tokio::task::JoinError),
    /// The coordinator cannot judge a proof: a fault of its own, to be mended by its operator. Deliver it again.
    #[error("the coordinator cannot verify the proof of job {}: {reason}", job.0)]
    CannotVerify {
        /// The job.
        job: JobId,
        /// What is wrong with the coordinator.
        reason: String,
    },
    /// A caller takes more than it may, or all together do; call again.
    #[error("the coordinator is busy: {0}")]
    Busy(String),
    /// The coordinator is stopping; call again when it is back.
    #[error("the coordinator is shutting down")]
    ShuttingDown,
}

impl FarmError {
    /// The gRPC code that tells a client what to do.
    pub fn code(&self) -> Code {
        match self {
            Self::Invalid { .. } => Code::InvalidArgument,
            Self::WrongCircuitSet { .. }
            | Self::LeaseNotCurrent(_)
            | Self::Superseded(_)
            | Self::Retired(_) => Code::FailedPrecondition,
            Self::NotYours { .. } | Self::UnknownTenant(_) => Code::PermissionDenied,
            Self::BatchConflict { .. } => Code::AlreadyExists,
            Self::UnknownBatch(_)
            | Self::UnknownJob(_)
            | Self::UnknownWorker(_)
            | Self::UnknownSession
            | Self::UnknownArtifact(_)
            | Self::UnknownLease(_) => Code::NotFound,
            Self::TooLarge { .. } | Self::QuotaReached { .. } => Code::ResourceExhausted,
            Self::ArtifactDamaged(_) => Code::DataLoss,
            Self::CannotVerify { .. }
            | Self::ArtifactStoreAway { .. }
            | Self::ArtifactStoreRefuses { .. }
            | Self::NoBucket { .. }
            | Self::NoRoom { .. }
            | Self::ArtifactGoes(_)
            | Self::CollectionRuns
            | Self::Busy(_)
            | Self::ChangeLost
            | Self::ShuttingDown => Code::Unavailable,
            Self::Database(error) if is_away(error) => Code::Unavailable,
            Self::Artifact { .. }
            | Self::ArtifactsAt(_)
            | Self::GraceTooShort(_)
            | Self::ArtifactsUnusable { .. }
            | Self::ArtifactsDiffer(_)
            | Self::Database(_)
            | Self::Migrate(_)
            | Self::CorruptDatabase { .. }
            | Self::DataDirInUse(_)
            | Self::NotLoopback(_)
            | Self::DashboardNotLoopback(_)
            | Self::Bind { .. }
            | Self::Serve(_)
            | Self::ServeDashboard(_)
            | Self::Panicked(_) => Code::Internal,
        }
    }
}

/// Whether the database cannot be reached, or has no room: it may again, and what was asked is asked again.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Protocol(_) // a server that ends in the middle of a word
        | sqlx::Error::BeginFailed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_passing(&code)),
        _ => false,
    }
}

/// Whether a database says with this code that it cannot at the moment.
fn is_passing(code: &str) -> bool {
    // PostgreSQL has five characters: connection, resources, operator, serialization, locks. SQLite has numbers, whose lowest
    // byte is the kind: busy, read-only disk, disk error, full.
    if code.len() == 5 {
        return ["08", "53", "57", "40", "55"]
            .iter()
            .any(|class| code.starts_with(class));
    }
    code.parse::<u32>()
        .is_ok_and(|code| [5, 8, 10, 13].contains(&(code & 0xff)))
}

fn listed(digests: &[Digest]) -> String {
    let digests: Vec<String> = digests.iter().map(ToString::to_string).collect();
    digests.join(" or ")
}

impl FarmError {
    /// Whether a call fails for what only the coordinator's operator can mend.
    const fn is_operators(&self) -> bool {
        matches!(
            self,
            Self::CannotVerify { .. }
                | Self::Database(_)
                | Self::ArtifactStoreAway { .. }
                | Self::ArtifactStoreRefuses { .. }
                | Self::NoBucket { .. }
                | Self::NoRoom { .. }
        )
    }
}

impl From<FarmError> for Status {
    fn from(error: FarmError) -> Self {
        let code = error.code();
        if code == Code::Internal || error.is_operators() {
            tracing::error!(error = &error as &dyn std::error::Error, "request failed");
        }
        if matches!(error, FarmError::Database(_)) && code == Code::Unavailable {
            return Self::new(
                code,
                "the job database cannot be reached or has no room: call again",
            );
        }
        Self::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_in_trouble_is_one_whatever_the_details() {
        // SQLite's, with details: a write, a sync, the shared memory's size, a busy snapshot.
        for passing in [
            "5", "10", "13", "778", "1034", "4874", "517", "53100", "57P01", "40001",
        ] {
            assert!(is_passing(passing), "{passing}");
        }
        for lasting in ["1", "19", "787", "2067", "23505", "42P01", ""] {
            assert!(!is_passing(lasting), "{lasting}");
        }
    }
}
