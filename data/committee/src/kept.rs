//! Batches on disk: a file for each that was signed, in the order of signing, written whole before the signature leaves.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::cells::CellProofs;

/// Ends of names of files that are whole: batches, and proofs of the cells of their streams.
const SUFFIX: &str = "batch";
const CELLS_SUFFIX: &str = "cells";

/// All that a rebuild of the state needs of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptBatch {
    /// Its number.
    pub number: u64,
    /// Bridge stream, which L1 has too.
    pub bridge: Vec<u8>,
    /// Rollup stream.
    pub rollup: Vec<u8>,
    /// The account that its fees were credited to.
    pub fee_account: u32,
    /// Root after it: 32 bytes, big-endian, as on L1.
    pub new_root: [u8; 32],
}

/// The folder of kept batches cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// Look at the disk and at the rights.
    #[error("{}", path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Written by another version, or damaged: restore it from another member.
    #[error("{} holds no batch", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: postcard::Error,
    },
    /// Damaged.
    #[error("{} holds no proofs of cells: remove it, and they are made anew", path.display())]
    Cells {
        /// Which file.
        path: PathBuf,
    },
}

/// The folder.
#[derive(Debug)]
pub(crate) struct Kept {
    folder: PathBuf,
    /// Of whole files, ascending.
    sequences: Vec<u64>,
    /// Those whose cells have no proofs yet.
    without_cells: BTreeSet<u64>,
}

impl Kept {
    /// Opens the folder, or makes it.
    pub fn open(folder: &Path) -> Result<Self, KeptError> {
        let failed = |source| KeptError::File {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let (mut sequences, mut with_cells) = (Vec::new(), BTreeSet::new());
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let sequence = path
                .file_stem()
                .and_then(|stem| stem.to_str()?.parse::<u64>().ok());
            match path.extension().and_then(|suffix| suffix.to_str()) {
                Some(SUFFIX) => sequences.extend(sequence),
                Some(CELLS_SUFFIX) => with_cells.extend(sequence),
                _ => {}
            }
        }
        sequences.sort_unstable();
        let all = sequences.iter().copied();
        Ok(Self {
            folder: folder.to_owned(),
            without_cells: all.filter(|sequence| !with_cells.contains(sequence)).collect(),
            sequences,
        })
    }

    /// What there is, in the order of signing.
    pub fn sequences(&self) -> &[u64] {
        &self.sequences
    }

    fn path(&self, sequence: u64, suffix: &str) -> PathBuf {
        self.folder.join(format!("{sequence:012}.{suffix}"))
    }

    /// One of [`Self::sequences`].
    pub fn read(&self, sequence: u64) -> Result<KeptBatch, KeptError> {
        let path = self.path(sequence, SUFFIX);
        let bytes = read(&path)?;
        postcard::from_bytes(&bytes).map_err(|source| KeptError::Damaged { path, source })
    }

    /// The youngest batch whose cells have no proofs yet.
    pub fn without_cells(&self) -> Option<u64> {
        self.without_cells.last().copied()
    }

    /// The proofs of the cells of one of [`Self::sequences`], once they were made.
    pub fn cells(&self, sequence: u64) -> Result<Option<CellProofs>, KeptError> {
        if self.without_cells.contains(&sequence) {
            return Ok(None);
        }
        let path = self.path(sequence, CELLS_SUFFIX);
        let proofs = CellProofs::from_bytes(&read(&path)?);
        proofs.map(Some).ok_or(KeptError::Cells { path })
    }

    /// Keeps the proofs of a batch's cells.
    pub fn add_cells(&mut self, sequence: u64, proofs: &CellProofs) -> Result<(), KeptError> {
        self.write(&self.path(sequence, CELLS_SUFFIX), proofs.as_bytes())?;
        self.without_cells.remove(&sequence);
        Ok(())
    }

    /// Keeps a batch, and gives its place; durable on return.
    pub fn add(&mut self, batch: &KeptBatch) -> Result<u64, KeptError> {
        let sequence = self.sequences.last().map_or(0, |last| last + 1);
        let path = self.path(sequence, SUFFIX);
        let bytes = postcard::to_stdvec(batch).map_err(|source| KeptError::Damaged {
            path: path.clone(),
            source,
        })?;
        self.write(&path, &bytes)?;
        self.sequences.push(sequence);
        self.without_cells.insert(sequence);
        Ok(sequence)
    }

    /// Writes a file whole; durable on return.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), KeptError> {
        let failed = |source| KeptError::File {
            path: path.to_owned(),
            source,
        };
        let part = path.with_extension("part");
        let mut file = fs::File::create(&part).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&part, path).map_err(failed)?;
        // The name, too.
        let folder = fs::File::open(&self.folder).map_err(failed)?;
        folder.sync_all().map_err(failed)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, KeptError> {
    fs::read(path).map_err(|source| KeptError::File {
        path: path.to_owned(),
        source,
    })
}
