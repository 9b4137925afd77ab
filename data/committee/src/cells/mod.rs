//! The erasure code of a rollup stream: the cells that EIP-7594 cuts its blobs into ([`ashlar_blob`] says what stands in
//! them), each with a proof that it is its commitment's. Any half of a blob's cells gives the blob back.
//!
//! A member keeps streams whole. Cells are how somebody who does not want to read a stream finds out whether it is still
//! there ([`crate::Readers::sample`]), and how a stream is read from members of whom each gives a part.

mod collect;
mod recover;
mod sample;

use ashlar_blob::{
    BLOB_BYTES, BLOB_WORDS, EncodeError, encode,
    stream::{StreamError, WORD_BYTES, words_of},
};
use c_kzg::{Bytes48, KzgSettings};

pub use recover::{RecoverError, stream_of_cells};
pub use sample::{MemberSamples, Place, SampleError, Sampled};

/// Cells of a blob (EIP-7594's `CELLS_PER_EXT_BLOB`).
pub const CELLS: usize = 128;
/// Bytes of a cell.
pub const CELL_BYTES: usize = 2_048;
/// Bytes of a commitment, and of a proof.
pub const POINT_BYTES: usize = 48;

/// Bytes of a stream in one blob.
const BLOB_STREAM_BYTES: usize = BLOB_WORDS * WORD_BYTES;

/// KZG commitment to a blob.
pub type Commitment = [u8; POINT_BYTES];

/// EIP-4844's reference string as the library has it, with the tables that need no time.
fn settings() -> &'static KzgSettings {
    c_kzg::ethereum_kzg_settings(0)
}

/// Blobs of a stream of so many words.
pub fn blobs_of(words: u32) -> usize {
    (words as usize).div_ceil(BLOB_WORDS)
}

/// A stream of which there are no cells.
#[derive(Debug, thiserror::Error)]
pub enum CellError {
    /// It is not of words.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// It is in no blobs.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The library that computes cells failed.
    #[error("KZG cells or proofs of a blob")]
    Kzg(#[from] c_kzg::Error),
}

/// A cell as somebody gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which.
    pub place: Place,
    /// What stands in it.
    pub data: Box<[u8; CELL_BYTES]>,
    /// That it is the commitment's.
    pub proof: [u8; POINT_BYTES],
}

/// The commitments of a stream's blobs and the proofs of their cells. Making them takes a second or more for a blob, the
/// cells themselves far less, so these are what is kept beside a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellProofs {
    /// For each blob its commitment, then the proofs of its cells.
    points: Vec<[u8; POINT_BYTES]>,
}

impl CellProofs {
    /// Of a rollup stream; an empty one has none.
    ///
    /// # Errors
    /// If it is no stream of words.
    pub fn of(stream: &[u8]) -> Result<Self, CellError> {
        let mut points = Vec::new();
        for part in stream.chunks(BLOB_STREAM_BYTES) {
            let blob = blob_of(part)?;
            let commitment = settings().blob_to_kzg_commitment(&blob)?;
            points.push(commitment.to_bytes().into_inner());
            let (_, proofs) = settings().compute_cells_and_kzg_proofs(&blob)?;
            points.extend(proofs.iter().map(|proof| proof.to_bytes().into_inner()));
        }
        Ok(Self { points })
    }

    /// As they are kept.
    pub fn as_bytes(&self) -> &[u8] {
        self.points.as_flattened()
    }

    /// Inverse of [`Self::as_bytes`]; `None` for what is not of so many bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (points, rest) = bytes.as_chunks();
        let is_whole = rest.is_empty() && points.len().is_multiple_of(1 + CELLS);
        is_whole.then(|| Self {
            points: points.to_vec(),
        })
    }

    fn blobs(&self) -> impl Iterator<Item = &[[u8; POINT_BYTES]]> {
        self.points.chunks(1 + CELLS)
    }

    /// To each of the stream's blobs, in order.
    pub fn commitments(&self) -> Vec<Commitment> {
        self.blobs().map(|of| of[0]).collect()
    }

    /// The cells at these places of the stream that this is of, without those that it has not.
    ///
    /// # Errors
    /// If it is no stream of words.
    pub fn cells(&self, stream: &[u8], places: &[Place]) -> Result<Vec<Cell>, CellError> {
        let mut found = Vec::new();
        for (blob, (part, points)) in (0..).zip(stream.chunks(BLOB_STREAM_BYTES).zip(self.blobs())) {
            let of_blob = places
                .iter()
                .filter(|place| place.blob == blob && (place.cell as usize) < CELLS);
            let mut of_blob = of_blob.peekable();
            if of_blob.peek().is_none() {
                continue;
            }
            let cells = settings().compute_cells(&*blob_of(part)?)?;
            found.extend(of_blob.map(|place| Cell {
                place: *place,
                data: cells[place.cell as usize].to_bytes().into(),
                proof: points[1 + place.cell as usize],
            }));
        }
        Ok(found)
    }
}

/// The blob of a stream, or of a part of it that one blob holds.
fn blob_of(part: &[u8]) -> Result<Box<c_kzg::Blob>, CellError> {
    let mut copy = Box::<c_kzg::Blob>::default();
    for blob in encode(&words_of(part)?)? {
        copy.copy_from_slice(&blob[..BLOB_BYTES]);
    }
    Ok(copy)
}

/// Whether all these cells are of the blobs with these commitments.
pub fn are_of(commitments: &[Commitment], cells: &[Cell]) -> bool {
    let commitment = |cell: &Cell| commitments.get(cell.place.blob as usize).copied();
    let Some(commitments) = cells.iter().map(commitment).collect::<Option<Vec<_>>>() else {
        return false;
    };
    let commitments: Vec<_> = commitments.into_iter().map(Bytes48::new).collect();
    let places: Vec<_> = cells.iter().map(|cell| cell.place.cell.into()).collect();
    let data: Vec<_> = cells.iter().map(|cell| c_kzg::Cell::new(*cell.data)).collect();
    let proofs: Vec<_> = cells.iter().map(|cell| Bytes48::new(cell.proof)).collect();
    // The library fails for a place that there is not, and for what is no point or no element: nobody's cells.
    settings()
        .verify_cell_kzg_proof_batch(&commitments, &places, &data, &proofs)
        .unwrap_or(false)
}

#[cfg(test)]
mod tests;
