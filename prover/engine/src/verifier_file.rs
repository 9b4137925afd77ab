//! Verifying keys on disk, for who only verifies: a few kilobytes where circuits and proving keys are hundreds of
//! megabytes.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use ashlar_kzg::{
    CircuitFingerprint, VerifierKey,
    srs::{NotForProduction, Srs, SrsKind},
};
use ashlar_recursion::{CircuitSet, KeyBytesError, SetKeys};
use ashlar_report::{caught, file::write_whole};
use ashlar_statement::{LeafCircuits, Security};
use ashlar_wrap::circuit::WrapCircuit;
use serde::{Deserialize, Serialize};

use crate::{Verifier, WrapVerifier, cache, wrap_k};

/// Starts every file.
const MAGIC: &[u8; 8] = b"ASHVERK2";

/// Why a file of verifying keys is not used, or not written. All but [`Self::Io`] of a file that is there are mended by
/// writing it anew, from the circuits and the reference string that the program shall use.
#[derive(Debug, thiserror::Error)]
pub enum VerifierFileError {
    /// The cache directory cannot be used.
    #[error("cannot access {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It does not match its checksum, or holds something else.
    #[error("{path} is damaged, or no file of verifying keys")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The keys of the circuits are not what they say.
    #[error("{path} holds unusable keys of circuits")]
    Circuits {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        #[source]
        source: KeyBytesError,
    },
    /// The key of wraps is none.
    #[error("{path} holds an unusable key of wraps")]
    Wrap {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// It is whole, and for something else than this program and this directory.
    #[error("{path} is of {of}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What differs.
        of: Foreign,
    },
    /// Its keys are worth nothing: anybody can forge proofs for them.
    #[error("{path} is not for production")]
    NotForProduction {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: NotForProduction,
    },
    /// The verifier has no key of wraps, without which its file would be of no use. A bug.
    #[error("no key of wraps to write")]
    NoWrapKeys,
    /// The keys cannot be encoded: a bug.
    #[error("encoding the verifying keys")]
    Encode,
}

/// What is another's in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// Written by a program with other sources of the circuits.
    Sources,
    /// The circuits.
    Circuits,
    /// The wrap circuit.
    WrapCircuit,
    /// The key of wraps.
    WrapKey,
    /// The reference string.
    ReferenceString,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sources => "a program with other circuits in its sources",
            Self::Circuits => "other circuits",
            Self::WrapCircuit => "another wrap circuit",
            Self::WrapKey => "another key of wraps",
            Self::ReferenceString => "another reference string",
        })
    }
}

/// A file of verifying keys in a cache directory, and what it must hold.
#[derive(Debug, Clone, Copy)]
pub struct VerifierFile<'a> {
    /// The cache directory.
    pub dir: &'a Path,
    /// Parameters of the circuits.
    pub security: Security,
    /// Digest of the circuit set.
    pub circuit_set: [u8; 32],
    /// Fingerprint of the wrap circuit.
    pub wrap_circuit: CircuitFingerprint,
    /// [`VerifierKey::digest`], where it is known for the reference string.
    pub wrap_key: Option<[u8; 32]>,
    /// Kind of the reference string.
    pub srs: SrsKind,
    /// Refuses a reference string whose secret is known.
    pub production: bool,
}

/// What is behind magic and checksum.
#[derive(Serialize, Deserialize)]
struct Content {
    sources: String,
    circuits: Vec<u8>,
    srs: String,
    srs_checksum: [u8; 32],
    wrap_circuit: [u8; 32],
    wrap_key: Vec<u8>,
}

