//! How an account is signed for: a key, the clause of the account's policy that it signs under, and how long what it signs
//! holds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ashlar_ecgfp5::SecretKey;
use ashlar_payments::{
    policy::{ClauseWitness, Policy, PolicyError},
    transaction::{Domain, NO_EXPIRY, SignedTransaction, Transaction},
};
use ashlar_statement::hash::Hash;

/// How long a transaction may be executed once it is signed. A sequencer that keeps one back cannot use it later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validity {
    /// Until its nonce is used.
    #[default]
    Unlimited,
    /// For so long from its signing, to the end of the minute.
    For(Duration),
    /// To the end of a minute since 1970, below 2^28.
    Until(u32),
}

impl Validity {
    /// The last minute since 1970 of what is signed at this time.
    pub fn last_minute(&self, signed: SystemTime) -> u32 {
        match self {
            Self::Unlimited => NO_EXPIRY,
            Self::For(length) => signed.checked_add(*length).map_or(NO_EXPIRY, minute),
            Self::Until(minute) => *minute,
        }
    }
}

/// The minute since 1970 that a time is in, as batches have it; the last that there is for times beyond it.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// assert_eq!(ashlar_client::minute(UNIX_EPOCH + Duration::from_secs(119)), 1);
/// ```
pub fn minute(time: SystemTime) -> u32 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs() / 60).map_or(NO_EXPIRY, |minute| minute.min(NO_EXPIRY))
}

/// A policy has no clause for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorisationError {
    /// Not one.
    #[error(
        "no clause of the policy is for this key; take the policy that has one, or have the account's owner add one"
    )]
    NoClause,
    /// Not that one.
    #[error("the policy's clause {place} is for another key; leave the place out, or sign with its key")]
    OtherKey {
        /// The clause's place.
        place: u8,
    },
    /// There is no such place, or what should open the lock does not.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// The rules under which a transaction is signed do not permit it: a sequencer will refuse it, and so does the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPermitted {
    /// Kind, token, amount, time or lock: see [`PolicyError`].
    #[error("the clause does not permit it")]
    Clause(#[from] PolicyError),
    /// Its last minute is over, by this machine's clock.
    #[error(
        "valid_until: minute {valid_until} is over, this machine's clock is in minute {time}; sign it anew"
    )]
    Expired {
        /// Of the transaction, in minutes since 1970.
        valid_until: u32,
        /// In minutes since 1970.
        time: u32,
    },
}

/// Whether the rules that a transaction shows permit it in this minute since 1970. Whether the account has those rules, only
/// the sequencer can say.
///
/// # Errors
/// The first rule that does not permit it.
pub fn permitted(signed: &SignedTransaction, time: u32) -> Result<(), NotPermitted> {
    let tx = &signed.tx;
    let spent = tx.amount().saturating_add(tx.fee().value());
    signed.clause.permits(tx.kind(), tx.token(), spent, time)?;
    let valid_until = signed.valid_until;
    if time > valid_until {
        return Err(NotPermitted::Expired { valid_until, time });
    }
    Ok(())
}

/// What signs for an account, and how.
///
/// ```
/// use ashlar_client::{Authorisation, auth_of};
/// use ashlar_payments::{policy::{Clause, Policy, Rules}, transaction::{Kind, SecretKey}};
///
/// let [owner, phone] = ["owner", "phone"].map(|name| SecretKey::from_seed(name.as_bytes()));
/// let rules = Rules { kinds: 1 << Kind::Transfer as u8, token: Some(0), cap: 500, ..Rules::PLAIN };
/// let session = Clause { rules, ..Clause::plain(phone.public_key().key_hash()) };
/// let policy = Policy::new(vec![Clause::plain(owner.public_key().key_hash()), session])?;
/// let by_owner = Authorisation::under(&policy, owner.clone())?;
/// let by_phone = Authorisation::under(&policy, phone)?;
/// assert_eq!(by_owner.auth(), by_phone.auth());
/// assert_ne!(by_owner.auth(), Authorisation::plain(owner).auth());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Authorisation {
    key: SecretKey,
    clause: ClauseWitness,
    validity: Validity,
}

