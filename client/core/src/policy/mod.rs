//! A policy as text, for wallets to keep and to hand on.
//!
//! An account's `auth` is a hash: whoever signs under one of its clauses must have the whole policy. It holds no secret.
//!
//! ```text
//! {
//!   "version": 1,
//!   "chain_id": 1,
//!   "rollup": "0x…",                 token numbers are this rollup's
//!   "clauses": [                     in the order of their places, 1 to 8
//!     {
//!       "key_hash": "0x…",           of the public key that signs
//!       "kinds": ["transfer"],       what may be signed; without it, every kind
//!       "token": 0,                  the only token; without it, any
//!       "cap": "500",                most of amount and fee together, in units; without it, no limit
//!       "from": 29700000,            first minute since 1970 in which the clause holds; without it, since ever
//!       "until": 29700060,           last minute; without it, for ever
//!       "lock": "0x…"                what a preimage must open; without it, none
//!     }
//!   ]
//! }
//! ```
//!
//! A cap is a string, for JavaScript's numbers end at 2^53. Reading is strict: a field that is not known, twice there, or
//! out of its range is an error, since a rule that is passed over would be another policy.
//!
//! ```
//! use ashlar_client_core::policy;
//! use ashlar_payments::{policy::Policy, transaction::{Domain, SecretKey}};
//!
//! let domain = Domain { chain_id: 1, rollup: [0xab; 20] };
//! let owner = Policy::plain(SecretKey::from_seed(b"owner").public_key().key_hash());
//! let text = policy::to_text(&owner, &domain);
//! assert_eq!(policy::from_text(&text, &domain)?, owner);
//! # Ok::<(), policy::PolicyTextError>(())
//! ```

mod error;
#[cfg(test)]
mod tests;

use ashlar_payments::{
    policy::{Clause, Policy, Rules},
    transaction::{Domain, Kind},
};
use ashlar_statement::hash::{Hash, hash_from_bytes32, hash_to_bytes32};
use serde::{Deserialize, Serialize};

pub use error::{ClauseTextError, PolicyTextError};

const VERSION: u32 = 1;

/// Every kind with its name. Only transfers and withdrawals are signed, but a mask may have the others' bits.
const KINDS: [(Kind, &str); 8] = [
    (Kind::Noop, "noop"),
    (Kind::Deposit, "deposit"),
    (Kind::Transfer, "transfer"),
    (Kind::Withdraw, "withdraw"),
    (Kind::SetAuth, "set-auth"),
    (Kind::ForcedWithdrawal, "forced-withdrawal"),
    (Kind::ForcedTransfer, "forced-transfer"),
    (Kind::SetFlags, "set-flags"),
];

/// What is the same in every version.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyText {
    version: u32,
    chain_id: u64,
    rollup: String,
    clauses: Vec<ClauseText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClauseText {
    key_hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kinds: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lock: Option<String>,
}

/// Names of the kinds of a mask, in the order of their bits.
pub fn kind_names(mask: u8) -> Vec<&'static str> {
    let permitted = KINDS.iter().filter(|(kind, _)| mask >> *kind as u8 & 1 == 1);
    permitted.map(|(_, name)| *name).collect()
}

/// The policy for one rollup, as indented JSON with a line's end.
pub fn to_text(policy: &Policy, domain: &Domain) -> String {
    let text = PolicyText {
        version: VERSION,
        chain_id: domain.chain_id,
        rollup: hex(&domain.rollup),
        clauses: policy.clauses().iter().map(ClauseText::from).collect(),
    };
    let json = serde_json::to_string_pretty(&text).expect("strings and numbers alone");
    json + "\n"
}

/// Inverse of [`to_text`].
///
/// # Errors
/// Text that is not a policy of this version for this rollup, or a policy that cannot be.
pub fn from_text(text: &str, domain: &Domain) -> Result<Policy, PolicyTextError> {
    // First of all the version: another one may have other fields.
    let Versioned { version } = serde_json::from_str(text)?;
    if version != VERSION {
        return Err(PolicyTextError::Version {
            given: version,
            known: VERSION,
        });
    }
    let read: PolicyText = serde_json::from_str(text)?;
    if (read.chain_id, &read.rollup) != (domain.chain_id, &hex(&domain.rollup)) {
        return Err(PolicyTextError::Domain {
            chain_id: read.chain_id,
            rollup: read.rollup,
            expected_chain_id: domain.chain_id,
            expected_rollup: hex(&domain.rollup),
        });
    }
    let clauses = read.clauses.iter().enumerate().map(|(place, clause)| {
        let read = clause.read();
        read.map_err(|source| PolicyTextError::Clause { place, source })
    });
    Ok(Policy::new(clauses.collect::<Result<_, _>>()?)?)
}

impl From<&Clause> for ClauseText {
    fn from(clause: &Clause) -> Self {
        let Clause {
            key_hash,
            rules,
            lock,
        } = clause;
        let plain = Rules::PLAIN;
        let names = kind_names(rules.kinds).into_iter().map(str::to_owned);
        Self {
            key_hash: digest_text(key_hash),
            kinds: (rules.kinds != plain.kinds).then(|| names.collect()),
            token: rules.token,
            cap: (rules.cap != plain.cap).then(|| rules.cap.to_string()),
            from: (rules.from != plain.from).then_some(rules.from),
            until: (rules.until != plain.until).then_some(rules.until),
            lock: lock.as_ref().map(digest_text),
        }
    }
}

impl ClauseText {
    fn read(&self) -> Result<Clause, ClauseTextError> {
        let plain = Rules::PLAIN;
        let cap = self.cap.as_ref().map(|text| units(text)).transpose()?;
        Ok(Clause {
            key_hash: digest("key_hash", &self.key_hash)?,
            rules: Rules {
                kinds: self.kinds.as_ref().map_or(Ok(plain.kinds), |names| mask(names))?,
                token: self.token,
                cap: cap.unwrap_or(plain.cap),
                from: self.from.unwrap_or(plain.from),
                until: self.until.unwrap_or(plain.until),
            },
            lock: self.lock.as_ref().map(|text| digest("lock", text)).transpose()?,
        })
    }
}

fn mask(names: &[String]) -> Result<u8, ClauseTextError> {
    let mut mask = 0;
    for name in names {
        let known = KINDS.iter().find(|(_, known)| known == name);
        let (kind, _) = known.ok_or_else(|| ClauseTextError::Kind { given: name.clone() })?;
        let bit = 1 << *kind as u8;
        if mask & bit != 0 {
            return Err(ClauseTextError::KindTwice { given: name.clone() });
        }
        mask |= bit;
    }
    Ok(mask)
}

/// Digits alone: `parse` would take a sign as well.
fn units(text: &str) -> Result<u64, ClauseTextError> {
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let parsed = digits.and_then(|digits| digits.parse().ok());
    parsed.ok_or_else(|| ClauseTextError::Cap {
        given: text.to_owned(),
    })
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{digits}")
}

fn digest_text(digest: &Hash) -> String {
    hex(&hash_to_bytes32(digest))
}

fn digest(field: &'static str, text: &str) -> Result<Hash, ClauseTextError> {
    let wrong = || ClauseTextError::Digest {
        field,
        given: text.to_owned(),
    };
    let digits = text.strip_prefix("0x").ok_or_else(wrong)?.as_bytes();
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some((value(high)? << 4 | value(low)?) as u8),
        _ => None,
    });
    let bytes: Vec<u8> = bytes.collect::<Option<_>>().ok_or_else(wrong)?;
    let bytes = bytes.try_into().map_err(|_| wrong())?;
    hash_from_bytes32(&bytes).ok_or_else(wrong)
}
