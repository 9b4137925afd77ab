//! `ashlar batch`: what became of the batches, and all that L1 has of one.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use ashlar_client::pb::{Batch, BatchStatus};
use ashlar_kzg::Snark;
use futures::StreamExt;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::verify::PublicInputsFile;
use crate::links::Links;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    links: Links,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List sealed batches, the newest last.
    List {
        /// At most so many, the newest.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
        last: u64,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Show one batch with its steps.
    Show {
        /// Its number, from 1.
        number: u64,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Print each batch whenever its status changes, until interrupted.
    Watch {
        /// First batch.
        #[arg(long, default_value_t = 1)]
        from: u64,
        /// End when this batch is proven.
        #[arg(long, value_name = "NUMBER")]
        until_proven: Option<u64>,
        /// Give up after so many seconds (default: never).
        #[arg(long)]
        for_secs: Option<u64>,
    },
    /// Write all that L1 has of a proven batch: header, public data, and the SNARK, for `ashlar verify`.
    Export {
        /// Its number, from 1.
        number: u64,
        /// Folder to write to.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// As commands print it.
pub fn status_name(status: BatchStatus) -> &'static str {
    match status {
        BatchStatus::Unspecified => "unknown",
        BatchStatus::Sealed => "sealed",
        BatchStatus::Committed => "committed",
        BatchStatus::Proven => "proven",
        BatchStatus::Failed => "failed",
    }
}

pub fn run(args: Args) -> anyhow::Result<()> {
    crate::shutdown::runtime()?.block_on(async {
        let interrupted = crate::shutdown::token()?;
        tokio::select! {
            outcome = answer(args) => outcome,
            () = interrupted.cancelled() => Ok(()),
        }
    })
}

async fn answer(args: Args) -> anyhow::Result<()> {
    let links = &args.links;
    match args.command {
        Command::List { last, json } => list(links, last, json).await,
        Command::Show { number, json } => show(links, number, json).await,
        Command::Watch {
            from,
            until_proven,
            for_secs,
        } => watch(links, from, until_proven, for_secs).await,
        Command::Export { number, out } => export(links, number, &out).await,
    }
}

fn line(batch: &Batch) -> String {
    let failure = match batch.failure_reason.as_str() {
        "" => String::new(),
        reason => format!("  {reason}"),
    };
    format!(
        "batch {:<5} {:<10} {:>3} deposits {:>6} transfers {:>3} withdrawals {:>8} bytes on L1{failure}",
        batch.number,
        status_name(batch.status()),
        batch.deposit_count,
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
        "deposits": batch.deposit_count,
        "transfers": batch.transfer_count,
        "withdrawals": batch.withdrawal_count,
        "pubdata_bytes": batch.pubdata_bytes,
        "snark_bytes": batch.snark_bytes,
        "commit": transaction(&batch.commit),
        "prove": transaction(&batch.prove),
        "failure_reason": batch.failure_reason,
        "steps": steps.collect::<Vec<_>>(),
    })
}

async fn list(links: &Links, last: u64, json: bool) -> anyhow::Result<()> {
    let client = links.client().await?;
    let end = client.info().await?.next_batch;
    if end == 1 && !json {
        println!("no batch is sealed yet");
    }
    for number in end.saturating_sub(last).max(1)..end {
        let batch = client.batch(number).await?;
        let batch = batch.with_context(|| format!("the sequencer has lost batch {number}"))?;
        if json {
            println!("{}", object(&batch));
        } else {
            println!("{}", line(&batch));
        }
    }
    Ok(())
}

async fn show(links: &Links, number: u64, json: bool) -> anyhow::Result<()> {
    let client = links.client().await?;
    let next = client.info().await?.next_batch;
    let batch = client.batch(number).await?;
    let batch =
        batch.with_context(|| format!("batch {number} is not sealed; the next to be sealed is {next}"))?;
    if json {
        println!("{:#}", object(&batch));
        return Ok(());
    }
    println!("{}", line(&batch));
    println!("old root  {}", hex0x(&batch.old_root));
    println!("new root  {}", hex0x(&batch.new_root));
    for (name, transaction) in [("commit", &batch.commit), ("prove", &batch.prove)] {
        if let Some(transaction) = transaction {
            println!(
                "{name:<9} {} in block {}, {} gas",
                hex0x(&transaction.hash),
                transaction.block_number,
                transaction.gas_used
            );
        }
    }
    for step in &batch.steps {
        println!("{:<12} {:>9.2} s", step.name, step.seconds);
    }
    Ok(())
}

async fn watch(
    links: &Links,
    from: u64,
    until_proven: Option<u64>,
    for_secs: Option<u64>,
) -> anyhow::Result<()> {
    let client = links.client().await?;
    let end = for_secs.map(|secs| Instant::now() + Duration::from_secs(secs.min(u64::from(u32::MAX))));
    let mut first = from.max(1);
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
                _ => continue 'connect, // the sequencer restarts
            };
            println!("{}", line(&batch));
            if batch.status() == BatchStatus::Proven {
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

async fn export(links: &Links, number: u64, out: &Path) -> anyhow::Result<()> {
    ensure!(number > 0, "batch 0 is the genesis state; the first batch is 1");
    let l1 = links.l1(None).await?;
    let data = l1.batch_data(number).await?;
    let proven = l1.proven_batch(number).await?;
    let words = proven.instances.map(|instance| instance.to_be_bytes::<32>());
    let parts = ashlar_protocol::SnarkParts {
        instances: words,
        proof: &proven.proof,
    };
    let snark =
        Snark::from_bytes(&parts.to_bytes()).context("what L1 has verified is no SNARK of this version")?;
    let inputs = PublicInputsFile::new(&crate::demo::chain::public_inputs(&data.header, l1.domain()))?;

    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = out.join(name);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
        anyhow::Ok(())
    };
    write("snark.json", (snark.to_json() + "\n").as_bytes())?;
    let inputs = serde_json::to_string_pretty(&inputs)? + "\n";
    write("public-inputs.json", inputs.as_bytes())?;
    let header = &data.header;
    let header = json!({
        "number": header.number,
        "first_deposit": header.firstDeposit,
        "deposits": header.depositCount,
        "withdrawals": header.withdrawalCount,
        "transfers": header.transferCount,
        "fee_account": header.feeAccount,
        "old_root": format!("{:#066x}", header.oldRoot),
        "new_root": format!("{:#066x}", header.newRoot),
        "data_hash": format!("{:#066x}", header.dataHash),
        "withdrawals_root": header.withdrawalsRoot,
        "proved_by": proven.transaction,
    });
    write("header.json", format!("{header:#}\n").as_bytes())?;
    write("bridge.bin", &data.bridge)?;
    write("rollup.bin", &data.rollup)
}
