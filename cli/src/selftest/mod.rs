//! `ashlar selftest`: does this machine's card prove right, and how fast?
//!
//! Each part is a process of its own with a time limit, since a driver may hang or end the process that calls it; what
//! follows runs whatever became of it. This process touches no card.

mod child;
mod event;
mod figures;
mod html;
mod page;
mod part;
mod report;
mod stages;
mod supervise;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use ashlar_benches::Machine;
use ashlar_report::file::{require_writable_folder, write_output};
use sha2::{Digest, Sha256};

pub use self::child::{Args as PartArgs, run as run_part};
use self::{
    event::Event,
    figures::{CardFacts, Figures},
    part::{Part, Scale, Target},
    report::{PartReport, Report, SCHEMA},
};
use crate::{
    auto::{Host, Measured, Split},
    cache::Cache,
    output, say,
};

/// For everything on a card beside 16 cores.
const MINUTES: f64 = 6.0;
/// With `--short`.
const SHORT_MINUTES: f64 = 2.0;

/// Check a GPU and measure it: facts, every kernel against the CPU, a whole wrap byte for byte, faults, figures.
///
/// Prints one page and writes selftest.json. Ends with 0 only if everything that must be right is right. Without a card
/// the CPU does it all as a dry run, and the page says so.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which CUDA device, counted from 0 among those that this process sees. With it, not to find a card is a failure.
    #[arg(long, value_name = "N")]
    device: Option<usize>,
    /// Two minutes instead of six: smaller sizes, and a small circuit in the place of the wrap circuit.
    #[arg(long)]
    short: bool,
    /// Most time to take. Below four minutes the sizes are those of --short.
    #[arg(long, value_name = "M", value_parser = minutes)]
    minutes: Option<f64>,
    /// Where selftest.json, and each part's log, are written.
    #[arg(long, value_name = "DIR", default_value = "ashlar-selftest")]
    out: PathBuf,
    /// Also write selftest.html, a page with plots in one file.
    #[arg(long)]
    html: bool,
    /// If everything passed, store how `auto` should split work between card and CPU beside the keys, for the workers.
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    cache: Cache,
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(minutes) if (0.1..=120.0).contains(&minutes) => Ok(minutes),
        _ => Err("a number of minutes from 0.1 to 120".to_owned()),
    }
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let start = Instant::now();
    let started_unix_secs = crate::unix_secs();
    let machine = Machine::detect(); // its load is that before the test
    require_writable_folder(&args.out)?;
    if args.apply {
        require_writable_folder(&args.cache.cache_dir)?;
    }
    let minutes = match (args.minutes, args.short) {
        (Some(minutes), _) => minutes,
        (None, true) => SHORT_MINUTES,
        (None, false) => MINUTES,
    };
    let limit_seconds = minutes * 60.0;
    let scale = if args.short {
        Scale::Short
    } else {
        Scale::for_secs(limit_seconds)
    };

    let program = std::env::current_exe().context("cannot find this program's file")?;
    let mut found = Found::default();
    let mut parts = Vec::new();
    for part in Part::ALL {
        // The last part may have to be killed and waited for.
        let remaining = limit_seconds - supervise::REAP_LIMIT.as_secs_f64() - start.elapsed().as_secs_f64();
        let limit = part.limit_secs(remaining);
        tracing::info!(limit_secs = limit.round(), "{}: {}", part.name(), part.question());
        let command = args.command(&program, part, scale, found.target(), limit);
        let log = args.out.join(format!("{}.log", part.name()));
        let limit = Duration::from_secs_f64(limit);
        let report = supervise::run(part, command, limit, &log, |event| found.take(event));
        tracing::info!(
            seconds = report.seconds,
            "{}: {}",
            part.name(),
            report.status.word()
        );
        parts.push(report);
    }
    let target = found.target();
    let report = Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        binary_sha256: sha256(&program),
        command: std::env::args()
            .skip(1)
            .fold("ashlar".to_owned(), |line, word| line + " " + &word),
        started_unix_secs,
        seconds: start.elapsed().as_secs_f64(),
        limit_seconds,
        scale,
        target,
        passed: !parts.iter().any(PartReport::counts_against),
        machine,
        card: found.card,
        split: report::split(&found.figures.kernels),
        parts,
        figures: found.figures,
    };
    args.publish(&report)?;
    let failed = report.parts.iter().filter(|part| part.counts_against());
    let failed: Vec<&str> = failed.map(|part| part.part.name()).collect();
    if !report.passed {
        bail!("the self-test failed: {}", failed.join(", "));
    }
    if args.apply {
        args.apply(&report)?;
    }
    Ok(())
}

