//! The recursion circuits over a set of leaf circuits.

use ashlar_statement::Security;
use plonky2::{
    plonk::config::GenericHashOut,
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    compress::CompressCircuit,
    config::F,
    fold::FoldCircuit,
    keys::RecursionKeys,
    leaves::Leaves,
    lift::LiftCircuit,
    nested::VerifierOnly,
    proof::{DecodeError, SpanProof},
    shape::{self, BuildError, Common},
    span::Span,
};

/// Digest of one circuit: plonky2's, a commitment to its constants and wiring.
pub type CircuitDigest = [u8; 32];

/// Lifts, fold and compress for a set of leaf circuits.
#[derive(Debug)]
pub struct RecursionCircuits {
    /// Leaf proof to tree: one for each shape of leaf circuits, at the place that [`crate::SpanKind::Lift`] names.
    pub lifts: Vec<LiftCircuit>,
    /// Two neighbours to one.
    pub fold: FoldCircuit,
    /// Root to wrap.
    pub compress: CompressCircuit,
    keys: RecursionKeys,
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
    /// It is said to be of a lift that is not there.
    #[error("lift {0} is none of the tree's")]
    UnknownLift(u8),
    /// It belongs to the tree of another fold circuit.
    #[error("proof carries the key of another fold circuit")]
    ForeignTree,
}

impl RecursionCircuits {
    /// Builds all (about ten seconds on two cores, and two more for each further shape) for the leaf circuits with these
    /// shapes and keys, whose public inputs must be spans. A leaf's place in the list is its kind.
    pub fn build(security: Security, leaves: &[(&Common, &VerifierOnly)]) -> Result<Self, BuildError> {
        let leaves = Leaves::by_shape(leaves)?;
        let shape = shape::find(security, &leaves)?;
        let lifts = leaves
            .into_iter()
            .map(|leaves| LiftCircuit::build(leaves, &shape));
        let lifts = lifts.collect::<Result<Vec<_>, _>>()?;
        let keys: Vec<_> = lifts.iter().map(|lift| lift.data.verifier_only.clone()).collect();
        let fold = FoldCircuit::build(&shape, keys.clone())?;
        let compress = CompressCircuit::build(security, &shape, keys, fold.data.verifier_only.clone())?;
        Ok(Self::of(lifts, fold, compress))
    }

    fn of(lifts: Vec<LiftCircuit>, fold: FoldCircuit, compress: CompressCircuit) -> Self {
        Self {
            keys: RecursionKeys::new(&lifts, &fold, &compress),
            lifts,
            fold,
            compress,
        }
    }

    /// The place among [`Self::lifts`] of the one for leaf proofs of a kind.
    pub fn lift_of(&self, kind: usize) -> Option<u8> {
        let mut lifts = self.lifts.iter().zip(0..);
        lifts.find_map(|(lift, place)| lift.kinds().contains(&kind).then_some(place))
    }

    /// What verifies proofs of these circuits.
    pub fn keys(&self) -> &RecursionKeys {
        &self.keys
    }

    /// [`RecursionKeys::decode_span`] with the keys of these circuits.
    pub fn decode_span(&self, bytes: &[u8]) -> Result<SpanProof, DecodeError> {
        self.keys.decode_span(bytes)
    }

    /// [`RecursionKeys::verify_span`] with the keys of these circuits.
    pub fn verify_span(&self, proof: &SpanProof) -> Result<Span, VerifyError> {
        self.keys.verify_span(proof)
    }

    /// The circuits as bytes (about 150 MB).
    pub fn to_bytes(&self) -> IoResult<Vec<u8>> {
        let mut buffer = Vec::new();
        buffer.write_usize(self.lifts.len())?;
        self.lifts.iter().try_for_each(|lift| lift.write(&mut buffer))?;
        self.fold.write(&mut buffer)?;
        self.compress.write(&mut buffer)?;
        Ok(buffer)
    }

    /// Inverse of [`Self::to_bytes`]. Only for files of one's own: plonky2's reader trusts lengths.
    pub fn from_bytes(bytes: &[u8]) -> IoResult<Self> {
        let mut buffer = Buffer::new(bytes);
        let lifts = buffer.read_usize()?;
        let lifts = (0..lifts)
            .map(|_| LiftCircuit::read(&mut buffer))
            .collect::<IoResult<_>>()?;
        let fold = FoldCircuit::read(&mut buffer)?;
        Ok(Self::of(lifts, fold, CompressCircuit::read(&mut buffer)?))
    }
}

/// 32 bytes of a circuit digest of either hash.
pub(crate) fn digest_bytes<H: GenericHashOut<F>>(digest: &H) -> CircuitDigest {
    digest
        .to_bytes()
        .try_into()
        .expect("digests of both hashes have 32 bytes")
}
