//! `ashlar batch list`, `show` and `watch`

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;
use ashlar_client::pb::{Batch, BatchStatus};
use futures::StreamExt;
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use super::status_name;
use crate::{bar::Bar, links::Links};

/// Before a stream that has ended is asked for again.
pub const RECONNECT_PAUSE: Duration = Duration::from_millis(500);

fn line(batch: &Batch) -> String {
    let failure = match batch.failure_reason.as_str() {
        "" => String::new(),
        reason => format!("  {reason}"),
    };
    format!(
        "batch {:<5} {:<10} {:>3} L1 operations {:>6} transfers {:>3} withdrawals {:>8} bytes on L1{failure}",
        batch.number,
        status_name(batch.status()),
        batch.l1_operation_count,
        batch.transfer_count,
        batch.withdrawal_count,
        batch.pubdata_bytes
    )
}

fn hex0x(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn object(batch: &Batch) -> serde_json::Value {
    let transaction = |of: &Option<ashlar_client::pb::L1Transaction>| {
        of.as_ref().map(
            |of| json!({ "hash": hex0x(&of.hash), "block_number": of.block_number, "gas_used": of.gas_used }),
        )
    };
    let steps = batch.steps.iter().map(
        |step| json!({ "name": step.name, "seconds": step.seconds, "peak_rss_bytes": step.peak_rss_bytes }),
    );
    json!({
        "number": batch.number,
        "status": status_name(batch.status()),
        "old_root": hex0x(&batch.old_root),
        "new_root": hex0x(&batch.new_root),
        "chunks": batch.chunk_count,
        "l1_operations": batch.l1_operation_count,
        "transfers": batch.transfer_count,
        "withdrawals": batch.withdrawal_count,
        "pubdata_bytes": batch.pubdata_bytes,
        "snark_bytes": batch.snark_bytes,
        "commit": transaction(&batch.commit),
        "prove": transaction(&batch.prove),
        "l1_gas": batch.l1_gas(),
        "failure_reason": batch.failure_reason,
        "steps": steps.collect::<Vec<_>>(),
    })
}

pub async fn list(links: &Links, last: u64, json: bool) -> anyhow::Result<()> {
    let client = links.client().await?;
    let end = client.info().await?.next_batch;
    if end == 1 && !json {
        crate::say!("no batch is sealed yet")?;
    }
    for number in end.saturating_sub(last).max(1)..end {
        let batch = client.batch(number).await?;
        let batch = batch.with_context(|| format!("the sequencer has lost batch {number}"))?;
        if json {
            crate::say!("{}", object(&batch))?;
        } else {
            crate::say!("{}", line(&batch))?;
        }
    }
    Ok(())
}

pub async fn show(links: &Links, number: u64, json: bool) -> anyhow::Result<()> {
    let client = links.client().await?;
    let next = client.info().await?.next_batch;
    let batch = client.batch(number).await?;
    let batch =
        batch.with_context(|| format!("batch {number} is not sealed; the next to be sealed is {next}"))?;
    if json {
        crate::say!("{:#}", object(&batch))?;
        return Ok(());
    }
    crate::say!("{}", line(&batch))?;
    crate::say!("old root  {}", hex0x(&batch.old_root))?;
    crate::say!("new root  {}", hex0x(&batch.new_root))?;
    let transactions = match batch.commit_and_prove() {
        Some(_) => vec![("both", &batch.prove)],
        None => vec![("commit", &batch.commit), ("prove", &batch.prove)],
    };
    for (name, transaction) in transactions {
        if let Some(transaction) = transaction {
            crate::say!(
                "{name:<9} {} in block {}, {} gas",
                hex0x(&transaction.hash),
                transaction.block_number,
                transaction.gas_used
            )?;
        }
    }
    for step in &batch.steps {
        crate::say!("{:<12} {:>9.2} s", step.name, step.seconds)?;
    }
    Ok(())
}

pub async fn watch(
    links: &Links,
    from: u64,
    until_proven: Option<u64>,
    for_secs: Option<u64>,
) -> anyhow::Result<()> {
    let client = links.client().await?;
    let end = for_secs.map(|secs| Instant::now() + Duration::from_secs(secs.min(u64::from(u32::MAX))));
    let mut first = from.max(1);
    let (mut bar, mut told) = (Bar::default(), BTreeMap::new());
    'connect: loop {
        let mut batches = client.watch_batches(first).await?;
        loop {
            let expired = async {
                match end {
                    Some(end) => sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            let next = tokio::select! {
                next = batches.next() => next,
                () = expired => match until_proven {
                    Some(number) => anyhow::bail!("batch {number} is not proven after {} s", for_secs.unwrap_or_default()),
                    None => return Ok(()),
                },
            };
            let batch = match next {
                Some(Ok(batch)) => batch,
                Some(Err(error)) if !error.is_retryable() => return Err(error.into()),
                _ => {
                    sleep(RECONNECT_PAUSE).await; // the sequencer restarts
                    continue 'connect;
                }
            };
            let text = line(&batch);
            if told.insert(batch.number, text.clone()).as_ref() != Some(&text) {
                bar.clear()?;
                crate::say!("{text}")?;
            }
            bar.show(&batch)?;
            if batch.status() == BatchStatus::Proven {
                told.remove(&batch.number);
                if until_proven.is_some_and(|number| batch.number >= number) {
                    return Ok(());
                }
                if batch.number == first {
                    first += 1;
                }
            }
        }
    }
}
