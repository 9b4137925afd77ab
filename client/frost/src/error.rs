//! What goes wrong between parties, and whose fault it is.

use crate::{EcGfp5Sha512, MAX_PARTIES, WireError};

/// Numbers of parties, as text: `1, 3`.
pub fn list(parties: &[u16]) -> String {
    parties.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

/// Why parties do not come to a key or a signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrostError {
    /// Too few, too many, or a threshold that makes no sense.
    #[error(
        "{threshold} of {parties} is not possible: from 2 to {MAX_PARTIES} parties, and a threshold from 2 to their number; for one party alone an ordinary key is right"
    )]
    Terms {
        /// The threshold given.
        threshold: u16,
        /// The number of parties given.
        parties: u16,
    },
    /// No party has this number.
    #[error("there is no party {party}: the parties are numbered from 1 to {parties}")]
    NoParty {
        /// The number given.
        party: u16,
        /// How many parties there are.
        parties: u16,
    },
    /// Not all messages are there.
    #[error("the messages of these parties are missing: {}; all of this round are needed", list(.parties))]
    Missing {
        /// Whose.
        parties: Vec<u16>,
    },
    /// Two different messages of one party in one round.
    #[error(
        "party {party} has sent two different messages for the same round: ask which one holds, and whether another party took its number"
    )]
    Twice {
        /// Whose.
        party: u16,
    },
    /// A party understands the ceremony otherwise.
    #[error(
        "party {party} wants a key of {threshold} of {parties}: agree, and let whoever is wrong begin anew"
    )]
    OtherTerms {
        /// Whose message.
        party: u16,
        /// The threshold there.
        threshold: u16,
        /// The number of parties there.
        parties: u16,
    },
    /// A party was given other openings than this one.
    #[error(
        "party {party} has not the same openings as this party: somebody sends different ones to different parties, or they are of another ceremony. Compare the fingerprints, and begin anew"
    )]
    OtherTranscript {
        /// Whose message.
        party: u16,
    },
    /// A dealing cannot be opened: it was made for another ceremony, or changed.
    #[error(
        "the dealing of party {party} cannot be opened: it is of another ceremony, or was changed on its way"
    )]
    Sealed {
        /// Whose.
        party: u16,
    },
    /// The proof in an opening does not hold.
    #[error(
        "party {party} does not prove that it knows its part of the key: do not go on with what it sends"
    )]
    Proof {
        /// Whose.
        party: u16,
    },
    /// What a party has dealt does not fit its opening.
    #[error(
        "what party {party} has dealt does not fit its opening: it does not follow the protocol, begin anew without it"
    )]
    Dealing {
        /// Whose.
        party: u16,
    },
    /// A message of another group.
    #[error("the message of party {party} is of another group's key")]
    OtherKey {
        /// Whose.
        party: u16,
    },
    /// A message about something else.
    #[error("party {party} has committed to another transaction than this: it has another file")]
    OtherMessage {
        /// Whose.
        party: u16,
    },
    /// A share that was made with other commitments.
    #[error("party {party} has signed with other commitments than these: all signers must use the same ones")]
    OtherSession {
        /// Whose.
        party: u16,
    },
    /// Not enough parties.
    #[error("{given} of the parties have committed, {threshold} are needed to sign")]
    TooFew {
        /// How many have.
        given: usize,
        /// How many are needed.
        threshold: u16,
    },
    /// The signer has no part in this signature.
    #[error("party {party} has not committed to this signature: its commitment is not among those given")]
    NotIncluded {
        /// The signer.
        party: u16,
    },
    /// The commitment given for this party is not the one to its nonces.
    #[error(
        "the commitment of party {party} here is not the one that its nonces are for: it is older, and its nonces are used up or replaced. Commit again"
    )]
    OtherNonces {
        /// The signer.
        party: u16,
    },
    /// A share does not hold. Without it, and with another party in its place, the rest may sign.
    #[error(
        "wrong shares of the signature, from: {}; begin anew from `commit` with other parties in their place",
        list(.parties)
    )]
    WrongShares {
        /// Whose.
        parties: Vec<u16>,
    },
    /// A message has a good form and an impossible content.
    #[error(
        "the message of party {party} has an impossible content ({source}): it does not follow the protocol"
    )]
    Content {
        /// Whose.
        party: u16,
        /// What is wrong.
        source: frost_core::Error<EcGfp5Sha512>,
    },
    /// What is kept here has an impossible content.
    #[error("what this party keeps is damaged ({0}): take it from a backup")]
    Kept(frost_core::Error<EcGfp5Sha512>),
    /// Not the encoding of what is due.
    #[error(transparent)]
    Wire(#[from] WireError),
}
