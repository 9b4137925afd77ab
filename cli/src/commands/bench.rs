//! `ashlar bench`

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use ashlar_benches::{
    Baseline, Contender, Effort, Measurement, Report, draw, measure,
    operations::{
        msm_bn254, ntt_bn254, ntt_goldilocks,
        plonky2::{self, Circuit},
        wrap,
    },
};
use ashlar_report::file::{require_writable, write_output};
use clap::ValueEnum;

use super::{bench_alone, load};
use crate::{
    cache::{Cache, CircuitSet},
    say,
};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Set {
    /// Multi-scalar multiplication over BN254: full-size, 64-bit and 16-bit scalars.
    Msm,
    /// Transforms over BN254's scalar field and over Goldilocks.
    Ntt,
    /// Proofs of a chunk of 32 operations, the fewest that one is made for.
    Chunk,
    /// Proofs that verify that of such a chunk.
    Lift,
    /// Proofs that verify two of the latter.
    Fold,
    /// Proofs of a batch for the wrap.
    Compress,
    /// Proofs of made-up circuits of 2^12 to 2^16 rows: Poseidon, arithmetic, range checks, signatures.
    Sizes,
    /// A batch of transfers from its witnesses to the compressed proof.
    Pipeline,
    /// The whole wrap proof.
    Wrap,
    /// Admission of transactions by a sequencer over gRPC.
    Load,
    /// Everything but the load.
    All,
}

impl Set {
    fn wants(self, set: Self) -> bool {
        self == set || self == Self::All
    }

    fn circuits(self) -> Vec<Circuit> {
        let one = match self {
            Self::Chunk => Circuit::Chunk,
            Self::Lift => Circuit::Lift,
            Self::Fold => Circuit::Fold,
            Self::Compress => Circuit::Compress,
            Self::All => return Circuit::ALL.to_vec(),
            Self::Msm | Self::Ntt | Self::Sizes | Self::Pipeline | Self::Wrap | Self::Load => {
                return Vec::new();
            }
        };
        vec![one]
    }

    /// Whether a measurement of this name is among what is measured.
    fn has(self, id: &str) -> bool {
        let is_proof = |name: &str| id.starts_with("plonky2/") && id.ends_with(name);
        match self {
            Self::Msm => id.starts_with("msm_"),
            Self::Ntt => id.starts_with("ntt_"),
            Self::Chunk => is_proof("/chunk"),
            Self::Lift => is_proof("/lift"),
            Self::Fold => is_proof("/fold"),
            Self::Compress => is_proof("/compress"),
            Self::Sizes => id.starts_with("plonky2/") && id.contains("/synthetic-"),
            Self::Pipeline => is_proof("/pipeline"),
            Self::Wrap => id.starts_with("wrap/"),
            Self::Load => id.starts_with("load/"),
            Self::All => !id.starts_with("load/"),
        }
    }
}

/// Measure this machine: our kernels and provers beside the libraries that the field uses, in one run.
///
/// Contenders take turns. Kernels are checked against a known answer before they are timed, and every proof is verified.
/// Peak memory of `chunk` to `pipeline` is that of a process which has the circuits and one prover.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to measure.
    #[arg(value_enum)]
    set: Set,
    /// Two to this many elements, or rows with `sizes`; may be given several times. Default: 16, 17, 18 and 20, with `sizes` 12 to 16.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=24))]
    log_size: Vec<u32>,
    /// Rounds at most; each contender runs once a round.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Start no further round of one size or circuit after this many seconds; with `chunk` to `pipeline` only from the fourth on.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(..=86_400))]
    seconds: u64,
    /// Transfers in the batch of `pipeline`.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    transfers: u32,
    /// Print the measurements as a JSON list.
    #[arg(long)]
    json: bool,
    /// Compare with an earlier report, which `--out` has written.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    baseline: Option<PathBuf>,
    /// Also write a report with machine, commit and parameters here.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also draw time over size here.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    load: load::Args,
    #[command(flatten)]
    cache: Cache,
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<()> {
    for path in [&args.out, &args.svg].into_iter().flatten() {
        require_writable(path)?; // before minutes of measuring
    }
    let baseline = args.baseline.as_deref().map(Baseline::read).transpose()?;
    if let Some(baseline) = &baseline {
        baseline.require(|id| args.set.has(id))?;
    }
    args.check_sizes()?;
    let command = std::env::args()
        .skip(1)
        .fold("ashlar".to_owned(), |line, word| line + " " + &word);
    let mut report = Report::begin(command);
    args.race_kernels(&mut report)?;
    if args.set.wants(Set::Sizes) {
        report.plonky2 = plonky2::sizes::measure(args.log_rows(), plonky2::our_prover(), args.effort())?;
    }
    if args.set.wants(Set::Wrap) {
        let engine = args.cache.engine()?;
        args.race_provers(&mut report, engine.circuits())?;
        let proof = wrap::sample(&engine, &args.cache.cache_dir)?;
        report.wrap = wrap::measure(&engine, &proof, args.rounds.min(3) as usize)?;
    } else if args.set.wants(Set::Pipeline) || !args.set.circuits().is_empty() {
        args.race_provers(&mut report, &args.cache.circuits()?)?;
    }
    if args.set == Set::Load {
        report.load = load::measure(&args.load)?;
    }
    report.finish();
    args.publish(&report)?;
    if let Some(baseline) = baseline {
        say!("\n{}", baseline.compare(&report))?;
    }
    Ok(())
}

