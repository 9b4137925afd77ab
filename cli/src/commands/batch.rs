//! `ashlar batch`: for the operator of a rollup whose batches do not move.

use std::path::PathBuf;

use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
};
use anyhow::{Context, ensure};
use ashlar_client::{L1, L1Config};
use ashlar_contracts::revert::Revert as Refusal;
use ashlar_sequencer::store::Store;

use super::fixed_hex;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Take sealed batches that L1 does not hold back into the log of a stopped sequencer; it seals their operations
    /// again, with the limits it is then given.
    Unseal(Unseal),
    /// Revert committed and unproven batches on L1. A running sequencer commits its own again.
    Revert(Revert),
}

#[derive(Debug, clap::Args)]
pub struct Unseal {
    /// Folder of the state database.
    #[arg(long)]
    data_dir: PathBuf,
    /// First batch to take back.
    #[arg(
        long,
        required_unless_present = "from_deposit",
        conflicts_with = "from_deposit"
    )]
    from: Option<u64>,
    /// Take back from the batch that holds this deposit on, and read the deposits from this one on from L1 again.
    #[arg(long)]
    from_deposit: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub struct Revert {
    /// First batch to revert; all later ones go with it.
    #[arg(long)]
    from: u64,
    /// L1 JSON-RPC endpoint.
    #[arg(long)]
    l1_rpc: String,
    /// Address of the rollup contract.
    #[arg(long, value_parser = fixed_hex::<20>)]
    rollup: [u8; 20],
    /// L1 private key of the operator; better given by the environment than on the command line.
    #[arg(long, env = "ASHLAR_OPERATOR_KEY", hide_env_values = true)]
    operator_key: String,
    /// L1 block from which on the commit is searched for.
    #[arg(long, default_value_t = 0)]
    from_block: u64,
}

pub fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Unseal(args) => unseal(&args),
        Command::Revert(args) => crate::shutdown::runtime()?.block_on(revert(args)),
    }
}

fn unseal(args: &Unseal) -> anyhow::Result<()> {
    let path = args.data_dir.join("state.redb");
    ensure!(path.is_file(), "no state database at {}", path.display());
    let store = Store::open(&path).context("is the sequencer still running?")?;
    let first = match (args.from, args.from_deposit) {
        (Some(from), _) => Some(from),
        (None, Some(deposit)) => store.batch_of_deposit(deposit)?,
        (None, None) => None,
    };
    let end = store.next_batch()?;
    store.unseal(first.unwrap_or(end), args.from_deposit)?;
    println!("batches taken back: {}", end - first.unwrap_or(end));
    Ok(())
}

async fn revert(args: Revert) -> anyhow::Result<()> {
    let key: [u8; 32] = fixed_hex(&args.operator_key).context("operator key")?;
    let signer = PrivateKeySigner::from_bytes(&B256::from(key)).context("operator key")?;
    let config = L1Config {
        signer: Some(signer),
        start_block: args.from_block,
        ..L1Config::new(args.l1_rpc, Address::from(args.rollup))
    };
    let limit = config.mining_timeout;
    let l1 = L1::connect(config).await?;
    let first = l1.committed_batch(args.from).await?;
    let call = l1.contract().revertBatches(first.header);
    let sent = call
        .send()
        .await
        .map_err(|error| match Refusal::from_error(&error) {
            Some(refusal) => anyhow::anyhow!("the contract refuses revertBatches: {refusal:?}"),
            None => anyhow::Error::new(error).context("revertBatches"),
        })?;
    let receipt = sent.with_timeout(Some(limit)).get_receipt().await?;
    ensure!(receipt.status(), "revertBatches reverted");
    println!(
        "batches from {} on are reverted in {}",
        args.from, receipt.transaction_hash
    );
    Ok(())
}
