//! Inputs and results as bytes. Every encoding starts with a version byte (a witness and a SNARK bring their own), is
//! bounded, and is accepted in one form only.

use ashlar_blob::stream::{InputError, words_of_input};
use ashlar_kzg::{DecodeError as SnarkDecodeError, Snark};
use ashlar_recursion::{DecodeError as ProofDecodeError, MAX_PROOF_BYTES, SpanProof};
use ashlar_statement::{LeafCircuits, WitnessBytesError, witness_from_bytes};

use crate::{Job, JobKind, Proof, Verifier};

/// First byte of an encoded proof.
const VERSION: u8 = 1;

/// Why bytes are not the input or the result of a job.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Another number of inputs than the job takes.
    #[error("{actual} inputs, the job takes {expected}")]
    InputCount {
        /// What the job takes.
        expected: usize,
        /// Given.
        actual: usize,
    },
    /// Empty, or written by another version.
    #[error("encoding version {found:?}, expected {VERSION}")]
    Version {
        /// The first byte, if there is one.
        found: Option<u8>,
    },
    /// Longer than the limit.
    #[error("{actual} bytes, at most {limit} allowed")]
    TooLong {
        /// Most bytes allowed.
        limit: usize,
        /// Given.
        actual: usize,
    },
    /// Not a chunk witness.
    #[error("chunk witness")]
    Witness(#[from] WitnessBytesError),
    /// Not a proof.
    #[error("proof")]
    Proof(#[from] ProofDecodeError),
    /// Not the stream in a blob.
    #[error("stream in the blob")]
    Stream(#[from] InputError),
    /// Not a SNARK.
    #[error("SNARK")]
    Snark(#[from] SnarkDecodeError),
}

fn versioned(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    let (actual, limit) = (bytes.len(), MAX_PROOF_BYTES + 1);
    if actual > limit {
        return Err(DecodeError::TooLong { limit, actual });
    }
    match bytes.split_first() {
        Some((&VERSION, rest)) => Ok(rest),
        first => {
            let found = first.map(|(found, _)| *found);
            Err(DecodeError::Version { found })
        }
    }
}

impl Proof {
    /// The proof as the farm stores it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let proof = match self {
            Self::Span(proof) => proof.to_bytes(),
            Self::Compressed(proof) => proof.to_bytes(),
            Self::Snark(snark) => return snark.to_bytes(),
        };
        [&[VERSION], proof.as_slice()].concat()
    }
}

impl<L: LeafCircuits> Verifier<L> {
    fn decode_span(&self, bytes: &[u8]) -> Result<SpanProof, DecodeError> {
        Ok(self.keys.recursion.decode_span(versioned(bytes)?)?)
    }

    /// Reads the inputs of a job, in order.
    pub fn decode_job<B: AsRef<[u8]>>(
        &self,
        kind: JobKind,
        inputs: &[B],
    ) -> Result<Job<L::Witness>, DecodeError> {
        let count = DecodeError::InputCount {
            expected: kind.arity(),
            actual: inputs.len(),
        };
        let [first, rest @ ..] = inputs else {
            return Err(count);
        };
        match (kind, rest) {
            (JobKind::Chunk, []) => Ok(Job::Chunk(Box::new(witness_from_bytes(first.as_ref())?))),
            (JobKind::Fold, [right]) => Ok(Job::Fold {
                left: self.decode_span(first.as_ref())?,
                right: self.decode_span(right.as_ref())?,
            }),
            (JobKind::Compress, [words]) => Ok(Job::CompressLinked {
                root: self.decode_span(first.as_ref())?,
                words: words_of_input(words.as_ref())?,
            }),
            (JobKind::Compress, []) => Ok(Job::Compress(self.decode_span(first.as_ref())?)),
            (JobKind::Wrap, []) => match self.decode_proof(JobKind::Compress, first.as_ref())? {
                Proof::Compressed(proof) => Ok(Job::Wrap(proof)),
                Proof::Span(_) | Proof::Snark(_) => unreachable!("compress jobs give compressed proofs"),
            },
            _ => Err(count),
        }
    }

    /// Reads the result of a job. Says nothing about its validity: see [`Verifier::verify`].
    pub fn decode_proof(&self, kind: JobKind, bytes: &[u8]) -> Result<Proof, DecodeError> {
        match kind {
            JobKind::Chunk | JobKind::Fold => self.decode_span(bytes).map(Proof::Span),
            JobKind::Compress => {
                let proof = self.keys.recursion.decode_compressed(versioned(bytes)?)?;
                Ok(Proof::Compressed(proof))
            }
            JobKind::Wrap => Ok(Proof::Snark(Snark::from_bytes(bytes)?)),
        }
    }
}
