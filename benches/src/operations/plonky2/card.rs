//! Proofs of several witnesses at once on a card: that they are the CPU's byte for byte, and how many a second it makes.

use std::sync::Arc;

use ashlar_plonky2::{Card, CardCircuit, CardError, CardHasher, PreparedCircuit, Prover, Unknown};
use ashlar_statement::{
    ProveError,
    hash::{D, F},
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

type FE = <F as Extendable<D>>::Extension;

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
    bring: Box<Bring<'a>>,
}

type Bring<'a> = dyn Fn(&Arc<Card>, &Prover) -> Result<Box<dyn OnACard + 'a>, CardRaceError> + 'a;

/// A circuit on a card.
pub trait OnACard {
    /// Proofs that the card has room for at once.
    ///
    /// # Errors
    /// If there is none for one, or the card does not answer.
    fn room(&self) -> Result<usize, CardRaceError>;

    /// Proves so many at once and compares each with the CPU's.
    ///
    /// # Errors
    /// If the card does not prove them, or one is another.
    fn check(&self, batch: usize) -> Result<(), CardRaceError>;

    /// Proves so many at once, some times.
    ///
    /// # Errors
    /// If the card does not prove them.
    fn measure(&self, batch: usize, effort: Effort) -> Result<Measurement, CardRaceError>;
}

/// The circuits of payments: chunks of all sizes and a lift, each with the witnesses of a full chunk and of one that has an
/// operation, then fold and compress. The proofs that they verify are made by this prover.
///
/// # Errors
/// If it fails.
pub fn real(circuits: &CircuitSet, prover: Prover) -> Result<Vec<Subject<'_>>, CardRaceError> {
    let ours = Path::new(circuits, prover);
    let CircuitSet { leaf, recursion, .. } = circuits;
    let mut subjects = Vec::new();
    let mut spans = Vec::new();
    for (kind, chunk) in leaf.chunks().iter().enumerate() {
        let witnesses = sample::two_chunks_of(chunk.slots());
        let inputs = witnesses.iter().map(|witness| ours.assign_chunk(witness));
        let inputs = inputs.collect::<Result<_, _>>().map_err(CardRaceError::Sample)?;
        let name = format!("chunk of {}", chunk.slots());
        subjects.push(Subject::new(name, &chunk.data, inputs));
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
        subjects.push(Subject::new("lift".to_owned(), &lift.data, inputs));
    }
    let (fold, compress) = (&recursion.fold, &recursion.compress);
    let input = fold.assign(&spans[0], &spans[1]).map_err(CardRaceError::Sample)?;
    subjects.push(Subject::new("fold".to_owned(), &fold.data, vec![input]));
    let root = ours.fold(&spans[0], &spans[1])?;
    let input = compress.assign(&root).map_err(CardRaceError::Sample)?;
    subjects.push(Subject::new("compress".to_owned(), &compress.data, vec![input]));
    Ok(subjects)
}

impl Synthetic {
    /// With one witness.
    ///
    /// # Errors
    /// If it has none, which is a bug.
    pub fn subject(&self) -> Result<Subject<'_>, CardRaceError> {
        let input = self.assign().map_err(CardRaceError::Sample)?;
        Ok(Subject::new(self.name(), self.data(), vec![input]))
    }
}

impl<'a> Subject<'a> {
    fn new<O>(name: String, circuit: &'a CircuitData<F, O, D>, inputs: Vec<PartialWitness<F>>) -> Self
    where
        O: GenericConfig<D, F = F, FE = FE, InnerHasher = PoseidonHash>,
        O::Hasher: CardHasher,
    {
        let inputs: Arc<[_]> = inputs.into();
        let of = name.clone();
        let bring =
            move |card: &Arc<Card>, prover: &Prover| -> Result<Box<dyn OnACard + 'a>, CardRaceError> {
                let prepared = PreparedCircuit::new(prover, &circuit.common)?;
                Ok(Box::new(Resident {
                    name: of.clone(),
                    circuit,
                    resident: CardCircuit::new(card, &prepared, circuit)?,
                    prepared,
                    inputs: inputs.clone(),
                }))
            };
        Self {
            name,
            bring: Box::new(bring),
        }
    }

    /// Brings the circuit to a card.
    ///
    /// # Errors
    /// If the card is full or lost.
    pub fn on(&self, card: &Arc<Card>, prover: &Prover) -> Result<Box<dyn OnACard + 'a>, CardRaceError> {
        (self.bring)(card, prover)
    }
}

struct Resident<'a, O: GenericConfig<D, F = F>> {
    name: String,
    circuit: &'a CircuitData<F, O, D>,
    prepared: PreparedCircuit,
    resident: CardCircuit,
    /// Which are proved in turn.
    inputs: Arc<[PartialWitness<F>]>,
}

impl<O> OnACard for Resident<'_, O>
where
    O: GenericConfig<D, F = F, FE = FE, InnerHasher = PoseidonHash>,
    O::Hasher: CardHasher,
{
    fn room(&self) -> Result<usize, CardRaceError> {
        Ok(self.resident.room(self.circuit)?)
    }

    fn check(&self, batch: usize) -> Result<(), CardRaceError> {
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

    fn measure(&self, batch: usize, effort: Effort) -> Result<Measurement, CardRaceError> {
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
            circuit: self.name.clone(),
            degree_bits: self.circuit.common.degree_bits(),
            batch,
            seconds,
            proofs_per_second: batch as f64 / seconds,
            runs: runs.wall,
            cpu_runs: runs.cpu,
            steps,
        })
    }
}

impl<O: GenericConfig<D, F = F>> Resident<'_, O> {
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
