//! Transforms on the CPU.
//!
//! A transform of `n = n1·n2` elements is two passes of short ones (the six-step method, without its transpositions):
//! with `i = i1·n2 + i2` and `k = k1 + n1·k2`,
//! `X[k] = Σ_i2 ω_n2^(i2·k2) · ω_n^(i2·k1) · Σ_i1 ω_n1^(i1·k1) · x[i]`.
//! [`pass`] does one pass, [`plan`] composes two for every direction, order and coset and holds the roots,
//! [`small`] does what is too short for that. [`arithmetic`] is what a field and a level of instructions must bring.

mod arithmetic;
mod bn254_integers;
mod bn254_portable;
mod buffer;
mod goldilocks_portable;
mod pass;
mod plan;
mod powers;
mod shift;
mod small;

#[cfg(target_arch = "x86_64")]
mod bn254_ifma;
#[cfg(target_arch = "x86_64")]
mod goldilocks_avx512;

use arithmetic::Arithmetic;
use halo2curves::bn256::Fr;
use plan::Plan;
use plonky2_field::goldilocks_field::GoldilocksField;
use rayon::prelude::*;
use shift::Shift;

use super::{CpuBackend, Level};
use crate::{
    AccelError, Ntt, Transform,
    field::NttField,
    ntt::{check_count, check_lengths},
};

/// A field with its two arithmetics.
pub trait CpuField: NttField {
    /// One element at a time.
    type Portable: Arithmetic<Field = Self>;
    /// Eight at a time.
    type Avx512: Arithmetic<Field = Self>;
}

impl CpuField for Fr {
    type Portable = bn254_portable::Bn254Portable;
    #[cfg(target_arch = "x86_64")]
    type Avx512 = bn254_ifma::Bn254Ifma;
    #[cfg(not(target_arch = "x86_64"))]
    type Avx512 = Self::Portable;
}

impl CpuField for GoldilocksField {
    type Portable = goldilocks_portable::GoldilocksPortable;
    #[cfg(target_arch = "x86_64")]
    type Avx512 = goldilocks_avx512::GoldilocksAvx512;
    #[cfg(not(target_arch = "x86_64"))]
    type Avx512 = Self::Portable;
}

/// What was prepared, for the level of the backend that prepared it.
enum Leveled<P, V> {
    Portable(P),
    /// Only made by a backend of that level, so only where the machine has the instructions.
    Avx512(V),
}

/// Roots of unity of one size.
///
/// Takes memory in the order of the root of the size and, once used: at most one scratch column per thread, and up to
/// `2^18` elements one more column for each direction and kind of order.
pub struct Domain<F: CpuField>(Leveled<Plan<F::Portable>, Plan<F::Avx512>>);

/// Powers of one shift; up to `2^18` elements, once used, a column for each direction and kind of order.
pub struct Coset<F: CpuField>(Leveled<Shift<F::Portable>, Shift<F::Avx512>>);

/// The caller's own columns: there is no nearer memory.
#[derive(Debug)]
pub struct Held<'a, F>(Vec<&'a [F]>);

impl<'a, F> Held<'a, F> {
    /// Columns that no transform left: these of the caller's.
    pub fn new(columns: Vec<&'a [F]>) -> Self {
        Self(columns)
    }
}

impl<F: CpuField> Ntt<F> for CpuBackend {
    type Domain = Domain<F>;
    type Coset = Coset<F>;
    type Held<'a>
        = Held<'a, F>
    where
        F: 'a;

    fn prepare_domain(&self, log_size: u32) -> Result<Domain<F>, AccelError> {
        if log_size > F::MAX_LOG_SIZE || log_size >= usize::BITS {
            return Err(AccelError::UnsupportedSize {
                operation: "ntt",
                size: 1usize.checked_shl(log_size).unwrap_or(usize::MAX),
                max: 1 << F::MAX_LOG_SIZE,
            });
        }
        Ok(Domain(match self.level() {
            Level::Portable => Leveled::Portable(Plan::new(log_size)),
            Level::Avx512Ifma => Leveled::Avx512(Plan::new(log_size)),
        }))
    }

    fn prepare_coset(&self, domain: &Domain<F>, shift: F) -> Result<Coset<F>, AccelError> {
        let Some(inverse) = shift.inverse() else {
            return Err(AccelError::InvalidInput {
                operation: "ntt",
                reason: "the shift of a coset is zero",
            });
        };
        Ok(Coset(match &domain.0 {
            Leveled::Portable(plan) => Leveled::Portable(Shift::new(plan, shift, inverse)),
            Leveled::Avx512(plan) => Leveled::Avx512(Shift::new(plan, shift, inverse)),
        }))
    }

    fn ntt_batch(
        &self,
        domain: &Domain<F>,
        transform: Transform<'_, Coset<F>>,
        columns: &mut [&mut [F]],
    ) -> Result<(), AccelError> {
        any_level(domain, transform, None, columns)
    }

    fn ntt_hold<'a>(
        &self,
        domain: &Domain<F>,
        transform: Transform<'_, Coset<F>>,
        mut columns: Vec<&'a mut [F]>,
    ) -> Result<Held<'a, F>, AccelError> {
        any_level(domain, transform, None, &mut columns)?;
        Ok(Held(columns.into_iter().map(|column| &*column).collect()))
    }

    fn ntt_from(
        &self,
        domain: &Domain<F>,
        transform: Transform<'_, Coset<F>>,
        held: &Held<'_, F>,
        out: &mut [&mut [F]],
    ) -> Result<(), AccelError> {
        any_level(domain, transform, Some(&held.0), out)
    }
}

fn any_level<F: CpuField>(
    domain: &Domain<F>,
    transform: Transform<'_, Coset<F>>,
    from: Option<&[&[F]]>,
    columns: &mut [&mut [F]],
) -> Result<(), AccelError> {
    match &domain.0 {
        Leveled::Portable(plan) => {
            let coset = match transform.coset {
                Some(Coset(Leveled::Portable(shift))) => Some(shift),
                Some(Coset(Leveled::Avx512(_))) => return Err(foreign_coset()),
                None => None,
            };
            batch(plan, transform, coset, from, columns)
        }
        Leveled::Avx512(plan) => {
            let coset = match transform.coset {
                Some(Coset(Leveled::Avx512(shift))) => Some(shift),
                Some(Coset(Leveled::Portable(_))) => return Err(foreign_coset()),
                None => None,
            };
            batch(plan, transform, coset, from, columns)
        }
    }
}

fn foreign_coset() -> AccelError {
    AccelError::InvalidInput {
        operation: "ntt",
        reason: "the coset was prepared for another domain",
    }
}

fn batch<A: Arithmetic>(
    plan: &Plan<A>,
    transform: Transform<'_, Coset<A::Field>>,
    coset: Option<&Shift<A>>,
    from: Option<&[&[A::Field]]>,
    columns: &mut [&mut [A::Field]],
) -> Result<(), AccelError>
where
    A::Field: CpuField,
{
    let size = 1 << plan.log_size;
    check_lengths(size, columns.iter().map(|column| &**column))?;
    if let Some(from) = from {
        check_count(from.len(), columns.len())?;
        check_lengths(size, from.iter().copied())?;
    }
    if coset.is_some_and(|coset| !coset.belongs_to(plan)) {
        return Err(foreign_coset());
    }
    let (direction, order) = (transform.direction, transform.order);
    columns.par_iter_mut().enumerate().for_each(|(i, column)| {
        plan.transform(direction, order, coset, from.map(|from| from[i]), column);
    });
    Ok(())
}
