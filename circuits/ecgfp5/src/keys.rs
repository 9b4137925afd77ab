//! Secret and public keys.

use std::fmt;

use ashlar_poseidon::{Role, hash_no_pad};
use plonky2::hash::hash_types::HashOut;
use sha2::{Digest, Sha512};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    F,
    error::KeyError,
    fixed_base::mul_generator,
    point::Point,
    scalar::{SCALAR_BYTES, Scalar},
};

/// Bytes of an encoded public key: the u coordinate.
pub const PUBLIC_KEY_BYTES: usize = 40;

const SEED_DOMAIN: &[u8] = b"ashlar/ecgfp5/secret-key/v1";

/// A secret scalar between 1 and n - 1, with its public key. Erased when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey {
    scalar: Scalar,
    /// Every signature needs it.
    #[zeroize(skip)]
    public: PublicKey,
}

impl SecretKey {
    /// Decodes a little-endian scalar.
    ///
    /// # Errors
    /// [`KeyError::SecretOutOfRange`] for zero and for anything not below the group order.
    pub fn from_bytes(bytes: &[u8; SCALAR_BYTES]) -> Result<Self, KeyError> {
        let scalar = Scalar::from_bytes(bytes).ok_or(KeyError::SecretOutOfRange)?;
        if bool::from(scalar.is_zero()) {
            Err(KeyError::SecretOutOfRange)
        } else {
            Ok(Self::from_scalar(scalar))
        }
    }

    /// Derives a key from a seed of any length: SHA-512 of domain, counter and seed, reduced modulo n. The seed must
    /// carry the key's entropy (at least 32 random bytes, or a wallet signature).
    pub fn from_seed(seed: &[u8]) -> Self {
        Self::from_scalar(hash_to_nonzero_scalar(SEED_DOMAIN, &[seed]))
    }

    /// From a scalar that is not zero.
    fn from_scalar(scalar: Scalar) -> Self {
        let public = PublicKey((&mul_generator(&scalar)).into()); // not neutral: n is prime
        Self { scalar, public }
    }

    /// Encodes as a little-endian scalar; the buffer is erased when dropped.
    pub fn to_bytes(&self) -> Zeroizing<[u8; SCALAR_BYTES]> {
        Zeroizing::new(self.scalar.to_bytes())
    }

    /// The matching public key.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    pub(crate) fn scalar(&self) -> &Scalar {
        &self.scalar
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// SHA-512 of domain, counter and parts, reduced modulo n; the counter moves on if the result is zero.
pub(crate) fn hash_to_nonzero_scalar(domain: &[u8], parts: &[&[u8]]) -> Scalar {
    for counter in 0u8.. {
        let mut hasher = Sha512::new().chain_update(domain).chain_update([counter]);
        for part in parts {
            hasher.update(part);
        }
        let wide: Zeroizing<[u8; 64]> = Zeroizing::new(hasher.finalize().into());
        let scalar = Scalar::from_bytes_wide(&wide);
        if !bool::from(scalar.is_zero()) {
            return scalar;
        }
    }
    unreachable!("256 hashes in a row were zero modulo n")
}

/// A group element other than the neutral one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey(Point);

impl PublicKey {
    /// Wraps a group element.
    ///
    /// # Errors
    /// [`KeyError::Neutral`] for the neutral element.
    pub fn from_point(point: Point) -> Result<Self, KeyError> {
        if point == Point::NEUTRAL {
            Err(KeyError::Neutral)
        } else {
            Ok(Self(point))
        }
    }

    /// Decodes five canonical little-endian words of u.
    ///
    /// # Errors
    /// [`KeyError::NonCanonical`], [`KeyError::NotInGroup`] or [`KeyError::Neutral`].
    pub fn from_bytes(bytes: &[u8; PUBLIC_KEY_BYTES]) -> Result<Self, KeyError> {
        Self::from_point(Point::from_bytes(bytes)?)
    }

    /// Encodes u as five canonical little-endian words.
    pub fn to_bytes(&self) -> [u8; PUBLIC_KEY_BYTES] {
        self.0.to_bytes()
    }

    /// The group element.
    pub fn point(&self) -> &Point {
        &self.0
    }

    /// Poseidon hash of the five words of u: the owner of an account.
    pub fn key_hash(&self) -> HashOut<F> {
        hash_no_pad(Role::Key, &self.0.u().0)
    }
}

impl TryFrom<&[u8]> for PublicKey {
    type Error = KeyError;

    fn try_from(bytes: &[u8]) -> Result<Self, KeyError> {
        let array = bytes.try_into().map_err(|_| KeyError::Length {
            expected: PUBLIC_KEY_BYTES,
            actual: bytes.len(),
        })?;
        Self::from_bytes(array)
    }
}
