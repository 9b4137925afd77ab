//! The way from a chunk to a compressed proof, with one prover.

use std::time::{Duration, Instant};

use ashlar_bn254::Bn254Config;
use ashlar_payments::leaves::{PaymentCircuits, PaymentWitness};
use ashlar_plonky2::{Kind, Prover};
use ashlar_recursion::{
    CompressedProof, DecodeError, LiftCircuit, Proof, RecursionCircuits, SpanKind, SpanProof, decode_proof,
};
use ashlar_statement::{
    LeafCircuits, Provable, ProveCircuit, ProveError, WitnessBytesError,
    hash::{C, D, F},
    witness_from_bytes, witness_to_bytes,
};
use plonky2::{
    iop::witness::PartialWitness,
    plonk::{circuit_data::CircuitData, config::GenericConfig},
};

use super::{Circuit, CircuitSet, sample};

/// Chunks that are measured alone are those of the fewest slots.
const MEASURED: usize = 0;

/// All circuits, made ready for one prover.
pub(super) struct Path<'a, P: ProveCircuit> {
    pub(super) circuits: &'a CircuitSet,
    prover: P,
    chunks: Vec<Provable<P, C>>,
    lifts: Vec<Provable<P, C>>,
    fold: Provable<P, C>,
    compress: Provable<P, Bn254Config>,
    prepared: [Duration; 4],
}

/// The prover that workers use.
pub fn our_prover() -> Prover {
    our_prover_in(Kind::widest())
}

/// The same in lanes of this kind, which the processor must have.
pub fn our_prover_in(kind: Kind) -> Prover {
    Prover::new(kind).with_gates(PaymentCircuits::GATES)
}

fn prepare<P: ProveCircuit, O: GenericConfig<D, F = F> + 'static>(
    prover: &P,
    circuit: Circuit,
    data: &CircuitData<F, O, D>,
) -> (Provable<P, O>, Duration) {
    let start = Instant::now();
    let provable = Provable::new(prover, circuit.name(), data);
    (provable, start.elapsed())
}

/// The lift for chunks of this kind.
pub(super) fn lift_of(recursion: &RecursionCircuits, kind: usize) -> (u8, &LiftCircuit) {
    let place = recursion.lift_of(kind).expect("every leaf circuit has a lift");
    (place, &recursion.lifts[usize::from(place)])
}

impl<'a, P: ProveCircuit> Path<'a, P> {
    pub(super) fn new(circuits: &'a CircuitSet, prover: P) -> Self {
        let CircuitSet { leaf, recursion, .. } = circuits;
        let leaves = leaf.circuits().into_iter();
        let (chunks, chunk_times): (_, Vec<_>) =
            leaves.map(|data| prepare(&prover, Circuit::Chunk, data)).unzip();
        let (lifts, lift_times): (_, Vec<_>) = (0..leaf.circuits().len())
            .map(|kind| prepare(&prover, Circuit::Lift, &lift_of(recursion, kind).1.data))
            .unzip();
        let (fold, fold_time) = prepare(&prover, Circuit::Fold, &recursion.fold.data);
        let (compress, compress_time) = prepare(&prover, Circuit::Compress, &recursion.compress.data);
        Self {
            circuits,
            prover,
            chunks,
            lifts,
            fold,
            compress,
            prepared: [
                chunk_times[MEASURED],
                lift_times[MEASURED],
                fold_time,
                compress_time,
            ],
        }
    }

    /// What it took to make this circuit ready.
    pub(super) fn prepared(&self, circuit: Circuit) -> Duration {
        self.prepared[circuit as usize]
    }

    /// `log2` of the rows.
    pub(super) fn degree_bits(&self, circuit: Circuit) -> usize {
        let CircuitSet { leaf, recursion, .. } = self.circuits;
        match circuit {
            Circuit::Chunk => leaf.circuits()[MEASURED].common.degree_bits(),
            Circuit::Lift => lift_of(recursion, MEASURED).1.data.common.degree_bits(),
            Circuit::Fold => recursion.fold.data.common.degree_bits(),
            Circuit::Compress => recursion.compress.data.common.degree_bits(),
        }
    }

    pub(super) fn chunk(&self, witness: &PaymentWitness) -> Result<Proof, ProveError> {
        let kind = PaymentCircuits::kind(witness);
        let circuit = self.circuits.leaf.circuits()[kind];
        self.chunks[kind].prove(&self.prover, circuit, || self.assign_chunk(witness))
    }

    /// The inputs of a chunk's circuit.
    pub(super) fn assign_chunk(&self, witness: &PaymentWitness) -> anyhow::Result<PartialWitness<F>> {
        let claim = PaymentCircuits::check(witness).expect("a sealed chunk replays");
        self.circuits.leaf.assign(witness, &claim)
    }

    /// The inputs of the lift for chunks of this kind.
    pub(super) fn assign_lift(&self, kind: usize, chunk: &Proof) -> anyhow::Result<PartialWitness<F>> {
        let recursion = &self.circuits.recursion;
        let (_, lift) = lift_of(recursion, kind);
        lift.assign(kind, chunk, &recursion.fold.data.verifier_only)
    }

