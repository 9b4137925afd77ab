//! `ashlar bench load`: how fast a sequencer admits transactions, with the client on the same machine.
//!
//! The sequencer is the real one, with its database on disk and a devnet as L1, and no farm behind it. Transactions are
//! signed before the clock starts.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::{
    network::EthereumWallet,
    primitives::{Address, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
};
use anyhow::{Context, bail, ensure};
use ashlar_benches::load::{Measurement, Mode, percentile};
use ashlar_client::auth_of;
use ashlar_contracts::{DeployConfig, Rollup, deploy, encoding::hash_to_word, generated_verifier};
use ashlar_devnet::DEV_ACCOUNTS;
use ashlar_payments::{
    batch::SHAPES,
    packing::{PackedAmount, PackedFee},
    transaction::{Domain, SecretKey, Transaction, Transfer},
    tree::empty_accounts_root,
};
use ashlar_proto::{
    Bytes,
    sequencer::v1::{
        GetInfoRequest, SubmitStreamRequest, SubmitTransactionRequest,
        sequencer_service_client::SequencerServiceClient, submit_stream_response::Outcome,
    },
};
use ashlar_sequencer::{
    config::{Bounds, CommitWhen, Config, FeePolicy, Limits, Sealing},
    demand::ProveWhen,
    farm::Link,
    l1::{Finality, L1Settings},
    metrics::SequencerMetrics,
};
use plonky2::field::types::PrimeField64;
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

type Client = SequencerServiceClient<Channel>;

/// Units (gwei) that each account deposits.
const DEPOSIT_UNITS: u64 = 100_000_000;
const SETUP_LIMIT: Duration = Duration::from_secs(120);

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Load")]
pub struct Args {
    /// Transactions to send in each way.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    transactions: u32,
    /// Connections of the client.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    connections: u32,
    /// Transactions of one connection that wait for their answers at once.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1024))]
    in_flight: u32,
    /// Transactions at which a batch is closed.
    #[arg(long, default_value_t = 4096)]
    batch_transactions: u32,
}

/// Sends the load one by one, then as streams.
pub fn measure(args: &Args) -> anyhow::Result<Vec<Measurement>> {
    crate::shutdown::runtime()?.block_on(async {
        let mut measurements = Vec::new();
        for mode in [Mode::Unary, Mode::Stream] {
            let stop = CancellationToken::new();
            let measured = run(args, mode, &stop).await;
            stop.cancel();
            measurements.push(measured?);
        }
        Ok(measurements)
    })
}

async fn run(args: &Args, mode: Mode, stop: &CancellationToken) -> anyhow::Result<Measurement> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let node = ashlar_devnet::serve((Ipv4Addr::LOCALHOST, 0).into(), Default::default()).await?;
    let signer = PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[0].secret_key).context("devnet key")?;
    let operator = signer.address();
    let provider = ProviderBuilder::new()
        .wallet(EthereumWallet::from(signer))
        .connect_http(node.url().parse()?)
        .erased();
    let genesis = empty_accounts_root()
        .elements
        .map(|element| element.to_canonical_u64());
    let verifier = generated_verifier()?;
    let genesis = hash_to_word(genesis);
    let config = DeployConfig::new(verifier.creation_code, verifier.route, genesis, operator);
    let rollup = deploy(&provider, config).await?.rollup;
    let keys = args.keys();
    deposit(&provider, rollup, operator, &keys).await?;
    let listen = crate::demo::free_address()?;
    let config = args.config(folder.path(), listen, node.url(), rollup.into_array());
    let server = tokio::spawn(ashlar_sequencer::run(config, stop.clone()));
    let mut client = connect(listen, keys.len()).await?;
    let domain = Domain {
        chain_id: ashlar_devnet::Config::default().chain_id,
        rollup: rollup.into_array(),
    };
    let loads = args.sign(&keys, &domain)?;
    let mut connections = Vec::new();
    for _ in &loads {
        connections.push(connect(listen, keys.len()).await?);
    }

    let before = client.get_info(GetInfoRequest {}).await?.into_inner().next_batch;
    let (cpu, start) = (cpu_time(), Instant::now());
    let mut tasks = JoinSet::new();
    for (client, load) in connections.into_iter().zip(loads) {
        let in_flight = args.in_flight as usize;
        match mode {
            Mode::Unary => tasks.spawn(unary(client, load, in_flight)),
            Mode::Stream => tasks.spawn(stream(client, load, in_flight)),
        };
    }
    let mut latencies_ms = Vec::new();
    while let Some(sent) = tasks.join_next().await {
        latencies_ms.extend(sent??);
    }
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_time() - cpu);
    let after = client.get_info(GetInfoRequest {}).await?.into_inner().next_batch;
    let lag = Instant::now();
    while client
        .get_info(GetInfoRequest {})
        .await?
        .into_inner()
        .unsealed_operations
        >= args.batch_transactions
    {
        ensure!(!server.is_finished(), "the sequencer has ended");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let sealing_lag_seconds = lag.elapsed().as_secs_f64();
    stop.cancel();
    server.await??;
    latencies_ms.sort_by(f64::total_cmp);
    let transactions = latencies_ms.len();
    Ok(Measurement {
        mode,
        transactions,
        accounts: keys.len(),
        connections: args.connections as usize,
        in_flight: args.in_flight as usize,
        batch_transactions: args.batch_transactions,
        batches_closed: after - before,
        seconds,
        admitted_per_second: transactions as f64 / seconds,
        p50_ms: percentile(&latencies_ms, 0.5),
        p99_ms: percentile(&latencies_ms, 0.99),
        max_ms: percentile(&latencies_ms, 1.0),
        cpu_us_per_transaction: cpu.as_secs_f64() * 1e6 / transactions as f64,
        sealing_lag_seconds,
    })
}

