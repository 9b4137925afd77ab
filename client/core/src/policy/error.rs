//! Why a text is no policy.

use ashlar_payments::policy::PolicyError;

/// A text is no policy for this rollup.
#[derive(Debug, thiserror::Error)]
pub enum PolicyTextError {
    /// Another file, a damaged one, or one with a field that this version does not know.
    #[error("no policy: take the text as a wallet has written it, whole")]
    Json(#[from] serde_json::Error),
    /// Of a newer program.
    #[error("version: {given}, this program knows {known}; use the release that has written it")]
    Version {
        /// As given.
        given: u32,
        /// The only one that is read.
        known: u32,
    },
    /// Its token numbers mean other tokens here.
    #[error(
        "the policy is for rollup {rollup} on chain {chain_id}, this is rollup {expected_rollup} on chain {expected_chain_id}; name the right one, or make a policy for this one"
    )]
    Domain {
        /// As given.
        chain_id: u64,
        /// As given.
        rollup: String,
        /// Of the rollup that it is read for.
        expected_chain_id: u64,
        /// Of the rollup that it is read for.
        expected_rollup: String,
    },
    /// A field of a clause cannot be read.
    #[error("clause {place}")]
    Clause {
        /// Its place.
        place: usize,
        /// Which, and how it should look.
        #[source]
        source: ClauseTextError,
    },
    /// All can be read, but no account can have it.
    #[error("no account can have this policy")]
    Policy(#[from] PolicyError),
}

/// A field of a clause cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClauseTextError {
    /// Not a digest.
    #[error("{field}: `{given}` is not 0x and 64 digits whose four limbs are below the field's order")]
    Digest {
        /// `key_hash` or `lock`.
        field: &'static str,
        /// As given.
        given: String,
    },
    /// Not a kind.
    #[error("kinds: `{given}` is not known; only `transfer` and `withdraw` are of use")]
    Kind {
        /// As given.
        given: String,
    },
    /// Twice the same kind.
    #[error("kinds: `{given}` is there twice; name it once")]
    KindTwice {
        /// As given.
        given: String,
    },
    /// Not an amount.
    #[error("cap: `{given}` is not a whole number of units below 2^64; write digits alone, as a string")]
    Cap {
        /// As given.
        given: String,
    },
}
