//! `ashlar sequencer`

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use alloy::{primitives::Address, transports::http::reqwest::Url};
use anyhow::{Context, bail};
use ashlar_contracts::DataMode;
use ashlar_identity::Role;
use ashlar_payments::batch::SHAPES;
use ashlar_sequencer::{
    config::{Bounds, CommitWhen, Config, FeePolicy, Limits, Sealing},
    demand::ProveWhen,
    l1::{Finality, L1Settings},
    metrics::SequencerMetrics,
};
use ashlar_traces::{Traces, otlp::Exporter};

use super::{fixed_hex, l1_address};
use crate::{deployment::Deployment, farm_link::FarmLink, keys::OperatorKey};

const WEI_PER_GWEI: u128 = 1_000_000_000;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the state database.
    #[arg(long)]
    data_dir: PathBuf,
    /// Fill the empty state database from L1 first, where that of this rollup was lost, and go on with it. What no proven
    /// batch holds is lost. A database that is not empty is refused; one that was left half rebuilt is completed.
    #[arg(long)]
    rebuild_from_l1: bool,
    /// Begin the rebuild with a state that `ashlar state export` has written: its accounts are hashed to the root that L1
    /// has proven, and only younger batches are executed. History before it is not known then.
    #[arg(long, value_name = "FILE", requires = "rebuild_from_l1")]
    snapshot: Option<PathBuf>,
    /// Where the gRPC API listens (loopback only: plain text).
    #[arg(long, default_value = "127.0.0.1:7001")]
    listen: SocketAddr,
    /// Where the API is served over HTTP and JSON, with the explorer (loopback only) [default: nowhere]
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// Folder with the browser wallet (`scripts/build-web`), served at /wallet/ of --http [default: none]
    #[arg(long, value_name = "FOLDER", requires = "http")]
    wallet_dir: Option<PathBuf>,
    /// Web address of the block explorer of L1 (EIP-3091) that the explorer's L1 links lead to [default: no links]
    #[arg(long, value_name = "URL", value_parser = web_page)]
    l1_explorer: Option<String>,
    /// L1 JSON-RPC endpoint; several, of nodes that do not depend on each other, with commas or by repeating the flag.
    #[arg(long, required = true, value_delimiter = ',')]
    l1_rpc: Vec<String>,
    /// Beacon API endpoint of a consensus node, or of an archive, that blobs are read from in a rebuild; several with commas
    /// or by repeating the flag [default: the L1 endpoints, which have them if they are nodes for development]
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    l1_beacon: Vec<String>,
    /// Endpoint of a member of a validium's committee (`ashlar da`), which signs batches and keeps their rollup streams; all
    /// members, with commas or by repeating the flag.
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    da_member: Vec<String>,
    /// L1 endpoints that must give the same answer before it counts [default: more than half]
    #[arg(long)]
    l1_quorum: Option<usize>,
    /// The rollup, as `ashlar deploy` has written it down: in place of --rollup and --circuit-set.
    #[arg(long, value_name = "FILE")]
    deployment: Option<PathBuf>,
    /// Address of the rollup contract.
    #[arg(long, value_parser = fixed_hex::<20>)]
    rollup: Option<[u8; 20]>,
    #[command(flatten)]
    operator: OperatorKey,
    #[command(flatten)]
    farm: FarmLink,
    /// Digest of the farm's circuits, as `ashlar setup` prints it.
    #[arg(long, value_parser = fixed_hex::<32>)]
    circuit_set: Option<[u8; 32]>,
    /// L1 address whose first account earns the fees [default: as the deployment file says, or else the operator's]
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
    fee_owner: Option<Address>,
    /// Seal a batch at this many transactions.
    #[arg(long, default_value_t = Sealing::default().max_transactions, value_parser = clap::value_parser!(u32).range(1..))]
    max_transactions: u32,
    /// Seal a batch when its first transaction is this old, in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(..=31_536_000))]
    max_age_secs: u64,
    /// When a sealed batch is committed: `at-once`, or `with-proof`, by the one transaction that proves it. That costs
    /// less gas; until the proof is made, L1 has nothing of the batch, and its users have the operator's word alone.
    #[arg(long, value_name = "WHEN", default_value_t)]
    commit: CommitWhen,
    /// Which batches of an optimistic rollup are proven: `challenged`, or `always`, which makes each final before its window
    /// ends. Batches of other rollups always are.
    #[arg(long, value_name = "WHEN", default_value_t)]
    prove: ProveWhen,
    /// What makes an L1 block final: this many blocks on top of it, or `safe` or `finalized` as the consensus layer says.
    #[arg(long, default_value_t = L1Settings::default().finality)]
    confirmations: Finality,
    /// L1 block in which the rollup was deployed, where reading its queue begins [default: searched for]
    #[arg(long)]
    from_block: Option<u64>,
    /// Deadline of one L1 request, in milliseconds.
    #[arg(long, default_value_t = 15_000, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    l1_timeout_ms: u64,
    /// Send an L1 transaction again with a higher fee when it is not included after this time, in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    resend_after_secs: u64,
    /// Most to pay for one gas on L1, in gwei.
    #[arg(long, default_value_t = 500)]
    max_fee_gwei: u64,
    /// Most to pay for one gas of blobs on L1, in gwei; a blob has 131072.
    #[arg(long, default_value_t = 500)]
    max_blob_fee_gwei: u64,
    /// Most operations of a chunk: 32, 64 or 128. Small chunks are dearer, and spread over more workers.
    #[arg(long, value_name = "N", default_value_t = SHAPES.largest(), value_parser = chunk_slots)]
    chunk_slots: usize,
    /// Seal a batch before it needs more chunk proofs than this. Default: as many of the smallest as
    /// `--max-transactions` fill.
    #[arg(long)]
    max_chunks: Option<u32>,
    /// Seal a batch before the calldata of its commit exceeds this, in bytes.
    #[arg(long, default_value_t = Bounds::default().commit_bytes)]
    max_commit_bytes: u64,
    /// Seal a batch before its commit needs more gas than this, by a measured estimate.
    #[arg(long, default_value_t = Bounds::default().commit_gas)]
    max_commit_gas: u64,
    /// How far ahead of its account's nonce a transaction may be and wait for those before it.
    #[arg(long, default_value_t = Limits::default().nonce_window)]
    nonce_window: u32,
    /// Transactions that wait for earlier ones, of all accounts.
    #[arg(long, default_value_t = Limits::default().waiting)]
    max_waiting: u32,
    /// How long a transaction waits for earlier ones while its account stands still, in milliseconds.
    #[arg(long, default_value_t = Limits::default().patience.as_millis() as u64)]
    patience_ms: u64,
    /// Sealed batches without a proof on L1 beyond which no transaction is taken [default: 64, in an optimistic rollup any]
    #[arg(long)]
    max_unproven: Option<u32>,
    /// Least fee in a token, in its units; may be given for several tokens, and fees in others are then refused.
    #[arg(long, value_name = "TOKEN=UNITS", value_parser = min_fee)]
    min_fee: Vec<(u8, u64)>,
    /// Prover seconds of a transaction that `--min-fee` pays for: fees rise in proportion to what is measured beyond it.
    /// 0 keeps them as they are.
    #[arg(long, default_value_t = 0.0, value_parser = seconds)]
    min_fee_covers_secs: f64,
    /// How often L1 is asked for news, in milliseconds.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    poll_ms: u64,
    #[command(flatten)]
    metrics: crate::metrics::MetricsArgs,
}

