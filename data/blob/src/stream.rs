//! A batch's rollup stream as the words of one blob, and as the input of the job that proves it to be in the blob.

use crate::{BLOB_WORDS, WORD_BITS};

/// Bytes of a word in a stream.
pub const WORD_BYTES: usize = WORD_BITS as usize / 8;
/// First byte of a stream that is a job's input.
const INPUT_VERSION: u8 = 1;

/// A stream that no blob holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// Streams are words of seven bytes.
    #[error("a rollup stream of {bytes} bytes is no whole number of words of {WORD_BYTES} bytes")]
    Ragged {
        /// Its length.
        bytes: usize,
    },
    /// A batch has one blob.
    #[error("a rollup stream of {words} words, and a blob holds {BLOB_WORDS}: seal smaller batches")]
    TooLong {
        /// Its length.
        words: usize,
    },
}

/// The stream's words, big-endian, at most [`BLOB_WORDS`].
///
/// # Errors
/// If they are not whole, or are too many for a blob.
pub fn words_of(stream: &[u8]) -> Result<Vec<u64>, StreamError> {
    let (words, rest) = stream.as_chunks::<WORD_BYTES>();
    if !rest.is_empty() {
        return Err(StreamError::Ragged { bytes: stream.len() });
    }
    if words.len() > BLOB_WORDS {
        return Err(StreamError::TooLong { words: words.len() });
    }
    let word = |bytes: &[u8; WORD_BYTES]| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    Ok(words.iter().map(word).collect())
}

/// Inverse of [`words_of`].
pub fn stream_of(words: &[u64]) -> Vec<u8> {
    let bytes = |word: &u64| {
        let [_, bytes @ ..] = word.to_be_bytes();
        bytes
    };
    words.iter().flat_map(bytes).collect()
}

/// Bytes that are not the stream in a blob, as a job has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// Without any byte, or written by another version.
    #[error("encoding version {found:?}, expected {INPUT_VERSION}")]
    Version {
        /// The first byte, if there is one.
        found: Option<u8>,
    },
    /// A batch without a rollup stream has no blob.
    #[error("an empty rollup stream is in no blob")]
    Empty,
    /// No blob holds it.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// A rollup stream as the second input of a job that compresses.
pub fn job_input(stream: &[u8]) -> Vec<u8> {
    [&[INPUT_VERSION], stream].concat()
}

/// The words of such an input: at least one.
///
/// # Errors
/// If it is none.
pub fn words_of_input(input: &[u8]) -> Result<Vec<u64>, InputError> {
    match input.split_first() {
        Some((&INPUT_VERSION, [])) => Err(InputError::Empty),
        Some((&INPUT_VERSION, stream)) => Ok(words_of(stream)?),
        first => {
            let found = first.map(|(found, _)| *found);
            Err(InputError::Version { found })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_back_from_its_words_and_what_no_blob_holds_is_refused() {
        let stream: Vec<u8> = (0..70).collect();
        let words = words_of(&stream).expect("ten words");
        assert_eq!((words.len(), words[0]), (10, 0x0000_0102_0304_0506));
        assert_eq!(stream_of(&words), stream);
        assert_eq!(words_of(&stream[1..]), Err(StreamError::Ragged { bytes: 69 }));
        let words = BLOB_WORDS + 1;
        assert_eq!(
            words_of(&vec![1; WORD_BYTES * words]),
            Err(StreamError::TooLong { words })
        );
        let full = words_of(&vec![1; WORD_BYTES * BLOB_WORDS]).expect("as many as fit");
        assert_eq!(full.len(), BLOB_WORDS);
    }

    #[test]
    fn an_input_has_its_version_and_a_word_at_least() {
        let stream = [7; WORD_BYTES];
        assert_eq!(
            words_of_input(&job_input(&stream)),
            Ok(vec![0x0007_0707_0707_0707])
        );
        assert_eq!(words_of_input(&job_input(&[])), Err(InputError::Empty));
        assert_eq!(words_of_input(&[]), Err(InputError::Version { found: None }));
        let found = Some(2);
        assert_eq!(words_of_input(&[2, 0]), Err(InputError::Version { found }));
        let ragged = StreamError::Ragged { bytes: 8 };
        assert_eq!(words_of_input(&job_input(&[0; 8])), Err(ragged.into()));
    }
}
