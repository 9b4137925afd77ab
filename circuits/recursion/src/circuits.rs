//! The three recursion circuits over one leaf circuit.

use plonky2::{
    plonk::config::GenericHashOut,
    util::serialization::{Buffer, IoResult},
};

use crate::{
    compress::CompressCircuit,
    config::F,
    fold::FoldCircuit,
    lift::LiftCircuit,
    nested::{NestedPublicInputs, VerifierOnly},
    proof::{SpanKind, SpanProof},
    shape::{self, BuildError, Common},
    span::Span,
};

/// Digest of one circuit: plonky2's, a commitment to its constants and wiring.
pub type CircuitDigest = [u8; 32];

/// Lift, fold and compress for one leaf circuit.
#[derive(Debug)]
pub struct RecursionCircuits {
    /// Leaf proof to tree.
    pub lift: LiftCircuit,
    /// Two neighbours to one.
    pub fold: FoldCircuit,
    /// Root to wrap.
    pub compress: CompressCircuit,
}

/// Why a proof of the tree was refused.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// plonky2's verifier refuses it.
    #[error("{circuit} proof is invalid")]
    Invalid {
        /// Circuit under whose key it was verified.
        circuit: &'static str,
        /// plonky2's reason.
        #[source]
        source: anyhow::Error,
    },
    /// It belongs to the tree of another fold circuit.
    #[error("proof carries the key of another fold circuit")]
    ForeignTree,
}

impl RecursionCircuits {
    /// Builds all three (about ten seconds on two cores). The leaf's public inputs must be a span.
    pub fn build(leaf: &Common, leaf_verifier: &VerifierOnly) -> Result<Self, BuildError> {
        if leaf.num_public_inputs != Span::LEN {
            return Err(BuildError::LeafPublicInputs {
                expected: Span::LEN,
                actual: leaf.num_public_inputs,
            });
        }
        let shape = shape::find(leaf, leaf_verifier)?;
        let lift = LiftCircuit::build(leaf, leaf_verifier, &shape)?;
        let fold = FoldCircuit::build(&shape, &lift.data.verifier_only)?;
        let compress = CompressCircuit::build(&shape, &lift.data.verifier_only, &fold.data.verifier_only)?;
        Ok(Self { lift, fold, compress })
    }

    /// Verifies a lift or fold proof of this tree. Whoever accepts a tree proof must use this, not plonky2's verifier:
    /// only here the carried key is compared.
    pub fn verify_span(&self, proof: &SpanProof) -> Result<Span, VerifyError> {
        let (circuit, data) = match proof.kind {
            SpanKind::Lift => ("lift", &self.lift.data),
            SpanKind::Fold => ("fold", &self.fold.data),
        };
        data.verify(proof.proof.clone())
            .map_err(|source| VerifyError::Invalid { circuit, source })?;
        let inputs = NestedPublicInputs::<F>::from_slice(&proof.proof.public_inputs).map_err(|source| {
            VerifyError::Invalid {
                circuit,
                source: source.into(),
            }
        })?;
        if inputs != NestedPublicInputs::new(inputs.span, &self.fold.data.verifier_only) {
            return Err(VerifyError::ForeignTree);
        }
        Ok(inputs.span)
    }

    /// Digests of lift, fold and compress.
    pub fn digests(&self) -> [CircuitDigest; 3] {
        [
            digest_bytes::<_>(&self.lift.data.verifier_only.circuit_digest),
            digest_bytes::<_>(&self.fold.data.verifier_only.circuit_digest),
            digest_bytes::<_>(&self.compress.data.verifier_only.circuit_digest),
        ]
    }

    /// The circuits as bytes (about 150 MB).
    pub fn to_bytes(&self) -> IoResult<Vec<u8>> {
        let mut buffer = Vec::new();
        self.lift.write(&mut buffer)?;
        self.fold.write(&mut buffer)?;
        self.compress.write(&mut buffer)?;
        Ok(buffer)
    }

    /// Inverse of [`Self::to_bytes`]. Only for files of one's own: plonky2's reader trusts lengths.
    pub fn from_bytes(bytes: &[u8]) -> IoResult<Self> {
        let mut buffer = Buffer::new(bytes);
        Ok(Self {
            lift: LiftCircuit::read(&mut buffer)?,
            fold: FoldCircuit::read(&mut buffer)?,
            compress: CompressCircuit::read(&mut buffer)?,
        })
    }
}

/// 32 bytes of a circuit digest of either hash.
pub(crate) fn digest_bytes<H: GenericHashOut<F>>(digest: &H) -> CircuitDigest {
    digest
        .to_bytes()
        .try_into()
        .expect("digests of both hashes have 32 bytes")
}
