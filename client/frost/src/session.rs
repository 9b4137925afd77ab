//! One signature: commitments, shares, and their sum (RFC 9591, section 5).

use std::collections::BTreeMap;

use ashlar_ecgfp5::{F, PublicKey, Signature, challenge};
use frost_core::{CheaterDetection, SigningPackage, aggregate_custom, round1, round2};
use plonky2::hash::hash_types::HashOut;
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    EcGfp5Sha512 as S, FrostError, Quorum, Signer, Wire,
    quorum::{identifier, party_of},
    suite::{MESSAGE_BYTES, message_bytes},
};

/// A party's commitment to its nonces, for one message: what it sends in the first round, to all who sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    party: u16,
    key: PublicKey,
    message: [u8; MESSAGE_BYTES],
    commitments: Vec<u8>,
}

impl Wire for Commitment {
    const KIND: u8 = 3;
}

impl Commitment {
    /// Whose it is, as it says.
    pub fn party(&self) -> u16 {
        self.party
    }
}

/// What a commitment is to. Two shares of one party with the same nonces give its key away: so this has no clone, and
/// [`Signer::sign`] takes it for good. Whoever keeps it between the rounds removes it before the share leaves.
///
/// ```compile_fail,E0382
/// # use ashlar_frost::{FrostError, OneTimeNonces, Session, Signer};
/// # fn twice(signer: &Signer, nonces: OneTimeNonces, one: &Session, other: &Session) -> Result<(), FrostError> {
/// signer.sign(nonces, one)?;
/// signer.sign(nonces, other)?; // moved
/// # Ok(())
/// # }
/// ```
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct OneTimeNonces {
    #[zeroize(skip)]
    commitment: Commitment,
    nonces: Vec<u8>,
}

impl Wire for OneTimeNonces {
    const KIND: u8 = 7;
}

impl OneTimeNonces {
    /// The commitment to them. It may be sent as often as is asked for.
    pub fn commitment(&self) -> &Commitment {
        &self.commitment
    }
}

impl std::fmt::Debug for OneTimeNonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OneTimeNonces({}, ..)", self.commitment.party)
    }
}

/// A party's share of a signature: what it sends in the second round, to whoever aggregates. It says nothing of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    party: u16,
    key: PublicKey,
    session: [u8; 32],
    share: Vec<u8>,
}

impl Wire for Share {
    const KIND: u8 = 4;
}

impl Share {
    /// Whose it is, as it says.
    pub fn party(&self) -> u16 {
        self.party
    }
}

impl Signer {
    /// First round: makes nonces for one signature of this message.
    ///
    /// # Errors
    /// [`FrostError::Kept`] if the random numbers gave a neutral commitment, which they do not.
    pub fn commit(
        &self,
        message: &HashOut<F>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(OneTimeNonces, Commitment), FrostError> {
        let (nonces, commitments) = round1::commit(self.key.signing_share(), rng);
        let commitment = Commitment {
            party: self.party(),
            key: self.quorum().public_key(),
            message: message_bytes(message),
            commitments: commitments.serialize().map_err(FrostError::Kept)?,
        };
        let nonces = OneTimeNonces {
            commitment: commitment.clone(),
            nonces: nonces.serialize().map_err(FrostError::Kept)?,
        };
        Ok((nonces, commitment))
    }

    /// Second round: signs what the session is about, and uses the nonces up.
    ///
    /// # Errors
    /// [`FrostError::OtherKey`], [`FrostError::NotIncluded`] or [`FrostError::OtherNonces`], where session, signer and
    /// nonces do not belong together.
    pub fn sign(&self, nonces: OneTimeNonces, session: &Session) -> Result<Share, FrostError> {
        session.require(&nonces.commitment)?;
        if self.quorum() != &session.quorum || nonces.commitment.party != self.party() {
            return Err(FrostError::OtherKey {
                party: nonces.commitment.party,
            });
        }
        let secret = round1::SigningNonces::deserialize(&nonces.nonces).map_err(FrostError::Kept)?;
        let share = round2::sign(&session.package, &secret, &self.key).map_err(FrostError::Kept)?;
        Ok(Share {
            party: self.party(),
            key: session.quorum.public_key(),
            session: session.digest,
            share: share.serialize(),
        })
    }
}

/// A message and the commitments of those who sign it. All of them must have the same.
#[derive(Clone, Debug)]
pub struct Session {
    quorum: Quorum,
    message: HashOut<F>,
    commitments: BTreeMap<u16, Commitment>,
    package: SigningPackage<S>,
    digest: [u8; 32],
}

impl Session {
    /// Gathers the commitments of those who sign.
    ///
    /// # Errors
    /// [`FrostError`] names the party whose commitment is for another key or message, is there twice, or is malformed, and
    /// says if they are too few.
    pub fn new(
        quorum: &Quorum,
        message: &HashOut<F>,
        commitments: &[Commitment],
    ) -> Result<Self, FrostError> {
        let bytes = message_bytes(message);
        let mut of_parties = BTreeMap::new();
        for (party, commitment) in quorum.terms().by_party(commitments, Commitment::party)? {
            if commitment.key != quorum.public_key() {
                return Err(FrostError::OtherKey { party });
            }
            if commitment.message != bytes {
                return Err(FrostError::OtherMessage { party });
            }
            let parsed = round1::SigningCommitments::deserialize(&commitment.commitments)
                .map_err(|source| FrostError::Content { party, source })?;
            of_parties.insert(party, (commitment.clone(), parsed));
        }
        let threshold = quorum.terms().threshold();
        if of_parties.len() < usize::from(threshold) {
            let given = of_parties.len();
            return Err(FrostError::TooFew { given, threshold });
        }
        let parsed = of_parties
            .iter()
            .map(|(party, (_, parsed))| (identifier(*party), *parsed));
        let package = SigningPackage::new(parsed.collect(), &bytes);
        let hash = Sha512::digest(package.serialize().map_err(FrostError::Kept)?);
        Ok(Self {
            quorum: quorum.clone(),
            message: *message,
            commitments: of_parties
                .into_iter()
                .map(|(party, (commitment, _))| (party, commitment))
                .collect(),
            package,
            digest: std::array::from_fn(|i| hash[i]),
        })
    }