impl VerifierFile<'_> {
    /// Where the keys of a circuit set are under a kind of reference string.
    pub fn path(dir: &Path, circuit_set: &[u8; 32], srs: SrsKind) -> PathBuf {
        let set: String = circuit_set[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        dir.join(format!("verifier-{set}-{srs}.keys"))
    }

    /// Reads the keys; `None` where there is no file.
    ///
    /// What decides which proofs count is compared with what the program was made with: the digest of the circuit set,
    /// computed from the keys ([`SetKeys::from_bytes`]), and the wrap key's, where the program knows it. The wrap circuit's
    /// fingerprint is only said by the file, since it takes the circuit to compute it. That, the rest of the shapes, and the
    /// wrap key under a string that the program does not know, stand on the checksum: it tells damage, not malice, and the
    /// directory is trusted that far, as it is with proving keys.
    pub fn load<L: LeafCircuits>(&self) -> Result<Option<Verifier<L>>, VerifierFileError> {
        let path = Self::path(self.dir, &self.circuit_set, self.srs);
        match fs::read(&path) {
            Ok(bytes) => self.read(&bytes, path).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(VerifierFileError::Io { path, source }),
        }
    }

    fn read<L: LeafCircuits>(&self, bytes: &[u8], path: PathBuf) -> Result<Verifier<L>, VerifierFileError> {
        let content = cache::payload(MAGIC, bytes).and_then(|payload| postcard::from_bytes(payload).ok());
        let Some(content): Option<Content> = content else {
            return Err(VerifierFileError::Damaged { path });
        };
        let foreign = |of| VerifierFileError::Foreign {
            path: path.clone(),
            of,
        };
        if content.sources != CircuitSet::<L>::source_fingerprint() {
            return Err(foreign(Foreign::Sources));
        }
        if content.srs != self.srs.to_string() || self.is_of_another_string(&content.srs_checksum) {
            return Err(foreign(Foreign::ReferenceString));
        }
        // plonky2's reader may panic on lengths that are odd.
        let keys = match caught(|| SetKeys::from_bytes(&content.circuits, self.security)) {
            Ok(keys) => keys.map_err(|source| VerifierFileError::Circuits {
                path: path.clone(),
                source,
            })?,
            Err(_) => return Err(VerifierFileError::Damaged { path }),
        };
        if keys.digests().set() != self.circuit_set {
            return Err(foreign(Foreign::Circuits));
        }
        let key = VerifierKey::from_bytes::<WrapCircuit>(&content.wrap_key, ());
        let key = key.map_err(|source| VerifierFileError::Wrap {
            path: path.clone(),
            source,
        })?;
        if content.wrap_circuit != self.wrap_circuit.0 || key.k() != wrap_k(self.security) {
            return Err(foreign(Foreign::WrapCircuit));
        }
        if self.wrap_key.is_some_and(|known| key.digest() != known) {
            return Err(foreign(Foreign::WrapKey));
        }
        if self.production
            && let Err(source) = key.require_production(self.srs)
        {
            return Err(VerifierFileError::NotForProduction { path, source });
        }
        let wrap = WrapVerifier {
            key: Arc::new(key),
            circuit: self.wrap_circuit,
            srs: self.srs,
            srs_checksum: content.srs_checksum,
        };
        Ok(Verifier::of_keys(keys, Some(wrap)))
    }

    /// Whether the directory has a reference string that the keys were not made with: it was replaced since, and workers
    /// wrap with the new one. A string that is missing or cannot be read says nothing of the keys.
    fn is_of_another_string(&self, checksum: &[u8; 32]) -> bool {
        let string = Srs::path(self.dir, self.srs, wrap_k(self.security));
        Srs::stored_checksum(&string).is_ok_and(|stored| stored.is_some_and(|stored| stored != *checksum))
    }
}

impl<L: LeafCircuits> Verifier<L> {
    /// Writes the keys to their file in `dir`, unless that holds just these.
    pub fn store(&self, dir: &Path) -> Result<(), VerifierFileError> {
        let wrap = self.wrap.as_ref().ok_or(VerifierFileError::NoWrapKeys)?;
        let content = Content {
            sources: CircuitSet::<L>::source_fingerprint(),
            circuits: self.keys.to_bytes().map_err(|_| VerifierFileError::Encode)?,
            srs: wrap.srs.to_string(),
            srs_checksum: wrap.srs_checksum,
            wrap_circuit: wrap.circuit.0,
            wrap_key: wrap.key.to_bytes(),
        };
        let payload = postcard::to_stdvec(&content).map_err(|_| VerifierFileError::Encode)?;
        let bytes = cache::checksummed(MAGIC, &payload);
        let path = VerifierFile::path(dir, &self.circuit_set_digest(), wrap.srs);
        if fs::read(&path).is_ok_and(|stored| stored == bytes) {
            return Ok(());
        }
        write_whole(&path, &[&bytes]).map_err(|source| VerifierFileError::Io { path, source })
    }
}
