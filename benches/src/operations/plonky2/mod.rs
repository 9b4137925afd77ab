//! Proofs of chunk, lift, fold and compress: our prover and plonky2's own on the real circuits, from the same inputs.

pub mod alone;
pub mod card;
mod path;
pub mod pipeline;
mod race;
mod sample;
pub mod sizes;
mod table;

use std::time::Duration;

use ashlar_payments_engine::CircuitSet;
use ashlar_statement::ProveError;
use serde::{Deserialize, Serialize};

pub use ashlar_plonky2::Card;
pub use path::{our_prover, our_prover_in};
pub use race::measure;
pub(crate) use table::{circuit_lines, pipeline_lines};

use self::alone::{AloneError, Memory};
use super::CPU;
use crate::{spread::Spread, steps::Step, turns::Runs};

/// plonky2's own prover.
pub const STOCK: &str = "stock/plonky2";

/// What is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Circuit {
    /// Operations of one chunk.
    Chunk,
    /// A chunk's proof, in the shape that folds.
    Lift,
    /// Two neighbouring proofs.
    Fold,
    /// The proof of a batch, over BN254's hash.
    Compress,
}

impl Circuit {
    /// All, in the order in which a batch needs them.
    pub const ALL: [Self; 4] = [Self::Chunk, Self::Lift, Self::Fold, Self::Compress];

    /// As in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chunk => "chunk",
            Self::Lift => "lift",
            Self::Fold => "fold",
            Self::Compress => "compress",
        }
    }
}

/// A contender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// The prover of `prover/plonky2`.
    Ours,
    /// plonky2's own.
    Stock,
}

impl Who {
    /// As in reports: [`CPU`] or [`STOCK`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => CPU,
            Self::Stock => STOCK,
        }
    }
}

/// What a prover needed for a circuit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// [`Circuit::name`], or [`sizes::name`].
    pub circuit: String,
    /// [`CPU`] or [`STOCK`].
    pub prover: String,
    /// Median of the CPU time of a run, over all threads: from the inputs to the verified proof.
    pub cpu_seconds: f64,
    /// Median of the time of a run.
    pub seconds: f64,
    /// CPU time of every run, in order.
    pub cpu_runs: Vec<f64>,
    /// Time of every run, in order.
    pub runs: Vec<f64>,
    /// What is done once per machine.
    pub prepare_seconds: f64,
    /// `log2` of the rows of the circuit.
    pub degree_bits: usize,
    /// Memory of a process with this prover alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// What the time of ours goes into, assignment of the inputs and verification not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

impl Measurement {
    /// Without memory and steps.
    fn new(who: Who, circuit: String, degree_bits: usize, runs: Runs<()>, prepared: Duration) -> Self {
        Self {
            circuit,
            prover: who.name().to_owned(),
            cpu_seconds: Spread::of(&runs.cpu).median,
            seconds: Spread::of(&runs.wall).median,
            cpu_runs: runs.cpu,
            runs: runs.wall,
            prepare_seconds: prepared.as_secs_f64(),
            degree_bits,
            memory: None,
            steps: Vec::new(),
        }
    }
}

/// Why a prover was not measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// A prover failed.
    #[error("a prover failed")]
    Prove(#[from] ProveError),
    /// The process that is to measure memory did not.
    #[error("the memory of {who} is not measured")]
    Memory {
        /// [`Who::name`].
        who: &'static str,
        /// Why.
        #[source]
        source: AloneError,
    },
}
