//! What proves jobs.

use ashlar_engine::{
    DecodeError, JobKind, Proof, ProveError, Proved, SetupError, VerifyError, WrapKit,
    isolation::{self, Answer},
};
use ashlar_kzg::Snark;
use ashlar_payments::leaves::{PaymentCircuits, PaymentWitness};
use ashlar_recursion::{CompressedProof, SpanProof};

use crate::{CircuitSet, Job};

/// [`ashlar_engine::Engine`] over the payments' circuits, with the prover of `prover/plonky2`.
#[derive(Debug)]
pub struct Engine(ashlar_engine::Engine<PaymentCircuits>);

impl Engine {
    /// For chunk, fold and compress jobs; [`Self::with_wrap`] adds the last one.
    pub fn new(circuits: CircuitSet) -> Self {
        Self(ashlar_engine::Engine::new(circuits))
    }

    /// Adds the wrap keys, made for this engine's compress circuit.
    pub fn with_wrap(self, kit: WrapKit) -> Result<Self, SetupError> {
        self.0.with_wrap(kit).map(Self)
    }

    /// The circuits.
    pub fn circuits(&self) -> &CircuitSet {
        self.0.circuits()
    }

    /// [`ashlar_engine::Verifier::circuit_set_digest`].
    pub fn circuit_set_digest(&self) -> [u8; 32] {
        self.0.circuit_set_digest()
    }

    /// The wrap keys, if this machine wraps.
    pub fn wrap_kit(&self) -> Option<&WrapKit> {
        self.0.wrap_kit()
    }

    /// [`ashlar_engine::Verifier::decode_job`].
    pub fn decode_job(&self, kind: JobKind, inputs: &[&[u8]]) -> Result<Job, DecodeError> {
        self.0.decode_job(kind, inputs)
    }

    /// [`ashlar_engine::Verifier::decode_proof`].
    pub fn decode_proof(&self, kind: JobKind, bytes: &[u8]) -> Result<Proof, DecodeError> {
        self.0.decode_proof(kind, bytes)
    }

    /// [`ashlar_engine::Engine::prove`].
    pub fn prove(&self, job: &Job) -> Result<Proved<Proof>, ProveError> {
        self.0.prove(job)
    }

    /// [`ashlar_engine::Engine::prove_if`].
    pub fn prove_if(&self, job: &Job, is_wanted: &dyn Fn() -> bool) -> Result<Proved<Proof>, ProveError> {
        self.0.prove_if(job, is_wanted)
    }

    /// Proves a chunk and lifts the proof to the shape that folds.
    pub fn prove_chunk(&self, witness: &PaymentWitness) -> Result<Proved<SpanProof>, ProveError> {
        self.0.prove_chunk(witness)
    }

    /// Folds two neighbours.
    pub fn fold(&self, left: &SpanProof, right: &SpanProof) -> Result<Proved<SpanProof>, ProveError> {
        self.0.fold(left, right)
    }

    /// Compresses the proof of a whole batch.
    pub fn compress(&self, root: &SpanProof) -> Result<Proved<CompressedProof>, ProveError> {
        self.0.compress(root)
    }

    /// [`ashlar_engine::Engine::compress_linked`].
    pub fn compress_linked(
        &self,
        root: &SpanProof,
        words: &[u64],
    ) -> Result<Proved<CompressedProof>, ProveError> {
        self.0.compress_linked(root, words)
    }

    /// Wraps a compressed proof.
    pub fn wrap(&self, proof: &CompressedProof) -> Result<Proved<Snark>, ProveError> {
        self.0.wrap(proof)
    }

    /// A child's answer to a request for a wrap: [`isolation::answer`].
    pub fn answer(&self, request: &[u8]) -> Answer {
        isolation::answer(&self.0, request)
    }

    /// [`ashlar_engine::Verifier::verify`].
    pub fn verify(&self, job: &Job, proof: &Proof) -> Result<(), VerifyError> {
        self.0.verify(job, proof)
    }
}