impl Args {
    /// One account for every place in flight, so that the order of answers does not matter.
    fn keys(&self) -> Vec<SecretKey> {
        let accounts = self.connections * self.in_flight;
        (0..accounts)
            .map(|account| SecretKey::from_seed(format!("ashlar/bench/load/{account}").as_bytes()))
            .collect()
    }

    fn config(&self, folder: &Path, listen: SocketAddr, l1_rpc: String, rollup: [u8; 20]) -> Config {
        Config {
            data_dir: folder.into(),
            listen,
            http: None,
            wallet_dir: None,
            l1_explorer: None,
            l1: L1Settings {
                endpoints: vec![l1_rpc],
                finality: Finality::Depth(0),
                ..L1Settings::default()
            },
            chain_id: None,
            data: None,
            rollup,
            operator_key: DEV_ACCOUNTS[0].secret_key.into(),
            farm: Link::new("http://127.0.0.1:1", None).expect("a loopback address"), // nobody listens there
            circuit_set_digest: [0; 32],
            fee_owner: None, // the operator
            shapes: SHAPES,
            sealing: Sealing {
                max_transactions: self.batch_transactions,
                max_age: Duration::from_secs(3600),
                bounds: Bounds {
                    chunks: self.batch_transactions.div_ceil(SHAPES.largest() as u32),
                    ..Bounds::default()
                },
            },
            commit_when: CommitWhen::default(),
            prove_when: ProveWhen::default(),
            poll_interval: Duration::from_secs(1),
            limits: Limits {
                max_unproven: Some(u32::MAX),
                ..Limits::default()
            },
            fees: FeePolicy::default(),
            metrics: SequencerMetrics::default(),
            traces: Default::default(),
        }
    }

    /// The encoded transfers of each connection; neighbours there are of different accounts.
    fn sign(&self, keys: &[SecretKey], domain: &Domain) -> anyhow::Result<Vec<Vec<Bytes>>> {
        let (amount, fee) = (PackedAmount::exact(5)?, PackedFee::exact(1)?);
        let (connections, in_flight) = (self.connections as usize, self.in_flight as usize);
        let mut loads = vec![Vec::new(); connections];
        for number in 0..self.transactions as usize {
            let (connection, turn) = (number % connections, number / connections);
            let from = connection * in_flight + turn % in_flight;
            let transfer = Transfer {
                from: from as u32,
                to: ((from + 1) % keys.len()) as u32,
                to_owner: DEV_ACCOUNTS[0].address.into_array(),
                token: 0,
                amount,
                fee,
                nonce: (turn / in_flight) as u32,
            };
            let signed = Transaction::Transfer(transfer).sign(domain, &keys[from]);
            loads[connection].push(signed.encode().into());
        }
        Ok(loads)
    }
}

