//! Every kernel against the CPU: the suites that every backend must pass, check by check.

use ashlar_accel::{
    AccelError, Msm, Ntt,
    cpu::CpuBackend,
    testing::{Check, msm, ntt},
};
use halo2curves::bn256::{Fr, G1Affine};
use plonky2_field::goldilocks_field::GoldilocksField;

use crate::selftest::{
    child::Context,
    event::Reporter,
    part::{Scale, Target},
};

/// Largest size.
fn max_log_size(target: Target, scale: Scale) -> u32 {
    match (target, scale) {
        (Target::Card, Scale::Full) => 18,
        (Target::Card, Scale::Short) | (Target::DryRun, Scale::Full) => 14,
        (Target::StandIn, Scale::Full) => 10,
        (Target::DryRun, Scale::Short) => 10,
        (Target::StandIn, Scale::Short) => 7,
    }
}

pub fn run(context: &mut Context) -> anyhow::Result<()> {
    let usual = max_log_size(context.args.target, context.args.scale);
    let max = context.args.log_size.unwrap_or(usual);
    match context.args.target {
        Target::DryRun => suites(&mut context.report, &CpuBackend::new(), max),
        Target::Card | Target::StandIn => device(context, max),
    }
}

fn suites<B>(report: &mut Reporter, backend: &B, max_log_size: u32) -> anyhow::Result<()>
where
    B: Msm<G1Affine> + Ntt<Fr> + Ntt<GoldilocksField> + 'static,
{
    all(report, backend, "BN254 MSM", msm::checks(max_log_size))?;
    all(report, backend, "BN254 NTT", ntt::checks::<Fr, B>(max_log_size))?;
    match Ntt::<GoldilocksField>::prepare_domain(backend, 3) {
        Err(AccelError::Unavailable { reason, .. }) => report.skip("Goldilocks NTT", reason),
        // Another error is the checks' to meet.
        _ => {
            let mut checks = ntt::checks::<GoldilocksField, B>(max_log_size);
            checks.push(Check::new("unreduced elements", ntt::takes_unreduced_words));
            all(report, backend, "Goldilocks NTT", checks)
        }
    }
}

fn all<B>(report: &mut Reporter, backend: &B, kernel: &str, checks: Vec<Check<B>>) -> anyhow::Result<()> {
    for check in checks {
        report.check(format!("{kernel}: {}", check.name), || {
            check.run(backend);
            Ok(())
        })?;
    }
    Ok(())
}

#[cfg(feature = "icicle")]
fn device(context: &mut Context, max_log_size: u32) -> anyhow::Result<()> {
    use ashlar_accel::icicle::{IcicleBackend, Options};

    let report = &mut context.report;
    let open = |options: Options| Ok(IcicleBackend::new(options)?);
    let Some(backend) = report.check("the card opens", || open(Options::default()))? else {
        return Ok(());
    };
    suites(report, &backend, max_log_size)?;
    // Many loads are under way one after another, some of them shorter than a buffer.
    report.check("buffers of a few columns", || {
        let small = open(Options {
            staging_bytes: 3 * (32 << 7),
            ..Options::default()
        })?;
        msm::batches(&small);
        ntt::batches_columns::<Fr, _>(&small);
        ntt::holds_columns::<Fr, _>(&small);
        Ok(())
    })?;
    report.check("several threads", || {
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| msm::batches(&backend));
                scope.spawn(|| ntt::batches_columns::<Fr, _>(&backend));
            }
        });
        Ok(())
    })?;
    Ok(())
}

#[cfg(not(feature = "icicle"))]
fn device(_: &mut Context, _: u32) -> anyhow::Result<()> {
    anyhow::bail!("this binary has no CUDA backend")
}

/// icicle-core's own checks, whose sizes are fixed (to 2^18).
#[cfg(feature = "icicle")]
pub fn icicle_core(context: &mut Context) -> anyhow::Result<()> {
    let reason = match (context.args.target, context.args.scale) {
        (Target::DryRun, _) => "no card",
        (Target::StandIn, Scale::Short) => "too large for the stand-in in a short run",
        _ => {
            for (name, check) in ashlar_icicle::upstream::CHECKS {
                context.report.check(name, || {
                    check();
                    Ok(())
                })?;
            }
            return Ok(());
        }
    };
    context.report.skip("icicle-core", reason)
}

/// Not in this binary.
#[cfg(not(feature = "icicle"))]
pub fn icicle_core(context: &mut Context) -> anyhow::Result<()> {
    context.report.skip("icicle-core", "no card")
}
