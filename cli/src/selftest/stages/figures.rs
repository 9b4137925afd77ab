//! How fast: memory, the wrap by step, then kernels from small to large for as long as there is time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use ashlar_accel::testing::msm::{KnownBases, Scalars};
use ashlar_benches::{
    Contender, Effort, measure,
    operations::{
        CARD, cpu, msm_bn254, ntt_bn254, ntt_goldilocks,
        wrap::{self, Peer},
    },
};

use super::subject::Subject;
use crate::selftest::{
    child::Context,
    event::Event,
    part::{Scale, Target},
};

/// A size takes about twice as long as the one before, its fixtures too.
const GROWTH: f64 = 2.3;
/// Time for the end of the process, which gives its memory back.
const MARGIN: Duration = Duration::from_secs(2);
/// Largest size that small scalars are measured at.
const SMALL_SCALARS_MAX: u32 = 22;
/// Largest size of sixteen Goldilocks columns: 0.5 GiB.
const COLUMNS_MAX: u32 = 22;

/// Sizes, for the figures and for the thresholds below them.
fn sizes(target: Target, scale: Scale) -> &'static [u32] {
    match (target, scale) {
        (Target::Card, Scale::Full) => &[8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24],
        (Target::Card, Scale::Short) => &[8, 10, 12, 13, 14, 15, 16, 18, 20],
        (Target::DryRun, Scale::Full) => &[10, 12, 14, 16],
        (Target::DryRun, Scale::Short) => &[8, 10],
        (Target::StandIn, _) => &[6, 8],
    }
}

pub fn run(context: &mut Context) -> anyhow::Result<()> {
    memory(context)?;
    whole_wrap(context)?;
    let (target, scale) = (context.args.target, context.args.scale);
    let deadline =
        context.deadline - MARGIN.min(context.deadline.saturating_duration_since(Instant::now()) / 4);
    let mut last: Option<(u32, Duration)> = None;
    for &log_size in sizes(target, scale) {
        let expected = last.map_or(Duration::ZERO, |(before, took)| {
            took.mul_f64(GROWTH.powi(log_size.abs_diff(before) as i32))
        });
        if Instant::now() + expected > deadline {
            let reason = format!(
                "too little time is left for it: about {:.0} s needed",
                expected.as_secs_f64()
            );
            context.report.skip(format!("kernels at 2^{log_size}"), reason)?;
            break;
        }
        let start = Instant::now();
        kernels(context, log_size)?;
        last = Some((log_size, start.elapsed()));
    }
    Ok(())
}

fn kernels(context: &mut Context, log_size: u32) -> anyhow::Result<()> {
    let known = Arc::new(KnownBases::new(1 << log_size));
    for (operation, kind) in msm_bn254::KINDS {
        if kind == Scalars::Full || (16..=SMALL_SCALARS_MAX).contains(&log_size) {
            let fixture = msm_bn254::Fixture::over(Arc::clone(&known), kind);
            race(context, operation, log_size, fixture.own(&[cpu()]))?;
        }
    }
    drop(known);
    let fixture = ntt_bn254::Fixture::new(log_size);
    race(context, "ntt_bn254", log_size, fixture.own(&[cpu()]))?;
    drop(fixture);
    for (operation, columns) in [("ntt_goldilocks", 1), ("ntt_goldilocks_x16", 16)] {
        if columns == 1 || log_size <= COLUMNS_MAX {
            let fixture = ntt_goldilocks::Fixture::new(log_size, columns);
            race(context, operation, log_size, fixture.own(&[cpu()]))?;
        }
    }
    Ok(())
}

fn race(
    context: &mut Context,
    operation: &str,
    log_size: u32,
    contenders: Vec<Contender<'_>>,
) -> anyhow::Result<()> {
    let effort = Effort {
        rounds: 5,
        time: Duration::from_secs(1),
    };
    let card_expected = context.args.target != Target::DryRun && has_kernel(operation);
    let measured = context.report.check(format!("{operation} at 2^{log_size}"), || {
        let measured = measure(operation, log_size, contenders, effort)?;
        ensure!(
            !card_expected || measured.iter().any(|m| m.backend == CARD),
            "the card does not compute it"
        );
        Ok(measured)
    })?;
    for measurement in measured.into_iter().flatten() {
        context.report.say(&Event::Kernel(measurement))?;
    }
    Ok(())
}

