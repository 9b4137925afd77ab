//! The check between a worker and the job graph: a proof must be valid, and about exactly its job's inputs.

use std::{marker::PhantomData, sync::Arc};

use ashlar_blob_link::{COEFFICIENTS, LinkPublicInputs, LinkWitness};
use ashlar_kzg::{CircuitFingerprint, Snark, VerifierKey, srs::SrsKind};
use ashlar_recursion::{CircuitSet, CompressCircuit, CompressedProof, SetKeys, Span, SpanProof};
use ashlar_report::caught;
use ashlar_statement::{
    LeafCircuits, batch_public_inputs, fold_pair,
    hash::{F, Hash},
    linked_public_inputs,
};
use ashlar_wrap::circuit::pack_public_inputs;

use crate::{Job, Proof, SetupError, VerifyError, WrapKit};

/// Checks results of jobs with verifying keys alone: no circuit, no proving key, no reference string. An [`Engine`] has one
/// and checks with it; who does nothing else reads it from a [`VerifierFile`].
///
/// [`Engine`]: crate::Engine
/// [`VerifierFile`]: crate::VerifierFile
#[derive(Clone, Debug)]
pub struct Verifier<L> {
    pub(crate) keys: SetKeys,
    digest: [u8; 32],
    pub(crate) wrap: Option<WrapVerifier>,
    leaf: PhantomData<fn() -> L>,
}

/// What verifies wraps, and what it was made of.
#[derive(Clone, Debug)]
pub struct WrapVerifier {
    pub(crate) key: Arc<VerifierKey>,
    pub(crate) circuit: CircuitFingerprint,
    pub(crate) srs: SrsKind,
    pub(crate) srs_checksum: [u8; 32],
}

impl WrapVerifier {
    /// The key.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Kind of the reference string that the key was made with.
    pub fn srs(&self) -> SrsKind {
        self.srs
    }
}

impl<L: LeafCircuits> Verifier<L> {
    /// For chunk, fold and compress jobs; [`Self::with_wrap`] adds the last one.
    pub fn new(circuits: &CircuitSet<L>) -> Self {
        Self::of_keys(circuits.keys(), None)
    }

    pub(crate) fn of_keys(keys: SetKeys, wrap: Option<WrapVerifier>) -> Self {
        Self {
            digest: keys.digests().set(),
            keys,
            wrap,
            leaf: PhantomData,
        }
    }

    /// Adds the key of wraps, made for these circuits.
    pub fn with_wrap(mut self, kit: &WrapKit) -> Result<Self, SetupError> {
        if kit.compress_digest() != self.keys.recursion.compress().verifier_only.circuit_digest {
            return Err(SetupError::ForeignKeys);
        }
        self.wrap = Some(kit.verifier());
        Ok(self)
    }

    /// Names the circuits; workers and coordinators of different digests must not exchange proofs.
    pub fn circuit_set_digest(&self) -> [u8; 32] {
        self.digest
    }

    /// What verifies wraps, if it is there.
    pub fn wrap(&self) -> Option<&WrapVerifier> {
        self.wrap.as_ref()
    }

    /// Checks the result of a job of any kind, in milliseconds.
    pub fn verify(&self, job: &Job<L::Witness>, proof: &Proof) -> Result<(), VerifyError> {
        match (job, proof) {
            (Job::Chunk(witness), Proof::Span(proof)) => self.verify_chunk(witness, proof),
            (Job::Fold { left, right }, Proof::Span(proof)) => self.verify_fold(left, right, proof),
            (Job::Compress(root), Proof::Compressed(proof)) => self.verify_compressed(root, proof),
            (Job::CompressLinked { root, words }, Proof::Compressed(proof)) => {
                self.verify_compressed_linked(root, words, proof)
            }
            (Job::Wrap(compressed), Proof::Snark(snark)) => self.verify_snark(compressed, snark),
            _ => Err(VerifyError::Kind),
        }
    }

    /// Checks a lift or fold proof of this circuit set and returns the span that it states.
    pub fn verify_span(&self, proof: &SpanProof) -> Result<Span, VerifyError> {
        guarded(|| self.keys.recursion.verify_span(proof).map_err(VerifyError::Span))
    }

