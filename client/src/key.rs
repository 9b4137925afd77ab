//! The rollup key of an Ethereum key that is at hand.

use alloy::signers::{Error, SignerSync, local::PrivateKeySigner};
use ashlar_client_core::key;
use ashlar_ecgfp5::SecretKey;

pub use ashlar_client_core::key::ROLLUP_KEY_MESSAGE;

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
    key::rollup_key(&signature.as_bytes()).map_err(Error::other)
}
