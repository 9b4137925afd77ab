//! The recursion circuits over a set of leaf circuits.

use ashlar_blob_link::LinkPublicInputs;
use ashlar_statement::Security;
use plonky2::{
    plonk::config::GenericHashOut,
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    compress::CompressCircuit,
    config::F,
    fold::FoldCircuit,
    join::JoinCircuit,
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

/// Lifts, fold, join and compress for a set of leaf circuits and the link circuit.
#[derive(Debug)]
pub struct RecursionCircuits {
    /// Leaf proof to tree: one for each shape of leaf circuits, at the place that [`crate::SpanKind::Lift`] names.
    pub lifts: Vec<LiftCircuit>,
    /// Two neighbours to one.
    pub fold: FoldCircuit,
    /// Root and link of a blob to what compress takes.
    pub join: JoinCircuit,
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
    /// shapes and keys, whose public inputs must be spans, and for the link circuit. A leaf's place in the list is its kind.
    pub fn build(
        security: Security,
        leaves: &[(&Common, &VerifierOnly)],
        link: (&Common, &VerifierOnly),
    ) -> Result<Self, BuildError> {
        let leaves = Leaves::by_shape(leaves)?;
        let (expected, actual) = (LinkPublicInputs::<F>::LEN, link.0.num_public_inputs);
        if actual != expected {
            return Err(BuildError::LinkPublicInputs { expected, actual });
        }
        let shape = shape::find(security, &leaves, link)?;
        let lifts = leaves
            .into_iter()
            .map(|leaves| LiftCircuit::build(leaves, &shape));
        let lifts = lifts.collect::<Result<Vec<_>, _>>()?;
        let keys: Vec<_> = lifts.iter().map(|lift| lift.data.verifier_only.clone()).collect();
        let fold = FoldCircuit::build(&shape, keys.clone())?;
        let join = JoinCircuit::build(&shape, keys.clone(), link)?;
        let [join_key, fold_key] = [&join.data, &fold.data].map(|data| data.verifier_only.clone());
        let compress = CompressCircuit::build(security, &shape, keys, join_key, fold_key)?;
        Ok(Self::of(lifts, fold, join, compress))
    }

    fn of(lifts: Vec<LiftCircuit>, fold: FoldCircuit, join: JoinCircuit, compress: CompressCircuit) -> Self {
        Self {
            keys: RecursionKeys::new(&lifts, &fold, &compress),
            lifts,
            fold,
            join,
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

    /// Writes the circuits (about 200 MB).
    pub fn write(&self, buffer: &mut Vec<u8>) -> IoResult<()> {
        buffer.write_usize(self.lifts.len())?;
        self.lifts.iter().try_for_each(|lift| lift.write(buffer))?;
        self.fold.write(buffer)?;
        self.join.write(buffer)?;
        self.compress.write(buffer)
    }

    /// Inverse of [`Self::write`]. Only for files of one's own: plonky2's reader trusts lengths.
    pub fn read(buffer: &mut Buffer<'_>) -> IoResult<Self> {
        let lifts = buffer.read_usize()?;
        let lifts = (0..lifts)
            .map(|_| LiftCircuit::read(buffer))
            .collect::<IoResult<_>>()?;
        let fold = FoldCircuit::read(buffer)?;
        let join = JoinCircuit::read(buffer)?;
        Ok(Self::of(lifts, fold, join, CompressCircuit::read(buffer)?))
    }
}

/// 32 bytes of a circuit digest of either hash.
pub(crate) fn digest_bytes<H: GenericHashOut<F>>(digest: &H) -> CircuitDigest {
    digest
        .to_bytes()
        .try_into()
        .expect("digests of both hashes have 32 bytes")
}