impl Args {
    fn effort(&self) -> Effort {
        Effort {
            rounds: self.rounds as usize,
            time: Duration::from_secs(self.seconds),
        }
    }

    /// Sizes of made-up circuits. With `all`, `--log-size` is of kernels.
    fn log_rows(&self) -> &[u32] {
        if self.set == Set::Sizes && !self.log_size.is_empty() {
            &self.log_size
        } else {
            &plonky2::sizes::USUAL_LOG_ROWS
        }
    }

    fn check_sizes(&self) -> anyhow::Result<()> {
        let possible = plonky2::sizes::LOG_ROWS;
        if let Some(log_rows) = self.log_rows().iter().find(|n| !possible.contains(n)) {
            let (least, most) = possible.into_inner();
            bail!("--log-size {log_rows}: made-up circuits have 2^{least} to 2^{most} rows");
        }
        Ok(())
    }

    fn race_kernels(&self, report: &mut Report) -> anyhow::Result<()> {
        let sizes: &[u32] = if self.log_size.is_empty() {
            &[16, 17, 18, 20]
        } else {
            &self.log_size
        };
        for log_size in sizes {
            if self.set.wants(Set::Msm) {
                for (operation, kind) in msm_bn254::KINDS {
                    let fixture = msm_bn254::Fixture::new(*log_size, kind);
                    self.race(report, operation, *log_size, fixture.contenders())?;
                }
            }
            if self.set.wants(Set::Ntt) {
                let fixture = ntt_bn254::Fixture::new(*log_size);
                self.race(report, "ntt_bn254", *log_size, fixture.contenders())?;
                for (operation, columns) in [("ntt_goldilocks", 1), ("ntt_goldilocks_x16", 16)] {
                    let fixture = ntt_goldilocks::Fixture::new(*log_size, columns);
                    self.race(report, operation, *log_size, fixture.contenders())?;
                }
            }
        }
        Ok(())
    }

    fn race_provers(&self, report: &mut Report, circuits: &CircuitSet) -> anyhow::Result<()> {
        let alone = bench_alone::program(&self.cache)?;
        let (wanted, prover) = (self.set.circuits(), plonky2::our_prover());
        let proofs = plonky2::measure(circuits, &wanted, prover, self.effort(), Some(&alone))?;
        report.plonky2.extend(proofs);
        if self.set.wants(Set::Pipeline) {
            let effort = self.effort();
            report.pipeline = plonky2::pipeline::measure(circuits, self.transfers, effort, Some(&alone))?;
        }
        Ok(())
    }

    fn race(
        &self,
        report: &mut Report,
        operation: &str,
        log_size: u32,
        contenders: Vec<Contender<'_>>,
    ) -> anyhow::Result<()> {
        let measured: Vec<Measurement> = measure(operation, log_size, contenders, self.effort())?;
        tracing::info!(operation, log_size, "measured");
        report.measurements.extend(measured);
        Ok(())
    }

    fn publish(&self, report: &Report) -> anyhow::Result<()> {
        if let Some(path) = &self.out {
            write(path, &(serde_json::to_string_pretty(report)? + "\n"))?;
        }
        if let Some(path) = &self.svg {
            write(path, &draw(&report.measurements))?;
        }
        if !self.json {
            say!("{}", report.table())?;
            return Ok(());
        }
        let mut list = Vec::new();
        for measurement in &report.measurements {
            list.push(serde_json::to_value(measurement)?);
        }
        for measurement in &report.plonky2 {
            list.push(serde_json::to_value(measurement)?);
        }
        for measurement in &report.pipeline {
            list.push(serde_json::to_value(measurement)?);
        }
        for measurement in &report.wrap {
            list.push(serde_json::to_value(measurement)?);
        }
        for measurement in &report.load {
            list.push(serde_json::to_value(measurement)?);
        }
        say!("{}", serde_json::to_string_pretty(&list)?)?;
        Ok(())
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    write_output(path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}
