//! Programs over rows, on the CPU: there is no kernel for them yet.

use halo2curves::bn256::Fr;

use super::IcicleBackend;
use crate::{
    AccelError,
    rows::{EvaluateRows, Program},
};

impl EvaluateRows<Fr> for IcicleBackend {
    fn evaluate_rows(
        &self,
        program: &Program<Fr>,
        columns: &[&[Fr]],
        out: &mut [Fr],
    ) -> Result<(), AccelError> {
        self.cpu.evaluate_rows(program, columns, out)
    }
}
