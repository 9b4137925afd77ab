//! Proofs of several witnesses at once on a card: that they are the CPU's byte for byte, and how many a second it makes.

use std::sync::Arc;

use ashlar_plonky2::{Card, CardCircuit, CardError, CardHasher, PreparedCircuit, Prover, Unknown};
use ashlar_statement::{
    ProveError,
    hash::{C, D, F},
};
use plonky2::{
    field::extension::Extendable,
    hash::poseidon::PoseidonHash,
    iop::{
        generator::generate_partial_witness,
        witness::{PartialWitness, PartitionWitness},
    },
    plonk::{circuit_data::CircuitData, config::GenericConfig},
};
use serde::{Deserialize, Serialize};

use super::{CircuitSet, path::Path, sample, sizes::Synthetic};
use crate::{
    Effort,
    spread::Spread,
    steps::{Step, Watch},
    turns::take_turns,
};

/// What a card needed for proofs of one circuit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Name of the circuit.
    pub circuit: String,
    /// `log2` of its rows.
    pub degree_bits: usize,
    /// Proofs at once.
    pub batch: usize,
    /// Median of the time of a batch: from the full witnesses to the verified proofs.
    pub seconds: f64,
    /// Proofs a second, at that time.
    pub proofs_per_second: f64,
    /// Time of every run, in order.
    pub runs: Vec<f64>,
    /// CPU time of every run over all threads, in order.
    pub cpu_runs: Vec<f64>,
    /// What the time of a batch goes into. A card works on while the CPU goes on to the next step, until something is
    /// fetched from it.
    pub steps: Vec<Step>,
}

/// Why there is nothing to say of a card.
#[derive(Debug, thiserror::Error)]
pub enum CardRaceError {
    /// The CPU does not prove what the samples take.
    #[error("the CPU fails")]
    Prove(#[from] ProveError),
    /// The circuit is none for our prover.
    #[error("our prover does not know the circuit")]
    Unknown(#[from] Unknown),
    /// The sample has no witness, or no proof.
    #[error("the sample cannot be proved")]
    Sample(#[source] anyhow::Error),
    /// It failed, or the CPU had to help.
    #[error("the card does not prove it")]
    Card(#[from] CardError),
    /// It proves something else.
    #[error("proof {place} of {batch} at once is not the CPU's")]
    Differs {
        /// Counted from zero.
        place: usize,
        /// How many there were.
        batch: usize,
    },
}

/// A circuit with some witnesses.
pub struct Subject<'a> {
    /// For people.
    pub name: String,
    circuit: &'a CircuitData<F, C, D>,
    /// Which are proved in turn.
    inputs: Vec<PartialWitness<F>>,
}

/// Chunks of all sizes, lift and fold, each with the witnesses of a full chunk and of one that has an operation.
pub fn real<'a>(circuits: &'a CircuitSet, prover: Prover) -> Result<Vec<Subject<'a>>, CardRaceError> {
    let ours = Path::new(circuits, prover);
    let CircuitSet { leaf, recursion } = circuits;
    let mut subjects = Vec::new();
    let mut spans = Vec::new();
    for (kind, chunk) in leaf.each().iter().enumerate() {
        let witnesses = sample::two_chunks_of(chunk.slots());
        let inputs = witnesses.iter().map(|witness| ours.assign_chunk(witness));
        subjects.push(Subject {
            name: format!("chunk of {}", chunk.slots()),
            circuit: &chunk.data,
            inputs: inputs.collect::<Result<_, _>>().map_err(CardRaceError::Sample)?,
        });
        if kind > 0 {
            continue; // the other lifts have other constants, and nothing else
        }
        let mut inputs = Vec::new();
        for witness in &witnesses {
            let proof = ours.chunk(witness)?;
            inputs.push(ours.assign_lift(kind, &proof).map_err(CardRaceError::Sample)?);
            spans.push(ours.lift(kind, &proof)?);
        }
        let (_, lift) = super::path::lift_of(recursion, kind);
        subjects.push(Subject {
            name: "lift".to_owned(),
            circuit: &lift.data,
            inputs,
        });
    }
    let fold = &recursion.fold;
    let input = fold.assign(&spans[0], &spans[1]).map_err(CardRaceError::Sample)?;
    subjects.push(Subject {
        name: "fold".to_owned(),
        circuit: &fold.data,
        inputs: vec![input],
    });
    Ok(subjects)
}

impl Synthetic {
    /// With one witness.
    pub fn subject(&self) -> Result<Subject<'_>, CardRaceError> {
        Ok(Subject {
            name: self.name(),
            circuit: self.data(),
            inputs: vec![self.assign().map_err(CardRaceError::Sample)?],
        })
    }
}

