//! Blobs to words.

use ark_ff::PrimeField;
use ark_poly::EvaluationDomain;

use crate::{
    BLOB_BYTES, BLOB_WORDS, COEFFICIENT_WORDS, COEFFICIENTS, ELEMENT_BYTES, Fr, WORD_BITS, bit_reversed,
    domain, element,
};

/// Blobs that [`crate::encode`] does not make. Behind a proof that binds them to words there are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Too few or too many.
    #[error("{found} blobs, {words} words are in {expected}")]
    Count {
        /// Blobs given.
        found: usize,
        /// Blobs that the words need.
        expected: usize,
        /// Words asked for.
        words: usize,
    },
    /// A value is not reduced: this is no blob that L1 accepts.
    #[error("element {index} of blob {blob} is not below the field's modulus")]
    Element {
        /// Which blob.
        blob: usize,
        /// Which of its elements.
        index: usize,
    },
    /// A coefficient is not four words.
    #[error("coefficient {index} of blob {blob} is not below 2^224: it is no four words")]
    Coefficient {
        /// Which blob.
        blob: usize,
        /// Which of its coefficients.
        index: usize,
    },
    /// Something stands behind the last word.
    #[error("word {index} of blob {blob}, behind the last, is not zero")]
    Padding {
        /// Which blob, the last one.
        blob: usize,
        /// Which of its words.
        index: usize,
    },
}

/// The `words` words whose blobs these are.
///
/// # Errors
/// If they are not exactly the blobs that [`crate::encode`] makes of as many words.
pub fn decode(blobs: &[impl AsRef<[u8; BLOB_BYTES]>], words: usize) -> Result<Vec<u64>, DecodeError> {
    let (found, expected) = (blobs.len(), words.div_ceil(BLOB_WORDS));
    if found != expected {
        return Err(DecodeError::Count {
            found,
            expected,
            words,
        });
    }
    let mut decoded = Vec::with_capacity(expected * BLOB_WORDS);
    for (blob, bytes) in blobs.iter().enumerate() {
        decode_one(blob, bytes.as_ref(), &mut decoded)?;
    }
    let padding = decoded.drain(words..).position(|word| word != 0);
    match padding {
        Some(behind) => Err(DecodeError::Padding {
            blob: expected - 1,
            index: words - (expected - 1) * BLOB_WORDS + behind,
        }),
        None => Ok(decoded),
    }
}

fn decode_one(blob: usize, bytes: &[u8; BLOB_BYTES], words: &mut Vec<u64>) -> Result<(), DecodeError> {
    let mut values = vec![Fr::from(0); COEFFICIENTS];
    for (index, bytes) in bytes.as_chunks::<ELEMENT_BYTES>().0.iter().enumerate() {
        values[bit_reversed(index)] = element(bytes).ok_or(DecodeError::Element { blob, index })?;
    }
    for (index, coefficient) in domain().ifft(&values).into_iter().enumerate() {
        let limbs = coefficient.into_bigint().0;
        if limbs[3] >> (4 * WORD_BITS - 3 * u64::BITS) != 0 {
            return Err(DecodeError::Coefficient { blob, index });
        }
        words.extend(split(limbs));
    }
    Ok(())
}

/// Four 56-bit words of four 64-bit limbs, both with the lowest first.
fn split(limbs: [u64; 4]) -> [u64; COEFFICIENT_WORDS] {
    let mask = (1u64 << WORD_BITS) - 1;
    core::array::from_fn(|k| {
        let (limb, shift) = (k * 56 / 64, (k * 56 % 64) as u32);
        let above = limbs.get(limb + 1).copied().unwrap_or(0);
        let word = (u128::from(above) << u64::BITS | u128::from(limbs[limb])) >> shift;
        word as u64 & mask
    })
}
