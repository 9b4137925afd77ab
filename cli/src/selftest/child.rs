//! `ashlar selftest-part`: one part, told by `ashlar selftest`. Not for users.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{
    event::{Event, Reporter},
    part::{Part, Scale, Target},
    stages,
};
use crate::{cache::Cache, child};

/// What a part is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Which part.
    #[arg(value_enum)]
    pub part: Part,
    /// Who computes.
    #[arg(long, value_enum)]
    pub target: Target,
    /// How much is done.
    #[arg(long, value_enum)]
    pub scale: Scale,
    /// After this time the part is killed; figures stop before.
    #[arg(long)]
    pub seconds: f64,
    /// Not to find a card is a failure.
    #[arg(long)]
    pub card_required: bool,
    /// Another size than usual, for conformance and probes.
    #[arg(long, value_parser = clap::value_parser!(u32).range(3..=24))]
    pub log_size: Option<u32>,
    #[command(flatten)]
    pub cache: Cache,
}

/// What a part has.
#[derive(Debug)]
pub struct Context {
    /// What it was told.
    pub args: Args,
    /// When it is killed.
    pub deadline: Instant,
    /// Where it tells what it finds.
    pub report: Reporter,
}

/// Runs the part on a thread with a large stack.
pub fn run(args: Args) -> anyhow::Result<()> {
    let deadline = Instant::now()
        .checked_add(Duration::try_from_secs_f64(args.seconds)?)
        .context("--seconds is out of range")?;
    let mut context = Context {
        report: Reporter::new(child::claim_stdout()?),
        deadline,
        args,
    };
    let part = std::thread::Builder::new()
        .name("selftest".into())
        .stack_size(ashlar_worker::STACK_BYTES)
        .spawn(move || {
            stages::run(&mut context)?;
            context.report.say(&Event::Finished)
        })?;
    part.join()
        .unwrap_or_else(|_| Err(anyhow::anyhow!("the part panicked")))
}