impl<'a> Subject<'a> {
    /// Brings the circuit to a card.
    pub fn on<'c>(&'c self, card: &Arc<Card>, prover: &Prover) -> Result<OnCard<'c, C>, CardRaceError> {
        let common = &self.circuit.common;
        Ok(OnCard {
            circuit: self.circuit,
            prepared: PreparedCircuit::new(prover, common)?,
            resident: CardCircuit::new(card, self.circuit)?,
            inputs: &self.inputs,
            name: &self.name,
        })
    }
}

/// A circuit on a card.
pub struct OnCard<'a, O: GenericConfig<D, F = F>> {
    circuit: &'a CircuitData<F, O, D>,
    prepared: PreparedCircuit,
    resident: CardCircuit,
    inputs: &'a [PartialWitness<F>],
    name: &'a str,
}

impl<O> OnCard<'_, O>
where
    O: GenericConfig<D, F = F, FE = <F as Extendable<D>>::Extension, InnerHasher = PoseidonHash>,
    O::Hasher: CardHasher,
{
    /// Proofs that the card has room for at once.
    pub fn room(&self) -> Result<usize, CardRaceError> {
        Ok(self.resident.room(self.circuit)?)
    }

    /// Proves so many at once and compares each with the CPU's.
    pub fn check(&self, batch: usize) -> Result<(), CardRaceError> {
        let witnesses = self.witnesses(batch)?;
        let proved = self.resident.prove_many(&self.prepared, self.circuit, &witnesses);
        if let Some(reason) = proved.fallback {
            return Err(reason.into());
        }
        let mut expected = Vec::new(); // of each input once
        for (place, proof) in proved.proofs.into_iter().enumerate() {
            let proof = proof.map_err(CardRaceError::Sample)?.to_bytes();
            if expected.len() < self.inputs.len() {
                let made = self.prepared.prove(self.circuit, &witnesses[place]);
                expected.push(made.map_err(CardRaceError::Sample)?.to_bytes());
            }
            if proof != expected[place % self.inputs.len()] {
                return Err(CardRaceError::Differs { place, batch });
            }
        }
        Ok(())
    }

    /// Proves so many at once, some times.
    pub fn measure(&self, batch: usize, effort: Effort) -> Result<Measurement, CardRaceError> {
        let witnesses = self.witnesses(batch)?;
        let run = || -> Result<(), CardRaceError> {
            let proved = self.resident.prove_many(&self.prepared, self.circuit, &witnesses);
            proved.fallback.map_or(Ok(()), |reason| Err(reason.into()))
        };
        let mut runs = take_turns(effort, &[&run])?;
        let runs = runs.remove(0);
        let watch = Watch::start();
        run()?;
        let steps = watch.finish(1);
        let seconds = Spread::of(&runs.wall).median;
        Ok(Measurement {
            circuit: self.name.to_owned(),
            degree_bits: self.circuit.common.degree_bits(),
            batch,
            seconds,
            proofs_per_second: batch as f64 / seconds,
            runs: runs.wall,
            cpu_runs: runs.cpu,
            steps,
        })
    }

    /// Wires that nothing sets are random, so that the witnesses of an input are made once.
    fn witnesses(&self, batch: usize) -> Result<Vec<PartitionWitness<'_, F>>, CardRaceError> {
        let distinct = self.inputs.iter().take(batch).map(|input| {
            generate_partial_witness(input.clone(), &self.circuit.prover_only, &self.circuit.common)
        });
        let distinct: Vec<_> = distinct
            .collect::<Result<_, _>>()
            .map_err(CardRaceError::Sample)?;
        Ok(distinct.iter().cycle().take(batch).cloned().collect())
    }
}