/// Opens an account for each key. All belong to the operator, who alone may name what signs for them.
async fn deposit(
    provider: &DynProvider,
    rollup: Address,
    owner: Address,
    keys: &[SecretKey],
) -> anyhow::Result<()> {
    let contract = Rollup::new(rollup, provider.clone());
    for key in keys {
        let auth = auth_of(&key.public_key())
            .elements
            .map(|element| element.to_canonical_u64());
        let value = U256::from(DEPOSIT_UNITS) * U256::from(1_000_000_000u64);
        let sent = contract
            .depositETH(owner, hash_to_word(auth))
            .value(value)
            .gas(200_000)
            .send()
            .await?;
        let receipt = provider.get_transaction_receipt(*sent.tx_hash()).await?;
        ensure!(
            receipt.is_some_and(|receipt| receipt.status()),
            "depositETH reverted"
        );
    }
    Ok(())
}

/// Connects, and waits until the deposits are executed.
async fn connect(listen: SocketAddr, accounts: usize) -> anyhow::Result<Client> {
    let start = Instant::now();
    loop {
        if let Ok(mut client) = Client::connect(format!("http://{listen}")).await {
            let info = client.get_info(GetInfoRequest {}).await?.into_inner();
            if info.next_queue_index as usize >= accounts {
                return Ok(client);
            }
        }
        ensure!(
            start.elapsed() < SETUP_LIMIT,
            "the sequencer did not take the deposits"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Sends transactions as calls of their own; gives the time to each answer.
async fn unary(client: Client, load: Vec<Bytes>, in_flight: usize) -> anyhow::Result<Vec<f64>> {
    let mut lanes = JoinSet::new();
    let load = Arc::new(load);
    for lane in 0..in_flight {
        let (mut client, load) = (client.clone(), load.clone());
        lanes.spawn(async move {
            let mut latencies_ms = Vec::new();
            for encoded in load.iter().skip(lane).step_by(in_flight) {
                let request = SubmitTransactionRequest {
                    encoded: encoded.clone(),
                };
                let start = Instant::now();
                client.submit_transaction(request).await?;
                latencies_ms.push(start.elapsed().as_secs_f64() * 1e3);
            }
            anyhow::Ok(latencies_ms)
        });
    }
    let mut latencies_ms = Vec::new();
    while let Some(lane) = lanes.join_next().await {
        latencies_ms.extend(lane??);
    }
    Ok(latencies_ms)
}

/// Sends transactions as one stream; gives the time to each answer.
async fn stream(mut client: Client, load: Vec<Bytes>, in_flight: usize) -> anyhow::Result<Vec<f64>> {
    let start = Instant::now();
    let room = Arc::new(Semaphore::new(in_flight));
    let (sender, requests) = tokio::sync::mpsc::channel(in_flight);
    let (places, mut sent) = tokio::sync::mpsc::channel(in_flight);
    let feed = tokio::spawn(async move {
        for (reference, encoded) in (0..).zip(load) {
            let Ok(place) = room.clone().acquire_owned().await else {
                return;
            };
            // The receivers are gone if the stream broke, which its reader reports.
            if places.send((start.elapsed(), place)).await.is_err()
                || sender
                    .send(SubmitStreamRequest { reference, encoded })
                    .await
                    .is_err()
            {
                return;
            }
        }
    });
    let requests = tokio_stream::wrappers::ReceiverStream::new(requests);
    let mut answers = client.submit_stream(requests).await?.into_inner();
    let mut latencies_ms = Vec::new();
    while let Some(answer) = answers.message().await? {
        if let Some(Outcome::Refusal(refusal)) = answer.outcome {
            bail!("transaction {}: {}", answer.reference, refusal.message);
        }
        let (sent_at, _place) = sent.recv().await.context("more answers than requests")?;
        latencies_ms.push((start.elapsed() - sent_at).as_secs_f64() * 1e3);
    }
    feed.await?;
    Ok(latencies_ms)
}

/// Processor time of this process so far; zero where Linux's accounts are missing.
fn cpu_time() -> Duration {
    const TICKS_PER_SECOND: u64 = 100; // of every Linux that programs see
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field, a name in brackets, may hold spaces: user and system time are 12 and 13 fields behind it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}
