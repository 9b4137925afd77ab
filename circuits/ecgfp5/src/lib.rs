//! EcGFp5: Schnorr signatures that a plonky2 circuit verifies in few rows.
//!
//! The curve is y^2 = x (x^2 + 2x + 263z) over GF(p^5) = GF(p)\[z\]/(z^5 - 3), p the Goldilocks prime, with a group of
//! 319-bit prime order (Pornin, eprint 2022/274). Signing and key derivation run in constant time.

mod ct;
mod error;
mod field;
mod fixed_base;
mod keys;
mod point;
mod projective;
mod scalar;
mod serde_impls;
mod signature;

use plonky2::field::goldilocks_field::GoldilocksField;

pub use error::{KeyError, SignatureError};
pub use field::Quintic;
pub use keys::{PUBLIC_KEY_BYTES, PublicKey, SecretKey};
pub use point::Point;
pub use scalar::{SCALAR_BITS, SCALAR_BYTES, Scalar};
pub use signature::{SIGNATURE_BYTES, Signature};

/// The field of the circuits.
pub type F = GoldilocksField;
/// The degree of the extension that plonky2 draws its challenges from.
pub const D: usize = 2;
