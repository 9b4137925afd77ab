//! The engine and its four jobs.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ashlar_accel::device_time;
use ashlar_bn254::Bn254Config;
use ashlar_kzg::Snark;
use ashlar_plonky2::Prover;
use ashlar_protocol::Step;
use ashlar_recursion::{CircuitSet, CompressedProof, SpanKind, SpanProof};
use ashlar_report::cpu;
use ashlar_statement::{LeafCircuits, Provable, ProveCircuit, fold_pair, hash::C};
use tracing::{Span, info_span};

use crate::{Fallback, Job, Proof, ProveError, SetupError, Verifier, VerifyError, WrapKit};

/// One measured step of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedStep {
    /// Which; its name is also that of its tracing span.
    pub step: Step,
    /// Wall-clock time.
    pub time: Duration,
    /// CPU time of this process meanwhile, whatever it did, and of the child if one was asked.
    pub cpu: Duration,
    /// Time in calls of a device.
    pub device: Duration,
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

/// The circuits of an application, what its prover has prepared for them, and the wrap keys if this machine wraps. Jobs
/// are pure functions of their inputs: the same job may run twice, here or elsewhere.
#[derive(Debug)]
pub struct Engine<L, P: ProveCircuit = Prover> {
    circuits: CircuitSet<L>,
    verifier: Arc<Verifier<L>>,
    provers: Provers<P>,
    wrap: Option<WrapKit>,
}

/// The prover, and each circuit made ready for it.
#[derive(Debug)]
struct Provers<P: ProveCircuit> {
    prover: P,
    /// By kind.
    leaves: Vec<Provable<P, C>>,
    /// By shape of leaf circuits.
    lifts: Vec<Provable<P, C>>,
    fold: Provable<P, C>,
    compress: Provable<P, Bn254Config>,
}

impl<L: LeafCircuits> Engine<L> {
    /// An engine for chunk, fold and compress jobs with the prover of `prover/plonky2`; [`Self::with_wrap`] adds the last one.
    pub fn new(circuits: CircuitSet<L>) -> Self {
        Self::with_prover(circuits, Prover::default().with_gates(L::GATES))
    }
}

impl<L: LeafCircuits, P: ProveCircuit> Engine<L, P> {
    /// The same with another prover: plonky2's own is `ashlar_statement::StockProver`.
    pub fn with_prover(circuits: CircuitSet<L>, prover: P) -> Self {
        let recursion = &circuits.recursion;
        let (leaves, lifts) = (circuits.leaf.circuits(), recursion.lifts.iter());
        let provers = Provers {
            leaves: leaves
                .iter()
                .map(|data| Provable::new(&prover, "chunk", data))
                .collect(),
            lifts: lifts
                .map(|lift| Provable::new(&prover, "lift", &lift.data))
                .collect(),
            fold: Provable::new(&prover, "fold", &recursion.fold.data),
            compress: Provable::new(&prover, "compress", &recursion.compress.data),
            prover,
        };
        Self {
            verifier: Arc::new(Verifier::new(&circuits)),
            circuits,
            provers,
            wrap: None,
        }
    }

    /// Adds the wrap keys, made for this engine's compress circuit.
    pub fn with_wrap(mut self, kit: WrapKit) -> Result<Self, SetupError> {
        self.verifier = Arc::new(Verifier::new(&self.circuits).with_wrap(&kit)?);
        self.wrap = Some(kit);
        Ok(self)
    }

    /// The circuits.
    pub fn circuits(&self) -> &CircuitSet<L> {
        &self.circuits
    }

    /// What checks results of jobs with this engine's keys.
    pub fn verifier(&self) -> &Arc<Verifier<L>> {
        &self.verifier
    }

    /// [`Verifier::circuit_set_digest`].
    pub fn circuit_set_digest(&self) -> [u8; 32] {
        self.verifier.circuit_set_digest()
    }

    /// The wrap keys, if this machine wraps.
    pub fn wrap_kit(&self) -> Option<&WrapKit> {
        self.wrap.as_ref()
    }

    /// Runs a job of any kind.
    pub fn prove(&self, job: &Job<L::Witness>) -> Result<Proved<Proof>, ProveError> {
        match job {
            Job::Chunk(witness) => Ok(self.prove_chunk(witness)?.map(Proof::Span)),
            Job::Fold { left, right } => Ok(self.fold(left, right)?.map(Proof::Span)),
            Job::Compress(root) => Ok(self.compress(root)?.map(Proof::Compressed)),
            Job::Wrap(proof) => Ok(self.wrap(proof)?.map(Proof::Snark)),
        }
    }

