//! `ashlar batch`: what became of the batches, all that L1 has of one, and what an operator does with those that do not
//! move.

mod export;
mod look;
mod stuck;

pub use look::RECONNECT_PAUSE;

use std::path::PathBuf;

use ashlar_client::pb::BatchStatus;

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
    /// Print each batch whenever its status changes, with the progress of proofs, until interrupted.
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
    /// Take sealed batches that L1 does not hold back into the log of a stopped sequencer; it seals their operations
    /// again, with the limits it is then given.
    Unseal(stuck::Unseal),
    /// Revert committed and unproven batches on L1. A running sequencer commits its own again.
    Revert(stuck::Revert),
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
    if let Command::Unseal(args) = &args.command {
        return stuck::unseal(args);
    }
    let is_watch = matches!(args.command, Command::Watch { .. });
    crate::shutdown::run(async |interrupted| {
        tokio::select! {
            outcome = answer(args) => outcome,
            () = interrupted.cancelled(), if is_watch => Ok(()),
            () = interrupted.cancelled() => anyhow::bail!("interrupted"),
        }
    })
}

async fn answer(args: Args) -> anyhow::Result<()> {
    let links = &args.links;
    match args.command {
        Command::List { last, json } => look::list(links, last, json).await,
        Command::Show { number, json } => look::show(links, number, json).await,
        Command::Watch {
            from,
            until_proven,
            for_secs,
        } => look::watch(links, from, until_proven, for_secs).await,
        Command::Export { number, out } => export::export(links, number, &out).await,
        Command::Unseal(args) => stuck::unseal(&args),
        Command::Revert(args) => stuck::revert(links, &args).await,
    }
}
