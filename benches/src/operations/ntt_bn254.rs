//! Forward transforms over BN254's scalar field, natural order, in place.

use ark_bn254::Fr as ArkFr;
use ark_ff::{BigInteger, FftField, PrimeField as _};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ashlar_accel::{Direction, Ntt, Order, Transform, testing::msm::Scalars};
use halo2curves::{bn256::Fr, ff::PrimeField};
use halo2curves_upstream::bn256::Fr as PeerFr;

use super::{CpuPath, cpu_backends};
use crate::{Cause, Contender};

/// Coefficients of one size, the same in every run.
pub struct Fixture {
    log_size: u32,
    coefficients: Vec<Fr>,
}

impl Fixture {
    /// `2^log_size` of them.
    pub fn new(log_size: u32) -> Self {
        Self {
            log_size,
            coefficients: Scalars::Full.draw(1 << log_size, 2),
        }
    }

    /// The value at `omega^1`, for the root of a contender.
    fn expected(&self, omega: Fr) -> Fr {
        let horner = |sum: Fr, coefficient: &Fr| sum * omega + coefficient;
        self.coefficients.iter().rev().fold(Fr::zero(), horner)
    }

    /// Index at which the value at `omega` stands.
    fn at(&self) -> usize {
        1 % self.coefficients.len()
    }

    /// Ours and the peers. Each transforms its own result again at every run: the time does not depend on the values.
    pub fn contenders(&self) -> Vec<Contender<'_>> {
        let mut contenders = self.own(&cpu_backends());
        let omega = self.omega();
        contenders.push(Contender::new("halo2curves", move || {
            self.halo2curves(omega).ok_or(Cause::Wrong)
        }));
        contenders.push(Contender::new("ark-poly", || self.arkworks().ok_or(Cause::Wrong)));
        contenders
    }

    /// Ours on these paths of the CPU, and on a card where one answers, its transfers apart.
    pub fn own(&self, paths: &[CpuPath]) -> Vec<Contender<'_>> {
        let omega = self.omega();
        let ours = paths.iter();
        #[cfg_attr(not(feature = "icicle"), allow(unused_mut))]
        let mut own: Vec<Contender<'_>> = ours
            .map(|(name, backend)| self.ours(name, *backend, omega))
            .collect();
        #[cfg(feature = "icicle")]
        if let Some((name, backend)) = super::card() {
            own.push(self.ours(name, backend, omega));
            own.push(super::round_trip(backend, vec![self.coefficients.clone()]));
        }
        own
    }

    /// halo2's root of this size.
    fn omega(&self) -> Fr {
        (self.log_size..Fr::S).fold(Fr::ROOT_OF_UNITY, |omega, _| omega.square())
    }

    fn ours<B: Ntt<Fr>>(&self, name: &str, backend: &'static B, omega: Fr) -> Contender<'_> {
        Contender::new(name, move || {
            let domain = backend.prepare_domain(self.log_size)?;
            let mut column = self.coefficients.clone();
            let mut run = move || {
                let transform = Transform {
                    direction: Direction::Forward,
                    order: Order::NaturalToNatural,
                    coset: None,
                };
                let result = backend.ntt_batch(&domain, transform, &mut [&mut column]);
                result.map(|()| column[1 % column.len()])
            };
            if run()? != self.expected(omega) {
                return Err(Cause::Wrong);
            }
            Ok(Box::new(move || {
                std::hint::black_box(run()).expect("it succeeded before");
            }))
        })
    }

    fn halo2curves(&self, omega: Fr) -> Option<Box<dyn FnMut()>> {
        let element = |element: &Fr| Option::<PeerFr>::from(PeerFr::from_repr(element.to_repr().into()));
        let mut column: Vec<PeerFr> = self.coefficients.iter().map(element).collect::<Option<_>>()?;
        let log_size = self.log_size;
        let root = (log_size..PeerFr::S).fold(PeerFr::ROOT_OF_UNITY, |omega, _| omega.square());
        let at = self.at();
        let mut run = move || {
            halo2curves_upstream::fft::best_fft(&mut column, root, log_size);
            column[at]
        };
        (run().to_repr().as_ref() == self.expected(omega).to_repr()).then(|| {
            Box::new(move || {
                std::hint::black_box(run());
            }) as _
        })
    }

    fn arkworks(&self) -> Option<Box<dyn FnMut()>> {
        let element = |element: &Fr| ArkFr::from_le_bytes_mod_order(&element.to_repr());
        let mut column: Vec<ArkFr> = self.coefficients.iter().map(element).collect();
        let domain = Radix2EvaluationDomain::<ArkFr>::new(column.len())?;
        let root = ArkFr::get_root_of_unity(column.len() as u64)?
            .into_bigint()
            .to_bytes_le();
        let root: Fr = Option::from(Fr::from_repr(root.try_into().ok()?))?;
        let at = self.at();
        let mut run = move || {
            domain.fft_in_place(&mut column);
            column[at]
        };
        (run().into_bigint().to_bytes_le() == self.expected(root).to_repr()).then(|| {
            Box::new(move || {
                std::hint::black_box(run());
            }) as _
        })
    }
}
