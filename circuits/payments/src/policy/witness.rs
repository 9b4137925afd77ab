//! What is shown of a policy by who signs under it.

use ashlar_statement::hash::Hash;

use super::{PolicyError, PolicyPath, Rules, clause, lock};
use crate::transaction::Kind;

/// A clause of a policy but for its key, which comes with the signature; where it is, and what opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClauseWitness {
    /// Place in the policy's tree, below 8.
    pub place: u8,
    /// The clause's rules.
    pub rules: Rules,
    /// The clause's lock.
    pub lock: Option<Hash>,
    /// Path from the place to the policy's root.
    pub path: PolicyPath,
    /// What opens the lock.
    pub preimage: Option<Hash>,
}

impl ClauseWitness {
    /// Of the only clause of [`super::Policy::plain`].
    pub fn plain() -> Self {
        Self {
            place: 0,
            rules: Rules::PLAIN,
            lock: None,
            path: PolicyPath::empty(),
            preimage: None,
        }
    }

    /// The policy's root, if the clause is one of this key. Whether the lock is open does not matter to it.
    pub fn auth(&self, key_hash: Hash) -> Hash {
        let clause = clause::digest(key_hash, &self.rules, self.lock);
        self.path.root(clause, self.place.into())
    }

    /// Adds what opens the lock.
    pub fn unlock(self, preimage: Hash) -> Result<Self, PolicyError> {
        let preimage = Some(preimage);
        let unlocked = Self { preimage, ..self };
        unlocked.check_preimage()?;
        Ok(unlocked)
    }

    /// Whether this may be signed now: see [`Rules::permits`], and the lock is open.
    pub fn permits(&self, kind: Kind, token: u8, spent: u64, time: u32) -> Result<(), PolicyError> {
        self.rules.permits(kind, token, spent, time)?;
        self.check_preimage()
    }

    /// Whether there is a preimage exactly if there is a lock, and it opens it.
    fn check_preimage(&self) -> Result<(), PolicyError> {
        match (self.lock, self.preimage) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(PolicyError::NoLock),
            (Some(_), None) => Err(PolicyError::NoPreimage),
            (Some(closed), Some(preimage)) if lock(preimage) == closed => Ok(()),
            (Some(_), Some(_)) => Err(PolicyError::WrongPreimage),
        }
    }
}
