//! What a member signs, and what L1 takes for it.

use alloy::{
    primitives::{Address, B256, Bytes, Signature, U256, keccak256},
    signers::{SignerSync, local::PrivateKeySigner},
    sol,
    sol_types::{Eip712Domain, SolStruct, eip712_domain},
};
use ashlar_statement::Domain;

use crate::cells::Commitment;

/// Members that a committee has at least.
const LEAST_MEMBERS: usize = 4;
/// Members that a committee has at most: a bit for each in the attestation.
const MOST_MEMBERS: usize = 32;

sol! {
    /// The typed data of `IValidium`.
    struct Batch {
        uint64 number;
        uint256 newRoot;
        uint256 dataHash;
        bytes32 bridgeHash;
        uint32 words;
        uint128 rollupEval;
        uint64 expiry;
    }

    /// What a member signs of the cells of a batch's rollup stream: commitments to its blobs, one after the other.
    struct Cells {
        uint64 number;
        uint256 newRoot;
        bytes commitments;
    }

    /// What an operator signs who proposes a batch.
    struct Proposal {
        uint64 number;
        uint256 newRoot;
        bytes32 bridgeHash;
        bytes32 rollupHash;
    }
}

/// The EIP-712 hash of a proposal, for one chain and rollup.
pub(crate) fn proposal_digest(
    domain: &Domain,
    number: u64,
    new_root: U256,
    bridge: &[u8],
    rollup: &[u8],
) -> B256 {
    let proposal = Proposal {
        number,
        newRoot: new_root,
        bridgeHash: keccak256(bridge),
        rollupHash: keccak256(rollup),
    };
    proposal.eip712_signing_hash(&separator(domain))
}

/// The EIP-712 hash of what a member signs of a batch's cells.
pub(crate) fn cells_digest(domain: &Domain, number: u64, new_root: U256, commitments: &[Commitment]) -> B256 {
    let cells = Cells {
        number,
        newRoot: new_root,
        commitments: commitments.as_flattened().to_vec().into(),
    };
    cells.eip712_signing_hash(&separator(domain))
}

/// A member's word: that it has the rollup stream of a batch, has executed it, and has found its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Number of the batch.
    pub number: u64,
    /// Root after it, as [`ashlar_contracts::encoding::hash_to_word`] has it.
    pub new_root: U256,
    /// Poseidon hash of both streams, likewise.
    pub data_hash: U256,
    /// Keccak-256 of the bridge stream.
    pub bridge_hash: B256,
    /// Words of the rollup stream.
    pub words: u32,
    /// Value of the rollup stream's polynomial at the evaluation point, as
    /// [`ashlar_contracts::encoding::extension_to_word`] has it.
    pub rollup_eval: u128,
    /// Until when L1 takes it, in seconds since 1970.
    pub expiry: u64,
}

impl Statement {
    /// What is signed: the EIP-712 hash for one chain and rollup.
    pub fn digest(&self, domain: &Domain) -> B256 {
        let batch = Batch {
            number: self.number,
            newRoot: self.new_root,
            dataHash: self.data_hash,
            bridgeHash: self.bridge_hash,
            words: self.words,
            rollupEval: self.rollup_eval,
            expiry: self.expiry,
        };
        batch.eip712_signing_hash(&separator(domain))
    }

    /// A member's signature.
    ///
    /// # Errors
    /// If the signer fails, which one with its key at hand does not.
    pub fn sign(
        &self,
        domain: &Domain,
        signer: &PrivateKeySigner,
    ) -> Result<Signature, alloy::signers::Error> {
        signer.sign_hash_sync(&self.digest(domain))
    }

    /// Whose signature it is; `None` for what is a signature of nobody.
    pub fn signer(&self, domain: &Domain, signature: &Signature) -> Option<Address> {
        let signature = signature.normalized_s();
        signature.recover_address_from_prehash(&self.digest(domain)).ok()
    }

    /// Of a batch with this bridge stream.
    pub(crate) fn bridge_hash(bridge: &[u8]) -> B256 {
        keccak256(bridge)
    }
}

fn separator(domain: &Domain) -> Eip712Domain {
    eip712_domain! {
        name: "Ashlar",
        version: "1",
        chain_id: domain.chain_id,
        verifying_contract: Address::from(domain.rollup),
    }
}

/// Who keeps a rollup's streams, as its contract has fixed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee {
    members: Vec<Address>,
}

/// Members that the contract would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitteeError {
    /// Too few to outvote a liar, or more than an attestation has bits.
    #[error("a committee of {size}: from {LEAST_MEMBERS} to {MOST_MEMBERS} members")]
    Size {
        /// As given.
        size: usize,
    },
    /// Nobody has two votes.
    #[error("members ascend, and {member} is zero or not above the one before")]
    Order {
        /// The first that is not.
        member: Address,
    },
}

/// An attestation that L1 would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{signed} members have signed, {needed} are needed")]
pub struct TooFewSigned {
    /// Different members whose signature is right.
    pub signed: usize,
    /// Two thirds of the committee.
    pub needed: usize,
}

impl Committee {
    /// These members, ascending by address.
    ///
    /// # Errors
    /// If the contract would refuse them.
    pub fn new(members: Vec<Address>) -> Result<Self, CommitteeError> {
        let size = members.len();
        if !(LEAST_MEMBERS..=MOST_MEMBERS).contains(&size) {
            return Err(CommitteeError::Size { size });
        }
        let mut previous = Address::ZERO;
        for member in &members {
            if *member <= previous {
                return Err(CommitteeError::Order { member: *member });
            }
            previous = *member;
        }
        Ok(Self { members })
    }

    /// All members, ascending.
    pub fn members(&self) -> &[Address] {
        &self.members
    }

    /// How many must sign: two thirds, rounded up.
    pub fn threshold(&self) -> usize {
        (2 * self.members.len()).div_ceil(3)
    }

    /// The attestation of a batch, with as many of these signatures as L1 asks for: `words (4 bytes) ‖ value (16) ‖ expiry (8)
    /// ‖ signers (4) ‖ signatures (65 each)`, big-endian. What others have signed, or signed for something else, is left out.
    ///
    /// # Errors
    /// If too few members have signed this.
    pub fn attestation(
        &self,
        statement: &Statement,
        domain: &Domain,
        signatures: &[Signature],
    ) -> Result<Bytes, TooFewSigned> {
        let mut by_member: Vec<Option<Signature>> = vec![None; self.members.len()];
        for signature in signatures {
            let signer = statement.signer(domain, signature);
            let place = signer.and_then(|signer| self.members.binary_search(&signer).ok());
            if let Some(place) = place {
                by_member[place] = Some(signature.normalized_s());
            }
        }
        let needed = self.threshold();
        let signed = by_member.iter().flatten().count();
        if signed < needed {
            return Err(TooFewSigned { signed, needed });
        }
        let (mut signers, mut encoded) = (0_u32, Vec::new());
        let signed = by_member
            .iter()
            .enumerate()
            .filter_map(|(place, of)| Some((place, (*of)?)));
        for (place, signature) in signed.take(needed) {
            signers |= 1 << place;
            encoded.extend(signature.as_bytes());
        }
        let head = [
            &statement.words.to_be_bytes()[..],
            &statement.rollup_eval.to_be_bytes(),
            &statement.expiry.to_be_bytes(),
            &signers.to_be_bytes(),
        ];
        Ok([&head.concat()[..], &encoded].concat().into())
    }
}
