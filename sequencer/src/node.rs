//! One sequencer process: opens the database, starts every part, stops them together.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use ashlar_committee::{Committee, CommitteeError, Gatherer, Patience};
use ashlar_contracts::DataMode;
use ashlar_payments::{
    Payments,
    batch::{BlockConfig, SHAPES},
    tree::empty_accounts_root,
};
use ashlar_report::chain;
use ashlar_statement::Domain;
use plonky2::field::types::PrimeField64;
use tokio::{net::TcpListener, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    api::Service,
    changes::Changes,
    config::{BoundError, CommitWhen, Config},
    demand::{Demand, ProveWhen},
    executor::{Executor, ExecutorError},
    exit_mode::Outlook,
    farm::Account,
    http,
    l1::{Expected, IdentityError, L1Client, L1Error, watcher::Watcher},
    load::Load,
    pipeline::{Challenges, InBlob, InCalldata, InCommittee, Proving, Publish, Settlement},
    progress::Progress,
    readiness::{Readiness, Watch},
    retry::Retry,
    store::{Store, StoreError},
};

/// A part that was told to stop gets so long; then it is aborted, as one that waits for an L1 that never answers.
const PARTS_GRACE: Duration = Duration::from_secs(5);
/// An aborted part ends where it next waits; one that does not wait ends with the process.
const ABORT_LIMIT: Duration = Duration::from_secs(1);
/// The executor gets so long to finish what it does, the sealing of a large batch at most. What it had not written by
/// then was not acknowledged either.
const EXECUTOR_GRACE: Duration = Duration::from_secs(8);