/// A library of ICICLE has no Goldilocks.
#[cfg(feature = "icicle")]
fn has_kernel(operation: &str) -> bool {
    use ashlar_accel::icicle::{KERNELS, Kernels};

    KERNELS == Kernels::Sppark || !operation.contains("goldilocks")
}

#[cfg(not(feature = "icicle"))]
fn has_kernel(_: &str) -> bool {
    false
}

fn whole_wrap(context: &mut Context) -> anyhow::Result<()> {
    let args = context.args.clone();
    let rounds = if args.target == Target::Card { 3 } else { 1 };
    let measured = context.report.check("the wrap by step", || {
        let subject = Subject::new(args.target, args.scale, &args.cache)?;
        let (keys, srs) = subject.keys()?;
        let measured = match &subject {
            Subject::Small { k, .. } => {
                let (_, instances) = Subject::toy(*k);
                let circuit = || Ok(Subject::toy(*k).0);
                wrap::measure_circuit(keys, srs, circuit, instances, rounds, Peer::None)?
            }
            Subject::Wrap { engine, proof } => {
                let (_, instances) = Subject::wrap_circuit(engine, proof)?;
                let circuit = || Ok(Subject::wrap_circuit(engine, proof)?.0);
                wrap::measure_circuit(keys, srs, circuit, instances, rounds, Peer::None)?
            }
        };
        ensure!(
            args.target == Target::DryRun || measured.iter().any(|m| m.prover == CARD),
            "the card does not prove it"
        );
        Ok(measured)
    })?;
    for measurement in measured.into_iter().flatten() {
        context.report.say(&Event::Wrap(measurement))?;
    }
    Ok(())
}

#[cfg(not(feature = "icicle"))]
fn memory(context: &mut Context) -> anyhow::Result<()> {
    context.report.skip("memory of the card", "no card")
}

/// Looks at the card's free memory while a sum is computed on it.
#[cfg(feature = "icicle")]
fn memory(context: &mut Context) -> anyhow::Result<()> {
    use std::sync::atomic::{AtomicBool, Ordering};

    use ashlar_accel::{
        Msm,
        icicle::{IcicleBackend, Options, card, msm_scratch_bytes},
    };

    use crate::selftest::figures::Memory;

    let log_size = match (context.args.target, context.args.scale) {
        (Target::DryRun, _) => return context.report.skip("memory of the card", "no card"),
        (Target::Card, Scale::Full) => 22,
        (Target::Card, Scale::Short) => 18,
        (Target::StandIn, _) => 8,
    };
    let free = || anyhow::Ok(card(0)?.free_bytes);
    let found = context.report.check("memory of the card", || {
        let before_bytes = free()?;
        let backend = IcicleBackend::new(Options::default())?;
        let known = KnownBases::new(1 << log_size);
        let scalars = Scalars::Full.draw(1 << log_size, 1);
        let bases = backend.prepare_bases(&known.points)?;
        backend.msm(&bases, &scalars)?;
        let (ready_bytes, counted_bytes) = (free()?, backend.bytes_in_use());
        let done = AtomicBool::new(false);
        let lowest_bytes = std::thread::scope(|scope| {
            let watching = scope.spawn(|| {
                let mut lowest = ready_bytes;
                while !done.load(Ordering::Relaxed) {
                    lowest = lowest.min(backend.free_bytes().unwrap_or(lowest));
                    std::thread::sleep(Duration::from_micros(200));
                }
                lowest
            });
            let sums = (0..3).try_for_each(|_| backend.msm(&bases, &scalars).map(drop));
            done.store(true, Ordering::Relaxed);
            let lowest = watching.join().expect("nothing panics there");
            sums.map(|()| lowest)
        })?;
        drop((bases, backend));
        Ok(Memory {
            log_size,
            before_bytes,
            ready_bytes,
            lowest_bytes,
            after_bytes: free()?,
            counted_bytes,
            scratch_estimate_bytes: msm_scratch_bytes(1 << log_size),
        })
    })?;
    match found {
        Some(memory) => context.report.say(&Event::Memory(memory)),
        None => Ok(()),
    }
}