    /// Lifts a proof of a chunk of this kind.
    pub(super) fn lift(&self, kind: usize, chunk: &Proof) -> Result<SpanProof, ProveError> {
        let (place, lift) = lift_of(&self.circuits.recursion, kind);
        let assign = || self.assign_lift(kind, chunk);
        Ok(SpanProof {
            kind: SpanKind::Lift(place),
            proof: self.lifts[kind].prove(&self.prover, &lift.data, assign)?,
        })
    }

    pub(super) fn fold(&self, left: &SpanProof, right: &SpanProof) -> Result<SpanProof, ProveError> {
        let fold = &self.circuits.recursion.fold;
        let assign = || fold.assign(left, right);
        Ok(SpanProof {
            kind: SpanKind::Fold,
            proof: self.fold.prove(&self.prover, &fold.data, assign)?,
        })
    }

    pub(super) fn compress(&self, root: &SpanProof) -> Result<CompressedProof, ProveError> {
        let compress = &self.circuits.recursion.compress;
        let assign = || compress.assign(root);
        self.compress.prove(&self.prover, &compress.data, assign)
    }

    /// Proves and verifies; the proof is let go.
    pub(super) fn prove(&self, input: &Input) -> Result<(), ProveError> {
        match input {
            Input::Chunk(witness) => self.chunk(witness).map(drop),
            Input::Lift(chunk) => self.lift(MEASURED, chunk).map(drop),
            Input::Fold(spans) => self.fold(&spans[0], &spans[1]).map(drop),
            Input::Compress(root) => self.compress(root).map(drop),
        }
    }
}

/// What one circuit proves.
pub(super) enum Input {
    Chunk(Box<PaymentWitness>),
    Lift(Box<Proof>),
    Fold(Box<[SpanProof; 2]>),
    Compress(Box<SpanProof>),
}

/// Bytes that are no input.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// Not a chunk.
    #[error("the witness of a chunk cannot be read")]
    Witness(#[from] WitnessBytesError),
    /// Not a proof that the circuit verifies.
    #[error("the proof that is to be verified cannot be read")]
    Proof(#[from] DecodeError),
    /// Too few or too many.
    #[error("{circuit} takes another number of inputs than {given}")]
    Count {
        /// [`Circuit::name`].
        circuit: &'static str,
        /// How many there are.
        given: usize,
    },
}

impl Input {
    /// Inputs of these circuits, from a batch of two chunks; proofs among them are made by `ours`.
    pub(super) fn of(ours: &Path<'_, Prover>, wanted: &[Circuit]) -> Result<Vec<Self>, ProveError> {
        let mut inputs = Vec::new();
        let Some(last) = wanted.iter().max() else {
            return Ok(inputs);
        };
        let mut add = |input: Self| {
            if wanted.contains(&input.circuit()) {
                inputs.push(input);
            }
        };
        let [first, second]: [PaymentWitness; 2] = sample::two_chunks();
        add(Self::Chunk(Box::new(first.clone())));
        if *last >= Circuit::Lift {
            let chunk = ours.chunk(&first)?;
            add(Self::Lift(Box::new(chunk.clone())));
            if *last >= Circuit::Fold {
                let spans = [
                    ours.lift(MEASURED, &chunk)?,
                    ours.lift(MEASURED, &ours.chunk(&second)?)?,
                ];
                add(Self::Fold(Box::new(spans.clone())));
                if *last >= Circuit::Compress {
                    let [left, right] = &spans;
                    add(Self::Compress(Box::new(ours.fold(left, right)?)));
                }
            }
        }
        Ok(inputs)
    }

    pub(super) fn circuit(&self) -> Circuit {
        match self {
            Self::Chunk(_) => Circuit::Chunk,
            Self::Lift(_) => Circuit::Lift,
            Self::Fold(_) => Circuit::Fold,
            Self::Compress(_) => Circuit::Compress,
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<Vec<u8>> {
        match self {
            Self::Chunk(witness) => vec![witness_to_bytes(&**witness)],
            Self::Lift(chunk) => vec![chunk.to_bytes()],
            Self::Fold(spans) => spans.iter().map(SpanProof::to_bytes).collect(),
            Self::Compress(root) => vec![root.to_bytes()],
        }
    }

    pub(super) fn from_bytes(
        circuits: &CircuitSet,
        circuit: Circuit,
        bytes: &[Vec<u8>],
    ) -> Result<Self, InputError> {
        let span = |bytes: &[u8]| circuits.recursion.decode_span(bytes);
        Ok(match (circuit, bytes) {
            (Circuit::Chunk, [witness]) => Self::Chunk(Box::new(witness_from_bytes(witness)?)),
            (Circuit::Lift, [chunk]) => {
                let common = &circuits.leaf.circuits()[MEASURED].common;
                Self::Lift(Box::new(decode_proof(chunk, common)?))
            }
            (Circuit::Fold, [left, right]) => Self::Fold(Box::new([span(left)?, span(right)?])),
            (Circuit::Compress, [root]) => Self::Compress(Box::new(span(root)?)),
            (circuit, bytes) => {
                return Err(InputError::Count {
                    circuit: circuit.name(),
                    given: bytes.len(),
                });
            }
        })
    }
}
