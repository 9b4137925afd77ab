//! The check between a worker and the job graph: a proof must be valid, and about exactly its job's inputs.

use ashlar_kzg::Snark;
use ashlar_recursion::{CompressCircuit, CompressedProof, Span, SpanProof};
use ashlar_report::caught;
use ashlar_statement::{LeafCircuits, ProveCircuit, batch_public_inputs, fold_pair};
use ashlar_wrap::circuit::pack_public_inputs;

use crate::{Engine, Job, Proof, VerifyError, WrapKit};

impl<L: LeafCircuits, P: ProveCircuit> Engine<L, P> {
    /// Checks the result of a job of any kind, in milliseconds.
    pub fn verify(&self, job: &Job<L::Witness>, proof: &Proof) -> Result<(), VerifyError> {
        match (job, proof) {
            (Job::Chunk(witness), Proof::Span(proof)) => self.verify_chunk(witness, proof),
            (Job::Fold { left, right }, Proof::Span(proof)) => self.verify_fold(left, right, proof),
            (Job::Compress(root), Proof::Compressed(proof)) => self.verify_compressed(root, proof),
            (Job::Wrap(compressed), Proof::Snark(snark)) => self.verify_snark(compressed, snark),
            _ => Err(VerifyError::Kind),
        }
    }

    /// Checks a lift or fold proof of this circuit set and returns the span that it states.
    pub fn verify_span(&self, proof: &SpanProof) -> Result<Span, VerifyError> {
        guarded(|| {
            self.circuits()
                .recursion
                .verify_span(proof)
                .map_err(VerifyError::Span)
        })
    }

    /// Checks that `proof` states what `witness` does.
    pub fn verify_chunk(&self, witness: &L::Witness, proof: &SpanProof) -> Result<(), VerifyError> {
        let checked = self.circuits().leaf.check(witness);
        let expected = checked.map_err(|fault| VerifyError::Witness(fault.into()))?;
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
        let data = &self.circuits().recursion.compress.data;
        guarded(|| data.verify(proof.clone()).map_err(VerifyError::Compressed))?;
        equal(
            &CompressCircuit::batch(proof)?,
            &batch_public_inputs(&root.span()?),
        )
    }

    /// Checks that `snark` states what its compressed proof, verified before, states.
    pub fn verify_snark(&self, compressed: &CompressedProof, snark: &Snark) -> Result<(), VerifyError> {
        let kit = self.wrap_kit().ok_or(VerifyError::NoWrapKeys)?;
        kit.verify(compressed, snark)
    }

    fn verify_statement(&self, proof: &SpanProof, expected: &Span) -> Result<(), VerifyError> {
        equal(&self.verify_span(proof)?, expected)
    }
}

impl WrapKit {
    /// Checks that `snark` states what its compressed proof does.
    pub(crate) fn verify(&self, compressed: &CompressedProof, snark: &Snark) -> Result<(), VerifyError> {
        equal(
            snark.instances.as_slice(),
            &pack_public_inputs(&compressed.public_inputs),
        )?;
        guarded(|| self.keys().verifier().verify(snark).map_err(VerifyError::Snark))
    }
}

fn equal<T: PartialEq + ?Sized>(stated: &T, expected: &T) -> Result<(), VerifyError> {
    if stated == expected {
        Ok(())
    } else {
        Err(VerifyError::Statement)
    }
}

/// plonky2's verifier may panic over an odd proof or damaged circuits: whichever it was, that accepts nothing.
fn guarded<T>(verify: impl FnOnce() -> Result<T, VerifyError>) -> Result<T, VerifyError> {
    caught(verify).unwrap_or_else(|text| Err(VerifyError::Panicked(text)))
}
