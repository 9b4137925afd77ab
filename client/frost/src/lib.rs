//! Keys that several parties hold: any t of n sign together, fewer cannot, and nobody ever has the key itself.
//!
//! The scheme is FROST (RFC 9591) over EcGFp5, by the crate `frost-core`. What comes out is an ordinary signature
//! ([`ashlar_ecgfp5::Signature`]) under an ordinary key: no verifier, circuit or account knows how it was made.
//!
//! * [`dkg`]: the parties make the key together, in two rounds of messages. [`split`] cuts a key that exists.
//! * [`Signer`]: a party's share. [`Signer::commit`] is the first round of a signature, [`Signer::sign`] the second, and
//!   [`Session::aggregate`] puts the shares together and names who sent a wrong one.
//! * [`Wire`]: how all of it is encoded. No message needs a secret channel, but see [`dkg`] about who is at its other end.
//!
//! ```
//! use ashlar_ecgfp5::SecretKey;
//! use ashlar_frost::{Session, Terms, split};
//! use plonky2::hash::hash_types::HashOut;
//! use rand::rngs::OsRng;
//!
//! let signers = split(&SecretKey::from_seed(b"the key"), Terms::new(2, 3)?, &mut OsRng)?;
//! let message = HashOut::ZERO;
//! let (first, third) = (&signers[0], &signers[2]);
//! let (first_nonces, first_commitment) = first.commit(&message, &mut OsRng)?;
//! let (third_nonces, third_commitment) = third.commit(&message, &mut OsRng)?;
//!
//! let session = Session::new(first.quorum(), &message, &[first_commitment, third_commitment])?;
//! let shares = [first.sign(first_nonces, &session)?, third.sign(third_nonces, &session)?];
//! let signature = session.aggregate(&shares)?;
//! assert!(first.quorum().public_key().verify(&message, &signature).is_ok());
//! # Ok::<(), ashlar_frost::FrostError>(())
//! ```

pub mod dkg;
mod error;
mod quorum;
mod session;
mod suite;
mod wire;

pub use error::{FrostError, list};
pub use quorum::{MAX_PARTIES, Quorum, Signer, Terms, split};
pub use session::{Commitment, OneTimeNonces, Session, Share};
pub use suite::EcGfp5Sha512;
pub use wire::{Wire, WireError};
