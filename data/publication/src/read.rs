//! A batch's rollup stream from its blob, and whether both are the batch's.

use alloy::{
    eips::eip4844::{BYTES_PER_BLOB, kzg_to_versioned_hash},
    primitives::B256,
};
use ashlar_blob::{DecodeError, stream::stream_of};
use ashlar_contracts::{BatchHeader, encoding::extension_to_word};
use ashlar_statement::{
    Domain, blob_evaluation_point,
    hash::{F, hash_from_bytes32},
};
use plonky2::field::types::PrimeField64;

use crate::publication::commitment;

/// A blob from which no stream is read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Cut off, or something else.
    #[error("{actual} bytes, a blob has {BYTES_PER_BLOB}")]
    Length {
        /// Bytes given.
        actual: usize,
    },
    /// Who gave it is wrong or lies.
    #[error("a blob with versioned hash {found} was given for {asked}")]
    Other {
        /// Of the blob that was asked for.
        asked: B256,
        /// Of the one given.
        found: B256,
    },
    /// No blob of a proven batch.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The library that computes commitments failed: an element is not below the modulus.
    #[error("commitment to the blob")]
    Kzg(#[from] c_kzg::Error),
}

/// The rollup stream of so many words in this blob, whose commitment is compared with its versioned hash.
///
/// # Errors
/// If it is another blob, or holds no such stream.
pub fn read(blob: &[u8], versioned_hash: B256, words: u32) -> Result<Vec<u8>, ReadError> {
    let actual = blob.len();
    let blob: Box<[u8]> = blob.into();
    let blob: ashlar_blob::Blob = blob.try_into().map_err(|_| ReadError::Length { actual })?;
    let found = kzg_to_versioned_hash(commitment(&blob)?.as_slice());
    if found != versioned_hash {
        let asked = versioned_hash;
        return Err(ReadError::Other { asked, found });
    }
    Ok(stream_of(&ashlar_blob::decode(&[blob], words as usize)?))
}

/// Whether the evaluation point of a header is that of a batch with this blob and bridge stream.
pub fn check(header: &BatchHeader, domain: &Domain, versioned_hash: B256, bridge: &[u8]) -> bool {
    let Some(data_hash) = hash_from_bytes32(&header.dataHash.to_be_bytes()) else {
        return false;
    };
    let (number, words) = (header.number, header.rollupWords);
    let z = blob_evaluation_point(domain, number, &data_hash, &versioned_hash.0, words, bridge);
    extension_to_word(z.map(|element: F| element.to_canonical_u64())) == header.z
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Publication;

    #[test]
    fn a_stream_is_read_back_from_its_blob_and_from_no_other() {
        let stream: Vec<u8> = (0..=251).collect();
        let words = 36;
        let publication = Publication::of(&stream).expect("short");
        let hash = publication.versioned_hash();
        let blob = publication.sidecar().expect("computed").blobs[0];
        assert_eq!(read(blob.as_slice(), hash, words).expect("its own"), stream);

        let cut = read(&blob[1..], hash, words).expect_err("cut off");
        assert!(matches!(cut, ReadError::Length { actual: 131_071 }), "{cut}");
        let mut other = blob;
        other[31] ^= 1;
        let error = read(other.as_slice(), hash, words).expect_err("another");
        assert!(
            matches!(error, ReadError::Other { asked, .. } if asked == hash),
            "{error}"
        );
        let fewer = read(blob.as_slice(), hash, words - 1).expect_err("one word less");
        assert!(
            matches!(fewer, ReadError::Decode(DecodeError::Padding { .. })),
            "{fewer}"
        );
        let mut unreduced = blob;
        unreduced[0] = 0xff;
        let error = read(unreduced.as_slice(), hash, words).expect_err("no blob of L1's");
        assert!(matches!(error, ReadError::Kzg(_)), "{error}");
    }

    #[test]
    fn an_empty_stream_has_no_blob() {
        let error = Publication::of(&[]).expect_err("nothing");
        assert!(matches!(error, crate::PublicationError::Empty), "{error}");
    }
}
