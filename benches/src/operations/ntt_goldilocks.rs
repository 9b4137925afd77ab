//! Forward transforms over the Goldilocks field, natural order, in place.

use ashlar_accel::{AccelError, Direction, Ntt, Order, Transform};
use plonky2_field::{
    fft::{fft_root_table, fft_with_options},
    goldilocks_field::GoldilocksField as F,
    polynomial::PolynomialCoeffs,
    types::{Field, Sample},
};
use rand::SeedableRng;
use rayon::prelude::*;

use super::{CpuPath, cpu_backends};
use crate::{Cause, Contender};

/// Columns of one size, the same in every run.
pub struct Fixture {
    log_size: u32,
    columns: Vec<Vec<F>>,
}

impl Fixture {
    /// `columns` columns of `2^log_size`.
    pub fn new(log_size: u32, columns: usize) -> Self {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let mut column = || (0..1usize << log_size).map(|_| F::sample(&mut rng)).collect();
        Self {
            log_size,
            columns: (0..columns).map(|_| column()).collect(),
        }
    }

    /// The value at `omega` of the last column.
    fn expected(&self) -> Option<F> {
        let omega = F::primitive_root_of_unity(self.log_size as usize);
        let horner = |sum: F, coefficient: &F| sum * omega + *coefficient;
        Some(self.columns.last()?.iter().rev().fold(F::ZERO, horner))
    }

    /// Ours, and plonky2's, one column to a core.
    pub fn contenders(&self) -> Vec<Contender<'_>> {
        let mut contenders = self.own(&cpu_backends());
        contenders.push(Contender::new("plonky2", || self.plonky2().ok_or(Cause::Wrong)));
        contenders
    }

    /// Ours on these paths of the CPU, and on a card where one answers, its transfers apart.
    pub fn own(&self, paths: &[CpuPath]) -> Vec<Contender<'_>> {
        let ours = paths.iter();
        #[cfg_attr(not(feature = "icicle"), allow(unused_mut))]
        let mut own: Vec<Contender<'_>> = ours.map(|(name, backend)| self.ours(name, *backend)).collect();
        #[cfg(feature = "icicle")]
        // A library of ICICLE has no Goldilocks.
        if let Some((name, backend)) = super::card()
            && Ntt::<F>::prepare_domain(backend, self.log_size).is_ok()
        {
            own.push(self.ours(name, backend));
            own.push(super::round_trip(backend, self.columns.clone()));
        }
        own
    }

    fn ours<B: Ntt<F>>(&self, name: &str, backend: &'static B) -> Contender<'_> {
        Contender::new(name, move || {
            let domain = backend.prepare_domain(self.log_size)?;
            let mut columns = self.columns.clone();
            let mut run = move || {
                let transform = Transform {
                    direction: Direction::Forward,
                    order: Order::NaturalToNatural,
                    coset: None,
                };
                let mut slices: Vec<&mut [F]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
                backend.ntt_batch(&domain, transform, &mut slices)?;
                Ok::<_, AccelError>(columns.last().map(|last| last[1 % last.len()]))
            };
            if run()? != self.expected() {
                return Err(Cause::Wrong);
            }
            Ok(Box::new(move || {
                std::hint::black_box(run()).expect("it succeeded before");
            }))
        })
    }

    fn plonky2(&self) -> Option<Box<dyn FnMut()>> {
        let table = fft_root_table(1 << self.log_size);
        let mut columns = self.columns.clone();
        let mut run = move || {
            // Its transform consumes the coefficients and returns the values in the same memory.
            columns.par_iter_mut().for_each(|column| {
                let coefficients = PolynomialCoeffs::new(std::mem::take(column));
                *column = fft_with_options(coefficients, None, Some(&table)).values;
            });
            let last = columns.last()?;
            Some(last[1 % last.len()])
        };
        (run()? == self.expected()?).then(|| {
            Box::new(move || {
                std::hint::black_box(run());
            }) as _
        })
    }
}
