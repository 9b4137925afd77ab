//! The engine and its four jobs.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use ashlar_kzg::Snark;
use ashlar_recursion::{CircuitSet, CompressedProof, SpanProof};
use ashlar_rollup::witness::ChunkWitness;
use ashlar_statement::Step;
use tracing::{Span, info_span};

use crate::{Fallback, Job, Proof, ProveError, SetupError, VerifyError, WrapKit};

/// One measured step of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedStep {
    /// Which; its name is also that of its tracing span.
    pub step: Step,
    /// Wall-clock time.
    pub time: Duration,
}

/// A result with what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Proved<T> {
    /// The proof, already verified.
    pub proof: T,
    /// The steps in order.
    pub steps: Vec<TimedStep>,
    /// Why it was not made on the chosen backend, or not in the child that was asked first.
    pub fallback: Option<Fallback>,
}

impl<T> Proved<T> {
    /// A proof made as planned.
    fn new(proof: T, steps: Vec<TimedStep>) -> Self {
        Self {
            proof,
            steps,
            fallback: None,
        }
    }

    fn map<U>(self, map: impl FnOnce(T) -> U) -> Proved<U> {
        Proved {
            proof: map(self.proof),
            steps: self.steps,
            fallback: self.fallback,
        }
    }
}

/// The circuits, and the wrap keys if this machine wraps. Jobs are pure functions of their inputs: the same job may run
/// twice, here or elsewhere.
#[derive(Debug)]
pub struct Engine {
    circuits: CircuitSet,
    digest: [u8; 32],
    wrap: Option<WrapKit>,
}

impl Engine {
    /// An engine for chunk, fold and compress jobs; [`Self::with_wrap`] adds the last one.
    pub fn new(circuits: CircuitSet) -> Self {
        let digest = circuits.digests().set();
        Self {
            circuits,
            digest,
            wrap: None,
        }
    }

    /// Adds the wrap keys, made for this engine's compress circuit.
    pub fn with_wrap(mut self, kit: WrapKit) -> Result<Self, SetupError> {
        let compress = &self.circuits.recursion.compress.data;
        if kit.compress_digest() != compress.verifier_only.circuit_digest {
            return Err(SetupError::ForeignKeys);
        }
        self.wrap = Some(kit);
        Ok(self)
    }

    /// The circuits.
    pub fn circuits(&self) -> &CircuitSet {
        &self.circuits
    }

    /// Names the circuits; workers and coordinators of different digests must not exchange proofs.
    pub fn circuit_set_digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The wrap keys, if this machine wraps.
    pub fn wrap_kit(&self) -> Option<&WrapKit> {
        self.wrap.as_ref()
    }

    /// Runs a job of any kind.
    pub fn prove(&self, job: &Job) -> Result<Proved<Proof>, ProveError> {
        match job {
            Job::Chunk(witness) => Ok(self.prove_chunk(witness)?.map(Proof::Span)),
            Job::Fold { left, right } => Ok(self.fold(left, right)?.map(Proof::Span)),
            Job::Compress(root) => Ok(self.compress(root)?.map(Proof::Compressed)),
            Job::Wrap(proof) => Ok(self.wrap(proof)?.map(Proof::Snark)),
        }
    }

    /// Proves a chunk and lifts the proof to the shape that folds.
    pub fn prove_chunk(&self, witness: &ChunkWitness) -> Result<Proved<SpanProof>, ProveError> {
        let mut steps = Vec::new();
        let chunk = timed(&mut steps, Step::ProveChunk, info_span!("prove_chunk"), || {
            let proof = self.circuits.chunk.prove(witness).map_err(ProveError::Chunk)?;
            self.circuits
                .chunk
                .data
                .verify(proof.clone())
                .map_err(ProveError::ChunkProof)?;
            Ok(proof)
        })?;
        let proof = timed(&mut steps, Step::Lift, info_span!("lift"), || {
            self.circuits
                .recursion
                .lift(&chunk)
                .map_err(ProveError::Recursion)
        })?;
        Ok(Proved::new(proof, steps))
    }

    /// Folds two neighbours.
    pub fn fold(&self, left: &SpanProof, right: &SpanProof) -> Result<Proved<SpanProof>, ProveError> {
        let mut steps = Vec::new();
        let proof = timed(&mut steps, Step::Fold, info_span!("fold"), || {
            let spans = [left, right].map(|child| self.verify_span(child));
            let [left_span, right_span] = spans;
            let (left_span, right_span) = (
                left_span.map_err(ProveError::Input)?,
                right_span.map_err(ProveError::Input)?,
            );
            ashlar_rollup::batch::fold_pair(&left_span, &right_span).ok_or(ProveError::NotNeighbours)?;
            self.circuits
                .recursion
                .fold(left, right)
                .map_err(ProveError::Recursion)
        })?;
        Ok(Proved::new(proof, steps))
    }

    /// Compresses the proof of a whole batch.
    pub fn compress(&self, root: &SpanProof) -> Result<Proved<CompressedProof>, ProveError> {
        let mut steps = Vec::new();
        let proof = timed(&mut steps, Step::Compress, info_span!("compress"), || {
            self.verify_span(root).map_err(ProveError::Input)?;
            self.circuits
                .recursion
                .compress
                .prove(root)
                .map_err(ProveError::Recursion)
        })?;
        Ok(Proved::new(proof, steps))
    }

    /// Wraps a compressed proof.
    pub fn wrap(&self, proof: &CompressedProof) -> Result<Proved<Snark>, ProveError> {
        let kit = self.wrap.as_ref().ok_or(ProveError::NoWrapKeys)?;
        let mut steps = Vec::new();
        let compress = &self.circuits.recursion.compress.data;
        let wrapped = timed(&mut steps, Step::Wrap, info_span!("wrap"), || {
            compress
                .verify(proof.clone())
                .map_err(|source| ProveError::Input(VerifyError::Compressed(source)))?;
            let wrapped = kit.prove(compress, proof)?;
            for step in &wrapped.steps.steps {
                tracing::debug!(step = step.name, seconds = step.time.as_secs_f64(), "wrapped");
            }
            tracing::info!(
                backend = wrapped.backend,
                isolated = kit.is_isolated(),
                fallback = wrapped.fallback.as_ref().map(tracing::field::display),
                "wrapped"
            );
            Ok(wrapped)
        })?;
        Ok(Proved {
            proof: wrapped.snark,
            steps,
            fallback: wrapped.fallback,
        })
    }
}

/// Runs one step inside its tracing span and turns a panic into an error.
fn timed<T>(
    steps: &mut Vec<TimedStep>,
    step: Step,
    span: Span,
    run: impl FnOnce() -> Result<T, ProveError>,
) -> Result<T, ProveError> {
    let start = Instant::now();
    // The circuits are only read, so a panic leaves nothing half-changed.
    let result = span.in_scope(|| catch_unwind(AssertUnwindSafe(run)));
    let proof = result.unwrap_or_else(|panic| {
        Err(ProveError::Panicked {
            step: step.name(),
            message: panic_message(panic.as_ref()),
        })
    })?;
    let time = start.elapsed();
    span.in_scope(|| tracing::info!(seconds = time.as_secs_f64(), "proved"));
    steps.push(TimedStep { step, time });
    Ok(proof)
}

/// The text of a panic, where it has one.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}