    /// Checks that `proof` states what `witness` does.
    pub fn verify_chunk(&self, witness: &L::Witness, proof: &SpanProof) -> Result<(), VerifyError> {
        let expected = L::check(witness).map_err(|fault| VerifyError::Witness(fault.into()))?;
        self.verify_statement(proof, &expected)
    }

    /// Checks that `proof` states what its two children, verified before, state together.
    pub fn verify_fold(
        &self,
        left: &SpanProof,
        right: &SpanProof,
        proof: &SpanProof,
    ) -> Result<(), VerifyError> {
        let expected = fold_pair(&left.span()?, &right.span()?).ok_or(VerifyError::NotNeighbours)?;
        self.verify_statement(proof, &expected)
    }

    /// Checks that `proof` states what its root, verified before, states.
    pub fn verify_compressed(&self, root: &SpanProof, proof: &CompressedProof) -> Result<(), VerifyError> {
        let key = self.keys.recursion.compress();
        guarded(|| key.verify(proof.clone()).map_err(VerifyError::Compressed))?;
        equal(
            &CompressCircuit::batch(proof)?,
            &batch_public_inputs(&root.span()?),
        )
    }

    /// Checks that `proof` states what its root, verified before, and the blob of these words state together.
    pub fn verify_compressed_linked(
        &self,
        root: &SpanProof,
        words: &[u64],
        proof: &CompressedProof,
    ) -> Result<(), VerifyError> {
        let key = self.keys.recursion.compress();
        guarded(|| key.verify(proof.clone()).map_err(VerifyError::Compressed))?;
        let span = root.span()?;
        let (_, link) = link_of(&span, words)?;
        let words_hash = Hash {
            elements: link.words_hash,
        };
        equal(
            &CompressCircuit::batch(proof)?,
            &linked_public_inputs(&span, words_hash, link.value),
        )
    }

    /// Checks that `snark` states what its compressed proof, verified before, states.
    pub fn verify_snark(&self, compressed: &CompressedProof, snark: &Snark) -> Result<(), VerifyError> {
        let wrap = self.wrap.as_ref().ok_or(VerifyError::NoWrapKeys)?;
        verify_snark(&wrap.key, compressed, snark)
    }

    fn verify_statement(&self, proof: &SpanProof, expected: &Span) -> Result<(), VerifyError> {
        equal(&self.verify_span(proof)?, expected)
    }
}

/// The link of a batch and a blob of these words, and what it states.
///
/// # Errors
/// If the words are not the batch's rollup stream, or no blob is opened at the batch's point.
pub(crate) fn link_of(span: &Span, words: &[u64]) -> Result<(LinkWitness, LinkPublicInputs<F>), VerifyError> {
    let witness = LinkWitness::of_batch(span.domain, span.z, words.to_vec())?;
    let link = witness.statement(COEFFICIENTS)?;
    if (link.rollup_eval, link.words) != (span.rollup_eval, span.rollup_words) {
        return Err(VerifyError::OtherStream);
    }
    Ok((witness, link))
}

/// Checks that `snark` states what its compressed proof does.
pub(crate) fn verify_snark(
    key: &VerifierKey,
    compressed: &CompressedProof,
    snark: &Snark,
) -> Result<(), VerifyError> {
    equal(
        snark.instances.as_slice(),
        &pack_public_inputs(&compressed.public_inputs),
    )?;
    guarded(|| key.verify(snark).map_err(VerifyError::Snark))
}

fn equal<T: PartialEq + ?Sized>(stated: &T, expected: &T) -> Result<(), VerifyError> {
    if stated == expected {
        Ok(())
    } else {
        Err(VerifyError::Statement)
    }
}

/// plonky2's verifier may panic over an odd proof or damaged keys: whichever it was, that accepts nothing.
fn guarded<T>(verify: impl FnOnce() -> Result<T, VerifyError>) -> Result<T, VerifyError> {
    caught(verify).unwrap_or_else(|text| Err(VerifyError::Panicked(text)))
}
