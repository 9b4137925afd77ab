//! Both provers in turn on one circuit after the other.

use ashlar_plonky2::Prover;
use ashlar_statement::StockProver;

use super::{
    Circuit, CircuitSet, MeasureError, Measurement, Who,
    alone::{Alone, Work},
    path::{Input, Path},
};
use crate::{Effort, steps::Watch, turns::take_turns};

/// Runs this prover and plonky2's own in turn on each of these circuits; all proofs are verified. The proofs that a circuit takes are made
/// before, by ours. Memory, of [`super::our_prover`], is
/// measured where there is a program that does it.
///
/// # Panics
/// If the circuits do not take the sample batch, which is a bug.
pub fn measure(
    circuits: &CircuitSet,
    wanted: &[Circuit],
    prover: Prover,
    effort: Effort,
    alone: Option<&Alone>,
) -> Result<Vec<Measurement>, MeasureError> {
    let ours = Path::new(circuits, prover);
    let stock = Path::new(circuits, StockProver);
    let mut measured = Vec::new();
    for input in Input::of(&ours, wanted)? {
        let circuit = input.circuit();
        let runs = take_turns(effort, &[&|| ours.prove(&input), &|| stock.prove(&input)])?;
        let watch = Watch::start();
        ours.prove(&input)?;
        let mut steps = watch.finish(1);
        let work = Work::Proof {
            circuit,
            inputs: input.to_bytes(),
        };
        let prepared = [ours.prepared(circuit), stock.prepared(circuit)];
        for ((who, runs), prepared) in [Who::Ours, Who::Stock].into_iter().zip(runs).zip(prepared) {
            let degree_bits = ours.degree_bits(circuit);
            measured.push(Measurement {
                memory: alone
                    .map(|alone| alone.measure(who, &work))
                    .transpose()?
                    .flatten(),
                steps: std::mem::take(&mut steps), // ours come first
                ..Measurement::new(who, circuit.name().to_owned(), degree_bits, runs, prepared)
            });
        }
        tracing::info!(circuit = circuit.name(), "measured");
    }
    Ok(measured)
}
