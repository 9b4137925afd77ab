//! Public data in EIP-4844's blobs, so that a commitment to a blob can be opened at any point without knowing its layout.
//!
//! A blob is 4,096 elements of BLS12-381's scalar field: the values of a polynomial at the roots of unity, in bit-reversed
//! order. Any elements make a valid blob, so here the *coefficients* of the polynomial are the data: coefficient `i` is
//! four 7-byte words, word `4 i + k` times 2^(56 k), below 2^224. What the point evaluation precompile opens is then
//! `p(ζ) = Σ cᵢ ζⁱ`, which whoever has the words computes by Horner's rule, a circuit too ([`evaluate`]). Readers go back by
//! the inverse transform ([`decode`]).
//!
//! ```
//! let words: Vec<u64> = (0..20_000).collect();
//! let blobs = ashlar_blob::encode(&words)?;
//! assert_eq!(blobs.len(), 2);
//! assert_eq!(ashlar_blob::decode(&blobs, words.len())?, words);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod decode;
mod encode;
pub mod stream;

pub use ark_bls12_381::Fr;
use ark_ff::{BigInteger, PrimeField};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};

pub use decode::{DecodeError, decode};
pub use encode::{EncodeError, encode};

/// Bits of a word.
pub const WORD_BITS: u32 = 56;
/// Words of a coefficient.
pub const COEFFICIENT_WORDS: usize = 4;
/// Coefficients of a blob, and as many field elements (EIP-4844's `FIELD_ELEMENTS_PER_BLOB`).
pub const COEFFICIENTS: usize = 4096;
/// Words of a blob: 16,384, which are 114,688 bytes of data.
pub const BLOB_WORDS: usize = COEFFICIENTS * COEFFICIENT_WORDS;
/// Bytes of a field element in a blob, big-endian.
pub const ELEMENT_BYTES: usize = 32;
/// Bytes of a blob.
pub const BLOB_BYTES: usize = COEFFICIENTS * ELEMENT_BYTES;
/// Blobs of a transaction (EIP-7594).
pub const MAX_BLOBS: usize = 6;

/// A blob as EIP-4844 has it.
pub type Blob = Box<[u8; BLOB_BYTES]>;

/// The polynomial whose coefficients are the words of one blob, at `point`, by Horner's rule: what the precompile opens.
/// Words behind the last count as zero.
///
/// ```
/// use ashlar_blob::{Fr, evaluate};
/// assert_eq!(evaluate(&[1, 0, 0, 0, 5], Fr::from(10)), Fr::from(51));
/// assert_eq!(evaluate(&[0, 1], Fr::from(10)), Fr::from(1u64 << 56));
/// ```
///
/// # Panics
/// If there are more than [`BLOB_WORDS`] words: they are of several blobs.
pub fn evaluate(words: &[u64], point: Fr) -> Fr {
    assert!(words.len() <= BLOB_WORDS, "words of one blob at a time");
    let coefficients = words.chunks(COEFFICIENT_WORDS).rev();
    coefficients.fold(Fr::from(0), |sum, words| sum * point + coefficient(words))
}

/// A field element in EIP-4844's encoding; `None` unless it is below the modulus.
pub fn element(bytes: &[u8; ELEMENT_BYTES]) -> Option<Fr> {
    let mut limbs = [0; COEFFICIENT_WORDS];
    for (limb, bytes) in limbs.iter_mut().rev().zip(bytes.as_chunks().0) {
        *limb = u64::from_be_bytes(*bytes);
    }
    Fr::from_bigint(ark_ff::BigInt(limbs))
}

/// A field element as EIP-4844 encodes it.
pub fn element_bytes(element: Fr) -> [u8; ELEMENT_BYTES] {
    let bytes = element.into_bigint().to_bytes_be();
    bytes.try_into().expect("256 bits are 32 bytes")
}

/// Up to four words, each below 2^56, as a coefficient.
fn coefficient(words: &[u64]) -> Fr {
    let shift = Fr::from(1u64 << WORD_BITS);
    words
        .iter()
        .rev()
        .fold(Fr::from(0), |sum, word| sum * shift + Fr::from(*word))
}

/// The 4,096th roots of unity, powers of 7^((r-1)/4096) as in EIP-4844.
fn domain() -> Radix2EvaluationDomain<Fr> {
    Radix2EvaluationDomain::new(COEFFICIENTS).expect("the field has roots of unity of order 2^32")
}

/// EIP-4844's order of the roots: the index with its twelve bits reversed.
fn bit_reversed(index: usize) -> usize {
    index.reverse_bits() >> (usize::BITS - COEFFICIENTS.trailing_zeros())
}
