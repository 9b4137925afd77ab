//! EcGFp5: Schnorr signatures that a plonky2 circuit verifies in few rows.
//!
//! The curve is y^2 = x (x^2 + 2x + 263z) over GF(p^5) = GF(p)\[z\]/(z^5 - 3), p the Goldilocks prime, with a group of
//! 319-bit prime order (Pornin, eprint 2022/274). Signing and key derivation run in constant time.
//!
//! ```
//! use ashlar_ecgfp5::SecretKey;
//! use plonky2::hash::hash_types::HashOut;
//!
//! let key = SecretKey::from_seed(b"at least as secret as the key");
//! let signature = key.sign(&HashOut::ZERO);
//! assert!(key.public_key().verify(&HashOut::ZERO, &signature).is_ok());
//! let other = SecretKey::from_seed(b"another").public_key();
//! assert!(other.verify(&HashOut::ZERO, &signature).is_err());
//! ```

mod algebra;
mod ct;
mod error;
mod field;
mod fixed_base;
mod gadget;
mod gate;
mod keys;
mod point;
mod projective;
mod scalar;
mod serde_impls;
mod serialization;
mod signature;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod vartime;

use plonky2::{field::goldilocks_field::GoldilocksField, plonk::circuit_builder::CircuitBuilder};

pub use error::{KeyError, SignatureError};
pub use field::Quintic;
pub use gadget::{CHALLENGE_BITS, STEP_ROWS, SignatureTarget, verify_signature};
pub use gate::{EcGfp5StepGate, generator::StepGenerator as EcGfp5StepGenerator, recognise};
pub use keys::{PUBLIC_KEY_BYTES, PublicKey, SecretKey};
pub use point::Point;
pub use scalar::{SCALAR_BITS, SCALAR_BYTES, Scalar};
pub use serialization::{EcGfp5GateSerializer, EcGfp5GeneratorSerializer};
pub use signature::{SIGNATURE_BYTES, Signature, challenge};

/// The field of the circuits.
pub type F = GoldilocksField;
/// The degree of the extension that plonky2 draws its challenges from.
pub const D: usize = 2;
/// The builder of the circuits.
pub type Builder = CircuitBuilder<F, D>;
