//! How a wallet derives its rollup key.
//!
//! The seed of the rollup key is the wallet's Ethereum signature (EIP-191, deterministic by RFC 6979) of one text, which
//! names chain and rollup: another rollup's page that is signed for learns nothing of this one's key. Whoever obtains that
//! signature owns the rollup key, so the text says what it is for.

use ashlar_ecgfp5::{PublicKey, SecretKey};
use ashlar_payments::{auth, transaction::Domain};
use ashlar_statement::hash::Hash;
use zeroize::Zeroizing;

/// What the wallet signs for a rollup.
///
/// ```
/// use ashlar_client_core::key::key_message;
/// use ashlar_payments::transaction::Domain;
///
/// let text = key_message(&Domain { chain_id: 1, rollup: [0xab; 20] });
/// assert!(text.contains("Chain: 1\nRollup: 0xabab"));
/// ```
pub fn key_message(domain: &Domain) -> String {
    let rollup: String = domain.rollup.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "Ashlar rollup key, version 2.\n\nChain: {}\nRollup: 0x{rollup}\n\nSign this only in a wallet of this rollup: the signature gives full control of your account there.",
        domain.chain_id
    )
}

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
    /// Every signature has a twin with the other s. Ethereum's rules leave one of them, this is the other.
    #[error("the wallet's signature is not in the form that Ethereum prescribes (EIP-2)")]
    HighS,
}

/// The rollup key that a wallet's signature of [`key_message`] gives. Only r and s are hashed, in the one form that
/// Ethereum takes, so that all wallets of an Ethereum key come to the same rollup key: their last byte differs.
///
/// ```
/// use ashlar_client_core::key::{SignatureFormError, rollup_key};
///
/// let mut signature = [1; 65];
/// let key = rollup_key(&signature)?.public_key();
/// signature[64] = 0; // what some hardware wallets answer
/// assert_eq!(rollup_key(&signature)?.public_key(), key);
/// # Ok::<(), SignatureFormError>(())
/// ```
pub fn rollup_key(signature: &[u8]) -> Result<SecretKey, SignatureFormError> {
    let actual = signature.len();
    let signature = <[u8; ETHEREUM_SIGNATURE_BYTES]>::try_from(signature);
    let signature = Zeroizing::new(signature.map_err(|_| SignatureFormError::Length { actual })?);
    let (seed, _) = signature.split_at(64);
    if seed[32..] > HALF_ORDER[..] {
        return Err(SignatureFormError::HighS);
    }
    Ok(SecretKey::from_seed(seed))
}

/// What an account's `auth` is, for this key alone to sign for it.
///
/// ```
/// use ashlar_client_core::key::{auth_of, rollup_key};
/// use ashlar_statement::hash::ZERO_HASH;
///
/// let auth = auth_of(&rollup_key(&[1; 65])?.public_key());
/// assert_ne!(auth, ZERO_HASH); // which would be: nobody signs
/// # Ok::<(), ashlar_client_core::key::SignatureFormError>(())
/// ```
pub fn auth_of(key: &PublicKey) -> Hash {
    auth::of_key(key.key_hash())
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
    fn the_key_is_that_of_r_and_s_alone() {
        let keys = [0, 1, 27, 28, 37].map(|recovery| {
            let key = rollup_key(&signature([1; 32], recovery)).expect("a key");
            key.public_key()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        let other = rollup_key(&signature([2; 32], 27)).expect("a key");
        assert_ne!(other.public_key(), keys[0]);
    }

    #[test]
    fn the_text_differs_by_chain_and_by_rollup() {
        let domain = Domain {
            chain_id: 1,
            rollup: [1; 20],
        };
        let rollup = [2; 20];
        let texts = [
            domain,
            Domain {
                chain_id: 2,
                ..domain
            },
            Domain { rollup, ..domain },
        ];
        let texts: std::collections::BTreeSet<_> = texts.iter().map(key_message).collect();
        assert_eq!(texts.len(), 3);
    }

    #[test]
    fn an_answer_that_is_no_signature_of_a_key_gives_no_key() {
        for (bytes, error) in [
            (vec![1; 64], SignatureFormError::Length { actual: 64 }),
            (vec![1; 130], SignatureFormError::Length { actual: 130 }),
        ] {
            assert_eq!(rollup_key(&bytes).expect_err("refused"), error);
        }
    }
}
