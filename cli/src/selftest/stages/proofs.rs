//! Proofs of plonky2's circuits on the card: byte for byte the CPU's, and how many a second.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ashlar_benches::{
    Effort,
    operations::plonky2::{
        Card,
        card::{self, Subject},
        our_prover,
        sizes::Synthetic,
    },
};

use crate::selftest::{
    child::Context,
    event::Event,
    part::{Scale, Target},
};

/// Proofs at once that are compared with the CPU's: alone, and an odd number beside each other.
const COMPARED: [usize; 2] = [1, 5];
/// Proofs at once that are measured, as far as there is room.
const MEASURED: [usize; 4] = [1, 4, 16, 64];
/// A batch takes at most so much longer than one of a quarter.
const GROWTH: f64 = 4.5;
/// Runs of a batch, with the one that warms up and the one whose steps are watched.
const RUNS: f64 = 5.0;
/// What is tested: the emulation computes one thread after the other.
const EMULATED_LOG_ROWS: u32 = 8;
const SHORT_LOG_ROWS: u32 = 12;

pub fn run(context: &mut Context) -> anyhow::Result<()> {
    const CHECK: &str = "proofs on the card";
    let (target, scale) = (context.args.target, context.args.scale);
    match target {
        Target::StandIn => context
            .report
            .skip(CHECK, "the stand-in has none of these kernels"),
        Target::DryRun => match Card::emulated() {
            Ok(card) => synthetic(context, &Arc::new(card), EMULATED_LOG_ROWS),
            Err(_) => context.report.skip(CHECK, "no card"),
        },
        Target::Card => {
            let open = || Ok(Card::open(0, usize::MAX)?);
            let Some(card) = context.report.check("the card opens for proofs", open)? else {
                return Ok(());
            };
            let card = Arc::new(card);
            synthetic(context, &card, SHORT_LOG_ROWS)?;
            if scale == Scale::Full {
                real(context, &card)?;
            }
            Ok(())
        }
    }
}

fn synthetic(context: &mut Context, card: &Arc<Card>, log_rows: u32) -> anyhow::Result<()> {
    let circuit = Synthetic::new(log_rows);
    subject(context, card, &circuit.subject()?)
}

/// The circuits that payments are proved with.
fn real(context: &mut Context, card: &Arc<Card>) -> anyhow::Result<()> {
    let cache = context.args.cache.clone();
    let circuits = context.report.check("circuits", || cache.circuits())?;
    let Some(circuits) = circuits else { return Ok(()) };
    let made = || Ok(card::real(&circuits, our_prover())?);
    let Some(subjects) = context.report.check("proofs to be verified", made)? else {
        return Ok(());
    };
    subjects.iter().try_for_each(|of| subject(context, card, of))
}

fn subject(context: &mut Context, card: &Arc<Card>, subject: &Subject<'_>) -> anyhow::Result<()> {
    let name = &subject.name;
    let resident = || Ok(subject.on(card, &our_prover())?);
    let brought = format!("{name}: the circuit is brought to the card");
    let Some(resident) = context.report.check(brought, resident)? else {
        return Ok(());
    };
    for batch in COMPARED {
        let check = format!("{name}: {batch} at once, the same bytes");
        context.report.check(check, || Ok(resident.check(batch)?))?;
    }
    if context.args.target != Target::Card {
        return Ok(());
    }
    let mut expected = Duration::ZERO;
    for batch in MEASURED {
        if batch > resident.room()? || Instant::now() + expected.mul_f64(RUNS) > context.deadline {
            let reason = "too little memory or time is left for it";
            context
                .report
                .skip(format!("{name}: {batch} at once, measured"), reason)?;
            break;
        }
        let effort = Effort {
            rounds: 3,
            time: Duration::ZERO,
        };
        let check = format!("{name}: {batch} at once, measured");
        let measured = context
            .report
            .check(check, || Ok(resident.measure(batch, effort)?))?;
        let Some(measured) = measured else { break };
        expected = Duration::from_secs_f64(measured.seconds * GROWTH);
        context.report.say(&Event::Proofs(measured))?;
    }
    Ok(())
}
