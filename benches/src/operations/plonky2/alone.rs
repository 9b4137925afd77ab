//! Memory of one prover, in a process that has no other.
//!
//! Within one process the peak of either would hold what the other keeps for its next proof.

use std::{
    io::{self, Write},
    process::{Command, ExitStatus, Stdio},
};

use ashlar_report::memory::{peak_bytes, reset_peak, resident_bytes};
use ashlar_statement::{ProveCircuit, ProveError, StockProver};
use serde::{Deserialize, Serialize};

use super::{
    Circuit, CircuitSet, MeasureError, Who,
    path::{Input, InputError, Path, our_prover},
    sample,
};

/// What is done while memory is measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    /// Two proofs of one circuit: the second finds what the first has kept.
    Proof {
        /// Which.
        circuit: Circuit,
        /// What it takes, encoded.
        inputs: Vec<Vec<u8>>,
    },
    /// A whole batch.
    Pipeline {
        /// Transfers in it.
        transfers: u32,
    },
}

#[derive(Serialize, Deserialize)]
struct Task {
    who: Who,
    work: Work,
}

/// Resident memory of a process with circuits and one prover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// When all was ready to prove.
    pub before_bytes: u64,
    /// At most, while it proved.
    pub peak_bytes: u64,
}

/// A program that calls [`serve`] with the same circuits.
pub struct Alone {
    start: Box<dyn Fn() -> Command>,
}

/// Why memory was not measured.
#[derive(Debug, thiserror::Error)]
pub enum AloneError {
    /// It cannot be started, or not be talked to.
    #[error("cannot run a process of its own")]
    Run(#[from] io::Error),
    /// It says above why, on standard error.
    #[error("its process failed ({0})")]
    Failed(ExitStatus),
    /// It wrote something else than figures.
    #[error("its process gave no figures")]
    Answer(#[from] serde_json::Error),
}

/// Why [`serve`] has nothing to say.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// What it was told is no task.
    #[error("no task on standard input")]
    Task(#[from] serde_json::Error),
    /// The inputs are not of that circuit.
    #[error("the circuit does not take its inputs")]
    Input(#[from] InputError),
    /// The prover failed.
    #[error("the prover failed")]
    Prove(#[from] ProveError),
    /// The answer cannot be written.
    #[error("cannot write what was measured")]
    Answer(#[from] io::Error),
}

impl Alone {
    /// `start` makes the command; its standard streams are set here.
    pub fn new(start: impl Fn() -> Command + 'static) -> Self {
        Self {
            start: Box::new(start),
        }
    }

    /// Has a process do it with this prover; nothing where the kernel does not tell of memory.
    pub(super) fn measure(&self, who: Who, work: &Work) -> Result<Option<Memory>, MeasureError> {
        let task = Task {
            who,
            work: work.clone(),
        };
        self.ask(&task).map_err(|source| MeasureError::Memory {
            who: who.name(),
            source,
        })
    }

    fn ask(&self, task: &Task) -> Result<Option<Memory>, AloneError> {
        let task = serde_json::to_vec(task)?;
        let mut child = (self.start)()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut input = child.stdin.take().expect("piped");
        let sent = input.write_all(&task);
        drop(input); // it reads to the end
        let output = child.wait_with_output()?;
        if !output.status.success() {
            return Err(AloneError::Failed(output.status)); // rather than that it stopped reading
        }
        sent?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// Does what `input` says and writes what memory it took.
pub fn serve(circuits: &CircuitSet, input: impl io::Read, mut output: impl Write) -> Result<(), ServeError> {
    let Task { who, work } = serde_json::from_reader(input)?;
    let memory = match who {
        Who::Ours => watched(&Path::new(circuits, our_prover()), &work)?,
        Who::Stock => watched(&Path::new(circuits, StockProver), &work)?,
    };
    let answer = serde_json::to_vec(&memory)?;
    Ok(output.write_all(&answer)?)
}

fn watched<P: ProveCircuit>(path: &Path<'_, P>, work: &Work) -> Result<Option<Memory>, ServeError> {
    let act: Box<dyn Fn() -> Result<(), ProveError>> = match work {
        Work::Proof { circuit, inputs } => {
            let input = Input::from_bytes(path.circuits, *circuit, inputs)?;
            Box::new(move || {
                path.prove(&input)?;
                path.prove(&input)
            })
        }
        Work::Pipeline { transfers } => {
            let batch = sample::transfers(*transfers);
            Box::new(move || path.batch(&batch.chunks).map(drop))
        }
    };
    let before = resident_bytes();
    let is_reset = reset_peak().is_ok(); // without it the peak is that of reading the circuits
    act()?;
    let memory = before.zip(peak_bytes()).map(|(before_bytes, peak_bytes)| Memory {
        before_bytes,
        peak_bytes,
    });
    Ok(memory.filter(|_| is_reset))
}
