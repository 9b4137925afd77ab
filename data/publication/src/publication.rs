//! A rollup stream as a blob: its commitment, its opening, and the transaction's sidecar.

use alloy::{
    consensus::BlobTransactionSidecarEip7594,
    eips::eip4844::{BYTES_PER_BLOB, Blob, Bytes48, kzg_to_versioned_hash},
    primitives::{B256, Bytes},
};
use ashlar_blob::{
    element_bytes, encode,
    stream::{StreamError, words_of},
};
use ashlar_blob_link::blob_point;
use ashlar_statement::hash::F;
use plonky2::field::types::Field;

use crate::settings;

/// A blob and the commitment to it.
#[derive(Clone, Debug)]
pub struct Publication {
    blob: ashlar_blob::Blob, // on the heap: copies of 128 KiB overflow a thread's stack
    commitment: Bytes48,
    words: u32,
}

/// A stream that cannot be published in a blob.
#[derive(Debug, thiserror::Error)]
pub enum PublicationError {
    /// No blob holds it.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// There is nothing to publish: such a batch is committed without a blob.
    #[error("an empty rollup stream needs no blob")]
    Empty,
    /// The batch was sealed for calldata.
    #[error("a coordinate of the evaluation point is 2^63 or more: the batch was not sealed for a blob")]
    Point,
    /// The library that computes commitments and proofs failed.
    #[error("KZG commitment or proof of a blob")]
    Kzg(#[from] c_kzg::Error),
}

impl Publication {
    /// Of a batch's rollup stream.
    ///
    /// # Errors
    /// If the stream is empty, or no blob holds it.
    pub fn of(stream: &[u8]) -> Result<Self, PublicationError> {
        let words = words_of(stream)?;
        let blobs = encode(&words).expect("words of seven bytes, few enough for one blob");
        let blob = blobs.into_iter().next().ok_or(PublicationError::Empty)?;
        Ok(Self {
            commitment: commitment(&blob)?,
            blob,
            words: words.len() as u32, // at most 16,384
        })
    }

    /// What a transaction names the blob by.
    pub fn versioned_hash(&self) -> B256 {
        kzg_to_versioned_hash(self.commitment.as_slice())
    }

    /// `words (4) ‖ value (32) ‖ commitment (48) ‖ proof (48)`, as `BlobBinding` takes it, of the blob at the point that
    /// follows from a batch's evaluation point (canonical elements).
    ///
    /// # Errors
    /// If no blob is opened at that point.
    pub fn opening(&self, z: [u64; 2]) -> Result<Bytes, PublicationError> {
        let point = blob_point(z.map(F::from_noncanonical_u64)).ok_or(PublicationError::Point)?;
        let point = c_kzg::Bytes32::new(element_bytes(point));
        let (proof, value) = settings().compute_kzg_proof(&kzg(&self.blob), &point)?;
        let parts: [&[u8]; 4] = [
            &self.words.to_be_bytes(),
            value.as_slice(),
            self.commitment.as_slice(),
            &*proof.to_bytes(),
        ];
        Ok(parts.concat().into())
    }

    /// With a proof for each cell (EIP-7594). Takes a second or more.
    ///
    /// # Errors
    /// If the library fails.
    pub fn sidecar(&self) -> Result<BlobTransactionSidecarEip7594, PublicationError> {
        let (_, proofs) = settings().compute_cells_and_kzg_proofs(&kzg(&self.blob))?;
        let proofs = proofs.iter().map(|proof| Bytes48::from(*proof.to_bytes()));
        Ok(BlobTransactionSidecarEip7594::new(
            vec![Blob::from(*self.blob)],
            vec![self.commitment],
            proofs.collect(),
        ))
    }
}

fn kzg(blob: &[u8; BYTES_PER_BLOB]) -> Box<c_kzg::Blob> {
    let mut copy = Box::<c_kzg::Blob>::default();
    copy.copy_from_slice(blob);
    copy
}

/// The KZG commitment to a blob.
pub(crate) fn commitment(blob: &[u8; BYTES_PER_BLOB]) -> Result<Bytes48, c_kzg::Error> {
    let commitment = settings().blob_to_kzg_commitment(&kzg(blob))?;
    Ok(Bytes48::from(*commitment.to_bytes()))
}
