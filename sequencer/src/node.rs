//! One sequencer process: opens the database, starts every part, stops them together.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ashlar_payments::{
    Payments,
    batch::{BlockConfig, SLOTS},
    tree::empty_accounts_root,
};
use ashlar_report::Chain;
use ashlar_statement::Domain;
use plonky2::field::types::PrimeField64;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    api::Service,
    changes::Changes,
    config::Config,
    executor::{Executor, ExecutorError},
    l1::{Expected, IdentityError, L1Client, L1Error, watcher::Watcher},
    pipeline::{Proving, Settlement},
    store::{Store, StoreError},
};

/// Why the node could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The data folder cannot be made.
    #[error("cannot create the data folder {path}")]
    DataDir {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The state database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// L1 failed.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// Database, L1 and program do not belong together.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The executor stopped.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// The executor's thread panicked: a bug.
    #[error("the executor panicked")]
    Panicked,
    /// Plain text is served on loopback only.
    #[error(
        "refusing to serve plain text on {listen}: listen on a loopback address and put a TLS proxy in front"
    )]
    NotLoopback {
        /// The configured address.
        listen: SocketAddr,
    },
    /// The port is taken, or the address is not this machine's.
    #[error("cannot listen on {listen}")]
    Listen {
        /// The configured address.
        listen: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The gRPC server failed.
    #[error("gRPC server")]
    Serve(#[source] tonic::transport::Error),
}

/// Runs a sequencer until `shutdown`, or until a part fails for good.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), NodeError> {
    if !config.listen.ip().is_loopback() {
        return Err(NodeError::NotLoopback {
            listen: config.listen,
        });
    }
    std::fs::create_dir_all(&config.data_dir).map_err(|source| NodeError::DataDir {
        path: config.data_dir.clone(),
        source,
    })?;
    let store = Arc::new(Store::open(&config.data_dir.join("state.redb"))?);
    let expected = Expected {
        genesis_root: empty_accounts_root()
            .elements
            .map(|element| element.to_canonical_u64()),
        circuit_set: config.circuit_set_digest,
    };
    let l1 = tokio::select! {
        () = shutdown.cancelled() => return Ok(()),
        l1 = connect(&config, &store, expected) => l1?,
    };
    let domain = Domain {
        chain_id: l1.chain_id(),
        rollup: config.rollup,
    };
    let payments = Payments(BlockConfig {
        domain,
        fee_account: config.fee_account,
        slots: SLOTS,
    });
    let changes = Changes::default();
    let (executor, thread) = Executor::start(
        store.clone(),
        payments,
        config.sealing,
        changes.clone(),
        config.limits.queue as usize,
    )?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|source| NodeError::Listen {
            listen: config.listen,
            source,
        })?;

    // Stops the other parts when one of them ends.
    let stop = shutdown.child_token();
    let mut parts = JoinSet::new();
    let watcher = Watcher {
        l1: l1.clone(),
        store: store.clone(),
        executor: executor.clone(),
        interval: config.poll_interval,
    };
    parts.spawn(watcher.run(stop.clone()));
    let proving = Proving {
        store: store.clone(),
        changes: changes.clone(),
        farm: config.farm.clone(),
        circuit_set_digest: config.circuit_set_digest,
        interval: config.poll_interval,
    };
    parts.spawn(proving.run(stop.clone()));
    let settlement = Settlement::new(store.clone(), changes.clone(), l1, expected, config.poll_interval);
    parts.spawn(settlement.run(stop.clone()));

    let service = Service {
        store,
        executor,
        changes,
        domain,
        config,
    };
    let serving = service.serve(listener, stop.clone());
    let executor_ended = tokio::task::spawn_blocking(move || thread.join());
    tokio::pin!(executor_ended);
    let outcome = tokio::select! {
        served = serving => served.map_err(NodeError::Serve),
        ended = &mut executor_ended => return finish(ended, parts, &stop).await,
    };
    // The service held the last handle but the watcher's: the executor ends when both are gone.
    stop.cancel();
    while parts.join_next().await.is_some() {}
    let ended = executor_ended.await;
    outcome?;
    executor_outcome(ended)
}

/// Connects to L1 and compares it with the database; asks again as long as L1 does not answer.
async fn connect(config: &Config, store: &Store, expected: Expected) -> Result<L1Client, NodeError> {
    loop {
        let attempt = async {
            let l1 = L1Client::connect(config.l1.clone(), config.rollup, config.operator_key).await?;
            l1.identify(store, expected).await?;
            Ok::<_, IdentityError>(l1)
        };
        match attempt.await {
            Ok(l1) => return Ok(l1),
            Err(error) if error.is_transient() => {
                tracing::warn!(error = %Chain(&error), "L1 does not answer: asking again before anything is served");
            }
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(config.poll_interval.max(Duration::from_millis(200))).await;
    }
}

type Ended = Result<std::thread::Result<Result<(), ExecutorError>>, tokio::task::JoinError>;

async fn finish(ended: Ended, mut parts: JoinSet<()>, stop: &CancellationToken) -> Result<(), NodeError> {
    stop.cancel();
    while parts.join_next().await.is_some() {}
    executor_outcome(ended)
}

fn executor_outcome(ended: Ended) -> Result<(), NodeError> {
    match ended {
        Ok(Ok(outcome)) => Ok(outcome?),
        Ok(Err(_)) | Err(_) => Err(NodeError::Panicked),
    }
}
