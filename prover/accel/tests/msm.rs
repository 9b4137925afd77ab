//! The suite of multi-scalar multiplication on both levels of the CPU, and an independent curve implementation.

use ark_bn254::{Fr as ArkFr, G1Affine as ArkAffine, G1Projective as ArkProjective};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_ff::{BigInteger, PrimeField as _};
use ashlar_accel::{
    Msm,
    cpu::{CpuBackend, Level},
    testing::msm::{KnownBases, Scalars, suite},
};
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::PrimeField,
    group::Curve,
};

/// Calls `run` with each level that this machine has.
fn on_every_level(run: impl Fn(&CpuBackend)) {
    for level in [Level::Portable, Level::Avx512Ifma] {
        match CpuBackend::with_level(level) {
            Some(backend) => run(&backend),
            None => println!("{level:?}: skipped, this machine does not have it"),
        }
    }
}

#[test]
fn both_levels_pass_the_suite() {
    on_every_level(|backend| suite(backend, 18));
}

fn ark_point(point: &G1Affine) -> ArkAffine {
    let coordinate = |repr: &[u8]| ark_bn254::Fq::from_le_bytes_mod_order(repr);
    let (x, y) = (point.x.to_repr(), point.y.to_repr());
    ArkAffine::new(coordinate(x.as_ref()), coordinate(y.as_ref())) // checks the curve equation and the group
}

/// The same sums by arkworks, which shares no code with the curve arithmetic under test.
#[test]
fn arkworks_finds_the_same_sums() {
    let known = KnownBases::new(1 << 10);
    let points: Vec<ArkAffine> = known.points.iter().map(ark_point).collect();
    assert_eq!(points[0], ArkProjective::generator().into_affine());
    on_every_level(|backend| {
        let bases = backend.prepare_bases(&known.points).unwrap();
        for kind in Scalars::ALL {
            let scalars = kind.draw(1 << 10, 3);
            let repr = |scalar: &Fr| ArkFr::from_le_bytes_mod_order(scalar.to_repr().as_ref());
            let ark_scalars: Vec<ArkFr> = scalars.iter().map(repr).collect();
            let theirs = ArkProjective::msm(&points, &ark_scalars).unwrap().into_affine();
            let ours = backend.msm(&bases, &scalars).unwrap().to_affine();
            let (x, y) = theirs.xy().unwrap();
            assert_eq!(
                ours.x.to_repr().as_ref(),
                x.into_bigint().to_bytes_le(),
                "{kind:?}"
            );
            assert_eq!(
                ours.y.to_repr().as_ref(),
                y.into_bigint().to_bytes_le(),
                "{kind:?}"
            );
        }
    });
}
