//! The ciphersuite: what RFC 9591 leaves to a group and its hashes.
//!
//! H1, H3, H4 and H5 are SHA-512 behind a context string, as in the RFC's suites for edwards25519 and ristretto255:
//! 512 bits reduced modulo the order of 319 bits have a bias below 2^-192. They run outside of circuits alone, so nothing
//! asks for Poseidon there. The challenge is another matter: it must be the one that the verifier computes, a Poseidon hash
//! of commitment, key and message cut to 128 bits.
//!
//! A signature of ours is s = k - e d, FROST's is z = k + c d. With c = -e they are the same, in the shares as in the sum,
//! so that all of `frost-core` works as it is.

use ashlar_ecgfp5::{F, Point, PublicKey, SCALAR_BYTES, Scalar, challenge};
use frost_core::{Challenge, Ciphersuite, Error, Field, FieldError, Group, GroupError, VerifyingKey};
use plonky2::{
    field::types::{Field as _, Field64, PrimeField64},
    hash::hash_types::HashOut,
};
use rand::{CryptoRng, RngCore};
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

/// Bytes of a message: four words.
pub const MESSAGE_BYTES: usize = 32;

/// A message as bytes: four canonical words of eight bytes, little-endian.
pub fn message_bytes(message: &HashOut<F>) -> [u8; MESSAGE_BYTES] {
    let words = message.elements.map(|word| word.to_canonical_u64().to_le_bytes());
    words.concat().try_into().expect("four words of eight bytes")
}

/// The inverse of [`message_bytes`]; `None` for everything that it does not give.
fn message_of(bytes: &[u8]) -> Option<HashOut<F>> {
    let bytes: &[u8; MESSAGE_BYTES] = bytes.try_into().ok()?;
    let mut elements = [F::ZERO; 4];
    for (element, word) in elements.iter_mut().zip(bytes.chunks_exact(8)) {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        *element = (word < F::ORDER).then(|| F::from_canonical_u64(word))?;
    }
    Some(HashOut { elements })
}

/// Integers modulo the group's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScalarField;

impl Field for ScalarField {
    type Scalar = Scalar;
    type Serialization = [u8; SCALAR_BYTES];

    fn zero() -> Scalar {
        Scalar::ZERO
    }

    fn one() -> Scalar {
        Scalar::ONE
    }

    fn invert(scalar: &Scalar) -> Result<Scalar, FieldError> {
        if bool::from(scalar.is_zero()) {
            return Err(FieldError::InvalidZeroScalar);
        }
        Ok(scalar.invert())
    }

    fn random<R: RngCore + CryptoRng>(rng: &mut R) -> Scalar {
        let mut wide = Zeroizing::new([0; 64]);
        rng.fill_bytes(&mut *wide);
        Scalar::from_bytes_wide(&wide)
    }

    fn serialize(scalar: &Scalar) -> [u8; SCALAR_BYTES] {
        scalar.to_bytes()
    }

    fn little_endian_serialize(scalar: &Scalar) -> [u8; SCALAR_BYTES] {
        scalar.to_bytes()
    }

    fn deserialize(bytes: &[u8; SCALAR_BYTES]) -> Result<Scalar, FieldError> {
        Scalar::from_bytes(bytes).ok_or(FieldError::MalformedScalar)
    }
}

/// EcGFp5, a group of prime order. Its multiplication takes as long for every scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EcGfp5;

impl Group for EcGfp5 {
    type Field = ScalarField;
    type Element = Point;
    type Serialization = [u8; 40];

    fn cofactor() -> Scalar {
        Scalar::ONE
    }

    fn identity() -> Point {
        Point::NEUTRAL
    }

    fn generator() -> Point {
        Point::GENERATOR
    }

    fn serialize(element: &Point) -> Result<[u8; 40], GroupError> {
        if *element == Point::NEUTRAL {
            return Err(GroupError::InvalidIdentityElement);
        }
        Ok(element.to_bytes())
    }

    fn deserialize(bytes: &[u8; 40]) -> Result<Point, GroupError> {
        let element = Point::from_bytes(bytes).map_err(|_| GroupError::MalformedElement)?;
        if element == Point::NEUTRAL {
            return Err(GroupError::InvalidIdentityElement);
        }
        Ok(element)
    }
}

