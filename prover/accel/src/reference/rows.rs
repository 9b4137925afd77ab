use halo2curves::ff::Field;

use crate::{
    AccelError,
    rows::{Program, Step, check_table},
};

/// Twin of [`crate::rows::EvaluateRows`]: one row at a time, one step at a time.
pub fn evaluate_rows<F: Field>(
    program: &Program<F>,
    columns: &[&[F]],
    out: &mut [F],
) -> Result<(), AccelError> {
    let rows = out.len();
    check_table(program, columns, rows)?;
    let mut values = vec![F::ZERO; program.steps().len()];
    for (row, out) in out.iter_mut().enumerate() {
        for (index, step) in program.steps().iter().enumerate() {
            let value = |value: u32| values[value as usize];
            values[index] = match *step {
                Step::Constant(constant) => program.constants()[constant as usize],
                Step::Cell { column, rotation } => {
                    let cell = (row as i64 + i64::from(rotation)).rem_euclid(rows as i64);
                    columns[column as usize][cell as usize]
                }
                Step::Add(a, b) => value(a) + value(b),
                Step::Sub(a, b) => value(a) - value(b),
                Step::Mul(a, b) => value(a) * value(b),
            };
        }
        *out = values[program.output() as usize];
    }
    Ok(())
}