/// Reads a size of chunks.
fn chunk_slots(text: &str) -> anyhow::Result<usize> {
    let slots = text.parse().ok().filter(|slots| SHAPES.place(*slots).is_some());
    slots.with_context(|| format!("chunks have one of {SHAPES:?} slots"))
}

/// Reads `TOKEN=UNITS`.
fn min_fee(text: &str) -> anyhow::Result<(u8, u64)> {
    let (token, units) = text
        .split_once('=')
        .context("expected TOKEN=UNITS, such as 0=100")?;
    let token = token.parse().context("the token is a number from 0 to 255")?;
    Ok((
        token,
        units.parse().context("the fee is a whole number of units")?,
    ))
}

/// Reads a finite number of seconds, not below zero.
fn seconds(text: &str) -> anyhow::Result<f64> {
    let seconds: f64 = text.parse().context("not a number")?;
    anyhow::ensure!(seconds.is_finite() && seconds >= 0.0, "{text} is no time");
    Ok(seconds)
}

/// Reads the address of a web page that paths are appended to.
fn web_page(text: &str) -> anyhow::Result<String> {
    let url: Url = text.parse().context("not a URL, such as https://etherscan.io")?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    anyhow::ensure!(
        matches!(url.scheme(), "http" | "https") && is_plain,
        "not the http or https address of a page, without query and fragment"
    );
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// A flag, or what the deployment file says; both must agree.
fn agreed<const N: usize>(
    flag: &str,
    given: Option<[u8; N]>,
    deployed: Option<[u8; N]>,
) -> anyhow::Result<[u8; N]> {
    match (given, deployed) {
        (Some(given), Some(deployed)) if given != deployed => bail!(
            "--{flag} is 0x{}, the deployment file says 0x{}: leave the flag away",
            hex::encode(given),
            hex::encode(deployed)
        ),
        (given, deployed) => given
            .or(deployed)
            .with_context(|| format!("give --deployment FILE, or --{flag}")),
    }
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let operator_key = args.operator.signer()?.to_bytes().0;
    let deployment = args.deployment.as_deref().map(Deployment::load).transpose()?;
    let deployment = deployment.as_ref();
    let rollup = agreed("rollup", args.rollup, deployment.map(|of| of.rollup.into_array()))?;
    let circuit_set = agreed(
        "circuit-set",
        args.circuit_set,
        deployment.map(|of| of.circuit_set.0),
    )?;
    let fee_owner = args.fee_owner.or(deployment.map(|of| of.fee_owner));
    let mut config = Config {
        data_dir: args.data_dir,
        listen: args.listen,
        http: args.http,
        wallet_dir: args.wallet_dir,
        l1_explorer: args.l1_explorer,
        l1: L1Settings {
            endpoints: args.l1_rpc,
            beacons: args.l1_beacon,
            members: args.da_member,
            quorum: args.l1_quorum,
            finality: args.confirmations,
            start_block: args.from_block.or(deployment.map(|of| of.block)),
            request_timeout: Duration::from_millis(args.l1_timeout_ms),
            resend_after: Duration::from_secs(args.resend_after_secs),
            max_fee_wei: u128::from(args.max_fee_gwei) * WEI_PER_GWEI,
            max_blob_fee_wei: u128::from(args.max_blob_fee_gwei) * WEI_PER_GWEI,
        },
        chain_id: deployment.map(|of| of.chain_id),
        data: deployment.map(|of| of.data),
        rollup,
        operator_key,
        farm: args.farm.open(Role::Sequencer)?,
        circuit_set_digest: circuit_set,
        fee_owner: fee_owner.map(Address::into_array),
        shapes: SHAPES
            .up_to(args.chunk_slots)
            .expect("one of the sizes, as its parser says"),
        sealing: Sealing {
            max_transactions: args.max_transactions,
            max_age: Duration::from_secs(args.max_age_secs),
            bounds: Bounds {
                data: deployment.map_or(DataMode::Calldata, |of| of.data),
                commit_bytes: args.max_commit_bytes,
                commit_gas: args.max_commit_gas,
                chunks: args
                    .max_chunks
                    .unwrap_or(args.max_transactions.div_ceil(SHAPES.sizes()[0] as u32)),
            },
        },
        commit_when: args.commit,
        prove_when: args.prove,
        poll_interval: Duration::from_millis(args.poll_ms),
        limits: Limits {
            nonce_window: args.nonce_window,
            waiting: args.max_waiting,
            patience: Duration::from_millis(args.patience_ms),
            max_unproven: args.max_unproven,
            ..Limits::default()
        },
        fees: FeePolicy {
            floors: args.min_fee.into_iter().collect(),
            reference_seconds: args.min_fee_covers_secs,
        },
        metrics: SequencerMetrics::default(),
        traces: Traces::default(),
    };
    let counted = config.metrics.clone();
    crate::shutdown::run(async |shutdown| {
        let exporter = crate::traces::exporter("sequencer")?;
        config.traces = exporter.as_ref().map(Exporter::traces).unwrap_or_default();
        let _endpoint = args
            .metrics
            .serve("sequencer", &counted, counted.health(), &shutdown)
            .await?;
        if args.rebuild_from_l1 {
            let snapshot = args.snapshot.as_deref().map(super::state::read).transpose()?;
            let rebuilt = ashlar_sequencer::rebuild::run(&config, snapshot.as_ref(), &shutdown).await?;
            if rebuilt.is_none() {
                return Ok(()); // told to stop
            }
        }
        Ok(ashlar_sequencer::run(config, shutdown).await?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_web_pages_only() {
        assert_eq!(
            web_page("https://scan.example/").expect("a page"),
            "https://scan.example"
        );
        assert_eq!(
            web_page("http://127.0.0.1:1/l1").expect("a page"),
            "http://127.0.0.1:1/l1"
        );
        for no_page in [
            "scan.example",
            "javascript:alert(1)",
            "https://scan.example/?a=",
            "https://scan.example/#/",
        ] {
            assert!(web_page(no_page).is_err(), "{no_page}");
        }
    }

    #[test]
    fn chunks_have_one_of_the_circuits_sizes() {
        for slots in SHAPES.sizes() {
            assert_eq!(chunk_slots(&slots.to_string()).expect("a size"), *slots);
        }
        for other in ["0", "33", "256", "-32", "many"] {
            let error = chunk_slots(other).expect_err("no size").to_string();
            assert_eq!(error, "chunks have one of [32, 64, 128] slots", "{other}");
        }
    }

    #[test]
    fn a_flag_that_contradicts_the_deployment_file_is_refused() {
        assert_eq!(agreed("rollup", Some([1]), None).expect("the flag"), [1]);
        assert_eq!(agreed("rollup", None, Some([2])).expect("the file"), [2]);
        assert_eq!(agreed("rollup", Some([3]), Some([3])).expect("both"), [3]);
        for (given, deployed) in [(Some([1]), Some([2])), (None, None)] {
            let error = agreed("rollup", given, deployed).expect_err("no one answer");
            assert!(error.to_string().contains("--rollup"), "{error}");
        }
    }
}
