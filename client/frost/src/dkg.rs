//! The key ceremony: parties make a key that none of them ever has (the distributed key generation of FROST, eprint
//! 2020/852, figure 1).
//!
//! 1. Each party sends an [`Opening`] to all: commitments to its part of the key, a proof that it knows that part, and a
//!    key of this ceremony under which others can send it secrets.
//! 2. Each party, given all openings, sends one [`Dealing`] to all: for each other party its share, encrypted (X25519,
//!    XChaCha20-Poly1305), with a hash of the openings as they have reached it.
//! 3. Each party, given all dealings, has its [`Signer`]. One that saw other openings than the rest is found here, which
//!    is what the protocol asks of a broadcast.
//!
//! Messages may travel by any channel that brings them whole; they need not be kept secret. What no protocol can see by
//! itself is **who** is at the other end: whoever changes all messages on their way can stand in for a party. So people
//! compare [`Dealt::fingerprint`] by voice, or in a room, before money comes to the key.

use std::collections::BTreeMap;

use crypto_box::{
    ChaChaBox,
    aead::{Aead, AeadCore},
};
use frost_core::{Error, Identifier, keys::dkg};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    EcGfp5Sha512 as S, FrostError, Quorum, Signer, Terms, Wire,
    quorum::{identifier, party_of},
};

const TRANSCRIPT_DOMAIN: &[u8] = b"ashlar/frost/openings/v1";
/// Bytes of the nonce that stands before a sealed share.
const NONCE_BYTES: usize = 24;
/// What a share is sealed with: the hash of the openings, sender, recipient.
const CONTEXT_BYTES: usize = 32 + 2 + 2;

/// The message of the first round, to all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    party: u16,
    terms: Terms,
    package: Vec<u8>,
    seal_key: [u8; 32],
}

impl Wire for Opening {
    const KIND: u8 = 1;
}

impl Opening {
    /// Whose it is, as it says.
    pub fn party(&self) -> u16 {
        self.party
    }
}

/// The message of the second round, to all: a sealed share for each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dealing {
    party: u16,
    sealed: BTreeMap<u16, Vec<u8>>,
}

impl Wire for Dealing {
    const KIND: u8 = 2;
}

impl Dealing {
    /// Whose it is, as it says.
    pub fn party(&self) -> u16 {
        self.party
    }
}

/// A party between the rounds of a ceremony, with its secrets. Erased when dropped, never printed.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Secrets {
    package: Vec<u8>,
    seal_key: [u8; 32],
}

impl Secrets {
    /// The box between this party and another one.
    fn seal(&self, other: &Opening) -> ChaChaBox {
        ChaChaBox::new(&other.seal_key.into(), &self.seal_key.into())
    }
}

/// A party that has opened.
#[derive(Serialize, Deserialize)]
pub struct Opened {
    opening: Opening,
    secrets: Secrets,
}

/// A party that has dealt.
#[derive(Serialize, Deserialize)]
pub struct Dealt {
    party: u16,
    /// Of all parties, in their order.
    openings: Vec<Opening>,
    secrets: Secrets,
}

/// Where a party is in a ceremony: what it keeps until the next round.
#[derive(Serialize, Deserialize)]
pub enum Stage {
    /// It waits for the openings of the others.
    Opened(Opened),
    /// It waits for the dealings of the others.
    Dealt(Dealt),
}

impl Wire for Stage {
    const KIND: u8 = 8;
}

/// The context that a share is sealed with.
fn context(transcript: &[u8; 32], from: u16, to: u16) -> Vec<u8> {
    [&transcript[..], &from.to_le_bytes(), &to.to_le_bytes()].concat()
}

