//! Whether a device computes what the CPU computes, and about how fast: a second of work before it is trusted with jobs.

use std::time::Instant;

use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::Field,
    group::{Curve, Group, prime::PrimeCurveAffine},
};

use crate::{AccelError, Backend, Direction, Msm, Ntt, Order, Transform, cpu::CpuBackend};

/// Scalars of the sum: enough for several buckets of each window, whatever the windows.
const SCALARS: usize = 1 << 13;
/// Elements of a transform.
const LOG_SIZE: u32 = 13;
/// Transforms at a time.
const COLUMNS: usize = 4;

/// What a device that passed can do. Small inputs, so a floor: larger ones are faster by the scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShortTest {
    /// Scalars of a multi-scalar multiplication.
    pub msm_scalars_per_second: f64,
    /// Elements of transforms.
    pub ntt_elements_per_second: f64,
}

/// Compares a sum, and transforms there and back, with the CPU's. Everything goes to `backend` whatever its size: give it
/// the device itself.
///
/// # Errors
/// What the device said, or [`AccelError::WrongResult`].
pub fn short_test<B: Backend>(backend: &B) -> Result<ShortTest, AccelError> {
    let cpu = CpuBackend::new();
    Ok(ShortTest {
        msm_scalars_per_second: sum(backend, &cpu)?,
        ntt_elements_per_second: transforms(backend, &cpu)?,
    })
}

/// Different elements of all sizes, the same each time.
fn elements(count: usize) -> Vec<Fr> {
    let ratio = Fr::from(0x9e37_79b9_7f4a_7c15);
    let edges = [Fr::ZERO, Fr::ONE, -Fr::ONE];
    let powers = std::iter::successors(Some(ratio), |power| Some(*power * ratio));
    edges.into_iter().chain(powers).take(count).collect()
}

fn sum<B: Backend>(backend: &B, cpu: &CpuBackend) -> Result<f64, AccelError> {
    let points = std::iter::successors(Some(G1::generator()), |point| Some(point.double()));
    let points: Vec<G1> = points.take(SCALARS).collect();
    let mut bases = vec![G1Affine::identity(); SCALARS];
    G1::batch_normalize(&points, &mut bases);
    let scalars = elements(SCALARS);
    let expected = cpu.msm(&cpu.prepare_bases(&bases)?, &scalars)?;
    let prepared = backend.prepare_bases(&bases)?;
    let mut seconds = f64::INFINITY;
    for _ in 0..2 {
        let start = Instant::now(); // the first call may also load kernels
        let found = backend.msm(&prepared, &scalars)?;
        seconds = start.elapsed().as_secs_f64().min(seconds);
        if found != expected {
            return Err(wrong(backend, "msm"));
        }
    }
    Ok(SCALARS as f64 / seconds)
}

fn transforms<B: Backend>(backend: &B, cpu: &CpuBackend) -> Result<f64, AccelError> {
    let given = elements(COLUMNS << LOG_SIZE);
    let (domain, on_cpu) = (backend.prepare_domain(LOG_SIZE)?, cpu.prepare_domain(LOG_SIZE)?);
    let mut fastest = f64::INFINITY;
    for direction in [Direction::Forward, Direction::Inverse] {
        let (expected, _) = transformed(cpu, &on_cpu, direction, &given)?;
        let (found, seconds) = transformed(backend, &domain, direction, &given)?;
        if found != expected {
            return Err(wrong(backend, "ntt"));
        }
        fastest = seconds.min(fastest);
    }
    Ok((COLUMNS << LOG_SIZE) as f64 / fastest)
}

fn transformed<B: Ntt<Fr>>(
    backend: &B,
    domain: &B::Domain,
    direction: Direction,
    given: &[Fr],
) -> Result<(Vec<Fr>, f64), AccelError> {
    let plain = Transform {
        direction,
        order: Order::NaturalToNatural,
        coset: None,
    };
    let mut elements = given.to_vec();
    let mut columns: Vec<&mut [Fr]> = elements.chunks_mut(1 << LOG_SIZE).collect();
    let start = Instant::now();
    backend.ntt_batch(domain, plain, &mut columns)?;
    let seconds = start.elapsed().as_secs_f64();
    Ok((elements, seconds))
}

fn wrong(backend: &impl Backend, operation: &'static str) -> AccelError {
    AccelError::WrongResult {
        backend: backend.name(),
        operation,
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::{
        Timed, device_time,
        testing::observed::{Answer, Observed, Observer},
    };

    /// Does something else at the call of this number.
    struct At(usize, Answer, AtomicUsize);

    impl Observer for At {
        const NAME: &'static str = "device";

        fn call(&self, _: &'static str, _: usize) -> Result<Answer, AccelError> {
            Ok(if self.2.fetch_add(1, Ordering::SeqCst) == self.0 {
                self.1
            } else {
                Answer::Honest
            })
        }
    }

    fn device(call: usize) -> Observed<At> {
        Observed::new(At(call, Answer::Lie, AtomicUsize::new(0)))
    }

    #[test]
    fn a_device_that_computes_right_passes_and_its_time_is_counted() {
        let before = device_time();
        let found = short_test(&Timed::new(CpuBackend::new())).expect("the CPU is right");
        assert!(found.msm_scalars_per_second > 0.0 && found.msm_scalars_per_second.is_finite());
        assert!(found.ntt_elements_per_second > 0.0 && found.ntt_elements_per_second.is_finite());
        let least = SCALARS as f64 / found.msm_scalars_per_second;
        assert!(
            (device_time() - before).as_secs_f64() >= least,
            "two sums, at least"
        );
    }

    #[test]
    fn a_lie_in_any_call_is_told_with_its_operation() {
        // Bases, two sums, two transforms.
        for (call, operation) in [(0, "msm"), (1, "msm"), (2, "msm"), (3, "ntt"), (4, "ntt")] {
            match short_test(&device(call)) {
                Err(AccelError::WrongResult {
                    backend: "device",
                    operation: found,
                }) => assert_eq!(found, operation, "call {call}"),
                other => panic!("call {call}: {other:?}"),
            }
        }
        short_test(&device(5)).expect("there are five calls");
    }

    #[test]
    fn what_a_device_says_is_passed_on() {
        struct Lost;
        impl Observer for Lost {
            const NAME: &'static str = "device";

            fn call(&self, operation: &'static str, _: usize) -> Result<Answer, AccelError> {
                match operation {
                    "ntt" => Err(AccelError::DeviceLost {
                        backend: Self::NAME,
                        reason: "it fell off the bus".into(),
                    }),
                    _ => Ok(Answer::Honest),
                }
            }
        }
        let told = short_test(&Observed::new(Lost)).expect_err("it is lost");
        assert!(told.to_string().contains("fell off the bus"), "{told}");
    }
}