/// Longest pause before an L1 that is away is asked again at the start.
const CONNECT_PAUSE: Duration = Duration::from_secs(5);

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
    /// A batch within the configured limits could not be committed or proved.
    #[error("batch limits")]
    Bounds(#[from] BoundError),
    /// Nothing would ever be committed.
    #[error(
        "this rollup is optimistic: batches are proven when they are challenged, and challenged when they are committed. Commit them at once (`--commit at-once`), or prove all of them (`--prove always`)"
    )]
    NeverCommitted,
    /// The contract has a committee that this program would not have let it have: another contract, or a bug.
    #[error("the validium's committee")]
    CommitteeOnL1(#[from] CommitteeError),
    /// No batch would ever have its signatures.
    #[error(
        "this rollup is a validium: {needed} members of its committee must sign each batch, and {named} are named; name more with --da-member, all of them if you can"
    )]
    TooFewMembers {
        /// Endpoints given.
        named: usize,
        /// Two thirds of the committee.
        needed: usize,
    },
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
    /// The browser wallet cannot be read.
    #[error("cannot read the wallet in {path}")]
    Wallet {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The HTTP gateway failed.
    #[error("HTTP gateway")]
    ServeHttp(#[source] std::io::Error),
}

/// Runs a sequencer until `shutdown`, or until a part fails for good.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), NodeError> {
    for listen in [Some(config.listen), config.http].into_iter().flatten() {
        if !listen.ip().is_loopback() {
            return Err(NodeError::NotLoopback { listen });
        }
    }
    config.sealing.check()?;
    let wallet = match &config.wallet_dir {
        Some(path) => http::Wallet::load(path).map_err(|source| NodeError::Wallet {
            path: path.clone(),
            source,
        })?,
        None => http::Wallet::default(),
    };
    std::fs::create_dir_all(&config.data_dir).map_err(|source| NodeError::DataDir {
        path: config.data_dir.clone(),
        source,
    })?;
    let store = Arc::new(Store::open(&config.data_dir.join("state.redb"))?);
    let expected = Expected {
        chain_id: config.chain_id,
        genesis_root: empty_accounts_root()
            .elements
            .map(|element| element.to_canonical_u64()),
        circuit_set: config.circuit_set_digest,
        data: config.data,
    };
    let connecting = connect(&config, &store, expected);
    let Some(connected) = shutdown.run_until_cancelled(connecting).await else {
        return Ok(()); // told to stop before there was anything to stop
    };
    let Connected {
        l1,
        data_mode,
        committee,
        window_secs,
        is_exit_mode,
    } = connected?;
    if window_secs.is_some()
        && config.prove_when == ProveWhen::Challenged
        && config.commit_when == CommitWhen::WithProof
    {
        return Err(NodeError::NeverCommitted);
    }
    let mut config = config;
    config.limits.max_unproven = Some(config.limits.max_unproven(window_secs.is_some()));
    let demand = match (window_secs, config.prove_when) {
        (Some(_), ProveWhen::Challenged) => Some(Demand::nothing()),
        _ => None,
    };
    let challenges = window_secs.map(|window_secs| Challenges::new(window_secs, demand.clone()));
    let sealing = config.sealing.in_mode(data_mode);
    sealing.check()?;
    let exit_mode = config.metrics.exit_mode().clone();
    if is_exit_mode {
        exit_mode.set(Outlook::Entered { is_final: false }); // before anything is taken
    }
    let l1 = l1.noting(config.metrics.head().clone());
    let domain = Domain {
        chain_id: l1.chain_id(),
        rollup: config.rollup,
    };
    let fee_owner = config.fee_owner.unwrap_or(l1.operator().into_array());
    let payments = Payments(BlockConfig {
        domain,
        fee_owner,
        shapes: config.shapes,
    });
    let publish: Arc<dyn Publish> = match data_mode {
        DataMode::Calldata => Arc::new(InCalldata),
        DataMode::Blob => Arc::new(InBlob::default()),
        DataMode::Validium => {
            let gatherer = gatherer(&config, committee, domain)?;
            Arc::new(InCommittee::new(gatherer, store.clone(), fee_owner, SHAPES))
        }
    };
    let changes = Changes::default();
    let (executor, thread) = Executor::start(
        store.clone(),
        payments,
        sealing,
        changes.clone(),
        config.limits,
        exit_mode.clone(),
    )?;
    let listener = listen(config.listen, "gRPC").await?;
    let gateway_listener = match config.http {
        Some(address) => Some(listen(address, "HTTP").await?),
        None => None,
    };

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
    let progress = Progress::default();
    let proving = Proving {
        store: store.clone(),
        changes: changes.clone(),
        progress: progress.clone(),
        farm: config.farm.clone(),
        account: Account {
            chain_id: domain.chain_id,
            rollup: config.rollup,
            circuit_set: config.circuit_set_digest,
        },
        interval: config.poll_interval,
        traces: config.traces.clone(),
        demand: demand.unwrap_or_default(),
        exit_mode: exit_mode.clone(),
    };
    parts.spawn(proving.run(stop.clone()));
    let settlement = Settlement::new(
        store.clone(),
        changes.clone(),
        l1.clone(),
        expected,
        publish,
        config.commit_when,
        config.poll_interval,
    )
    .with_challenges(challenges);
    parts.spawn(settlement.run(stop.clone()));
    let load = Load::default();
    parts.spawn(load.clone().follow(store.clone(), changes.clone(), stop.clone()));
    let counting = config.metrics.clone();
    parts.spawn(counting.follow(store.clone(), executor.clone(), changes.clone(), stop.clone()));
    let readiness = Readiness::telling(config.metrics.health().clone());
    let watch = Watch {
        readiness: readiness.clone(),
        l1,
        farm: config.farm.clone(),
        data_dir: config.data_dir.clone(),
        exit_mode,
    };
    parts.spawn(watch.run(stop.clone()));

    let service = Service {
        store,
        executor,
        changes,
        progress,
        load,
        readiness,
        domain,
        fee_owner,
        config,
    };
    let gateway =
        gateway_listener.map(|listener| http::serve(service.clone(), wallet, listener, stop.clone()));
    let serving = service.serve(listener, stop.clone());
    let executor_ended = tokio::task::spawn_blocking(move || thread.join());
    tokio::pin!(executor_ended);
    // The server and the parts use their grace side by side.
    let work = async {
        let serving = async {
            let served = serving.await;
            stop.cancel();
            served.map_err(NodeError::Serve)
        };
        let gateway = async {
            if let Some(gateway) = gateway {
                let served = gateway.await;
                stop.cancel();
                served.map_err(NodeError::ServeHttp)?;
            }
            Ok(())
        };
        let parts = async {
            stop.cancelled().await;
            end(parts).await;
        };
        let (served, gateway, ()) = tokio::join!(serving, gateway, parts);
        served.and(gateway)
    };
    tokio::pin!(work);
    tokio::select! {
        outcome = &mut work => {
            // The service and the watcher held the last handles: the executor ends when both are gone.
            let ended = timeout(EXECUTOR_GRACE, executor_ended).await;
            outcome?;
            if let Ok(ended) = ended {
                return executor_outcome(ended);
            }
            // As after a crash: what was acknowledged is durable, and the rest is done again at the next start.
            tracing::warn!(
                grace_secs = EXECUTOR_GRACE.as_secs(),
                "the executor is still at work and ends with the process"
            );
            Ok(())
        }
        ended = &mut executor_ended => {
            stop.cancel();
            let outcome = work.await;
            executor_outcome(ended)?;
            outcome
        }
    }
}