/// FROST(EcGFp5, SHA-512), with the challenge of ordinary signatures. A message is 32 bytes: four canonical words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EcGfp5Sha512;

fn hash(role: &str, input: &[u8]) -> [u8; 64] {
    let hasher = Sha512::new()
        .chain_update(EcGfp5Sha512::ID)
        .chain_update(role)
        .chain_update(input);
    hasher.finalize().into()
}

fn hash_to_scalar(role: &str, input: &[u8]) -> Scalar {
    Scalar::from_bytes_wide(&Zeroizing::new(hash(role, input)))
}

#[expect(non_snake_case, reason = "the RFC's names")]
impl Ciphersuite for EcGfp5Sha512 {
    const ID: &'static str = "ASHLAR-FROST-ECGFP5-SHA512-v1";

    type Group = EcGfp5;
    type HashOutput = [u8; 64];
    type SignatureSerialization = [u8; 80];

    fn H1(m: &[u8]) -> Scalar {
        hash_to_scalar("rho", m)
    }

    /// Not called: [`Self::challenge`] is in its place.
    fn H2(m: &[u8]) -> Scalar {
        hash_to_scalar("chal", m)
    }

    fn H3(m: &[u8]) -> Scalar {
        hash_to_scalar("nonce", m)
    }

    fn H4(m: &[u8]) -> [u8; 64] {
        hash("msg", m)
    }

    fn H5(m: &[u8]) -> [u8; 64] {
        hash("com", m)
    }

    fn HDKG(m: &[u8]) -> Option<Scalar> {
        Some(hash_to_scalar("dkg", m))
    }

    fn challenge(
        R: &Point,
        verifying_key: &VerifyingKey<Self>,
        message: &[u8],
    ) -> Result<Challenge<Self>, Error<Self>> {
        EcGfp5::serialize(R)?; // as the RFC, which encodes it: no commitment is the neutral element
        let key =
            PublicKey::from_point(verifying_key.to_element()).map_err(|_| Error::MalformedVerifyingKey)?;
        let message = message_of(message).ok_or(Error::DeserializationError)?;
        Ok(Challenge::from_scalar(-Scalar::from(challenge(
            R, &key, &message,
        ))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_four_canonical_words() {
        let greatest = HashOut {
            elements: [F::NEG_ONE; 4],
        };
        let bytes = message_bytes(&greatest);
        assert_eq!(message_of(&bytes), Some(greatest));
        let mut order = bytes;
        order[24..].copy_from_slice(&F::ORDER.to_le_bytes());
        assert_eq!(message_of(&order), None, "zero has one encoding");
        assert_eq!(message_of(&bytes[..31]), None);
        assert_eq!(message_of(&[&bytes[..], &[0]].concat()), None);
    }

    #[test]
    fn hashes_of_different_roles_differ() {
        type S = EcGfp5Sha512;
        let scalars = [
            S::H1(b"m"),
            S::H2(b"m"),
            S::H3(b"m"),
            S::HDKG(b"m").expect("defined"),
        ];
        for (i, scalar) in scalars.iter().enumerate() {
            assert!(!scalars[..i].contains(scalar), "{i}");
        }
        assert_ne!(S::H4(b"m"), S::H5(b"m"));
    }

    #[test]
    fn the_neutral_element_has_no_encoding() {
        EcGfp5::serialize(&Point::NEUTRAL).expect_err("neutral");
        assert_eq!(
            EcGfp5::deserialize(&[0; 40]),
            Err(GroupError::InvalidIdentityElement)
        );
        assert_eq!(
            EcGfp5::deserialize(&[0xff; 40]),
            Err(GroupError::MalformedElement)
        );
        let generator = EcGfp5::serialize(&Point::GENERATOR).expect("encodes");
        assert_eq!(EcGfp5::deserialize(&generator), Ok(Point::GENERATOR));
    }

    #[test]
    fn zero_has_no_inverse() {
        assert_eq!(
            ScalarField::invert(&Scalar::ZERO),
            Err(FieldError::InvalidZeroScalar)
        );
        let seven = Scalar::from(7);
        assert_eq!(ScalarField::invert(&seven).map(|of| of * seven), Ok(Scalar::ONE));
    }
}
