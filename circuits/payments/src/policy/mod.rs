//! Policies: what signs for an account, and what it may sign.
//!
//! `auth` of an account is the root of a tree of eight places over [`Clause`]s. A clause names a key, the [`Rules`] that
//! it signs under, and a lock that it may have besides; to sign is to show one clause and its place ([`ClauseWitness`]).
//!
//! ```text
//! auth   = root of a Merkle tree of depth 3; a place without a clause is the zero digest
//! clause = H(H(key_hash, rules), lock)
//! rules  = kinds + 2^8 · (token, or 256 for any), cap, from, until
//! lock   = the zero digest, or H(preimage, zero digest)
//! ```
//!
//! The depth is fixed, so that a clause is never read as an inner node or the other way round, and each element of the
//! rules is hashed as it is, so that in the circuit it needs no range check of its own.
//!
//! ```
//! use ashlar_payments::{
//!     policy::{Clause, Policy, Rules},
//!     transaction::{Kind, SecretKey},
//! };
//!
//! let [owner, phone] = ["owner", "phone"].map(|name| SecretKey::from_seed(name.as_bytes()).public_key().key_hash());
//! let small = Rules { kinds: 1 << Kind::Transfer as u8, token: Some(0), cap: 500, ..Rules::PLAIN };
//! let clauses = [(owner, Rules::PLAIN), (phone, small)].map(|(key_hash, rules)| Clause { key_hash, rules, lock: None });
//! let policy = Policy::new(clauses.to_vec())?;
//! let shown = policy.authorise(1)?;
//! assert_eq!(shown.auth(phone), policy.root());
//! assert!(shown.permits(Kind::Transfer, 0, 500, 29_700_000).is_ok());
//! assert!(shown.permits(Kind::Withdraw, 0, 500, 29_700_000).is_err());
//! # Ok::<(), ashlar_payments::policy::PolicyError>(())
//! ```

mod clause;
mod codec;
mod error;
mod rules;
#[cfg(test)]
mod tests;
mod tree;
mod witness;

pub use clause::{Clause, lock};
pub use codec::{ClauseDecodeError, FULL_BYTES, PLAIN_BYTES};
pub use error::PolicyError;
pub use rules::{ANY_TOKEN, CAP_BITS, KIND_BITS, Rules};
pub use tree::{MAX_CLAUSES, POLICY_DEPTH, Policy, PolicyPath};
pub use witness::ClauseWitness;
