//! `ashlar devnet`

use std::{net::SocketAddr, path::PathBuf};

use ashlar_devnet::{Config, Mining};

/// Run an EVM node with JSON-RPC over HTTP and WebSocket, for development: its funded keys are public.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where JSON-RPC is served (loopback only).
    #[arg(long, default_value = "127.0.0.1:8545")]
    listen: SocketAddr,
    /// Folder that keeps the chain across restarts; without it the chain dies with the process.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// EIP-155 chain identifier.
    #[arg(long, value_name = "ID", default_value_t = Config::default().chain_id)]
    chain_id: u64,
    /// Mine a block every so many seconds instead of one for each transaction.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400), conflicts_with = "no_mining")]
    block_time: Option<u64>,
    /// Mine only when `evm_mine` or `anvil_mine` asks for it.
    #[arg(long)]
    no_mining: bool,
    /// Gas that one transaction may ask for (EIP-7825).
    #[arg(long, value_name = "GAS", default_value_t = Config::default().transaction_gas_limit)]
    transaction_gas_limit: u64,
    /// Blocks behind the newest whose state is kept, and that a reorganisation may take away.
    #[arg(long, value_name = "BLOCKS", default_value_t = Config::default().history_blocks)]
    history: u64,
    /// Blocks behind the newest whose blobs are kept.
    #[arg(long, value_name = "BLOCKS", default_value_t = Config::default().blob_blocks)]
    blob_history: u64,
    /// How many blocks the tags `safe` and `finalized` are behind the newest.
    #[arg(long, value_name = "BLOCKS", default_value_t = 0)]
    finality: u64,
}

impl From<&Args> for Config {
    fn from(args: &Args) -> Self {
        Self {
            chain_id: args.chain_id,
            transaction_gas_limit: args.transaction_gas_limit,
            history_blocks: args.history,
            blob_blocks: args.blob_history,
            finality_blocks: args.finality,
            mining: match args.block_time {
                Some(secs) => Mining::IntervalSecs(secs),
                None if args.no_mining => Mining::Manual,
                None => Mining::Automatic,
            },
            data_dir: args.data_dir.clone(),
            ..Self::default()
        }
    }
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    crate::shutdown::run(async |shutdown| {
        let node = ashlar_devnet::serve(args.listen, args.into()).await?;
        tracing::info!(address = %node.addr(), "devnet serving");
        shutdown.cancelled().await;
        node.shutdown().await;
        Ok(())
    })
}
