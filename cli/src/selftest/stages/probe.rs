//! Small work with known answers.

use anyhow::ensure;
use ashlar_accel::{
    AccelError, Direction, Msm, Ntt, NttField, Order, Transform,
    cpu::CpuBackend,
    testing::{
        msm::{KnownBases, Scalars},
        ntt,
    },
};
use halo2curves::bn256::{Fr, G1Affine};
use plonky2_field::goldilocks_field::GoldilocksField;

use crate::selftest::{child::Context, part::Target};

/// Size unless told otherwise.
const LOG_SIZE: u32 = 8;

/// A sum with a known answer.
pub fn sum<B: Msm<G1Affine>>(backend: &B, log_size: u32) -> anyhow::Result<()> {
    let known = KnownBases::new(1 << log_size);
    let scalars = Scalars::Full.draw(1 << log_size, 1);
    let bases = backend.prepare_bases(&known.points)?;
    ensure!(
        backend.msm(&bases, &scalars)? == known.expected(&scalars),
        "a wrong sum of 2^{log_size} products"
    );
    Ok(())
}

/// There and back again.
pub fn transforms<F: NttField, B: Ntt<F>>(backend: &B, log_size: u32) -> anyhow::Result<()> {
    let given = ntt::columns::<F>(log_size);
    let mut columns = given.clone();
    let domain = backend.prepare_domain(log_size)?;
    for direction in [Direction::Forward, Direction::Inverse] {
        let transform = Transform {
            direction,
            order: Order::NaturalToNatural,
            coset: None,
        };
        let mut slices: Vec<&mut [F]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
        backend.ntt_batch(&domain, transform, &mut slices)?;
        ensure!(
            (columns == given) == (direction == Direction::Inverse),
            "transforms of 2^{log_size} elements there and back are not the identity"
        );
    }
    Ok(())
}

fn all<B>(context: &mut Context, backend: &B) -> anyhow::Result<()>
where
    B: Msm<G1Affine> + Ntt<Fr> + Ntt<GoldilocksField>,
{
    let log_size = context.args.log_size.unwrap_or(LOG_SIZE);
    let report = &mut context.report;
    let mut right = vec![
        report.check("sum", || sum(backend, log_size))?,
        report.check("BN254 transform", || transforms::<Fr, _>(backend, log_size))?,
    ];
    match Ntt::<GoldilocksField>::prepare_domain(backend, 3) {
        Err(AccelError::Unavailable { reason, .. }) => report.skip("Goldilocks transform", reason)?,
        _ => right.push(report.check("Goldilocks transform", || {
            transforms::<GoldilocksField, _>(backend, log_size)
        })?),
    }
    // A tool sees the exit code only.
    ensure!(right.iter().all(Option::is_some), "a wrong result, or none");
    Ok(())
}

/// One sum and one transform of each kind.
pub fn run(context: &mut Context) -> anyhow::Result<()> {
    match context.args.target {
        Target::DryRun => all(context, &CpuBackend::new()),
        Target::Card | Target::StandIn => {
            let backend = open()?;
            all(context, &backend)
        }
    }
}

/// Sums until it is killed; says when it has begun.
pub fn busy(context: &mut Context) -> anyhow::Result<()> {
    match context.args.target {
        Target::DryRun => forever(context, &CpuBackend::new()),
        Target::Card | Target::StandIn => {
            let backend = open()?;
            forever(context, &backend)
        }
    }
}

fn forever<B: Msm<G1Affine>>(context: &mut Context, backend: &B) -> anyhow::Result<()> {
    let log_size = context.args.log_size.unwrap_or(LOG_SIZE);
    let known = KnownBases::new(1 << log_size);
    let scalars = Scalars::Full.draw(1 << log_size, 1);
    let bases = backend.prepare_bases(&known.points)?;
    context
        .report
        .check("busy", || Ok(backend.msm(&bases, &scalars)?))?;
    loop {
        backend.msm(&bases, &scalars)?;
    }
}

/// The card.
#[cfg(feature = "icicle")]
pub fn open() -> anyhow::Result<ashlar_accel::icicle::IcicleBackend> {
    use ashlar_accel::icicle::{IcicleBackend, Options};

    Ok(IcicleBackend::new(Options::default())?)
}

/// Not in this binary.
#[cfg(not(feature = "icicle"))]
pub fn open() -> anyhow::Result<CpuBackend> {
    anyhow::bail!("this binary has no CUDA backend")
}
