//! Loading a Perpetual Powers of Tau file (snarkjs `.ptau`), every point checked.
//!
//! What no check can tell is whether one contributor forgot their secret: compare the file's hash ([`ptau_digest`]) with the
//! one that the ceremony published.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
};

use halo2_proofs::{
    arithmetic::{best_multiexp, g_to_lagrange},
    halo2curves::{
        bn256::{Fq, Fr, G1, G1Affine, G2Affine, pairing},
        ff::{Field, PrimeField},
        group::{Curve, cofactor::CofactorGroup, prime::PrimeCurveAffine},
        serde::SerdeObject,
    },
};
use rand::{RngCore, rngs::OsRng};
use rayon::prelude::*;

use super::{
    KnownSecret, MAX_K, Srs, SrsKind, assemble,
    known::known_secret,
    ptau_file::{PtauFile, Section},
};

const FIELD_BYTES: usize = 32;
const G1_BYTES: usize = 2 * FIELD_BYTES;
const G2_BYTES: usize = 4 * FIELD_BYTES;

/// Why a `.ptau` file is refused. Each names its check.
#[derive(Debug, thiserror::Error)]
pub enum PtauError {
    /// The file cannot be read, or ends too early.
    #[error("cannot read the .ptau file")]
    Io(#[from] io::Error),
    /// Not a `.ptau` file.
    #[error("not a .ptau file: it starts with {found:02x?}")]
    Magic {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// An unknown version of the format.
    #[error(".ptau version {found}, expected 1")]
    Version {
        /// The version found.
        found: u32,
    },
    /// An absurd number of sections.
    #[error("{found} sections")]
    SectionCount {
        /// The number found.
        found: u32,
    },
    /// A section reaches past the end of the file.
    #[error("section {section} reaches past the end of the file")]
    SectionBounds {
        /// Its kind.
        section: u32,
    },
    /// A section occurs twice.
    #[error("section {section} occurs twice")]
    DuplicateSection {
        /// Its kind.
        section: u32,
    },
    /// A section is missing.
    #[error("section {section} is missing")]
    MissingSection {
        /// Its kind: 1 header, 2 powers in G1, 3 powers in G2.
        section: u32,
    },
    /// A section has the wrong length for the ceremony's size.
    #[error("section {section} has {actual} bytes, expected {expected}")]
    SectionLength {
        /// Its kind.
        section: u32,
        /// Bytes expected.
        expected: u64,
        /// Bytes found.
        actual: u64,
    },
    /// The ceremony is for another curve.
    #[error("the file is for another curve than BN254")]
    Curve,
    /// The ceremony's size is out of range.
    #[error("ceremony power {found} is not between 1 and {MAX_K}")]
    Power {
        /// log2 of the ceremony's size.
        found: u32,
    },
    /// The ceremony is too small for the circuit.
    #[error("the ceremony has 2^{available} powers, 2^{needed} are needed: take a larger .ptau file")]
    TooSmall {
        /// log2 of the powers needed.
        needed: u32,
        /// log2 of the powers there.
        available: u32,
    },
    /// Coordinates not below the modulus, a point off its curve, or the point at infinity.
    #[error("point {index} of {group} is not a point of the curve")]
    Point {
        /// `"G1"` or `"G2"`.
        group: &'static str,
        /// Its power of tau.
        index: usize,
    },
    /// A point of the curve outside the group of prime order.
    #[error("tau·G2 is outside the prime-order subgroup")]
    Subgroup,
    /// The first point is not the generator.
    #[error("the first point of {group} is not the generator")]
    Generator {
        /// `"G1"` or `"G2"`.
        group: &'static str,
    },
    /// Nobody has contributed: tau is 1.
    #[error("nobody has contributed to this ceremony: tau is 1")]
    NoContribution,
    /// Whoever made the file can forge proofs, and so can anybody else.
    #[error("the secret of this file is known ({0}): it is from no ceremony")]
    KnownSecret(KnownSecret),
    /// The powers in G1 and G2 have different secrets: e(tau·G1, G2) ≠ e(G1, tau·G2).
    #[error("tau in G1 and tau in G2 differ")]
    TauMismatch,
    /// Some point is not tau times the one before.
    #[error("the points of G1 are not consecutive powers of tau")]
    Powers,
}

/// Loads the first 2^`k` powers from the file at `path` and checks them; see [`read_ptau`].
pub fn load_ptau(path: &Path, k: u32) -> Result<Srs, PtauError> {
    read_ptau(BufReader::new(File::open(path)?), k)
}

/// BLAKE2b-512 of a file, as ceremonies publish it (see [`super::published_name`]). `progress` is told how many bytes are
/// done, of how many.
///
/// # Errors
/// If the file cannot be read.
pub fn ptau_digest(path: &Path, mut progress: impl FnMut(u64, u64)) -> io::Result<[u8; 64]> {
    const PIECE_BYTES: usize = 1 << 20;
    let mut file = File::open(path)?;
    let total = file.metadata()?.len();
    let (mut state, mut piece, mut done) = (blake2b_simd::State::new(), vec![0; PIECE_BYTES], 0);
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok(*state.finalize().as_array());
        }
        state.update(&piece[..count]);
        done += count as u64;
        progress(done, total);
    }
}

