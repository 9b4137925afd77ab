//! What can be wrong with a policy, and with what is signed under one.

use ashlar_statement::TIME_BITS;

use super::{CAP_BITS, MAX_CLAUSES};
use crate::transaction::Kind;

/// A policy cannot be, or does not permit what was signed. Every variant names the field, the limit and the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No clause, or more than there are places.
    #[error(
        "clauses: {given} given, a policy has 1 to {MAX_CLAUSES}; give an account that needs more a second account"
    )]
    ClauseCount {
        /// Clauses given.
        given: usize,
    },
    /// There is no clause at this place.
    #[error("place: {given} holds no clause, the policy's {clauses} lie at the places from 0")]
    NoClause {
        /// Place asked for.
        given: u8,
        /// Clauses of the policy.
        clauses: usize,
    },
    /// The clause could never be used.
    #[error("kinds: the mask is zero, which permits nothing; set the bit of a kind or leave the clause out")]
    NoKind,
    /// A cap that no balance reaches.
    #[error("cap: {given} is not below 2^{CAP_BITS}; 2^{CAP_BITS} - 1 stands for no limit")]
    Cap {
        /// In token units.
        given: u64,
    },
    /// A time that no block has.
    #[error("{field}: minute {given} is not below 2^{TIME_BITS}; 0 and 2^{TIME_BITS} - 1 stand for no limit")]
    Time {
        /// `from` or `until`.
        field: &'static str,
        /// Minutes since 1970.
        given: u32,
    },
    /// The clause could never be used.
    #[error("until: minute {until} is before minute {from}, from which the clause holds; exchange the two")]
    EmptyWindow {
        /// Minutes since 1970.
        from: u32,
        /// Minutes since 1970.
        until: u32,
    },
    /// A lock that the tree cannot tell from none.
    #[error("lock: the zero digest stands for no lock; leave it out, or lock to the hash of a preimage")]
    ZeroLock,
    /// The clause is for other kinds.
    #[error(
        "kind: {kind:?} is not among the clause's kinds ({kinds:#010b}); sign it under a clause that has it"
    )]
    Kind {
        /// Kind that was signed.
        kind: Kind,
        /// Mask of those permitted.
        kinds: u8,
    },
    /// The clause is for another token.
    #[error(
        "token: {given}, the clause is for token {permitted}; sign it under a clause for this token or for any"
    )]
    Token {
        /// Token that was signed.
        given: u8,
        /// The only one permitted.
        permitted: u8,
    },
    /// More than the clause permits at once.
    #[error(
        "amount: {spent} with the fee, the clause permits {cap} at once; send less, or under another clause"
    )]
    AboveCap {
        /// Amount and fee, in token units.
        spent: u64,
        /// In token units.
        cap: u64,
    },
    /// The clause does not hold yet.
    #[error("time: minute {time}, the clause holds from minute {from}; wait, or sign under another clause")]
    TooEarly {
        /// Of the batch, in minutes since 1970.
        time: u32,
        /// Minutes since 1970.
        from: u32,
    },
    /// The clause holds no more.
    #[error("time: minute {time}, the clause held until minute {until}; sign under another clause")]
    TooLate {
        /// Of the batch, in minutes since 1970.
        time: u32,
        /// Minutes since 1970.
        until: u32,
    },
    /// The clause has a lock.
    #[error("preimage: the clause is locked; show the preimage of its lock")]
    NoPreimage,
    /// The preimage is that of another lock.
    #[error("preimage: it does not open the clause's lock; show the one whose hash the lock is")]
    WrongPreimage,
    /// There is nothing to open.
    #[error("preimage: the clause has no lock; leave the preimage out")]
    NoLock,
}
