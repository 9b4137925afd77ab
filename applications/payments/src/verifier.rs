//! What checks proofs.

use std::{path::Path, sync::Arc};

use ashlar_engine::{
    DecodeError, JobKind, Proof, SetupError, VerifierFile, VerifierFileError, VerifyError, WrapKit,
    WrapVerifier,
};
use ashlar_payments::leaves::PaymentCircuits;

use crate::{CircuitSet, Job};

/// [`ashlar_engine::Verifier`] over the payments' circuits.
#[derive(Clone, Debug)]
pub struct Verifier(Arc<ashlar_engine::Verifier<PaymentCircuits>>);

impl Verifier {
    /// For all jobs, with the keys of these circuits and of wraps of theirs.
    pub fn new(circuits: &CircuitSet, kit: &WrapKit) -> Result<Self, SetupError> {
        let verifier = ashlar_engine::Verifier::new(circuits).with_wrap(kit)?;
        Ok(Self(Arc::new(verifier)))
    }

    /// [`VerifierFile::load`].
    pub fn load(file: &VerifierFile<'_>) -> Result<Option<Self>, VerifierFileError> {
        let verifier = file.load::<PaymentCircuits>()?;
        Ok(verifier.map(|verifier| Self(Arc::new(verifier))))
    }

    /// [`ashlar_engine::Verifier::store`].
    pub fn store(&self, dir: &Path) -> Result<(), VerifierFileError> {
        self.0.store(dir)
    }

    /// [`ashlar_engine::Verifier::circuit_set_digest`].
    pub fn circuit_set_digest(&self) -> [u8; 32] {
        self.0.circuit_set_digest()
    }

    /// What verifies wraps, if it is there.
    pub fn wrap(&self) -> Option<&WrapVerifier> {
        self.0.wrap()
    }

    /// [`ashlar_engine::Verifier::decode_job`].
    pub fn decode_job(&self, kind: JobKind, inputs: &[&[u8]]) -> Result<Job, DecodeError> {
        self.0.decode_job(kind, inputs)
    }

    /// [`ashlar_engine::Verifier::decode_proof`].
    pub fn decode_proof(&self, kind: JobKind, bytes: &[u8]) -> Result<Proof, DecodeError> {
        self.0.decode_proof(kind, bytes)
    }

    /// [`ashlar_engine::Verifier::verify`].
    pub fn verify(&self, job: &Job, proof: &Proof) -> Result<(), VerifyError> {
        self.0.verify(job, proof)
    }
}
