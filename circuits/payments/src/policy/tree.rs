//! A policy: the clauses of an account, as a tree.

use ashlar_statement::hash::{Hash, Role, ZERO_HASH, two_to_one};

use super::{Clause, ClauseWitness, PolicyError};
use crate::tree::MerklePath;

/// Depth of a policy's tree.
pub const POLICY_DEPTH: usize = 3;
/// Most clauses that a policy has.
pub const MAX_CLAUSES: usize = 1 << POLICY_DEPTH;

/// Path of a clause in its policy.
pub type PolicyPath = MerklePath<{ Role::PolicyNode as u64 }, POLICY_DEPTH>;

/// Clauses, each at the place of its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy(Vec<Clause>);

impl Policy {
    /// From 1 to 8 clauses, each of which can be met.
    pub fn new(clauses: Vec<Clause>) -> Result<Self, PolicyError> {
        let given = clauses.len();
        if !(1..=MAX_CLAUSES).contains(&given) {
            return Err(PolicyError::ClauseCount { given });
        }
        clauses.iter().try_for_each(Clause::check)?;
        Ok(Self(clauses))
    }

    /// One key that may sign everything.
    pub fn plain(key_hash: Hash) -> Self {
        Self(vec![Clause::plain(key_hash)])
    }

    /// The clauses, in the order of their places.
    pub fn clauses(&self) -> &[Clause] {
        &self.0
    }

    /// What an account has as its `auth`.
    pub fn root(&self) -> Hash {
        let [root] = self.levels()[POLICY_DEPTH][..] else {
            unreachable!("each level has half of the one below, and the lowest 2^{POLICY_DEPTH}")
        };
        root
    }

    /// What shows the clause at a place, without the preimage if it has a lock: see [`ClauseWitness::unlock`].
    pub fn authorise(&self, place: u8) -> Result<ClauseWitness, PolicyError> {
        let clause = self.0.get(usize::from(place)).ok_or(PolicyError::NoClause {
            given: place,
            clauses: self.0.len(),
        })?;
        let levels = self.levels();
        let siblings = core::array::from_fn(|level| levels[level][usize::from(place) >> level ^ 1]);
        Ok(ClauseWitness {
            place,
            rules: clause.rules,
            lock: clause.lock,
            path: PolicyPath { siblings },
            preimage: None,
        })
    }

    /// The nodes of every level, leaves first.
    fn levels(&self) -> [Vec<Hash>; POLICY_DEPTH + 1] {
        let mut level: Vec<Hash> = self.0.iter().map(Clause::digest).collect();
        level.resize(MAX_CLAUSES, ZERO_HASH);
        core::array::from_fn(|_| {
            let pairs = level.chunks_exact(2);
            let above = pairs
                .map(|pair| two_to_one(PolicyPath::NODE, pair[0], pair[1]))
                .collect();
            core::mem::replace(&mut level, above)
        })
    }
}
