//! `ashlar batch unseal` and `revert`: for the operator of a rollup whose batches do not move.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use ashlar_contracts::revert::Revert as Refusal;
use ashlar_sequencer::store::Store;

use crate::{keys::OperatorKey, links::Links};

/// How long `revert` waits to be included.
const MINING_LIMIT: Duration = Duration::from_secs(180);

#[derive(Debug, clap::Args)]
pub struct Unseal {
    /// Folder of the state database.
    #[arg(long)]
    data_dir: PathBuf,
    /// First batch to take back.
    #[arg(
        long,
        required_unless_present = "from_queue_index",
        conflicts_with = "from_queue_index"
    )]
    from: Option<u64>,
    /// Take back from the batch that holds this operation of L1's queue on, and read the queue from it on again.
    #[arg(long, value_name = "INDEX")]
    from_queue_index: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub struct Revert {
    /// First batch to revert; all later ones go with it.
    #[arg(long)]
    from: u64,
    #[command(flatten)]
    operator: OperatorKey,
}

pub fn unseal(args: &Unseal) -> anyhow::Result<()> {
    let path = args.data_dir.join("state.redb");
    ensure!(path.is_file(), "no state database at {}", path.display());
    let store = Store::open(&path).context("is the sequencer still running?")?;
    let first = match (args.from, args.from_queue_index) {
        (Some(from), _) => Some(from),
        (None, Some(index)) => store.batch_of_l1_operation(index)?,
        (None, None) => None,
    };
    let end = store.next_batch()?;
    store.unseal(first.unwrap_or(end), args.from_queue_index)?;
    crate::say!("batches taken back: {}", end - first.unwrap_or(end))?;
    Ok(())
}

pub async fn revert(links: &Links, args: &Revert) -> anyhow::Result<()> {
    let l1 = links.l1(Some(args.operator.signer()?)).await?;
    let first = l1.committed_batch(args.from).await?;
    let driven = l1.driven().await?;
    let call = driven.revertBatches(first.header);
    let sent = call
        .send()
        .await
        .map_err(|error| match Refusal::from_error(&error) {
            Some(refusal) => anyhow::anyhow!("the contract refuses revertBatches: {refusal:?}"),
            None => anyhow::Error::new(error).context("revertBatches"),
        })?;
    let receipt = sent.with_timeout(Some(MINING_LIMIT)).get_receipt().await?;
    ensure!(receipt.status(), "revertBatches reverted");
    crate::say!(
        "batches from {} on are reverted in {}",
        args.from,
        receipt.transaction_hash
    )?;
    Ok(())
}
