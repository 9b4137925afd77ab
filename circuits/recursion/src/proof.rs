//! Proofs as they travel: a lift or fold proof with its kind, and strict encodings.

use std::panic::{AssertUnwindSafe, catch_unwind};

use plonky2::plonk::{circuit_data::CommonCircuitData, config::GenericConfig, proof::ProofWithPublicInputs};

use crate::{
    config::{D, F, Proof},
    nested::NestedPublicInputs,
    span::Span,
};

/// Most lifts that a tree can have, so that [`SpanKind`] is one byte.
pub(crate) const MAX_LIFTS: usize = 255;

/// Which circuit made a span's proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpanKind {
    /// One chunk: the lift of its leaf circuit's shape, by its place among the lifts.
    Lift(u8),
    /// Two or more chunks.
    Fold,
}

impl SpanKind {
    fn to_byte(self) -> u8 {
        match self {
            Self::Lift(0) => 0,
            Self::Fold => 1,
            Self::Lift(lift) => lift.saturating_add(1),
        }
    }

    fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Lift(0),
            1 => Self::Fold,
            _ => Self::Lift(byte - 1),
        }
    }
}

/// A proof of a span of chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanProof {
    /// The circuit that it verifies under.
    pub kind: SpanKind,
    /// Its public inputs are [`NestedPublicInputs`].
    pub proof: Proof,
}

/// Bytes that are no proof of the expected shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Nothing, or a kind byte other than 0 (the first lift), 1 (fold) and, from 2, those of the other lifts.
    #[error("unknown kind of span proof")]
    Kind,
    /// Longer than any proof of this shape.
    #[error("proof of {actual} bytes, at most {limit} expected")]
    TooLong {
        /// Most bytes that a proof of this shape can have.
        limit: usize,
        /// Bytes given.
        actual: usize,
    },
    /// Not the encoding of a proof of this shape: cut short, trailing bytes, or a number that is not canonical.
    #[error("not the canonical encoding of a proof of this shape")]
    Malformed,
}

/// Every proof of this stack is below 200 kB, of the circuits for `Security::Proven100` below 600 kB; decoding looks at nothing
/// longer.
pub const MAX_PROOF_BYTES: usize = 1 << 20;

impl SpanProof {
    /// The span that the proof states. Says nothing about its validity.
    pub fn span(&self) -> Result<Span, ashlar_statement::ElementsError> {
        Ok(NestedPublicInputs::from_slice(&self.proof.public_inputs)?.span)
    }

    /// A kind byte, then plonky2's encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind.to_byte()];
        bytes.extend(self.proof.to_bytes());
        bytes
    }

    /// Inverse of [`Self::to_bytes`] for proofs of shape `common` in a tree of so many lifts; accepts nothing else.
    pub(crate) fn from_bytes(
        bytes: &[u8],
        lifts: usize,
        common: &CommonCircuitData<F, D>,
    ) -> Result<Self, DecodeError> {
        let (kind, proof) = bytes.split_first().ok_or(DecodeError::Kind)?;
        let kind = SpanKind::from_byte(*kind);
        if matches!(kind, SpanKind::Lift(lift) if usize::from(lift) >= lifts) {
            return Err(DecodeError::Kind);
        }
        Ok(Self {
            kind,
            proof: decode_proof(proof, common)?,
        })
    }
}

/// Decodes plonky2's encoding strictly: plonky2 itself lets non-canonical numbers and trailing bytes pass.
pub fn decode_proof<O: GenericConfig<D, F = F>>(
    bytes: &[u8],
    common: &CommonCircuitData<F, D>,
) -> Result<ProofWithPublicInputs<F, O, D>, DecodeError> {
    if bytes.len() > MAX_PROOF_BYTES {
        return Err(DecodeError::TooLong {
            limit: MAX_PROOF_BYTES,
            actual: bytes.len(),
        });
    }
    let decode = || {
        let proof = ProofWithPublicInputs::from_bytes(bytes.to_vec(), common).ok()?;
        (proof.to_bytes() == bytes).then_some(proof)
    };
    catch_unwind(AssertUnwindSafe(decode))
        .ok()
        .flatten()
        .ok_or(DecodeError::Malformed)
}
