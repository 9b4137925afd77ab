//! What signs for an account.

use ashlar_statement::hash::{Hash, ZERO_HASH};

use crate::policy::Policy;

/// The `auth` of a plain account: whoever signs with this key may do everything.
pub fn of_key(key_hash: Hash) -> Hash {
    Policy::plain(key_hash).root()
}

/// The `auth` of an account for which nothing signs: only its L1 owner acts, through the queue.
pub const NO_AUTH: Hash = ZERO_HASH;
