use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    msm::msm_best,
};

use super::CpuBackend;
use crate::{AccelError, Msm};

impl Msm<G1Affine> for CpuBackend {
    type Bases = Vec<G1Affine>;

    fn prepare_bases(&self, bases: &[G1Affine]) -> Result<Self::Bases, AccelError> {
        Ok(bases.to_vec())
    }

    fn msm_batch(&self, bases: &Self::Bases, scalars: &[&[Fr]]) -> Result<Vec<G1>, AccelError> {
        let one = |scalars: &&[Fr]| {
            let bases = bases.get(..scalars.len()).ok_or(AccelError::LengthMismatch {
                operation: "msm",
                expected: bases.len(),
                actual: scalars.len(),
            })?;
            Ok(msm_best(scalars, bases))
        };
        scalars.iter().map(one).collect()
    }
}
