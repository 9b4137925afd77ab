//! The structured reference string (SRS) of the KZG commitments: powers `s^i·G1` and `s·G2` of a secret `s` that nobody
//! may know.
//!
//! Two sources: [`insecure_development`], whose `s` everybody knows, and [`load_ptau`], the outcome of a Perpetual
//! Powers of Tau ceremony. [`SrsKind`] travels with the points and [`Srs::require_production`] refuses the first.

mod fixed_base;
mod insecure;
mod known;
mod ptau;
mod ptau_file;
mod published;

use std::path::{Path, PathBuf};

use ashlar_report::Chain;
use halo2_proofs::{
    SerdeFormat,
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine, G2Affine},
        group::prime::PrimeCurveAffine,
    },
    poly::{
        commitment::{Params, ParamsProver},
        kzg::commitment::ParamsKZG,
    },
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

pub use insecure::insecure_development;
pub use known::KnownSecret;
pub use ptau::{PtauError, load_ptau, ptau_digest, read_ptau};
pub use published::{published, published_name};

use crate::{CacheError, cache};

const SRS_MAGIC: &[u8; 8] = b"ASHSRS01";
/// Largest size supported: 2^28 points is the most that a BN254 ceremony has made.
pub const MAX_K: u32 = 28;

/// Where an SRS comes from, and so what its proofs are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SrsKind {
    /// The secret is published in this repository: anybody can forge proofs. For tests and demonstrations.
    InsecureDevelopment = 1,
    /// From a `.ptau` file: sound if one contributor of the ceremony was honest.
    PowersOfTau = 2,
}

impl std::fmt::Display for SrsKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::InsecureDevelopment => "insecure-development",
            Self::PowersOfTau => "powers-of-tau",
        })
    }
}

/// The SRS is for development only.
#[derive(Debug, thiserror::Error)]
pub enum NotForProduction {
    /// It says so of itself.
    #[error(
        "this SRS is {}: anybody can forge proofs under it. Load a ceremony file (`ashlar setup --ptau FILE`) for production",
        SrsKind::InsecureDevelopment
    )]
    Development,
    /// It says that it is a ceremony's, but its secret is known.
    #[error(
        "the secret of this SRS is known ({0}): anybody can forge proofs under it. Remove it and load a ceremony file (`ashlar setup --ptau FILE`)"
    )]
    KnownSecret(KnownSecret),
}

/// An SRS with its origin.
#[derive(Clone, Debug)]
pub struct Srs {
    params: ParamsKZG<Bn256>,
    kind: SrsKind,
    checksum: [u8; 32],
}

impl Srs {
    /// Takes points that the caller has checked or made.
    pub(crate) fn new(params: ParamsKZG<Bn256>, kind: SrsKind) -> Self {
        let checksum = cache::checksum(&payload(&params, kind));
        Self {
            params,
            kind,
            checksum,
        }
    }

    /// Makes the development SRS of 2^`k` points; see [`insecure_development`].
    pub fn insecure_development(k: u32) -> Self {
        Self::new(insecure_development(k), SrsKind::InsecureDevelopment)
    }

    /// Reads the development SRS from `dir`, or makes it and stores it there. A damaged file is replaced.
    pub fn load_or_generate_insecure(dir: &Path, k: u32) -> Result<Self, CacheError> {
        let path = Self::path(dir, SrsKind::InsecureDevelopment, k);
        match Self::load(&path) {
            Ok(Some(srs)) if srs.kind == SrsKind::InsecureDevelopment && srs.k() == k => return Ok(srs),
            Ok(_) => {}
            Err(CacheError::Io { path, source }) => return Err(CacheError::Io { path, source }),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), path = %path.display(), "replacing an unusable SRS")
            }
        }
        let srs = Self::insecure_development(k);
        srs.store(dir)?;
        Ok(srs)
    }

    /// The file of an SRS inside `dir`: `srs-<kind>-k<k>.bin`.
    pub fn path(dir: &Path, kind: SrsKind, k: u32) -> PathBuf {
        dir.join(format!("srs-{kind}-k{k}.bin"))
    }

    /// Writes the SRS to [`Self::path`] in `dir`.
    pub fn store(&self, dir: &Path) -> Result<PathBuf, CacheError> {
        let path = Self::path(dir, self.kind, self.k());
        cache::write(&path, SRS_MAGIC, &payload(&self.params, self.kind))?;
        Ok(path)
    }

    /// Reads a file written by [`Self::store`]; `None` when there is none. The points were checked when they were made
    /// or loaded from the ceremony; here the checksum is.
    pub fn load(path: &Path) -> Result<Option<Self>, CacheError> {
        let Some(payload) = cache::read(path, SRS_MAGIC)? else {
            return Ok(None);
        };
        let content = |what: &'static str| CacheError::Content {
            path: path.into(),
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, what),
        };
        let bytes = payload.bytes();
        let kind = match bytes.first() {
            Some(1) => SrsKind::InsecureDevelopment,
            Some(2) => SrsKind::PowersOfTau,
            _ => return Err(content("unknown kind")),
        };
        let k = bytes
            .get(1..5)
            .map(|k| u32::from_le_bytes(k.try_into().expect("four bytes")));
        let k = k
            .filter(|k| *k <= MAX_K)
            .ok_or_else(|| content("size out of range"))?;
        if bytes.len() != 1 + 4 + 2 * (64 << k) + 2 * 128 {
            return Err(content("length does not match the size"));
        }
        let params =
            ParamsKZG::read_custom(&mut &bytes[1..], SerdeFormat::RawBytesUnchecked).map_err(|source| {
                CacheError::Content {
                    path: path.into(),
                    source,
                }
            })?;
        Ok(Some(Self {
            params,
            kind,
            checksum: cache::checksum(bytes),
        }))
    }

    /// halo2's form of the SRS.
    pub fn params(&self) -> &ParamsKZG<Bn256> {
        &self.params
    }

    /// log2 of the number of points in G1.
    pub fn k(&self) -> u32 {
        self.params.k()
    }

    /// Where the SRS comes from.
    pub fn kind(&self) -> SrsKind {
        self.kind
    }

    /// SHA3-256 over kind and points: names the SRS in file names and key caches.
    pub fn checksum(&self) -> [u8; 32] {
        self.checksum
    }

    /// Refuses an SRS whose secret is known: the development one by its kind, and by its points one that was made from a
    /// known secret, whatever it says of itself.
    pub fn require_production(&self) -> Result<(), NotForProduction> {
        require_production(self.kind, self.params.get_g().get(1))
    }

    /// [`Self::checksum`] of the file at `path`, from its header alone; `None` when there is no such file.
    pub fn stored_checksum(path: &Path) -> Result<Option<[u8; 32]>, CacheError> {
        cache::read_checksum(path, SRS_MAGIC)
    }
}

