//! Schnorr signatures with a 128-bit challenge.
//!
//! A signature of the message m under Q = dG is (e, s) with s = k - e d for a nonce k, and
//! e = H(R.u ‖ Q.u ‖ m) truncated to two words, R = kG. It holds iff e = H((sG + eQ).u ‖ Q.u ‖ m).

use ashlar_poseidon::{Role, hash_no_pad};
use plonky2::{
    field::types::{Field64, PrimeField64},
    hash::hash_types::HashOut,
};
use zeroize::Zeroizing;

use crate::{
    F,
    error::SignatureError,
    fixed_base::mul_generator,
    keys::{PublicKey, SecretKey, hash_to_nonzero_scalar},
    point::Point,
    scalar::{SCALAR_BYTES, Scalar},
    vartime,
};

/// Bytes of an encoded signature: e in 16 bytes, s in 40.
pub const SIGNATURE_BYTES: usize = CHALLENGE_BYTES + SCALAR_BYTES;

const CHALLENGE_BYTES: usize = 16;
const NONCE_DOMAIN: &[u8] = b"ashlar/ecgfp5/nonce/v1";

/// A Schnorr signature (e, s) of the message m under Q = dG: it holds iff e = H((sG + eQ).u ‖ Q.u ‖ m), truncated to two
/// words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    e: u128,
    s: Scalar,
}

impl Signature {
    /// A signature from its parts.
    ///
    /// # Errors
    /// [`SignatureError::ChallengeNonCanonical`] if a 64-bit half of `e` is not below p.
    pub fn new(e: u128, s: Scalar) -> Result<Self, SignatureError> {
        for (index, word) in [e as u64, (e >> 64) as u64].into_iter().enumerate() {
            if word >= F::ORDER {
                return Err(SignatureError::ChallengeNonCanonical { index });
            }
        }
        Ok(Self { e, s })
    }

    /// The challenge: the first two words of a Poseidon hash, the first one low.
    pub fn e(&self) -> u128 {
        self.e
    }

    /// The response.
    pub fn s(&self) -> &Scalar {
        &self.s
    }

    /// Encodes e (16 bytes) and s (40 bytes), little-endian.
    pub fn to_bytes(&self) -> [u8; SIGNATURE_BYTES] {
        let mut bytes = [0; SIGNATURE_BYTES];
        bytes[..CHALLENGE_BYTES].copy_from_slice(&self.e.to_le_bytes());
        bytes[CHALLENGE_BYTES..].copy_from_slice(&self.s.to_bytes());
        bytes
    }

    /// Decodes what [`Self::to_bytes`] wrote; every signature has one encoding.
    ///
    /// # Errors
    /// [`SignatureError::ChallengeNonCanonical`] or [`SignatureError::ResponseOutOfRange`].
    pub fn from_bytes(bytes: &[u8; SIGNATURE_BYTES]) -> Result<Self, SignatureError> {
        let (e, s) = bytes.split_at(CHALLENGE_BYTES);
        let e = u128::from_le_bytes(e.try_into().expect("split at 16"));
        let s = s.try_into().expect("40 of the 56 bytes remain");
        let s = Scalar::from_bytes(s).ok_or(SignatureError::ResponseOutOfRange)?;
        Self::new(e, s)
    }
}

impl TryFrom<&[u8]> for Signature {
    type Error = SignatureError;

    fn try_from(bytes: &[u8]) -> Result<Self, SignatureError> {
        let array = bytes.try_into().map_err(|_| SignatureError::Length {
            expected: SIGNATURE_BYTES,
            actual: bytes.len(),
        })?;
        Self::from_bytes(array)
    }
}

/// The challenge for the commitment `r`: two canonical words of a Poseidon hash of 14 elements, the first one low. For
/// schemes that make ordinary signatures in other ways than [`SecretKey::sign`], as several parties do together.
pub fn challenge(r: &Point, key: &PublicKey, message: &HashOut<F>) -> u128 {
    let input = [&r.u().0[..], &key.point().u().0, &message.elements].concat();
    let [low, high, ..] = hash_no_pad(Role::Challenge, &input)
        .elements
        .map(|w| w.to_canonical_u64() as u128);
    low | high << 64
}

impl SecretKey {
    /// Signs a message. The nonce is SHA-512 of the key and the message, so equal inputs give equal signatures;
    /// nothing that depends on the key or the nonce is branched on.
    pub fn sign(&self, message: &HashOut<F>) -> Signature {
        let words = message
            .elements
            .map(|word| word.to_canonical_u64().to_le_bytes())
            .concat();
        let nonce = Zeroizing::new(hash_to_nonzero_scalar(NONCE_DOMAIN, &[&*self.to_bytes(), &words]));
        let commitment = Point::from(&mul_generator(&nonce));
        let e = challenge(&commitment, &self.public_key(), message);
        Signature {
            e,
            s: *nonce - Scalar::from(e) * *self.scalar(),
        }
    }
}

impl PublicKey {
    /// Verifies a signature (variable time: everything here is public).
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`] unless this key signed this message.
    pub fn verify(&self, message: &HashOut<F>, signature: &Signature) -> Result<(), SignatureError> {
        let multiple = vartime::mul_u128(&self.point().into(), signature.e);
        let commitment = vartime::add_mul_generator(multiple, &signature.s);
        if challenge(&(&commitment).into(), self, message) == signature.e {
            Ok(())
        } else {
            Err(SignatureError::Mismatch)
        }
    }
}