/// Port 0 is any that is free: the log says which.
async fn listen(listen: SocketAddr, protocol: &str) -> Result<TcpListener, NodeError> {
    let failed = |source| NodeError::Listen { listen, source };
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tracing::info!(%address, "sequencer serving {protocol}");
    Ok(listener)
}

/// L1, as it was found at the start.
struct Connected {
    l1: L1Client,
    data_mode: DataMode,
    /// Of a validium; nobody in any other mode.
    committee: Vec<Address>,
    /// Of an optimistic rollup.
    window_secs: Option<u64>,
    is_exit_mode: bool,
}

/// Connects to L1 and compares it with the database. Asks again as long as L1 does not answer.
async fn connect(config: &Config, store: &Store, expected: Expected) -> Result<Connected, NodeError> {
    let least = config.poll_interval.max(Duration::from_millis(200));
    let mut retry = Retry::new(
        "connecting to L1, before anything is served",
        (least, CONNECT_PAUSE.max(least)),
    );
    loop {
        let attempt = async {
            let l1 = L1Client::connect(config.l1.clone(), config.rollup, config.operator_key).await?;
            let data_mode = l1.identify(store, expected).await?;
            let head = l1.head().await?;
            let is_exit_mode = l1.exit_mode(head).await?;
            let window_secs = l1.window(head).await?;
            let committee = match data_mode {
                DataMode::Validium => l1.committee(head).await?,
                DataMode::Calldata | DataMode::Blob => Vec::new(),
            };
            Ok::<_, IdentityError>(Connected {
                l1,
                data_mode,
                committee,
                window_secs,
                is_exit_mode,
            })
        };
        match attempt.await {
            Ok(connected) => {
                retry.succeeded();
                return Ok(connected);
            }
            Err(error) if error.is_transient() => tokio::time::sleep(retry.failed(&chain(&error))).await,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Who asks the members of a validium's committee.
fn gatherer(config: &Config, committee: Vec<Address>, domain: Domain) -> Result<Gatherer, NodeError> {
    let committee = Committee::new(committee)?;
    let (named, needed) = (config.l1.members.len(), committee.threshold());
    if named < needed {
        return Err(NodeError::TooFewMembers { named, needed });
    }
    let operator =
        PrivateKeySigner::from_bytes(&config.operator_key.into()).map_err(|_| L1Error::OperatorKey)?;
    let members = config.l1.members.clone();
    Ok(Gatherer::new(
        committee,
        domain,
        members,
        operator,
        Patience::default(),
    ))
}

type Ended = Result<std::thread::Result<Result<(), ExecutorError>>, tokio::task::JoinError>;

/// Waits for the parts, which were told to stop, and aborts those that do not.
async fn end(mut parts: JoinSet<()>) {
    let all_ended = async { while parts.join_next().await.is_some() {} };
    if timeout(PARTS_GRACE, all_ended).await.is_err() {
        tracing::warn!(
            left = parts.len(),
            "some parts do not stop in time and are aborted"
        );
        if timeout(ABORT_LIMIT, parts.shutdown()).await.is_err() {
            tracing::warn!("some parts do not heed their abortion and end with the process");
        }
    }
}

fn executor_outcome(ended: Ended) -> Result<(), NodeError> {
    match ended {
        Ok(Ok(outcome)) => Ok(outcome?),
        Ok(Err(_)) | Err(_) => Err(NodeError::Panicked),
    }
}
