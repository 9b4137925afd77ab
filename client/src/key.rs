//! How a wallet derives its rollup key.
//!
//! The seed of the rollup key is the wallet's Ethereum signature (EIP-191, deterministic by RFC 6979) of one fixed
//! text. Whoever obtains that signature owns the rollup key, so the text says what it is for.

use alloy::signers::{Error, SignerSync, local::PrivateKeySigner};
use ashlar_ecgfp5::SecretKey;

/// What the wallet signs.
pub const ROLLUP_KEY_MESSAGE: &str = "Ashlar rollup key, version 1.\n\nSign this only in a wallet of the rollup: the signature gives full control of your rollup account.";

/// The rollup key of an Ethereum key.
///
/// ```
/// use alloy::signers::local::PrivateKeySigner;
/// use ashlar_client::rollup_key;
///
/// let ethereum = PrivateKeySigner::random();
/// let [once, again] = [rollup_key(&ethereum)?, rollup_key(&ethereum)?].map(|key| key.public_key());
/// assert_eq!(once, again);
/// # Ok::<(), alloy::signers::Error>(())
/// ```
///
/// # Errors
/// A signer that cannot sign.
pub fn rollup_key(ethereum: &PrivateKeySigner) -> Result<SecretKey, Error> {
    let signature = ethereum.sign_message_sync(ROLLUP_KEY_MESSAGE.as_bytes())?;
    Ok(SecretKey::from_seed(&signature.as_bytes()))
}
