//! Faults that an operator meets: no such card, no memory, a process killed in the middle. Each is told by what it is, and
//! the card is as good as before.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

use super::probe;
use crate::selftest::{
    child::{Args, Context},
    event::Event,
    part::{Part, Scale, Target},
};

/// How long a driver has for taking back what a killed process held.
const CLEANING: Duration = Duration::from_secs(5);

pub fn run(context: &mut Context) -> anyhow::Result<()> {
    let args = context.args.clone();
    let report = &mut context.report;
    report.check("a device that is not there is told with a remedy", absent)?;
    if args.target == Target::DryRun {
        report.skip("memory by budget", "no card")?;
    } else {
        #[cfg(feature = "icicle")]
        {
            report.check(
                "a budget refuses what does not fit, and what fits goes on",
                device::budget,
            )?;
            report.check(
                "a wrap that does not fit is made on the CPU, and says why",
                device::fallback,
            )?;
        }
    }
    report.check("a killed process takes nothing with it", || killed(&args))?;
    Ok(())
}

#[cfg(not(feature = "icicle"))]
fn absent() -> anyhow::Result<()> {
    use ashlar_accel::BackendChoice;

    let error = match BackendChoice::Icicle.require_built() {
        Err(error) => error.to_string(),
        Ok(()) => String::new(),
    };
    ensure!(error.contains("--features icicle"), "told as: {error:?}");
    Ok(())
}

#[cfg(feature = "icicle")]
fn absent() -> anyhow::Result<()> {
    use ashlar_accel::{
        AccelError,
        icicle::{IcicleBackend, Options},
    };

    let options = Options {
        device: 1000,
        ..Options::default()
    };
    match IcicleBackend::new(options).map(|_| ()) {
        Err(AccelError::Unavailable { reason, .. }) => {
            ensure!(
                reason.contains("nvidia-smi") || reason.contains("driver"),
                "no remedy in: {reason}"
            );
            Ok(())
        }
        other => anyhow::bail!("device 1000 gives {other:?}"),
    }
}

/// Kills a process that computes, and computes.
fn killed(args: &Args) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("cannot find this program's file")?;
    let log_size: u32 = match (args.target, args.scale) {
        (Target::Card, Scale::Full) => 20,
        (Target::Card, Scale::Short) => 16,
        (Target::StandIn | Target::DryRun, _) => 10,
    };
    probe_again(args.target, log_size)?; // what this process keeps of the card for good is no loss later
    let free = free_bytes(args.target)?;
    let mut child = Command::new(program)
        .args(crate::child::bound())
        .args(["selftest-part", Part::Busy.name(), "--target", args.target.name()])
        .args(["--scale", args.scale.name(), "--seconds", "600"])
        .args(["--log-size", &log_size.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start a process")?;
    let output = child.stdout.take().expect("it is piped");
    let passed = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .any(|line| matches!(serde_json::from_str(&line), Ok(Event::Passed { .. })));
    child.kill().context("cannot kill the process")?; // in the middle of the next sum
    let status = child.wait()?;
    ensure!(passed, "the process ended before it computed: {status}");
    probe_again(args.target, log_size)?;
    // Other processes may allocate meanwhile: this finds what a killed one would leave behind, its bases at least. The
    // driver may take a moment to clean up.
    let start = Instant::now();
    loop {
        let left = free.saturating_sub(free_bytes(args.target)?);
        if left < 64 << log_size.max(20) {
            return Ok(());
        }
        ensure!(
            start.elapsed() < CLEANING,
            "{} MiB of the card are still taken after {} s",
            left >> 20,
            CLEANING.as_secs()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn probe_again(target: Target, log_size: u32) -> anyhow::Result<()> {
    match target {
        Target::DryRun => probe::sum(&ashlar_accel::cpu::CpuBackend::new(), log_size),
        Target::Card | Target::StandIn => probe::sum(&probe::open()?, log_size),
    }
}

#[cfg(not(feature = "icicle"))]
fn free_bytes(_: Target) -> anyhow::Result<u64> {
    Ok(0)
}

/// Free memory of the card, with this process's context on it.
#[cfg(feature = "icicle")]
fn free_bytes(target: Target) -> anyhow::Result<u64> {
    if target == Target::DryRun {
        return Ok(0);
    }
    Ok(ashlar_accel::icicle::card(0)?.free_bytes)
}

#[cfg(feature = "icicle")]
mod device {
    use anyhow::{bail, ensure};
    use ashlar_accel::{
        AccelError, Msm,
        icicle::{IcicleBackend, Options},
        testing::msm::{KnownBases, Scalars},
    };
    use ashlar_accel::{BackendChoice, BackendConfig, DeviceOptions};
    use ashlar_engine::open_prover;
    use ashlar_kzg::Fallback;

    use super::super::subject::Subject;
    use crate::{
        cache::Cache,
        selftest::part::{Scale, Target},
    };

    /// 48 MiB hold bases of 2^12 points and the buffers of a sum, not 64 MiB of bases.
    pub fn budget() -> anyhow::Result<()> {
        let backend = IcicleBackend::new(Options {
            memory_budget_bytes: Some(48 << 20),
            staging_bytes: 1 << 20,
            max_log_size: 16,
            ..Options::default()
        })?;
        let known = KnownBases::new(1 << 12);
        let bases = backend.prepare_bases(&known.points)?;
        let held = backend.bytes_in_use();
        let many: Vec<_> = known.points.iter().copied().cycle().take(1 << 20).collect();
        match backend.prepare_bases(&many).map(|_| ()) {
            Err(AccelError::OutOfMemory { requested_bytes, .. }) if requested_bytes == 64 << 20 => {}
            other => bail!("64 MiB of bases in 48 MiB give {other:?}"),
        }
        ensure!(backend.bytes_in_use() == held, "what was refused is counted");
        let scalars = Scalars::Full.draw(1 << 12, 1);
        ensure!(
            backend.msm(&bases, &scalars)? == known.expected(&scalars),
            "a wrong sum afterwards"
        );
        Ok(())
    }

    /// 64 KiB hold no keys.
    pub fn fallback() -> anyhow::Result<()> {
        let nothing = Cache {
            cache_dir: std::path::PathBuf::new(), // a small circuit reads and writes nothing
            production: false,
        };
        let subject = Subject::new(Target::StandIn, Scale::Short, &nothing)?;
        let (keys, srs) = subject.keys()?;
        let config = BackendConfig {
            choice: BackendChoice::Icicle,
            device: DeviceOptions {
                memory_budget_bytes: Some(64 << 10),
                ..DeviceOptions::default()
            },
        };
        let prover = open_prover(keys, srs, config)?;
        let (circuit, instances) = Subject::toy(srs.k());
        let wrapped = prover.prove(&circuit, instances)?;
        match (wrapped.backend, wrapped.fallback) {
            ("cpu", Some(Fallback::Unprepared { reason, .. })) if reason.contains("out of memory") => Ok(()),
            other => bail!("64 KiB for keys give {other:?}"),
        }
    }
}
