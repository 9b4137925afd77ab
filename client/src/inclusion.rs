//! An account's state, led to a root.

use ashlar_client_core::inclusion::root;
use ashlar_payments::{
    account::{Account as State, BALANCE_BITS},
    tree::ACCOUNT_DEPTH,
};
use ashlar_proto::sequencer::v1 as pb;
use ashlar_statement::hash::Hash;

use crate::{Account, types::hash};

/// A leaf of the account tree whose path was computed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The account; `None` for an empty leaf.
    pub account: Option<Account>,
    /// The root that the leaf leads to.
    pub root: Hash,
    /// The batch after which the state has this root, as the sequencer says: [`crate::L1::standing`] compares with L1.
    pub batch: u64,
}

/// Why an inclusion proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InclusionError {
    /// Not the form of a proof.
    #[error("the inclusion proof is malformed: {fault}")]
    Malformed {
        /// What is wrong.
        fault: &'static str,
    },
    /// The proof is of another account.
    #[error("the inclusion proof is of account {given}, {asked} was asked for")]
    OtherAccount {
        /// In the proof.
        given: u32,
        /// Asked for.
        asked: u32,
    },
    /// The sequencer lies about the account, or its state is damaged.
    #[error("the account does not lead to the root that the inclusion proof names")]
    Root,
}

impl Inclusion {
    /// Computes the root from the leaf and its siblings, and compares.
    ///
    /// ```
    /// use ashlar_client::{inclusion::{Inclusion, InclusionError}, pb};
    /// use ashlar_payments::tree::{AccountPath, empty_accounts_root};
    /// use ashlar_statement::hash::{Hash, hash_to_bytes32};
    ///
    /// let bytes = |hash: &Hash| hash_to_bytes32(hash).to_vec().into();
    /// let mut proof = pb::InclusionProof {
    ///     siblings: AccountPath::empty().siblings.iter().map(bytes).collect(),
    ///     root: bytes(&empty_accounts_root()),
    ///     ..Default::default()
    /// };
    /// assert_eq!(Inclusion::verify(&proof, 7)?.account, None); // nobody has account 7
    /// proof.siblings.swap(0, 1);
    /// assert_eq!(Inclusion::verify(&proof, 7), Err(InclusionError::Root));
    /// # Ok::<(), InclusionError>(())
    /// ```
    pub fn verify(proof: &pb::InclusionProof, asked: u32) -> Result<Self, InclusionError> {
        let malformed = |fault| InclusionError::Malformed { fault };
        let siblings: Vec<Hash> = proof
            .siblings
            .iter()
            .map(|sibling| hash(sibling))
            .collect::<Option<_>>()
            .ok_or(malformed("a sibling is not a hash"))?;
        let siblings =
            <[Hash; ACCOUNT_DEPTH]>::try_from(siblings).map_err(|_| malformed("not 28 siblings"))?;
        let claimed = hash(&proof.root).ok_or(malformed("the root is not a hash"))?;
        let account = proof
            .account
            .as_ref()
            .map(|account| {
                Account::from_wire(account).ok_or(malformed("a field of the account is out of range"))
            })
            .transpose()?;
        if let Some(account) = &account {
            if account.index != asked {
                let given = account.index;
                return Err(InclusionError::OtherAccount { given, asked });
            }
            if account
                .balances
                .values()
                .any(|balance| balance >> BALANCE_BITS != 0)
            {
                return Err(malformed("a balance of 2^62 or more"));
            }
        }
        let state = account.as_ref().map(|account| State {
            l1_owner: account.l1_owner.into_array(),
            auth: account.auth,
            nonce: account.nonce,
            flags: account.flags,
            balances: account
                .balances
                .iter()
                .map(|(token, amount)| (*token, *amount))
                .filter(|(_, amount)| *amount != 0)
                .collect(),
        });
        if root(state.as_ref(), asked, siblings) != claimed {
            return Err(InclusionError::Root);
        }
        Ok(Self {
            account,
            root: claimed,
            batch: proof.batch_number,
        })
    }
}
