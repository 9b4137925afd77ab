use halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
    fft::best_fft,
};
use rayon::prelude::*;

use super::CpuBackend;
use crate::{AccelError, Direction, Ntt, Order, Transform};

/// Root and size.
pub struct Domain {
    log_size: u32,
    omega: Fr,
}
/// The shift.
pub struct Coset {
    shift: Fr,
}

fn scale(column: &mut [Fr], first: Fr, ratio: Fr) {
    let mut factor = first;
    for value in column {
        *value *= factor;
        factor *= ratio;
    }
}

impl Ntt<Fr> for CpuBackend {
    type Domain = Domain;
    type Coset = Coset;

    fn prepare_domain(&self, log_size: u32) -> Result<Domain, AccelError> {
        if log_size > Fr::S {
            return Err(AccelError::UnsupportedSize {
                operation: "ntt",
                size: 1 << log_size,
                max: 1 << Fr::S,
            });
        }
        let omega = (log_size..Fr::S).fold(Fr::ROOT_OF_UNITY, |w, _| w.square());
        Ok(Domain { log_size, omega })
    }

    fn prepare_coset(&self, _: &Domain, shift: Fr) -> Result<Coset, AccelError> {
        Ok(Coset { shift })
    }

    fn ntt_batch(
        &self,
        domain: &Domain,
        transform: Transform<'_, Coset>,
        columns: &mut [&mut [Fr]],
    ) -> Result<(), AccelError> {
        let n = 1usize << domain.log_size;
        for column in columns.iter() {
            if column.len() != n {
                return Err(AccelError::LengthMismatch {
                    operation: "ntt",
                    expected: n,
                    actual: column.len(),
                });
            }
        }
        assert_eq!(
            transform.order,
            Order::NaturalToNatural,
            "other orders are not built yet"
        );
        columns
            .par_iter_mut()
            .for_each(|column| match transform.direction {
                Direction::Forward => {
                    if let Some(coset) = transform.coset {
                        scale(column, Fr::ONE, coset.shift);
                    }
                    best_fft(column, domain.omega, domain.log_size);
                }
                Direction::Inverse => {
                    best_fft(column, domain.omega.invert().unwrap(), domain.log_size);
                    let ratio = transform.coset.map_or(Fr::ONE, |c| c.shift.invert().unwrap());
                    scale(column, Fr::from(n as u64).invert().unwrap(), ratio);
                }
            });
        Ok(())
    }
}