/// What the parts have told so far.
#[derive(Default)]
struct Found {
    target: Option<Target>,
    card: Option<CardFacts>,
    figures: Figures,
}

impl Found {
    fn take(&mut self, event: Event) {
        match event {
            Event::Target { target } => self.target = Some(target),
            Event::Card(card) => self.card = Some(card),
            Event::Kernel(measurement) => self.figures.kernels.push(measurement),
            Event::Wrap(measurement) => self.figures.wrap.push(measurement),
            Event::Proofs(measurement) => self.figures.proofs.push(measurement),
            Event::Memory(memory) => self.figures.memory.push(memory),
            Event::Profile(profile) => self.figures.profile.push(profile),
            Event::Started { .. }
            | Event::Passed { .. }
            | Event::Failed { .. }
            | Event::Skipped { .. }
            | Event::Finished => {}
        }
    }

    /// Where the first part could not tell, there may be a card.
    fn target(&self) -> Target {
        let unknown = if cfg!(feature = "icicle") {
            Target::Card
        } else {
            Target::DryRun
        };
        self.target.unwrap_or(unknown)
    }
}

impl Args {
    fn command(&self, program: &Path, part: Part, scale: Scale, target: Target, limit_secs: f64) -> Command {
        let mut command = Command::new(program);
        command
            .args(crate::child::bound())
            .args(["selftest-part", part.name()])
            .args(["--target", target.name(), "--scale", scale.name()])
            .args(["--seconds", &limit_secs.to_string()])
            .arg("--cache-dir")
            .arg(&self.cache.cache_dir);
        if self.cache.production {
            command.arg("--production");
        }
        if self.device.is_some() {
            command.arg("--card-required");
        }
        // sppark opens every card that it sees. So a part sees one, and calls it 0.
        let visible = std::env::var("CUDA_VISIBLE_DEVICES").ok();
        command.env(
            "CUDA_VISIBLE_DEVICES",
            only(visible.as_deref(), self.device.unwrap_or(0)),
        );
        command
    }

    fn publish(&self, report: &Report) -> anyhow::Result<()> {
        write(
            &self.out.join("selftest.json"),
            &(serde_json::to_string_pretty(report)? + "\n"),
        )?;
        if self.html {
            write(&self.out.join("selftest.html"), &html::render(report))?;
        }
        let colour = output::has_colour(&std::io::stdout());
        output::write(format_args!("{}", page::render(report, colour)))?;
        say!("written to {}", self.out.display())?;
        Ok(())
    }

    fn apply(&self, report: &Report) -> anyhow::Result<()> {
        let Some((card, split)) = report.card.as_ref().zip(report.split) else {
            bail!("--apply: there are no figures of a card to split work by, so nothing was stored");
        };
        let path = Measured::new(
            card.name.clone(),
            Host::detect(),
            report.machine.commit.clone(),
            split,
        )
        .store(&self.cache.cache_dir)?;
        let Split { msm, ntt } = split;
        tracing::info!(msm, ntt, path = %path.display(), "stored for workers with --backend auto");
        Ok(())
    }
}

/// The `device`-th of the devices that are visible now, for a process that shall see no other.
fn only(visible: Option<&str>, device: usize) -> String {
    match visible {
        // An index beyond the list hides all.
        Some(list) => list.split(',').nth(device).unwrap_or("").trim().to_owned(),
        None => device.to_string(),
    }
}

fn sha256(path: &Path) -> Option<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut fs::File::open(path).ok()?, &mut hasher).ok()?;
    Some(hex::encode(hasher.finalize()))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    write_output(path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_sees_one_device() {
        assert_eq!(only(None, 0), "0");
        assert_eq!(only(None, 3), "3");
        assert_eq!(only(Some("4, 2,GPU-1f"), 1), "2");
        assert_eq!(only(Some("4,2,GPU-1f"), 2), "GPU-1f");
        assert_eq!(only(Some("4"), 1), "");
        assert_eq!(only(Some(""), 0), "", "hidden ones stay hidden");
    }

    #[test]
    fn minutes_have_bounds() {
        assert_eq!(minutes("2.5"), Ok(2.5));
        for wrong in ["0", "-1", "NaN", "inf", "121", "two"] {
            assert!(minutes(wrong).is_err(), "{wrong}");
        }
    }
}
