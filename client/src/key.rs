//! The rollup key of an Ethereum key that is at hand.

use alloy::signers::{Error, SignerSync, local::PrivateKeySigner};
use ashlar_client_core::key;
use ashlar_ecgfp5::SecretKey;
use ashlar_statement::Domain;

pub use ashlar_client_core::key::{auth_of, key_message};

/// The rollup key of an Ethereum key, for one rollup.
///
/// ```
/// use alloy::signers::local::PrivateKeySigner;
/// use ashlar_client::rollup_key;
/// use ashlar_statement::Domain;
///
/// let ethereum = PrivateKeySigner::random();
/// let domain = Domain { chain_id: 1, rollup: [1; 20] };
/// let [once, again] = [rollup_key(&ethereum, &domain)?, rollup_key(&ethereum, &domain)?].map(|key| key.public_key());
/// assert_eq!(once, again);
/// let elsewhere = rollup_key(&ethereum, &Domain { chain_id: 2, ..domain })?;
/// assert_ne!(elsewhere.public_key(), once);
/// # Ok::<(), alloy::signers::Error>(())
/// ```
///
/// # Errors
/// A signer that cannot sign.
pub fn rollup_key(ethereum: &PrivateKeySigner, domain: &Domain) -> Result<SecretKey, Error> {
    let signature = ethereum.sign_message_sync(key_message(domain).as_bytes())?;
    key::rollup_key(&signature.as_bytes()).map_err(Error::other)
}
