//! Batches on disk: a file for each that was signed, in the order of signing, written whole before the signature leaves.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// Ends of names of files that are whole.
const SUFFIX: &str = "batch";

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
}

/// The folder.
#[derive(Debug)]
pub(crate) struct Kept {
    folder: PathBuf,
    /// Of whole files, ascending.
    sequences: Vec<u64>,
}

impl Kept {
    /// Opens the folder, or makes it.
    pub fn open(folder: &Path) -> Result<Self, KeptError> {
        let failed = |source| KeptError::File {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut sequences = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let is_whole = path.extension().is_some_and(|suffix| suffix == SUFFIX);
            let sequence = path
                .file_stem()
                .and_then(|stem| stem.to_str()?.parse::<u64>().ok());
            sequences.extend(sequence.filter(|_| is_whole));
        }
        sequences.sort_unstable();
        Ok(Self {
            folder: folder.to_owned(),
            sequences,
        })
    }

    /// What there is, in the order of signing.
    pub fn sequences(&self) -> &[u64] {
        &self.sequences
    }

    fn path(&self, sequence: u64) -> PathBuf {
        self.folder.join(format!("{sequence:012}.{SUFFIX}"))
    }

    /// One of [`Self::sequences`].
    pub fn read(&self, sequence: u64) -> Result<KeptBatch, KeptError> {
        let path = self.path(sequence);
        let bytes = fs::read(&path).map_err(|source| KeptError::File {
            path: path.clone(),
            source,
        })?;
        postcard::from_bytes(&bytes).map_err(|source| KeptError::Damaged { path, source })
    }

    /// Keeps a batch, and gives its place; durable on return.
    pub fn add(&mut self, batch: &KeptBatch) -> Result<u64, KeptError> {
        let sequence = self.sequences.last().map_or(0, |last| last + 1);
        let path = self.path(sequence);
        let failed = |source| KeptError::File {
            path: path.clone(),
            source,
        };
        let bytes = postcard::to_stdvec(batch).map_err(|source| KeptError::Damaged {
            path: path.clone(),
            source,
        })?;
        let part = path.with_extension("part");
        let mut file = fs::File::create(&part).map_err(failed)?;
        file.write_all(&bytes).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&part, &path).map_err(failed)?;
        // The name, too.
        let folder = fs::File::open(&self.folder).map_err(failed)?;
        folder.sync_all().map_err(failed)?;
        self.sequences.push(sequence);
        Ok(sequence)
    }
}
