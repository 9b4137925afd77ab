//! `ashlar sequencer`

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context;
use ashlar_sequencer::config::{Config, Limits, Sealing};

use super::fixed_hex;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder of the state database.
    #[arg(long)]
    data_dir: PathBuf,
    /// Where the gRPC API listens (loopback only: plain text).
    #[arg(long, default_value = "127.0.0.1:7001")]
    listen: SocketAddr,
    /// L1 JSON-RPC endpoint.
    #[arg(long)]
    l1_rpc: String,
    /// Address of the rollup contract.
    #[arg(long, value_parser = fixed_hex::<20>)]
    rollup: [u8; 20],
    /// L1 private key of the operator; better given by the environment than on the command line.
    #[arg(long, env = "ASHLAR_OPERATOR_KEY", hide_env_values = true)]
    operator_key: String,
    /// Farm coordinator.
    #[arg(long, default_value = "http://127.0.0.1:7002")]
    farm: String,
    /// Digest of the farm's circuits, as `ashlar setup` prints it.
    #[arg(long, value_parser = fixed_hex::<32>)]
    circuit_set: [u8; 32],
    /// Account that earns the fees.
    #[arg(long, default_value_t = 0)]
    fee_account: u32,
    /// Seal a batch at this many transactions.
    #[arg(long, default_value_t = Sealing::default().max_transactions, value_parser = clap::value_parser!(u32).range(1..))]
    max_transactions: u32,
    /// Seal a batch when its first transaction is this old, in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(..=31_536_000))]
    max_age_secs: u64,
    /// L1 blocks on top of a deposit before it is executed.
    #[arg(long, default_value_t = 12)]
    confirmations: u64,
    /// How often L1 is asked for news, in milliseconds.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    poll_ms: u64,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let operator_key = fixed_hex(&args.operator_key).context("operator key")?;
    let config = Config {
        data_dir: args.data_dir,
        listen: args.listen,
        l1_rpc: args.l1_rpc,
        rollup: args.rollup,
        operator_key,
        farm: args.farm,
        circuit_set_digest: args.circuit_set,
        fee_account: args.fee_account,
        sealing: Sealing {
            max_transactions: args.max_transactions,
            max_age: Duration::from_secs(args.max_age_secs),
        },
        confirmations: args.confirmations,
        poll_interval: Duration::from_millis(args.poll_ms),
        limits: Limits::default(),
    };
    crate::shutdown::runtime()?.block_on(async {
        let shutdown = crate::shutdown::token()?;
        Ok(ashlar_sequencer::run(config, shutdown).await?)
    })
}
