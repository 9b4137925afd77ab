//! The wrap on the card must be the wrap on the CPU, byte for byte, from the same seed.

use anyhow::ensure;
use ashlar_accel::{
    BackendChoice,
    cpu::{CpuBackend, Level},
};
use ashlar_engine::open_prover;
use ashlar_kzg::{Snark, SnarkProver, prover::Seed};

use super::subject::Subject;
use crate::selftest::{child::Context, part::Target};

/// The same for every proof here. They are shown to nobody, so nothing is lost by a known seed.
const SEED: [u8; 32] = [9; 32];

pub fn run(context: &mut Context) -> anyhow::Result<()> {
    let args = context.args.clone();
    let report = &mut context.report;
    let made = report.check("circuit, keys and a proof to wrap", || {
        Subject::new(args.target, args.scale, &args.cache)
    })?;
    let Some(subject) = made else { return Ok(()) };
    let (keys, srs) = subject.keys()?;
    let name = subject.name();

    let on_cpu = report.check(format!("{name} on the CPU"), || {
        prove(&subject, &open_prover(keys, srs, BackendChoice::Cpu)?, "cpu")
    })?;
    let Some(expected) = on_cpu else { return Ok(()) };
    if args.target == Target::DryRun {
        let backend = CpuBackend::with_level(Level::Portable).expect("every machine has the portable path");
        report.check(format!("{name} on the portable path: the same bytes"), || {
            let portable = SnarkProver::with_backend(keys, srs, backend)?;
            same(prove(&subject, &portable, "cpu")?, &expected)
        })?;
        return Ok(());
    }
    for (choice, what) in [
        (BackendChoice::Icicle, "on the card"),
        (BackendChoice::Auto, "split by size"),
    ] {
        report.check(format!("{name} {what}: the same bytes"), || {
            same(
                prove(&subject, &open_prover(keys, srs, choice)?, "icicle")?,
                &expected,
            )
        })?;
    }
    Ok(())
}

fn same(snark: Snark, expected: &Snark) -> anyhow::Result<()> {
    ensure!(
        snark == *expected,
        "a valid proof, but not the CPU's from the same seed"
    );
    Ok(())
}

/// A proof that `backend` made, and not the CPU in its place.
fn prove(subject: &Subject, prover: &SnarkProver, backend: &str) -> anyhow::Result<Snark> {
    let seed = Seed::fixed(SEED);
    let wrapped = match subject {
        Subject::Small { k, .. } => {
            let (circuit, instances) = Subject::toy(*k);
            prover.prove_seeded(&circuit, instances, seed)?
        }
        Subject::Wrap { engine, proof } => {
            let (circuit, instances) = Subject::wrap_circuit(engine, proof)?;
            prover.prove_seeded(&circuit, instances, seed)?
        }
    };
    if let Some(fallback) = wrapped.fallback {
        return Err(fallback.into());
    }
    ensure!(
        wrapped.backend == backend,
        "made by {}, not by {backend}",
        wrapped.backend
    );
    tracing::info!(backend = wrapped.backend, "\n{}", wrapped.steps);
    Ok(wrapped.snark)
}
