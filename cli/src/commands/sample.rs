//! `ashlar sample`: whether a validium's committee still keeps what it signed, from a few cells.

use anyhow::{bail, ensure};
use ashlar_client::Sampled;

use crate::{links::Links, output::OutputError};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    links: Links,
    /// The batch [default: the last one that is committed]
    #[arg(long, value_name = "NUMBER")]
    batch: Option<u64>,
    /// How many cells of each blob are asked for: if less than half of a blob is anywhere, the chance that this is not seen
    /// halves with each.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=128))]
    samples: u32,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    crate::shutdown::run(async |interrupted| {
        tokio::select! {
            outcome = sample(args) => outcome,
            () = interrupted.cancelled() => bail!("interrupted"),
        }
    })
}

async fn sample(args: Args) -> anyhow::Result<()> {
    let l1 = args.links.l1(None).await?;
    let number = match args.batch {
        Some(number) => number,
        None => l1.state().await?.committed_batches,
    };
    ensure!(number > 0, "no batch is committed yet");
    let batch = l1.committed_batch(number).await?;
    let sampled = l1.sample(&batch, args.samples).await?;
    say(&sampled)?;
    ensure!(
        sampled.is_available(),
        "batch {number}: {} of {} cells are with nobody who was asked; if others named by --da-member have them neither, the \
         committee withholds its transfers",
        sampled.missing.len(),
        sampled.missing.len() + sampled.found.len()
    );
    Ok(())
}

fn say(sampled: &Sampled) -> Result<(), OutputError> {
    for of in &sampled.asked {
        let member = of
            .member
            .map_or_else(String::new, |member| format!(" ({member})"));
        let failed = of.failures.iter().filter(|(place, _)| place.is_some());
        let given = of.asked - failed.count();
        crate::say!("{}{member}: gave {given} of {} cells", of.endpoint, of.asked)?;
        for (place, why) in &of.failures {
            match place {
                Some(place) => crate::say!("  {place}: {why}")?,
                None => crate::say!("  {why}")?,
            }
        }
    }
    for place in &sampled.missing {
        crate::say!("{place}: with nobody")?;
    }
    crate::say!(
        "batch {}: {} of {} cells found, of {} in {} blob{}; {} of {} members sign what they belong to",
        sampled.number,
        sampled.found.len(),
        sampled.found.len() + sampled.missing.len(),
        sampled.blobs * ashlar_client::CELLS,
        sampled.blobs,
        if sampled.blobs == 1 { "" } else { "s" },
        sampled.signed,
        sampled.members
    )
}
