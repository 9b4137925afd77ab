//! A stream from its cells.

use std::collections::BTreeMap;

use ashlar_blob::{BLOB_BYTES, Blob, DecodeError, decode, stream::stream_of};

use super::{CELL_BYTES, CELLS, Cell, blobs_of, settings};

/// Cells from which no stream is read.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// Less than half of a blob is there.
    #[error("{found} of {CELLS} cells of blob {blob}, and {} are needed", CELLS / 2)]
    TooFew {
        /// Which blob.
        blob: u32,
        /// Different cells of it.
        found: usize,
    },
    /// They are of no blob that holds words.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The library that recovers cells failed: they are of no blob.
    #[error("recovery of a blob")]
    Kzg(#[from] c_kzg::Error),
}

/// The stream of so many words from cells that are [of its blobs](super::are_of), in any order: at least half of each blob's.
/// Takes some two seconds for a blob of which one of the first 64 cells is missing.
///
/// # Errors
/// If there are too few, or they hold no such stream.
pub fn stream_of_cells(cells: &[Cell], words: u32) -> Result<Vec<u8>, RecoverError> {
    let mut blobs = Vec::new();
    for blob in 0..blobs_of(words) as u32 {
        let of_blob = cells.iter().filter(|cell| cell.place.blob == blob);
        let of_blob: BTreeMap<_, _> = of_blob.map(|cell| (cell.place.cell, &*cell.data)).collect();
        blobs.push(blob_of_cells(blob, &of_blob)?);
    }
    Ok(stream_of(&decode(&blobs, words as usize)?))
}

/// A blob is the first half of its cells.
fn blob_of_cells(blob: u32, cells: &BTreeMap<u32, &[u8; CELL_BYTES]>) -> Result<Blob, RecoverError> {
    let found = cells.len();
    if found < CELLS / 2 {
        return Err(RecoverError::TooFew { blob, found });
    }
    let first = cells.range(..CELLS as u32 / 2).map(|(_, data)| **data);
    let mut data: Vec<[u8; CELL_BYTES]> = first.collect();
    if data.len() < CELLS / 2 {
        let places: Vec<u64> = cells.keys().map(|place| u64::from(*place)).collect();
        let given: Vec<_> = cells.values().map(|data| c_kzg::Cell::new(**data)).collect();
        let (all, _) = settings().recover_cells_and_kzg_proofs(&places, &given)?;
        data = all[..CELLS / 2].iter().map(c_kzg::Cell::to_bytes).collect();
    }
    let bytes: Box<[u8]> = data.as_flattened().into();
    const { assert!(CELLS / 2 * CELL_BYTES == BLOB_BYTES) };
    Ok(bytes.try_into().expect("half of the cells are a blob"))
}
