//! A group's key: how many parties of how many, what everybody may know of it, and what one party alone has.

use std::collections::BTreeMap;

use ashlar_ecgfp5::{PublicKey, SecretKey};
use frost_core::{
    Identifier, SigningKey,
    keys::{IdentifierList, KeyPackage, PublicKeyPackage, VerifyingShare},
};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{EcGfp5Sha512 as S, FrostError, Wire};

/// Most parties of a group. Every one of them sends messages to every other.
pub const MAX_PARTIES: u16 = 100;

pub(crate) type Error = frost_core::Error<S>;

/// Parties are numbered from 1; FROST evaluates the polynomial there.
pub(crate) fn identifier(party: u16) -> Identifier<S> {
    Identifier::try_from(party).expect("parties are numbered from 1")
}

/// The inverse of [`identifier`].
pub(crate) fn party_of(identifier: &Identifier<S>) -> u16 {
    let bytes = identifier.serialize();
    u16::from_le_bytes([bytes[0], bytes[1]])
}

/// How many parties there are, and how many of them sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    threshold: u16,
    parties: u16,
}

impl Terms {
    /// Any `threshold` of `parties`.
    ///
    /// # Errors
    /// [`FrostError::Terms`] unless 2 ≤ threshold ≤ parties ≤ [`MAX_PARTIES`].
    pub fn new(threshold: u16, parties: u16) -> Result<Self, FrostError> {
        if threshold < 2 || threshold > parties || parties > MAX_PARTIES {
            return Err(FrostError::Terms { threshold, parties });
        }
        Ok(Self { threshold, parties })
    }

    /// How many sign.
    pub fn threshold(&self) -> u16 {
        self.threshold
    }

    /// How many there are; they are numbered from 1.
    pub fn parties(&self) -> u16 {
        self.parties
    }

    pub(crate) fn require(&self, party: u16) -> Result<(), FrostError> {
        if party == 0 || party > self.parties {
            let parties = self.parties;
            return Err(FrostError::NoParty { party, parties });
        }
        Ok(())
    }

    /// The items by party, each of which a party of the group sent; two from one party must be the same.
    pub(crate) fn by_party<'a, T: PartialEq>(
        &self,
        items: &'a [T],
        of: impl Fn(&T) -> u16,
    ) -> Result<BTreeMap<u16, &'a T>, FrostError> {
        let mut found = BTreeMap::new();
        for item in items {
            let party = of(item);
            self.require(party)?;
            if found.insert(party, item).is_some_and(|before| before != item) {
                return Err(FrostError::Twice { party });
            }
        }
        Ok(found)
    }
}

/// What everybody may know of a group's key. The key is an ordinary one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "QuorumBody", into = "QuorumBody")]
pub struct Quorum {
    terms: Terms,
    key: PublicKey,
    pub(crate) public: PublicKeyPackage<S>,
}

#[derive(Serialize, Deserialize)]
struct QuorumBody {
    terms: Terms,
    public: Vec<u8>,
}

impl Quorum {
    pub(crate) fn new(terms: Terms, public: PublicKeyPackage<S>) -> Result<Self, Error> {
        let key = PublicKey::from_point(public.verifying_key().to_element())
            .map_err(|_| Error::MalformedVerifyingKey)?;
        let numbered = (1..=terms.parties).map(identifier);
        if !public.verifying_shares().keys().copied().eq(numbered) {
            return Err(Error::UnknownIdentifier);
        }
        if public.min_signers() != Some(terms.threshold) {
            return Err(Error::InvalidMinSigners);
        }
        Ok(Self { terms, key, public })
    }

    /// The key under which the group signs.
    pub fn public_key(&self) -> PublicKey {
        self.key
    }

    /// How many of how many sign.
    pub fn terms(&self) -> Terms {
        self.terms
    }
}

impl TryFrom<QuorumBody> for Quorum {
    type Error = FrostError;

    fn try_from(body: QuorumBody) -> Result<Self, FrostError> {
        let terms = Terms::new(body.terms.threshold, body.terms.parties)?;
        let public = PublicKeyPackage::deserialize(&body.public).map_err(FrostError::Kept)?;
        Self::new(terms, public).map_err(FrostError::Kept)
    }
}

impl From<Quorum> for QuorumBody {
    fn from(quorum: Quorum) -> Self {
        Self {
            terms: quorum.terms,
            public: quorum.public.serialize().expect("no share is neutral"),
        }
    }
}

impl Wire for Quorum {
    const KIND: u8 = 5;
}

/// A party's share of a group's key. Erased when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SignerBody", into = "SignerBody")]
pub struct Signer {
    pub(crate) key: KeyPackage<S>,
    quorum: Quorum,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct SignerBody {
    key: Vec<u8>,
    #[zeroize(skip)]
    quorum: Quorum,
}

impl Signer {
    /// Refuses what does not belong together.
    pub(crate) fn new(key: KeyPackage<S>, quorum: Quorum) -> Result<Self, Error> {
        let verifying = VerifyingShare::from(*key.signing_share());
        let known = quorum.public.verifying_shares().get(key.identifier());
        if known != Some(&verifying) || *key.verifying_share() != verifying {
            return Err(Error::InvalidSecretShare { culprit: None });
        }
        if key.verifying_key() != quorum.public.verifying_key() {
            return Err(Error::MalformedVerifyingKey);
        }
        if *key.min_signers() != quorum.terms.threshold {
            return Err(Error::InvalidMinSigners);
        }
        Ok(Self { key, quorum })
    }

    /// The party's number.
    pub fn party(&self) -> u16 {
        party_of(self.key.identifier())
    }

    /// What everybody may know of the key.
    pub fn quorum(&self) -> &Quorum {
        &self.quorum
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({}, ..)", self.party())
    }
}

impl TryFrom<SignerBody> for Signer {
    type Error = FrostError;

    fn try_from(body: SignerBody) -> Result<Self, FrostError> {
        let key = KeyPackage::deserialize(&body.key).map_err(FrostError::Kept)?;
        Self::new(key, body.quorum.clone()).map_err(FrostError::Kept)
    }
}

impl From<Signer> for SignerBody {
    fn from(signer: Signer) -> Self {
        Self {
            key: signer.key.serialize().expect("the key is not neutral"),
            quorum: signer.quorum.clone(),
        }
    }
}

impl Wire for Signer {
    const KIND: u8 = 6;
}

/// Cuts a key that exists into shares, in the order of the parties. Whoever does it has seen the key and could sign alone:
/// [`crate::dkg`] is for parties who trust nobody with that.
///
/// # Errors
/// [`FrostError::Kept`] if `frost-core` refuses, which it does for no key and no terms.
pub fn split(
    key: &SecretKey,
    terms: Terms,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Vec<Signer>, FrostError> {
    let mut dealt = || -> Result<Vec<Signer>, Error> {
        let key = SigningKey::deserialize(&*key.to_bytes())?;
        let list = IdentifierList::Default;
        let (shares, public) = frost_core::keys::split(&key, terms.parties, terms.threshold, list, rng)?;
        let quorum = Quorum::new(terms, public)?;
        let signer = |share| Signer::new(KeyPackage::try_from(share)?, quorum.clone());
        shares.into_values().map(signer).collect()
    };
    dealt().map_err(FrostError::Kept)
}
