//! How a wallet derives its rollup key.
//!
//! The seed of the rollup key is the wallet's Ethereum signature (EIP-191, deterministic by RFC 6979) of one fixed
//! text. Whoever obtains that signature owns the rollup key, so the text says what it is for.

use ashlar_ecgfp5::SecretKey;
use zeroize::Zeroizing;

/// What the wallet signs.
pub const ROLLUP_KEY_MESSAGE: &str = "Ashlar rollup key, version 1.\n\nSign this only in a wallet of the rollup: the signature gives full control of your rollup account.";

/// Bytes of an Ethereum signature: r, s, and which of the two points r stands for.
pub const ETHEREUM_SIGNATURE_BYTES: usize = 65;

/// Half the order of secp256k1, rounded down: the largest s that Ethereum takes (EIP-2).
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d,
    0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// A wallet's answer gives no key that it would give again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFormError {
    /// Contract wallets answer with other lengths: use an account that has a key.
    #[error(
        "the wallet's signature has {actual} bytes, {ETHEREUM_SIGNATURE_BYTES} expected: only an account with a key of its own can derive a rollup key"
    )]
    Length {
        /// Bytes given.
        actual: usize,
    },
    /// Neither 0 or 1 nor 27 or 28.
    #[error("the wallet's signature ends in {given}; 27 or 28 expected")]
    Recovery {
        /// The last byte.
        given: u8,
    },
    /// Every signature has a twin with the other s. Ethereum's rules leave one of them, this is the other.
    #[error("the wallet's signature is not in the form that Ethereum prescribes (EIP-2)")]
    HighS,
}

/// The rollup key that a wallet's signature of [`ROLLUP_KEY_MESSAGE`] gives. Only one form of the signature is hashed,
/// so that all wallets of an Ethereum key come to the same rollup key.
///
/// ```
/// use ashlar_client_core::key::{SignatureFormError, rollup_key};
///
/// let mut signature = [1; 65];
/// signature[64] = 27;
/// let key = rollup_key(&signature)?.public_key();
/// signature[64] = 0; // what some hardware wallets answer
/// assert_eq!(rollup_key(&signature)?.public_key(), key);
/// # Ok::<(), SignatureFormError>(())
/// ```
pub fn rollup_key(signature: &[u8]) -> Result<SecretKey, SignatureFormError> {
    let seed = <[u8; ETHEREUM_SIGNATURE_BYTES]>::try_from(signature);
    let mut seed = Zeroizing::new(seed.map_err(|_| SignatureFormError::Length {
        actual: signature.len(),
    })?);
    seed[64] = match seed[64] {
        parity @ (0 | 1) => 27 + parity,
        recovery @ (27 | 28) => recovery,
        given => return Err(SignatureFormError::Recovery { given }),
    };
    if seed[32..64] > HALF_ORDER[..] {
        return Err(SignatureFormError::HighS);
    }
    Ok(SecretKey::from_seed(&seed[..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(s: [u8; 32], recovery: u8) -> Vec<u8> {
        [&[7; 32][..], &s, &[recovery]].concat()
    }

    #[test]
    fn a_signature_with_a_high_s_gives_no_key() {
        rollup_key(&signature(HALF_ORDER, 28)).expect("the largest s");
        let mut above = HALF_ORDER;
        above[31] += 1;
        let error = rollup_key(&signature(above, 28)).expect_err("above");
        assert_eq!(error, SignatureFormError::HighS);
    }

    #[test]
    fn an_answer_that_is_no_signature_of_a_key_gives_no_key() {
        for (bytes, error) in [
            (vec![1; 64], SignatureFormError::Length { actual: 64 }),
            (vec![1; 130], SignatureFormError::Length { actual: 130 }),
            (signature([1; 32], 2), SignatureFormError::Recovery { given: 2 }),
        ] {
            assert_eq!(rollup_key(&bytes).expect_err("refused"), error);
        }
    }
}