/// Reads the first 2^`k` powers of a `.ptau` file and checks: container and sizes; every coordinate, point and (in G2)
/// subgroup; generators; that tau is no known secret; that the same tau is in both groups; that each point is tau times the one before (one random
/// linear combination, error 2^-128).
///
/// Takes a group FFT of 2^`k` points for the Lagrange basis: [`Srs::store`] the outcome.
pub fn read_ptau(reader: impl Read + Seek, k: u32) -> Result<Srs, PtauError> {
    let mut file = PtauFile::open(reader)?;
    let power = read_power(&mut file)?;
    if power < k {
        return Err(PtauError::TooSmall {
            needed: k,
            available: power,
        });
    }
    file.expect_length(Section::TauG1, ((2u64 << power) - 1) * G1_BYTES as u64)?;
    file.expect_length(Section::TauG2, (1u64 << power) * G2_BYTES as u64)?;

    tracing::info!(
        points = 1u64 << k,
        "reading and checking the points of the ceremony"
    );
    let g = parse::<G1Affine>(&file.read(Section::TauG1, G1_BYTES << k.max(1))?, G1_BYTES, "G1")?;
    let g2 = parse::<G2Affine>(&file.read(Section::TauG2, 2 * G2_BYTES)?, G2_BYTES, "G2")?;
    let [generator2, tau_g2] = [g2[0], g2[1]];
    if !bool::from(tau_g2.to_curve().is_torsion_free()) {
        return Err(PtauError::Subgroup);
    }
    check_powers(&g, generator2, tau_g2)?;

    tracing::info!(
        "the points are powers of one secret; computing their Lagrange basis, which takes minutes"
    );
    let g = g[..1 << k].to_vec();
    let lagrange = g_to_lagrange(g.iter().map(PrimeCurveAffine::to_curve).collect(), k);
    Ok(Srs::new(
        assemble(k, g, lagrange, generator2, tau_g2),
        SrsKind::PowersOfTau,
    ))
}

/// Header: `bytes of a coordinate (u32) ‖ modulus ‖ power (u32) ‖ power of the whole ceremony (u32)`.
fn read_power(file: &mut PtauFile<impl Read + Seek>) -> Result<u32, PtauError> {
    const LENGTH: usize = 4 + FIELD_BYTES + 4 + 4;
    file.expect_length(Section::Header, LENGTH as u64)?;
    let header = file.read(Section::Header, LENGTH)?;
    let word = |at: usize| {
        header[at..at + 4]
            .iter()
            .rev()
            .fold(0, |acc, byte| (acc << 8) | u32::from(*byte))
    };
    let mut modulus = (-Fq::ONE).to_repr(); // p - 1 is even, so adding one carries nowhere
    modulus[0] += 1;
    if word(0) != FIELD_BYTES as u32 || header[4..4 + FIELD_BYTES] != modulus {
        return Err(PtauError::Curve);
    }
    let power = word(4 + FIELD_BYTES);
    if !(1..=MAX_K).contains(&power) {
        return Err(PtauError::Power { found: power });
    }
    Ok(power)
}

/// Points as little-endian coordinates in Montgomery form, which is halo2curves' own raw form.
fn parse<P>(bytes: &[u8], point_bytes: usize, group: &'static str) -> Result<Vec<P>, PtauError>
where
    P: SerdeObject + PrimeCurveAffine + Send,
{
    let points = bytes
        .par_chunks_exact(point_bytes)
        .enumerate()
        .map(|(index, bytes)| {
            // `from_raw_bytes` checks the coordinates and the curve equation, but takes (0, 0) for the point at infinity.
            let point = P::from_raw_bytes(bytes).filter(|point| !bool::from(point.is_identity()));
            point.ok_or(PtauError::Point { group, index })
        });
    points.collect()
}

fn check_powers(g: &[G1Affine], generator2: G2Affine, tau_g2: G2Affine) -> Result<(), PtauError> {
    if g[0] != G1Affine::generator() {
        return Err(PtauError::Generator { group: "G1" });
    }
    if generator2 != G2Affine::generator() {
        return Err(PtauError::Generator { group: "G2" });
    }
    if g[1] == g[0] {
        return Err(PtauError::NoContribution);
    }
    if let Some(secret) = known_secret(&g[1]) {
        return Err(PtauError::KnownSecret(secret));
    }
    if pairing(&g[1], &generator2) != pairing(&g[0], &tau_g2) {
        return Err(PtauError::TauMismatch);
    }
    // sum r_i·g_{i+1} = tau · sum r_i·g_i for random r_i of 128 bits.
    let random = |_| Fr::from_u128(u128::from(OsRng.next_u64()) << 64 | u128::from(OsRng.next_u64()));
    let weights: Vec<Fr> = (1..g.len()).map(random).collect();
    let combine = |points: &[G1Affine]| -> G1Affine { G1::to_affine(&best_multiexp(&weights, points)) };
    let (lower, upper) = (combine(&g[..g.len() - 1]), combine(&g[1..]));
    if pairing(&upper, &generator2) != pairing(&lower, &tau_g2) {
        return Err(PtauError::Powers);
    }
    Ok(())
}
