//! Straight-line programs evaluated at every row of a table of columns: how a prover evaluates its constraints.

use crate::AccelError;

/// Index of an earlier value of the program.
pub type Value = u32;

/// One step; its result is the value with the step's own index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A constant of the program, by its index.
    Constant(u32),
    /// Cell `row + rotation` (modulo the number of rows) of a column.
    Cell {
        /// Index of the column.
        column: u32,
        /// Rows ahead, negative for rows behind.
        rotation: i32,
    },
    /// Sum of two values.
    Add(Value, Value),
    /// First value less the second.
    Sub(Value, Value),
    /// Product of two values.
    Mul(Value, Value),
}

/// A program: steps in order, each reading earlier ones only, and the value that is its output.
#[derive(Clone, Debug)]
pub struct Program<F> {
    steps: Vec<Step>,
    constants: Vec<F>,
    output: Value,
}

/// A defect of whoever built the program.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProgramError {
    /// A step reads a value that is not computed before it.
    #[error("step {step} reads value {value}, which is not earlier")]
    Forward {
        /// The step.
        step: usize,
        /// What it reads.
        value: Value,
    },
    /// A step reads a constant that does not exist.
    #[error("step {step} reads constant {constant} of {constants}")]
    Constant {
        /// The step.
        step: usize,
        /// The constant asked for.
        constant: u32,
        /// How many there are.
        constants: usize,
    },
    /// The output is not a value of the program.
    #[error("output {output} of {steps} steps")]
    Output {
        /// The output asked for.
        output: Value,
        /// How many steps there are.
        steps: usize,
    },
}

impl<F> Program<F> {
    /// Checks that every step reads what exists.
    pub fn new(steps: Vec<Step>, constants: Vec<F>, output: Value) -> Result<Self, ProgramError> {
        for (index, step) in steps.iter().enumerate() {
            let earlier = |value: Value| {
                if (value as usize) < index {
                    Ok(())
                } else {
                    Err(ProgramError::Forward { step: index, value })
                }
            };
            match *step {
                Step::Constant(constant) if constant as usize >= constants.len() => {
                    return Err(ProgramError::Constant {
                        step: index,
                        constant,
                        constants: constants.len(),
                    });
                }
                Step::Constant(_) | Step::Cell { .. } => {}
                Step::Add(a, b) | Step::Sub(a, b) | Step::Mul(a, b) => earlier(a).and(earlier(b))?,
            }
        }
        if output as usize >= steps.len() {
            return Err(ProgramError::Output {
                output,
                steps: steps.len(),
            });
        }
        Ok(Self {
            steps,
            constants,
            output,
        })
    }

    /// The steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The constants.
    pub fn constants(&self) -> &[F] {
        &self.constants
    }

    /// The value that is written out.
    pub fn output(&self) -> Value {
        self.output
    }

    /// Columns that a table must have at least.
    pub fn columns(&self) -> usize {
        let column = |step: &Step| match step {
            Step::Cell { column, .. } => *column as usize + 1,
            _ => 0,
        };
        self.steps.iter().map(column).max().unwrap_or(0)
    }
}

/// Evaluates a program at every row.
pub trait EvaluateRows<F>: Send + Sync {
    /// Writes the program's output at row `i` to `out[i]`, for the rows of `columns` (all as long as `out`).
    ///
    /// [`AccelError::LengthMismatch`] when a column has another length or the program reads a column that is not there.
    fn evaluate_rows(&self, program: &Program<F>, columns: &[&[F]], out: &mut [F]) -> Result<(), AccelError>;
}

/// What every evaluator refuses first: too few columns, or columns of other lengths than `rows`.
pub(crate) fn check_table<F>(program: &Program<F>, columns: &[&[F]], rows: usize) -> Result<(), AccelError> {
    let mismatch = |expected, actual| AccelError::LengthMismatch {
        operation: "rows",
        expected,
        actual,
    };
    if columns.len() < program.columns() {
        return Err(mismatch(program.columns(), columns.len()));
    }
    match columns.iter().find(|column| column.len() != rows) {
        Some(column) => Err(mismatch(rows, column.len())),
        None => Ok(()),
    }
}
