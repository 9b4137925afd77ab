//! An engine reads and checks what its verifier does.

use ashlar_kzg::Snark;
use ashlar_recursion::{CompressedProof, Span, SpanProof};
use ashlar_statement::{LeafCircuits, ProveCircuit};

use crate::{DecodeError, Engine, Job, JobKind, Proof, VerifyError};

impl<L: LeafCircuits, P: ProveCircuit> Engine<L, P> {
    /// [`Verifier::decode_job`](crate::Verifier::decode_job).
    pub fn decode_job<B: AsRef<[u8]>>(
        &self,
        kind: JobKind,
        inputs: &[B],
    ) -> Result<Job<L::Witness>, DecodeError> {
        self.verifier().decode_job(kind, inputs)
    }

    /// [`Verifier::decode_proof`](crate::Verifier::decode_proof).
    pub fn decode_proof(&self, kind: JobKind, bytes: &[u8]) -> Result<Proof, DecodeError> {
        self.verifier().decode_proof(kind, bytes)
    }

    /// [`Verifier::verify`](crate::Verifier::verify).
    pub fn verify(&self, job: &Job<L::Witness>, proof: &Proof) -> Result<(), VerifyError> {
        self.verifier().verify(job, proof)
    }

    /// [`Verifier::verify_span`](crate::Verifier::verify_span).
    pub fn verify_span(&self, proof: &SpanProof) -> Result<Span, VerifyError> {
        self.verifier().verify_span(proof)
    }

    /// [`Verifier::verify_chunk`](crate::Verifier::verify_chunk).
    pub fn verify_chunk(&self, witness: &L::Witness, proof: &SpanProof) -> Result<(), VerifyError> {
        self.verifier().verify_chunk(witness, proof)
    }

    /// [`Verifier::verify_fold`](crate::Verifier::verify_fold).
    pub fn verify_fold(
        &self,
        left: &SpanProof,
        right: &SpanProof,
        proof: &SpanProof,
    ) -> Result<(), VerifyError> {
        self.verifier().verify_fold(left, right, proof)
    }

    /// [`Verifier::verify_compressed`](crate::Verifier::verify_compressed).
    pub fn verify_compressed(&self, root: &SpanProof, proof: &CompressedProof) -> Result<(), VerifyError> {
        self.verifier().verify_compressed(root, proof)
    }

    /// [`Verifier::verify_compressed_linked`](crate::Verifier::verify_compressed_linked).
    pub fn verify_compressed_linked(
        &self,
        root: &SpanProof,
        words: &[u64],
        proof: &CompressedProof,
    ) -> Result<(), VerifyError> {
        self.verifier().verify_compressed_linked(root, words, proof)
    }

    /// [`Verifier::verify_snark`](crate::Verifier::verify_snark).
    pub fn verify_snark(&self, compressed: &CompressedProof, snark: &Snark) -> Result<(), VerifyError> {
        self.verifier().verify_snark(compressed, snark)
    }
}