fn transcript(openings: &[Opening]) -> [u8; 32] {
    let mut hasher = Sha512::new().chain_update(TRANSCRIPT_DOMAIN);
    for opening in openings {
        let bytes = opening.encode();
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    let hash = hasher.finalize();
    std::array::from_fn(|i| hash[i])
}

fn content(party: u16) -> impl Fn(Error<S>) -> FrostError {
    move |source| FrostError::Content { party, source }
}

/// The packages of all but one party.
fn packages(
    openings: &[Opening],
    own: u16,
) -> Result<BTreeMap<Identifier<S>, dkg::round1::Package<S>>, FrostError> {
    let others = openings.iter().filter(|opening| opening.party != own);
    let parsed = others.map(|opening| {
        let party = opening.party;
        let package = dkg::round1::Package::<S>::deserialize(&opening.package).map_err(content(party))?;
        if package.commitment().coefficients().len() != usize::from(opening.terms.threshold()) {
            return Err(content(party)(Error::IncorrectNumberOfCommitments));
        }
        Ok((identifier(party), package))
    });
    parsed.collect()
}

/// First round.
///
/// # Errors
/// [`FrostError::NoParty`] for a number that is not one of the parties'.
pub fn open(
    terms: Terms,
    party: u16,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(Opened, Opening), FrostError> {
    terms.require(party)?;
    let seal_key = crypto_box::SecretKey::generate(rng);
    let public = *seal_key.public_key().as_bytes();
    let (secret, package) = dkg::part1(identifier(party), terms.parties(), terms.threshold(), &mut *rng)
        .map_err(FrostError::Kept)?;
    let opening = Opening {
        party,
        terms,
        package: package.serialize().map_err(FrostError::Kept)?,
        seal_key: public,
    };
    let secrets = Secrets {
        package: secret.serialize().map_err(FrostError::Kept)?,
        seal_key: seal_key.to_bytes(),
    };
    let opened = Opened {
        opening: opening.clone(),
        secrets,
    };
    Ok((opened, opening))
}

impl Opened {
    /// The party's opening, to be sent again where it was lost.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Second round, given the openings of all others (and its own, or not).
    ///
    /// # Errors
    /// [`FrostError`] names the party whose opening is missing, is there twice, has other terms, or does not hold.
    pub fn deal(
        &self,
        openings: &[Opening],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Dealt, Dealing), FrostError> {
        let (terms, own) = (self.opening.terms, self.opening.party);
        // Before its number: a party with other terms may have one that does not exist here.
        if let Some(other) = openings.iter().find(|opening| opening.terms != terms) {
            return Err(FrostError::OtherTerms {
                party: other.party,
                threshold: other.terms.threshold(),
                parties: other.terms.parties(),
            });
        }
        let all = [openings, std::slice::from_ref(&self.opening)].concat();
        let all = terms.by_party(&all, Opening::party)?;
        let missing: Vec<_> = (1..=terms.parties())
            .filter(|party| !all.contains_key(party))
            .collect();
        if !missing.is_empty() {
            return Err(FrostError::Missing { parties: missing });
        }
        let openings: Vec<Opening> = all.into_values().cloned().collect();
        let secret =
            dkg::round1::SecretPackage::deserialize(&self.secrets.package).map_err(FrostError::Kept)?;
        let (secret, shares) =
            dkg::part2(secret, &packages(&openings, own)?).map_err(|error| match error {
                Error::InvalidProofOfKnowledge { culprit } => FrostError::Proof {
                    party: party_of(&culprit),
                },
                error => FrostError::Kept(error),
            })?;

        let dealt = Dealt {
            party: own,
            secrets: Secrets {
                package: secret.serialize().map_err(FrostError::Kept)?,
                seal_key: self.secrets.seal_key,
            },
            openings,
        };
        let hash = transcript(&dealt.openings);
        let mut sealed = BTreeMap::new();
        for (to, share) in shares {
            let to = party_of(&to);
            let mut plain = Zeroizing::new(context(&hash, own, to));
            plain.extend_from_slice(&Zeroizing::new(share.serialize().map_err(FrostError::Kept)?));
            let nonce = ChaChaBox::generate_nonce(&mut *rng);
            let seal = dealt.secrets.seal(dealt.opening_of(to));
            let closed = seal.encrypt(&nonce, &plain[..]).expect("a share is short");
            sealed.insert(to, [&nonce[..], &closed].concat());
        }
        Ok((dealt, Dealing { party: own, sealed }))
    }
}

impl Dealt {
    fn opening_of(&self, party: u16) -> &Opening {
        &self.openings[usize::from(party) - 1] // all are there, in their order
    }

    /// What all parties must have the same of, or one of them is not who it seems to be.
    pub fn fingerprint(&self) -> [u8; 32] {
        transcript(&self.openings)
    }

    /// Third round, given the dealings of all others (and its own, or not).
    ///
    /// # Errors
    /// [`FrostError`] names the party whose dealing is missing, is there twice, was made for other openings, or does not
    /// fit its own opening.
    pub fn finish(&self, dealings: &[Dealing]) -> Result<Signer, FrostError> {
        let terms = self.opening_of(self.party).terms;
        let mut dealings = terms.by_party(dealings, Dealing::party)?;
        dealings.remove(&self.party);
        let others = (1..=terms.parties()).filter(|party| *party != self.party);
        let missing: Vec<_> = others.filter(|party| !dealings.contains_key(party)).collect();
        if !missing.is_empty() {
            return Err(FrostError::Missing { parties: missing });
        }
        let mut shares = BTreeMap::new();
        for (party, dealing) in dealings {
            let plain = self.unseal(dealing)?;
            let share = dkg::round2::Package::<S>::deserialize(&plain).map_err(content(party))?;
            shares.insert(identifier(party), share);
        }
        let secret =
            dkg::round2::SecretPackage::deserialize(&self.secrets.package).map_err(FrostError::Kept)?;
        let packages = packages(&self.openings, self.party)?;
        let (key, public) = dkg::part3(&secret, &packages, &shares).map_err(|error| match error {
            Error::InvalidSecretShare {
                culprit: Some(culprit),
            } => FrostError::Dealing {
                party: party_of(&culprit),
            },
            error => FrostError::Kept(error),
        })?;
        let quorum = Quorum::new(terms, public).map_err(FrostError::Kept)?;
        Signer::new(key, quorum).map_err(FrostError::Kept)
    }

    /// The share for this party.
    fn unseal(&self, dealing: &Dealing) -> Result<Zeroizing<Vec<u8>>, FrostError> {
        let party = dealing.party;
        let sealed = dealing
            .sealed
            .get(&self.party)
            .filter(|sealed| sealed.len() >= NONCE_BYTES);
        let (nonce, closed) = sealed.ok_or(FrostError::Sealed { party })?.split_at(NONCE_BYTES);
        let plain = self
            .secrets
            .seal(self.opening_of(party))
            .decrypt(nonce.into(), closed);
        let plain = Zeroizing::new(plain.map_err(|_| FrostError::Sealed { party })?);
        if plain.len() < CONTEXT_BYTES {
            return Err(FrostError::Sealed { party });
        }
        let (found, share) = plain.split_at(CONTEXT_BYTES);
        if found[..32] != self.fingerprint() {
            return Err(FrostError::OtherTranscript { party });
        }
        if found != context(&self.fingerprint(), party, self.party) {
            return Err(FrostError::Sealed { party });
        }
        Ok(Zeroizing::new(share.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn a_party_that_deals_what_it_has_not_committed_to_is_named() {
        let mut rng = StdRng::seed_from_u64(1);
        let terms = Terms::new(2, 3).expect("possible");
        let mut parties: Vec<_> = (1..=3)
            .map(|party| open(terms, party, &mut rng).expect("opens"))
            .collect();
        let openings: Vec<_> = parties.iter().map(|(_, opening)| opening.clone()).collect();
        // The third party deals from another polynomial, in good form.
        let (other, _) = open(terms, 3, &mut rng).expect("opens");
        parties[2].0.secrets.package = other.secrets.package.clone();
        let (dealt, dealings): (Vec<_>, Vec<_>) = parties
            .iter()
            .map(|(opened, _)| opened.deal(&openings, &mut rng).expect("deals"))
            .unzip();
        let error = dealt[0].finish(&dealings).expect_err("does not fit");
        assert_eq!(error, FrostError::Dealing { party: 3 });
    }

    #[test]
    fn a_share_that_was_sealed_for_another_does_not_open() {
        let mut rng = StdRng::seed_from_u64(1);
        let terms = Terms::new(2, 2).expect("possible");
        let parties: Vec<_> = (1..=2)
            .map(|party| open(terms, party, &mut rng).expect("opens"))
            .collect();
        let openings: Vec<_> = parties.iter().map(|(_, opening)| opening.clone()).collect();
        let (first, of_first) = parties[0].0.deal(&openings, &mut rng).expect("deals");
        // Between two parties a box opens both ways: what the first sent comes back to it as the second's.
        let reflected = Dealing {
            party: 2,
            sealed: [(1, of_first.sealed[&2].clone())].into(),
        };
        let error = first.finish(&[reflected]).expect_err("its own");
        assert_eq!(error, FrostError::Sealed { party: 2 });
    }
}
