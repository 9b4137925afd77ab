//! Why there is no proof.

use std::io;

use ashlar_accel::{AccelError, rows::ProgramError};
use halo2_proofs::plonk::Error;

/// What a circuit asks for and this prover does not have. Such a circuit is refused before any work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// Advice that depends on challenges.
    #[error(
        "multi-phase circuits: {challenges} challenges, {later_columns} advice columns after the first phase"
    )]
    Phases {
        /// Challenges of the constraint system.
        challenges: usize,
        /// Advice columns outside the first phase.
        later_columns: usize,
    },
    /// A constraint reads a selector that keygen did not turn into a fixed column.
    #[error("a constraint that still contains a selector")]
    Selector,
    /// The constraints have a higher degree than the keys were made for: `set_minimum_degree` was forgotten, and no
    /// prover's proofs verify under such keys.
    #[error("constraints of degree {needed} under keys for degree {used}: call set_minimum_degree({needed})")]
    Degree {
        /// Degree of the constraints.
        needed: usize,
        /// Degree of the keys.
        used: usize,
    },
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProverError {
    /// The circuit cannot be proved here.
    #[error("unsupported circuit: {0}")]
    Unsupported(Unsupported),
    /// Keys and SRS are of different sizes.
    #[error("keys are for k = {keys}, the SRS has k = {srs}")]
    Size {
        /// k of the keys.
        keys: u32,
        /// k of the SRS.
        srs: u32,
    },
    /// Another number of instance columns than the circuit has.
    #[error("{actual} instance columns, expected {expected}")]
    InstanceColumns {
        /// Columns of the circuit.
        expected: usize,
        /// Columns given.
        actual: usize,
    },
    /// An instance column that does not fit.
    #[error("instance column {column} has {actual} values, at most {usable} fit")]
    InstanceTooLong {
        /// The column.
        column: usize,
        /// Values given.
        actual: usize,
        /// Usable rows.
        usable: usize,
    },
    /// The circuit refuses to be laid out.
    #[error("the circuit cannot be synthesised")]
    Synthesis(#[source] Error),
    /// The circuit assigned a cell outside the columns, or in the rows kept for blinding.
    #[error("advice column {column} has no usable row {row}")]
    CellOutside {
        /// The column.
        column: usize,
        /// The row.
        row: usize,
    },
    /// The circuit has no value for a cell. It has no witness, or it computes with values read back from assigned
    /// cells: those are not known here, the circuit must compute its witness itself.
    #[error("the value of advice column {column}, row {row} is unknown")]
    CellUnknown {
        /// The column.
        column: usize,
        /// The row.
        row: usize,
    },
    /// The witness belongs to keys of another shape.
    #[error("witness of another circuit")]
    ForeignWitness,
    /// A lookup's input is not in its table: the witness is wrong.
    #[error("lookup {lookup}: the input at row {row} is not in the table")]
    NotInTable {
        /// Index of the lookup argument.
        lookup: usize,
        /// First such row.
        row: usize,
    },
    /// The backend has no result.
    #[error("backend")]
    Accel(#[from] AccelError),
    /// A defect of the constraint compiler.
    #[error("compiled constraints")]
    Program(#[from] ProgramError),
    /// The transcript refuses a value (the identity point, or a failing writer).
    #[error("transcript")]
    Transcript(#[from] io::Error),
}

impl ProverError {
    /// Whether another backend may prove the same witness: a backend that computes wrong values can cause these errors
    /// with a good witness.
    pub fn depends_on_backend(&self) -> bool {
        match self {
            Self::Accel(_) | Self::Transcript(_) | Self::NotInTable { .. } => true,
            Self::Unsupported(_)
            | Self::Size { .. }
            | Self::InstanceColumns { .. }
            | Self::InstanceTooLong { .. }
            | Self::Synthesis(_)
            | Self::CellOutside { .. }
            | Self::CellUnknown { .. }
            | Self::ForeignWitness
            | Self::Program(_) => false,
        }
    }
}
