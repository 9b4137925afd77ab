//! A batch of transfers from its witnesses to the compressed proof: our prover and plonky2's own.

use std::time::Instant;

use ashlar_payments::leaves::{PaymentCircuits, PaymentWitness};
use ashlar_recursion::CompressedProof;
use ashlar_statement::{LeafCircuits, ProveCircuit, ProveError, StockProver};
use serde::{Deserialize, Serialize};

use super::{
    Circuit, CircuitSet, MeasureError, Who,
    alone::{Alone, Memory, Work},
    path::{Path, our_prover},
    sample,
};
use crate::{
    Effort, cpu_time,
    spread::Spread,
    turns::{Runs, take_turns},
};

/// All proofs of one circuit in a batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// [`Circuit::name`].
    pub circuit: String,
    /// How many.
    pub proofs: usize,
    /// Median of their time in a run, together.
    pub seconds: f64,
    /// Median of their CPU time.
    pub cpu_seconds: f64,
}

/// What a prover needed for a batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// [`Who::name`].
    pub prover: String,
    /// Transfers in the batch, which has nothing else.
    pub transfers: u32,
    /// Median of the time of a run: from the witnesses to the verified compressed proof, one proof after the other.
    pub seconds: f64,
    /// Median of the CPU time of a run, over all threads.
    pub cpu_seconds: f64,
    /// Time of every run, in order.
    pub runs: Vec<f64>,
    /// CPU time of every run, in order.
    pub cpu_runs: Vec<f64>,
    /// By circuit.
    pub steps: Vec<Step>,
    /// Memory of a process with this prover alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
}

/// Proofs of one circuit in one run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    proofs: usize,
    seconds: f64,
    cpu_seconds: f64,
}

impl Part {
    fn time<T>(&mut self, prove: impl FnOnce() -> Result<T, ProveError>) -> Result<T, ProveError> {
        let (start, cpu_start) = (Instant::now(), cpu_time());
        let proof = prove()?;
        self.seconds += start.elapsed().as_secs_f64();
        self.cpu_seconds += (cpu_time() - cpu_start).as_secs_f64();
        self.proofs += 1;
        Ok(proof)
    }
}

impl<P: ProveCircuit> Path<'_, P> {
    /// Proves a batch; the parts are in the order of [`Circuit::ALL`].
    pub(super) fn batch(
        &self,
        chunks: &[PaymentWitness],
    ) -> Result<(CompressedProof, [Part; 4]), ProveError> {
        let mut parts = [Part::default(); 4];
        let [chunk, lift, fold, compress] = &mut parts;
        let mut spans = Vec::new();
        for witness in chunks {
            let proof = chunk.time(|| self.chunk(witness))?;
            spans.push(lift.time(|| self.lift(PaymentCircuits::kind(witness), &proof))?);
        }
        while spans.len() > 1 {
            let mut folded = Vec::new();
            for pair in spans.chunks(2) {
                folded.push(match pair {
                    [left, right] => fold.time(|| self.fold(left, right))?,
                    alone => alone[0].clone(),
                });
            }
            spans = folded;
        }
        let proof = compress.time(|| self.compress(&spans[0]))?;
        Ok((proof, parts))
    }
}

/// Runs both provers in turn on a batch of so many transfers.
///
/// # Panics
/// If there are none: no batch is empty.
pub fn measure(
    circuits: &CircuitSet,
    transfers: u32,
    effort: Effort,
    alone: Option<&Alone>,
) -> Result<Vec<Measurement>, MeasureError> {
    let ours = Path::new(circuits, our_prover());
    let stock = Path::new(circuits, StockProver);
    let chunks = sample::transfers(transfers).chunks;
    let runs = take_turns(
        effort,
        &[&|| Ok::<_, ProveError>(ours.batch(&chunks)?.1), &|| {
            Ok(stock.batch(&chunks)?.1)
        }],
    )?;
    let work = Work::Pipeline { transfers };
    let mut measured = Vec::new();
    for (who, runs) in [Who::Ours, Who::Stock].into_iter().zip(runs) {
        measured.push(Measurement {
            prover: who.name().to_owned(),
            transfers,
            seconds: Spread::of(&runs.wall).median,
            cpu_seconds: Spread::of(&runs.cpu).median,
            steps: steps(&runs),
            runs: runs.wall,
            cpu_runs: runs.cpu,
            memory: alone
                .map(|alone| alone.measure(who, &work))
                .transpose()?
                .flatten(),
        });
    }
    tracing::info!(transfers, "pipeline measured");
    Ok(measured)
}

/// Those of which there are proofs.
fn steps(runs: &Runs<[Part; 4]>) -> Vec<Step> {
    let step = |circuit: Circuit| {
        let parts = || runs.results.iter().map(|parts| parts[circuit as usize]);
        let median = |of: fn(Part) -> f64| Spread::of(&parts().map(of).collect::<Vec<_>>()).median;
        Step {
            circuit: circuit.name().to_owned(),
            proofs: parts().next().map_or(0, |part| part.proofs),
            seconds: median(|part| part.seconds),
            cpu_seconds: median(|part| part.cpu_seconds),
        }
    };
    let all = Circuit::ALL.into_iter().map(step);
    all.filter(|step| step.proofs > 0).collect()
}
