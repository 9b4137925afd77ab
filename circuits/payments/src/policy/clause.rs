//! A clause: a key, what it may sign, and a lock.

use ashlar_statement::hash::{Hash, Role, ZERO_HASH, two_to_one};

use super::{PolicyError, Rules};

/// One of the ways in which a policy lets its account be signed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// Hash of the public key that signs.
    pub key_hash: Hash,
    /// What it may sign.
    pub rules: Rules,
    /// What must be opened besides: see [`lock`].
    pub lock: Option<Hash>,
}

impl Clause {
    /// The clause of a key that may sign everything.
    pub fn plain(key_hash: Hash) -> Self {
        Self {
            key_hash,
            rules: Rules::PLAIN,
            lock: None,
        }
    }

    /// Whether a policy may have it.
    pub fn check(&self) -> Result<(), PolicyError> {
        self.rules.check()?;
        check_lock(self.lock)
    }

    /// Leaf of the policy's tree.
    pub fn digest(&self) -> Hash {
        digest(self.key_hash, &self.rules, self.lock)
    }
}

/// The lock that a preimage opens: whoever signs under a clause with this lock shows the preimage to everyone.
pub fn lock(preimage: Hash) -> Hash {
    two_to_one(Role::Lock, preimage, ZERO_HASH)
}

/// A lock of zeros would be none.
pub(super) fn check_lock(lock: Option<Hash>) -> Result<(), PolicyError> {
    if lock == Some(ZERO_HASH) {
        return Err(PolicyError::ZeroLock);
    }
    Ok(())
}

/// See [`Clause::digest`].
pub(super) fn digest(key_hash: Hash, rules: &Rules, lock: Option<Hash>) -> Hash {
    let signer = two_to_one(Role::ClauseSigner, key_hash, rules.elements());
    two_to_one(Role::Clause, signer, lock.unwrap_or(ZERO_HASH))
}