    /// Refuses nonces that this session has no place for. Ask before they are taken from where they are kept.
    ///
    /// # Errors
    /// [`FrostError::NotIncluded`] or [`FrostError::OtherNonces`].
    pub fn require(&self, own: &Commitment) -> Result<(), FrostError> {
        let party = own.party;
        match self.commitments.get(&party) {
            None => Err(FrostError::NotIncluded { party }),
            Some(given) if given != own => Err(FrostError::OtherNonces { party }),
            Some(_) => Ok(()),
        }
    }

    /// Who signs.
    pub fn signers(&self) -> Vec<u16> {
        self.commitments.keys().copied().collect()
    }

    /// Puts the shares together.
    ///
    /// # Errors
    /// [`FrostError::Missing`] and [`FrostError::WrongShares`] name those whose share is not there or does not hold.
    pub fn aggregate(&self, shares: &[Share]) -> Result<Signature, FrostError> {
        let mut parsed = BTreeMap::new();
        for (party, share) in self.quorum.terms().by_party(shares, Share::party)? {
            if share.key != self.quorum.public_key() {
                return Err(FrostError::OtherKey { party });
            }
            if !self.commitments.contains_key(&party) {
                return Err(FrostError::NotIncluded { party });
            }
            if share.session != self.digest {
                return Err(FrostError::OtherSession { party });
            }
            let share = round2::SignatureShare::deserialize(&share.share)
                .map_err(|source| FrostError::Content { party, source })?;
            parsed.insert(identifier(party), share);
        }
        let missing = self
            .signers()
            .into_iter()
            .filter(|party| !parsed.contains_key(&identifier(*party)));
        let missing: Vec<_> = missing.collect();
        if !missing.is_empty() {
            return Err(FrostError::Missing { parties: missing });
        }
        // Verifies the sum, and if it does not hold every share.
        let sum = aggregate_custom(
            &self.package,
            &parsed,
            &self.quorum.public,
            CheaterDetection::AllCheaters,
        );
        let sum = sum.map_err(|error| match error.culprits() {
            culprits if culprits.is_empty() => FrostError::Kept(error),
            culprits => FrostError::WrongShares {
                parties: culprits.iter().map(party_of).collect(),
            },
        })?;
        // From (R, z) to (e, s): see `suite`.
        let e = challenge(sum.R(), &self.quorum.public_key(), &self.message);
        Ok(Signature::new(e, *sum.z()).expect("words of a hash are canonical"))
    }
}

#[cfg(test)]
mod tests {
    use ashlar_ecgfp5::SecretKey;
    use frost_core::{Error, keys::KeyPackage, keys::PublicKeyPackage};
    use plonky2::field::types::Field;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::{Terms, split};

    /// What is left of two of three if all programs have forgotten the threshold.
    #[test]
    fn fewer_than_the_threshold_make_no_signature_that_holds() {
        let mut rng = StdRng::seed_from_u64(1);
        let terms = Terms::new(3, 3).expect("possible");
        let signers = split(&SecretKey::from_seed(b"key"), terms, &mut rng).expect("splits");
        let message = message_bytes(&HashOut {
            elements: [F::TWO; 4],
        });
        let attempt = |signers: &[Signer], threshold: u16| {
            let mut rng = StdRng::seed_from_u64(2);
            let rounds = signers
                .iter()
                .map(|signer| round1::commit(signer.key.signing_share(), &mut rng));
            let rounds: Vec<_> = rounds.collect();
            let ids = || signers.iter().map(|signer| *signer.key.identifier());
            let commitments = ids().zip(rounds.iter().map(|(_, commitments)| *commitments));
            let package = SigningPackage::new(commitments.collect(), &message);
            let shares = signers.iter().zip(&rounds).map(|(signer, (nonces, _))| {
                let of = &signer.key;
                let (share, public) = (*of.signing_share(), *of.verifying_share());
                let key = KeyPackage::new(*of.identifier(), share, public, *of.verifying_key(), threshold);
                round2::sign(&package, nonces, &key).expect("enough for this key")
            });
            let shares = ids().zip(shares).collect();
            let public = &signers[0].quorum().public;
            let (all, key) = (public.verifying_shares().clone(), *public.verifying_key());
            let public = PublicKeyPackage::new(all, key, Some(threshold));
            aggregate_custom(&package, &shares, &public, CheaterDetection::Disabled)
        };
        attempt(&signers, 3).expect("all three sign");
        assert_eq!(attempt(&signers[..2], 2), Err(Error::InvalidSignature));
    }
}
