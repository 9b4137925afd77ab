//! Row programs: blocks of rows, one operation at a time over the whole block, so that reading the program costs little
//! beside the arithmetic.

mod code;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod portable;

use halo2curves::bn256::Fr;
use rayon::prelude::*;

use super::{CpuBackend, Level};
use crate::{
    AccelError,
    rows::{EvaluateRows, Program, check_table},
};

/// Rows that one task does with one set of registers.
const TASK_ROWS: usize = 1 << 10;

impl EvaluateRows<Fr> for CpuBackend {
    fn evaluate_rows(
        &self,
        program: &Program<Fr>,
        columns: &[&[Fr]],
        out: &mut [Fr],
    ) -> Result<(), AccelError> {
        check_table(program, columns, out.len())?;
        match self.level() {
            Level::Portable => {
                let machine = portable::Machine::new(program, columns);
                run(
                    out,
                    || machine.registers(),
                    |registers, first, out| machine.run(registers, first, out),
                );
            }
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Ifma => {
                let machine = ifma::Machine::new(program, columns);
                run(
                    out,
                    || machine.registers(),
                    |registers, first, out| machine.run(registers, first, out),
                );
            }
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx512Ifma => unreachable!("a backend of a level that the machine lacks cannot be made"),
        }
        Ok(())
    }
}

/// Splits the rows among all cores; `run` gets registers, the first row and the output of a task.
fn run<R>(
    out: &mut [Fr],
    registers: impl Fn() -> R + Sync + Send,
    run: impl Fn(&mut R, usize, &mut [Fr]) + Sync + Send,
) {
    let tasks = out.par_chunks_mut(TASK_ROWS).enumerate();
    tasks.for_each_init(registers, |registers, (task, out)| {
        run(registers, task * TASK_ROWS, out)
    });
}

/// Row `row + rotation` of `rows`, modulo their number.
fn rotate(row: usize, rotation: i32, rows: usize) -> usize {
    (row as i64 + i64::from(rotation)).rem_euclid(rows as i64) as usize
}