/// The same for what is left of a string: its kind, and the multiple of a generator by its secret.
pub(crate) fn require_production<A: PrimeCurveAffine<Scalar = Fr>>(
    kind: SrsKind,
    tau: Option<&A>,
) -> Result<(), NotForProduction> {
    if kind == SrsKind::InsecureDevelopment {
        return Err(NotForProduction::Development);
    }
    match tau.and_then(known::known_secret) {
        Some(secret) => Err(NotForProduction::KnownSecret(secret)),
        None => Ok(()),
    }
}

/// `kind (1 B) ‖ k (4 B) ‖ powers ‖ Lagrange basis ‖ g2 ‖ s·g2`, coordinates little-endian in Montgomery form.
fn payload(params: &ParamsKZG<Bn256>, kind: SrsKind) -> Vec<u8> {
    let mut bytes = vec![kind as u8];
    params
        .write_custom(&mut bytes, SerdeFormat::RawBytes)
        .expect("writing to memory does not fail");
    bytes
}

/// Puts points together into halo2's form; `g` and `g_lagrange` hold 2^`k` points each.
pub(crate) fn assemble(
    k: u32,
    g: Vec<G1Affine>,
    g_lagrange: Vec<G1Affine>,
    g2: G2Affine,
    s_g2: G2Affine,
) -> ParamsKZG<Bn256> {
    // `from_parts` wants a receiver, of which it reads nothing, and there is no smaller way to one.
    let receiver = ParamsKZG::<Bn256>::setup(1, ChaCha20Rng::seed_from_u64(0));
    receiver.from_parts(k, g, Some(g_lagrange), g2, s_g2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_srs_round_trips_and_damage_is_mended() {
        let dir = tempfile::tempdir().unwrap();
        let made = Srs::load_or_generate_insecure(dir.path(), 5).unwrap();
        let path = Srs::path(dir.path(), SrsKind::InsecureDevelopment, 5);
        assert!(path.ends_with("srs-insecure-development-k5.bin"));
        let read = Srs::load(&path).unwrap().unwrap();
        assert_eq!(read.checksum(), made.checksum());
        assert_eq!(Srs::stored_checksum(&path).unwrap(), Some(made.checksum()));
        assert_eq!(Srs::stored_checksum(&dir.path().join("none")).unwrap(), None);
        assert_eq!(
            payload(read.params(), read.kind()),
            payload(made.params(), made.kind())
        );

        let mut bytes = std::fs::read(&path).unwrap();
        bytes[100] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(Srs::load(&path), Err(CacheError::Checksum { .. })));
        let again = Srs::load_or_generate_insecure(dir.path(), 5).unwrap();
        assert_eq!(again.checksum(), made.checksum());
        assert!(Srs::load(&path).unwrap().is_some());
    }

    #[test]
    fn a_file_of_another_shape_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("srs");
        let good = payload(&insecure_development(3), SrsKind::InsecureDevelopment);
        let refused = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.clone();
            change(&mut bytes);
            cache::write(&path, SRS_MAGIC, &bytes).unwrap();
            assert!(matches!(Srs::load(&path), Err(CacheError::Content { .. })));
        };
        refused(&|b| b[0] = 3);
        refused(&|b| b[1] = 4);
        refused(&|b| b[1..5].fill(255));
        refused(&|b| b.push(0));
        refused(&|b| b.truncate(3));
    }

    #[test]
    fn production_refuses_the_known_secret_under_any_name() {
        let error = Srs::insecure_development(3).require_production().unwrap_err();
        assert!(matches!(error, NotForProduction::Development));
        let wrapped = Srs::new(insecure_development(3), SrsKind::PowersOfTau);
        let error = wrapped.require_production().unwrap_err();
        assert!(matches!(
            error,
            NotForProduction::KnownSecret(KnownSecret::Development)
        ));
    }
}
