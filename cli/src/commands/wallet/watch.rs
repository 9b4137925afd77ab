//! `ashlar wallet watch`

use std::{collections::BTreeMap, time::Duration};

use ashlar_client::{BatchData, ClientError, L1, L1Error, pb::BatchStatus};
use futures::StreamExt;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Wallet, history};
use crate::commands::batch::{RECONNECT_PAUSE, status_name};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// End after so many seconds (default: when interrupted).
    #[arg(long)]
    for_secs: Option<u64>,
    /// Start with this batch (default: the one that is being filled).
    #[arg(long)]
    from_batch: Option<u64>,
}

/// How long this L1 node may be behind the sequencer's.
const L1_LAG: Duration = Duration::from_secs(120);
/// A year stands for ever.
const FOREVER: Duration = Duration::from_secs(365 * 86_400);

pub async fn run(wallet: &Wallet, args: &Args) -> anyhow::Result<()> {
    let (client, l1) = wallet.both().await?;
    let tokens = l1.tokens().await?;
    let end = Instant::now()
        + args
            .for_secs
            .map_or(FOREVER, |secs| Duration::from_secs(secs).min(FOREVER));
    let mut first = match args.from_batch {
        Some(first) => first.max(1),
        None => client.info().await?.next_batch,
    };
    let mut seen = BTreeMap::new();
    crate::say!("watching from batch {first} on")?;
    'connect: loop {
        let mut batches = client.watch_batches(first).await?;
        loop {
            let next = tokio::select! {
                next = batches.next() => next,
                () = sleep_until(end) => return Ok(()),
            };
            let batch = match next {
                Some(Ok(batch)) => batch,
                Some(Err(error)) if !error.is_retryable() => return Err(ClientError::into(error)),
                _ => {
                    sleep(RECONNECT_PAUSE).await; // the sequencer restarts
                    continue 'connect;
                }
            };
            let status = batch.status();
            if seen.insert(batch.number, status) == Some(status) {
                continue;
            }
            crate::say!("batch {:<5} {}", batch.number, status_name(status))?;
            if matches!(status, BatchStatus::Committed | BatchStatus::Proven)
                && let Some(account) = wallet.account(&client).await?
            {
                let data = data(&l1, batch.number).await?;
                history::print(&data, account.index, &tokens, status_name(status))?;
            }
            if status == BatchStatus::Proven && batch.number == first {
                first += 1;
                seen.remove(&batch.number);
            }
        }
    }
}

/// A batch's data, once this L1 node has its commit as well.
async fn data(l1: &L1, number: u64) -> Result<BatchData, L1Error> {
    let end = Instant::now() + L1_LAG;
    loop {
        match l1.batch_data(number).await {
            Err(L1Error::NotCommitted { .. } | L1Error::NoEvent { .. }) if Instant::now() < end => {
                sleep(RECONNECT_PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}