    /// Proves a chunk and lifts the proof to the shape that folds.
    pub fn prove_chunk(&self, witness: &L::Witness) -> Result<Proved<SpanProof>, ProveError> {
        let (mut steps, Provers { prover, .. }) = (Vec::new(), &self.provers);
        let CircuitSet { leaf, recursion } = &self.circuits;
        let leaf_kind = L::kind(witness);
        let chunk = timed(&mut steps, Step::ProveChunk, info_span!("prove_chunk"), || {
            let claim = L::check(witness).map_err(|fault| ProveError::Witness(fault.into()))?;
            let circuit = leaf.circuits()[leaf_kind];
            let proof =
                self.provers.leaves[leaf_kind].prove(prover, circuit, || leaf.assign(witness, &claim));
            proof.map_err(ProveError::Chunk)
        })?;
        let place = recursion
            .lift_of(leaf_kind)
            .expect("every leaf circuit has a lift");
        let proof = timed(&mut steps, Step::Lift, info_span!("lift"), || {
            let (circuit, provable) = (
                &recursion.lifts[usize::from(place)],
                &self.provers.lifts[usize::from(place)],
            );
            let assign = || circuit.assign(leaf_kind, &chunk, &recursion.fold.data.verifier_only);
            let proof = provable.prove(prover, &circuit.data, assign);
            proof.map_err(ProveError::Recursion)
        })?;
        let kind = SpanKind::Lift(place);
        Ok(Proved::new(SpanProof { kind, proof }, steps))
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
            fold_pair(&left_span, &right_span).ok_or(ProveError::NotNeighbours)?;
            let (provers, fold) = (&self.provers, &self.circuits.recursion.fold);
            let proof = provers
                .fold
                .prove(&provers.prover, &fold.data, || fold.assign(left, right));
            proof.map_err(ProveError::Recursion)
        })?;
        let kind = SpanKind::Fold;
        Ok(Proved::new(SpanProof { kind, proof }, steps))
    }

    /// Compresses the proof of a whole batch.
    pub fn compress(&self, root: &SpanProof) -> Result<Proved<CompressedProof>, ProveError> {
        let mut steps = Vec::new();
        let proof = timed(&mut steps, Step::Compress, info_span!("compress"), || {
            self.verify_span(root).map_err(ProveError::Input)?;
            let (provers, compress) = (&self.provers, &self.circuits.recursion.compress);
            let proof = provers
                .compress
                .prove(&provers.prover, &compress.data, || compress.assign(root));
            proof.map_err(ProveError::Recursion)
        })?;
        Ok(Proved::new(proof, steps))
    }

    /// Wraps a compressed proof.
    pub fn wrap(&self, proof: &CompressedProof) -> Result<Proved<Snark>, ProveError> {
        let kit = self.wrap.as_ref().ok_or(ProveError::NoWrapKeys)?;
        let mut steps = Vec::new();
        let compress = &self.circuits.recursion.compress.data;
        let mut wrapped = timed(&mut steps, Step::Wrap, info_span!("wrap"), || {
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
        if let (Some(step), Some(child)) = (steps.last_mut(), wrapped.child.take()) {
            step.cpu += child.cpu;
            step.device += child.device;
        }
        Ok(Proved {
            proof: wrapped.snark,
            steps,
            fallback: wrapped.fallback,
        })
    }
}

/// Runs one step inside its tracing span. Provers of circuits turn panics into errors themselves; whoever runs jobs
/// guards against all others.
fn timed<T>(
    steps: &mut Vec<TimedStep>,
    step: Step,
    span: Span,
    run: impl FnOnce() -> Result<T, ProveError>,
) -> Result<T, ProveError> {
    let (start, cpu, device) = (Instant::now(), cpu::process_time(), device_time());
    let proof = span.in_scope(run)?;
    let (time, cpu, device) = (start.elapsed(), cpu::since(cpu), device_time() - device);
    span.in_scope(|| tracing::info!(seconds = time.as_secs_f64(), "proved"));
    steps.push(TimedStep {
        step,
        time,
        cpu,
        device,
    });
    Ok(proof)
}