impl Authorisation {
    /// Of an account for which one key signs everything.
    pub fn plain(key: SecretKey) -> Self {
        Self {
            key,
            clause: ClauseWitness::plain(),
            validity: Validity::Unlimited,
        }
    }

    /// Under the first clause of the policy that is for this key.
    ///
    /// # Errors
    /// If there is none.
    pub fn under(policy: &Policy, key: SecretKey) -> Result<Self, AuthorisationError> {
        let key_hash = key.public_key().key_hash();
        let mut places = (0..).zip(policy.clauses());
        let found = places.find(|(_, clause)| clause.key_hash == key_hash);
        let (place, _) = found.ok_or(AuthorisationError::NoClause)?;
        Self::at(policy, place, key)
    }

    /// Under the clause at a place of the policy.
    ///
    /// # Errors
    /// If there is none, or it is for another key.
    pub fn at(policy: &Policy, place: u8, key: SecretKey) -> Result<Self, AuthorisationError> {
        let clause = policy.authorise(place)?;
        if clause.auth(key.public_key().key_hash()) != policy.root() {
            return Err(AuthorisationError::OtherKey { place });
        }
        Ok(Self {
            key,
            clause,
            validity: Validity::Unlimited,
        })
    }

    /// Opens the clause's lock. Who sees a transaction that is signed so, sees the preimage.
    ///
    /// # Errors
    /// If there is no lock, or it is another's preimage.
    pub fn unlock(self, preimage: Hash) -> Result<Self, AuthorisationError> {
        let clause = self.clause.unlock(preimage)?;
        Ok(Self { clause, ..self })
    }

    /// How long what is signed from now on holds.
    pub fn with_validity(self, validity: Validity) -> Self {
        Self { validity, ..self }
    }

    /// `auth` of the accounts that are signed for so.
    pub fn auth(&self) -> Hash {
        self.clause.auth(self.key.public_key().key_hash())
    }

    /// Signs, whether the clause permits it or not: see [`permitted`].
    pub fn sign(&self, transaction: Transaction, domain: &Domain) -> SignedTransaction {
        let last_minute = self.validity.last_minute(SystemTime::now());
        transaction.sign_under(domain, &self.key, self.clause, last_minute)
    }
}

#[cfg(test)]
mod tests {
    use ashlar_payments::policy::Clause;

    use super::*;

    fn key(name: &str) -> SecretKey {
        SecretKey::from_seed(name.as_bytes())
    }

    fn policy() -> Policy {
        let clauses =
            ["owner", "phone", "phone"].map(|name| Clause::plain(key(name).public_key().key_hash()));
        Policy::new(clauses.to_vec()).expect("three clauses")
    }

    #[test]
    fn a_key_signs_under_a_clause_of_its_own_alone() {
        for place in [1, 2] {
            let at = Authorisation::at(&policy(), place, key("phone")).expect("its clause");
            assert_eq!((at.clause.place, at.auth()), (place, policy().root()));
        }
        let first = Authorisation::under(&policy(), key("phone")).expect("two clauses");
        assert_eq!(first.clause.place, 1);
        let fault = |outcome: Result<Authorisation, _>| outcome.expect_err("refused");
        assert_eq!(
            fault(Authorisation::under(&policy(), key("thief"))),
            AuthorisationError::NoClause
        );
        assert_eq!(
            fault(Authorisation::at(&policy(), 0, key("phone"))),
            AuthorisationError::OtherKey { place: 0 }
        );
        let absent = PolicyError::NoClause { given: 3, clauses: 3 };
        assert_eq!(
            fault(Authorisation::at(&policy(), 3, key("phone"))),
            absent.into()
        );
    }

    #[test]
    fn a_last_minute_is_the_one_in_which_the_time_ends() {
        let signed = UNIX_EPOCH + Duration::from_secs(60 * 1_000 + 59);
        let last = |validity: Validity| validity.last_minute(signed);
        assert_eq!(last(Validity::Unlimited), NO_EXPIRY);
        assert_eq!(last(Validity::Until(7)), 7);
        for (secs, minute) in [(0, 1_000), (1, 1_001), (60, 1_001), (61, 1_002)] {
            assert_eq!(last(Validity::For(Duration::from_secs(secs))), minute);
        }
        assert_eq!(last(Validity::For(Duration::MAX)), NO_EXPIRY);
    }
}
