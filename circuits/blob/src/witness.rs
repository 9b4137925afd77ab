//! The native twin of the circuit.

use ark_ff::BigInteger;
use ark_ff::PrimeField;
use ashlar_blob::{COEFFICIENT_WORDS, Fr, WORD_BITS, evaluate};
use ashlar_statement::{
    hash::{F, Role, hash_no_pad},
    stream::{Evaluation, Ext, Stream},
};
use plonky2::field::{
    extension::quadratic::QuadraticExtension,
    types::{Field, PrimeField64},
};

use crate::{
    LinkPublicInputs,
    limbs::{integer, limbs, words},
};

/// What a link's proof needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkWitness {
    /// Chain and rollup: [`ashlar_statement::Domain::words`].
    pub domain: [F; 4],
    /// Evaluation point of the public data.
    pub z: [F; 2],
    /// Evaluation point of the blob.
    pub zeta: Fr,
    /// The words of one blob, each below 2^56, without its padding.
    pub words: Vec<u64>,
}

/// Why a witness breaks the circuit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkFault {
    /// More words than the circuit has room for.
    #[error("{actual} words, the blob has room for {room}: link each blob of a batch with its own proof")]
    TooMany {
        /// Of the witness.
        actual: usize,
        /// Of the circuit.
        room: usize,
    },
    /// No blob is opened at this point.
    #[error(
        "a coordinate of the evaluation point is not below 2^{POINT_BITS}: L1 draws the point of a batch with a blob otherwise"
    )]
    Point,
    /// A word is no seven bytes.
    #[error("word {index} is {word:#x}, not below 2^{WORD_BITS}")]
    Word {
        /// Which.
        index: usize,
        /// Its value.
        word: u64,
    },
}

/// Bits of either coordinate of a batch's evaluation point, if the batch is linked to a blob.
pub const POINT_BITS: usize = 63;

/// The point at which a blob is opened, `z0 + 2^63·z1` for a batch's evaluation point of two numbers below 2^63: below
/// 2^126, and another one for every other point. None for a point that no blob is opened at: L1 draws both numbers below
/// 2^63, which is below p, so that their bits are theirs alone.
pub fn blob_point(z: [F; 2]) -> Option<Fr> {
    let [z0, z1] = z.map(|coordinate| u128::from(coordinate.to_canonical_u64()));
    let is_point = z0 >> POINT_BITS == 0 && z1 >> POINT_BITS == 0;
    is_point.then(|| Fr::from(z1 << POINT_BITS | z0))
}

impl LinkWitness {
    /// Of a batch whose rollup stream is these words, evaluated at `z`.
    ///
    /// # Errors
    /// If no blob is opened at this point.
    pub fn of_batch(domain: [F; 4], z: [F; 2], words: Vec<u64>) -> Result<Self, LinkFault> {
        let zeta = blob_point(z).ok_or(LinkFault::Point)?;
        Ok(Self {
            domain,
            z,
            zeta,
            words,
        })
    }

    /// What the proof of a circuit of so many coefficients will state.
    ///
    /// # Errors
    /// What the circuit would refuse.
    pub fn statement(&self, coefficients: usize) -> Result<LinkPublicInputs<F>, LinkFault> {
        let (actual, room) = (self.words.len(), COEFFICIENT_WORDS * coefficients);
        if actual > room {
            return Err(LinkFault::TooMany { actual, room });
        }
        if let Some(index) = self.words.iter().position(|word| word >> WORD_BITS != 0) {
            let word = self.words[index];
            return Err(LinkFault::Word { index, word });
        }
        let z: Ext = QuadraticExtension(self.z);
        let mut evaluation = Evaluation::EMPTY;
        evaluation.push(z, Stream::Rollup, &self.words);
        Ok(LinkPublicInputs {
            domain: self.domain,
            words_hash: words_hash(&self.words, coefficients).elements,
            z: self.z,
            rollup_eval: evaluation.rollup_eval.0,
            zeta: words(limbs(&integer(self.zeta))),
            value: words(limbs(&integer(evaluate(&self.words, self.zeta)))),
            words: F::from_canonical_usize(actual),
        })
    }
}

/// Poseidon hash of a blob's words, zeros behind the last: of all that it has room for.
pub fn words_hash(words: &[u64], coefficients: usize) -> ashlar_statement::hash::Hash {
    let mut elements: Vec<_> = words.iter().map(|word| F::from_noncanonical_u64(*word)).collect();
    elements.resize(COEFFICIENT_WORDS * coefficients, F::ZERO);
    hash_no_pad(Role::BlobWords, &elements)
}

/// r - 1 - y, which is not negative exactly if y is below r.
pub(crate) fn complement(y: &num_bigint::BigUint) -> num_bigint::BigUint {
    let largest = num_bigint::BigUint::from_bytes_le(&Fr::MODULUS.to_bytes_le()) - 1u8;
    if *y <= largest {
        largest - y
    } else {
        num_bigint::BigUint::ZERO
    }
}
