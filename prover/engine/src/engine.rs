//! The engine and its four jobs.

use std::{sync::Arc, time::Duration};

use ashlar_bn254::Bn254Config;
use ashlar_kzg::Snark;
use ashlar_plonky2::Prover;
use ashlar_protocol::Step;
use ashlar_recursion::{CircuitSet, CompressedProof, SpanProof};
use ashlar_statement::{LeafCircuits, Provable, ProveCircuit, hash::C};

use crate::{
    Fallback, Job, Proof, ProveError, SetupError, Verifier, WrapKit,
    run::{Cores, Run},
};

/// One measured step of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedStep {
    /// Which; its name is also that of its tracing span.
    pub step: Step,
    /// Wall-clock time, without the time in which it waited for other jobs' turns.
    pub time: Duration,
    /// CPU time of the job's thread; in its turns that of the whole process, whatever it did, but for the threads of other
    /// jobs; and of the child if one was asked.
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
    /// How long it waited for the turns of other jobs of this engine, in all.
    pub waited: Duration,
    /// Why it was not made on the chosen backend, or not in the child that was asked first.
    pub fallback: Option<Fallback>,
}

/// The circuits of an application, what its prover has prepared for them, and the wrap keys if this machine wraps. Jobs
/// are pure functions of their inputs: the same job may run twice, here or elsewhere.
#[derive(Debug)]
pub struct Engine<L, P: ProveCircuit = Prover> {
    pub(crate) circuits: CircuitSet<L>,
    verifier: Arc<Verifier<L>>,
    pub(crate) provers: Provers<P>,
    pub(crate) wrap: Option<WrapKit>,
    cores: Cores,
}

/// The prover, and each circuit made ready for it.
#[derive(Debug)]
pub(crate) struct Provers<P: ProveCircuit> {
    pub(crate) prover: P,
    /// By kind.
    pub(crate) leaves: Vec<Provable<P, C>>,
    /// By shape of leaf circuits.
    pub(crate) lifts: Vec<Provable<P, C>>,
    pub(crate) fold: Provable<P, C>,
    pub(crate) link: Provable<P, C>,
    pub(crate) join: Provable<P, C>,
    pub(crate) compress: Provable<P, Bn254Config>,
}

impl<L: LeafCircuits> Engine<L> {
    /// An engine for chunk, fold and compress jobs with the prover of `prover/plonky2`; [`Self::with_wrap`] adds the last one.
    pub fn new(circuits: CircuitSet<L>) -> Self {
        let prover = Prover::default().with_gates(L::GATES);
        Self::with_prover(circuits, prover.with_gates(ashlar_blob_link::GATES))
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
            link: Provable::new(&prover, "link", &circuits.link.data),
            join: Provable::new(&prover, "join", &recursion.join.data),
            compress: Provable::new(&prover, "compress", &recursion.compress.data),
            prover,
        };
        Self {
            verifier: Arc::new(Verifier::new(&circuits)),
            circuits,
            provers,
            wrap: None,
            cores: Cores::default(),
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
    ///
    /// Jobs may run at the same time on threads of their own, which must not be rayon's: a proof is computed on all cores by
    /// one of them at a time, in the order in which they come to it; what is before and after takes one core, and is done
    /// meanwhile.
    pub fn prove(&self, job: &Job<L::Witness>) -> Result<Proved<Proof>, ProveError> {
        self.prove_if(job, &|| true)
    }

    /// The same, if the job is still wanted: `is_wanted` is asked each time that its turn has come.
    ///
    /// # Errors
    /// [`ProveError::Withdrawn`] if it is not.
    pub fn prove_if(
        &self,
        job: &Job<L::Witness>,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Proved<Proof>, ProveError> {
        self.run(is_wanted, |run| {
            Ok(match job {
                Job::Chunk(witness) => Proof::Span(self.run_chunk(run, witness)?),
                Job::Fold { left, right } => Proof::Span(self.run_fold(run, left, right)?),
                Job::Compress(root) => Proof::Compressed(self.run_compress(run, root)?),
                Job::CompressLinked { root, words } => {
                    Proof::Compressed(self.run_compress_linked(run, root, words)?)
                }
                Job::Wrap(proof) => Proof::Snark(self.run_wrap(run, proof)?),
            })
        })
    }

    /// Proves a chunk and lifts the proof to the shape that folds.
    pub fn prove_chunk(&self, witness: &L::Witness) -> Result<Proved<SpanProof>, ProveError> {
        self.run(&|| true, |run| self.run_chunk(run, witness))
    }

    /// Folds two neighbours.
    pub fn fold(&self, left: &SpanProof, right: &SpanProof) -> Result<Proved<SpanProof>, ProveError> {
        self.run(&|| true, |run| self.run_fold(run, left, right))
    }

    /// Compresses the proof of a whole batch.
    pub fn compress(&self, root: &SpanProof) -> Result<Proved<CompressedProof>, ProveError> {
        self.run(&|| true, |run| self.run_compress(run, root))
    }

    /// Proves that a blob of these words has the rollup stream of a whole batch, and compresses that with the batch's proof.
    pub fn compress_linked(
        &self,
        root: &SpanProof,
        words: &[u64],
    ) -> Result<Proved<CompressedProof>, ProveError> {
        self.run(&|| true, |run| self.run_compress_linked(run, root, words))
    }

    /// Wraps a compressed proof.
    pub fn wrap(&self, proof: &CompressedProof) -> Result<Proved<Snark>, ProveError> {
        self.run(&|| true, |run| self.run_wrap(run, proof))
    }

    fn run<T>(
        &self,
        is_wanted: &dyn Fn() -> bool,
        job: impl FnOnce(&mut Run<'_>) -> Result<T, ProveError>,
    ) -> Result<Proved<T>, ProveError> {
        let mut run = self.cores.begin(is_wanted);
        let proof = job(&mut run)?;
        Ok(run.proved(proof))
    }
}
