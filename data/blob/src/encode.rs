//! Words to blobs.

use ark_poly::EvaluationDomain;

use crate::{
    BLOB_BYTES, BLOB_WORDS, Blob, COEFFICIENT_WORDS, ELEMENT_BYTES, MAX_BLOBS, WORD_BITS, bit_reversed,
    coefficient, domain, element_bytes,
};

/// Words that fit no blobs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A transaction has six blobs at most.
    #[error("{found} words, {MAX_BLOBS} blobs hold {}: publish fewer operations in a batch", MAX_BLOBS * BLOB_WORDS)]
    TooMany {
        /// Words to encode.
        found: usize,
    },
    /// A word is no seven bytes.
    #[error("word {index} is {word:#x}, not below 2^{WORD_BITS}")]
    Word {
        /// Which.
        index: usize,
        /// Its value.
        word: u64,
    },
}

/// The blobs whose coefficients are `words`, 16,384 to a blob: none for no words, six at most. The last one's other
/// coefficients are zero.
///
/// # Errors
/// If there are more words than six blobs hold, or a word is not below 2^56.
pub fn encode(words: &[u64]) -> Result<Vec<Blob>, EncodeError> {
    let found = words.len();
    if found > MAX_BLOBS * BLOB_WORDS {
        return Err(EncodeError::TooMany { found });
    }
    if let Some(index) = words.iter().position(|word| word >> WORD_BITS != 0) {
        let word = words[index];
        return Err(EncodeError::Word { index, word });
    }
    Ok(words.chunks(BLOB_WORDS).map(encode_one).collect())
}

fn encode_one(words: &[u64]) -> Blob {
    let coefficients: Vec<_> = words.chunks(COEFFICIENT_WORDS).map(coefficient).collect();
    let values = domain().fft(&coefficients);
    let mut bytes = Vec::with_capacity(BLOB_BYTES);
    for index in 0..BLOB_BYTES / ELEMENT_BYTES {
        bytes.extend(element_bytes(values[bit_reversed(index)]));
    }
    bytes
        .into_boxed_slice()
        .try_into()
        .expect("as many values as a blob has")
}
