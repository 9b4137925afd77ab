//! Groups sign what ordinary verifiers accept, natively and in the circuit; what does not belong together is refused, and
//! whoever sent it is named.

mod ceremony;
mod circuit;
mod signing;

use ashlar_ecgfp5::{F, SecretKey, Signature};
use ashlar_frost::{Commitment, FrostError, Session, Share, Signer, Terms, split};
use plonky2::{field::types::Field, hash::hash_types::HashOut};
use rand::{SeedableRng, rngs::StdRng};
use sha2::{Digest, Sha512};

/// Some digest.
pub fn message(seed: u64) -> HashOut<F> {
    HashOut {
        elements: [seed, !seed, seed ^ 7, 3].map(F::from_noncanonical_u64),
    }
}

/// All parties of a group.
pub fn group(threshold: u16, parties: u16, seed: u64) -> Vec<Signer> {
    let key = SecretKey::from_seed(&seed.to_le_bytes());
    let terms = Terms::new(threshold, parties).expect("possible");
    split(&key, terms, &mut StdRng::seed_from_u64(seed)).expect("splits")
}

/// Both rounds among these signers.
pub fn shares(
    signers: &[&Signer],
    message: &HashOut<F>,
    rng: &mut StdRng,
) -> Result<(Session, Vec<Share>), FrostError> {
    let mut rounds = Vec::new();
    for signer in signers {
        rounds.push(signer.commit(message, rng)?);
    }
    let commitments: Vec<Commitment> = rounds.iter().map(|(_, commitment)| commitment.clone()).collect();
    let session = Session::new(signers[0].quorum(), message, &commitments)?;
    let shares = signers.iter().zip(rounds);
    let shares = shares.map(|(signer, (nonces, _))| signer.sign(nonces, &session));
    let shares = shares.collect::<Result<_, _>>()?;
    Ok((session, shares))
}

/// A whole signature by these signers.
pub fn sign(signers: &[&Signer], message: &HashOut<F>, rng: &mut StdRng) -> Result<Signature, FrostError> {
    let (session, shares) = shares(signers, message, rng)?;
    session.aggregate(&shares)
}

/// An encoding with one byte, counted from the end of its body, changed, and a checksum that fits.
pub fn forged(encoded: &[u8], from_end: usize, change: u8) -> Vec<u8> {
    let mut bytes = encoded[..encoded.len() - 4].to_vec();
    let at = bytes.len() - from_end;
    bytes[at] ^= change;
    let sum = Sha512::digest(&bytes);
    bytes.extend(&sum[..4]);
    bytes
}
