use halo2curves::bn256::Fr;

use super::CpuBackend;
use crate::{
    AccelError, reference,
    rows::{EvaluateRows, Program},
};

impl EvaluateRows<Fr> for CpuBackend {
    fn evaluate_rows(
        &self,
        program: &Program<Fr>,
        columns: &[&[Fr]],
        out: &mut [Fr],
    ) -> Result<(), AccelError> {
        reference::evaluate_rows(program, columns, out)
    }
}
