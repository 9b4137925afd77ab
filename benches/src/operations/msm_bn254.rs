//! Multi-scalar multiplication over BN254's G1.

use std::sync::Arc;

use ark_bn254::{Fr as ArkFr, G1Affine as ArkAffine, G1Projective as ArkProjective};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::{BigInteger, PrimeField as _};
use ashlar_accel::{
    Msm,
    testing::msm::{KnownBases, Scalars},
};
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::PrimeField,
    group::Curve,
};
use halo2curves_upstream::bn256::{Fr as PeerFr, G1Affine as PeerAffine};

use super::{CpuPath, cpu_backends};
use crate::{Cause, Contender};

/// Kinds of scalars that are measured, and the names of the operations.
pub const KINDS: [(&str, Scalars); 3] = [
    ("msm_bn254", Scalars::Full),
    ("msm_bn254_u64", Scalars::Small(64)),
    ("msm_bn254_u16", Scalars::Small(16)),
];

/// Bases and scalars of one size, the same in every run.
pub struct Fixture {
    known: Arc<KnownBases>,
    scalars: Vec<Fr>,
}

impl Fixture {
    /// `2^log_size` of them.
    pub fn new(log_size: u32, kind: Scalars) -> Self {
        Self::over(Arc::new(KnownBases::new(1 << log_size)), kind)
    }

    /// As many scalars as there are bases.
    pub fn over(known: Arc<KnownBases>, kind: Scalars) -> Self {
        let scalars = kind.draw(known.points.len(), 1);
        Self { known, scalars }
    }

    fn expected(&self) -> G1Affine {
        self.known.expected(&self.scalars).to_affine()
    }

    /// Ours and the peers.
    pub fn contenders(&self) -> Vec<Contender<'_>> {
        let mut contenders = self.own(&cpu_backends());
        contenders.push(Contender::new("halo2curves", || {
            self.halo2curves().ok_or(Cause::Wrong)
        }));
        contenders.push(Contender::new("ark-ec", || self.arkworks().ok_or(Cause::Wrong)));
        contenders
    }

    /// Ours on these paths of the CPU, and on a card where one answers, its transfers apart.
    pub fn own(&self, paths: &[CpuPath]) -> Vec<Contender<'_>> {
        let ours = paths.iter();
        #[cfg_attr(not(feature = "icicle"), allow(unused_mut))]
        let mut own: Vec<Contender<'_>> = ours.map(|(name, backend)| self.ours(name, *backend)).collect();
        #[cfg(feature = "icicle")]
        if let Some((name, backend)) = super::card() {
            own.push(self.ours(name, backend));
            own.push(super::one_way(backend, &self.scalars));
        }
        own
    }

    fn ours<B: Msm<G1Affine>>(&self, name: &str, backend: &'static B) -> Contender<'_> {
        Contender::new(name, move || {
            let bases = backend.prepare_bases(&self.known.points)?;
            let sum = backend.msm(&bases, &self.scalars)?;
            if sum.to_affine() != self.expected() {
                return Err(Cause::Wrong);
            }
            Ok(Box::new(move || {
                std::hint::black_box(backend.msm(&bases, &self.scalars)).expect("it succeeded before");
            }))
        })
    }

    fn halo2curves(&self) -> Option<Box<dyn FnMut()>> {
        let coordinate =
            |repr: [u8; 32]| Option::from(halo2curves_upstream::bn256::Fq::from_repr(repr.into()));
        let point = |point: &G1Affine| {
            Some(PeerAffine {
                x: coordinate(point.x.to_repr())?,
                y: coordinate(point.y.to_repr())?,
            })
        };
        let bases: Vec<PeerAffine> = self.known.points.iter().map(point).collect::<Option<_>>()?;
        let scalar = |scalar: &Fr| Option::from(PeerFr::from_repr(scalar.to_repr().into()));
        let scalars: Vec<PeerFr> = self.scalars.iter().map(scalar).collect::<Option<_>>()?;
        let run = move || halo2curves_upstream::msm::msm_best(&scalars, &bases);
        let (sum, expected) = (run().to_affine(), self.expected());
        (sum.x.to_repr().as_ref() == expected.x.to_repr() && sum.y.to_repr().as_ref() == expected.y.to_repr())
            .then(|| {
                Box::new(move || {
                    std::hint::black_box(run());
                }) as _
            })
    }

    fn arkworks(&self) -> Option<Box<dyn FnMut()>> {
        let coordinate = |repr: [u8; 32]| ark_bn254::Fq::from_le_bytes_mod_order(&repr);
        let point = |point: &G1Affine| {
            ArkAffine::new_unchecked(coordinate(point.x.to_repr()), coordinate(point.y.to_repr()))
        };
        let bases: Vec<ArkAffine> = self.known.points.iter().map(point).collect();
        let scalar = |scalar: &Fr| ArkFr::from_le_bytes_mod_order(&scalar.to_repr());
        let scalars: Vec<ArkFr> = self.scalars.iter().map(scalar).collect();
        let run = move || ArkProjective::msm(&bases, &scalars).expect("as many bases as scalars");
        let (sum, expected) = (run().into_affine(), self.expected());
        (sum.x.into_bigint().to_bytes_le() == expected.x.to_repr()
            && sum.y.into_bigint().to_bytes_le() == expected.y.to_repr())
        .then(|| {
            Box::new(move || {
                let _ = std::hint::black_box(run());
            }) as _
        })
    }
}
