//! Where a chunk's accounts lead to in the tree, before and after each step: all hashed together.

use ashlar_statement::hash::{Hash, Role, ZERO_HASH, two_to_one_all};

use super::{AccountWitness, SlotFault};
use crate::{
    account::{Head, balance_digest},
    tree::{empty_balances_root, roots},
};

/// An account at some time, as its witness says that it is in the tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf<'a> {
    /// Its paths.
    pub account: &'a AccountWitness,
    /// Its place.
    pub index: u32,
    /// The token that moves.
    pub token: u8,
    /// At that time.
    pub head: Head,
    /// Of the token, at that time.
    pub balance: u64,
    /// Whether the leaf is not in use at that time.
    pub is_blank: bool,
}

/// The place of a leaf in [`Moves`].
#[derive(Debug, Clone, Copy)]
pub(super) struct LeafId(usize);

/// Leaves whose roots are wanted.
#[derive(Debug, Default)]
pub(super) struct Moves<'a>(Vec<Leaf<'a>>);

/// Their roots.
pub(super) struct Places {
    balances: Vec<Hash>,
    accounts: Vec<Hash>,
}

/// What must hold of the running root.
#[derive(Debug)]
pub(super) enum Check {
    /// Nothing: the slot is at fault.
    Fault(SlotFault),
    /// The leaf holds no balance.
    HoldsNothing(LeafId),
    /// `from` is in the tree; `to` takes its place.
    Move {
        /// Before the step.
        from: LeafId,
        /// After it.
        to: LeafId,
        /// What it means if `from` is not there.
        fault: SlotFault,
    },
}

impl<'a> Moves<'a> {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Leaf<'a>) -> LeafId {
        self.0.push(leaf);
        LeafId(self.0.len() - 1)
    }

    /// Hashes all leaves up to their roots.
    pub fn places(&self) -> Places {
        let climbs: Vec<_> = self
            .0
            .iter()
            .map(|leaf| {
                (
                    &leaf.account.balance_path,
                    balance_digest(leaf.balance),
                    leaf.token.into(),
                )
            })
            .collect();
        let balances = roots(&climbs);
        let heads: Vec<_> = self
            .0
            .iter()
            .map(|leaf| [leaf.head.auth, leaf.head.meta()])
            .collect();
        let leaves: Vec<_> = two_to_one_all(Role::AccountHead, &heads)
            .into_iter()
            .zip(&balances)
            .map(|(head, balances)| [head, *balances])
            .collect();
        let climbs: Vec<_> = self
            .0
            .iter()
            .zip(two_to_one_all(Role::AccountLeaf, &leaves))
            .map(|(leaf, digest)| {
                let digest = if leaf.is_blank { ZERO_HASH } else { digest };
                (&leaf.account.account_path, digest, leaf.index)
            })
            .collect();
        let accounts = roots(&climbs);
        Places { balances, accounts }
    }
}

impl Check {
    /// The root after the step.
    pub fn apply(self, root: Hash, places: &Places) -> Result<Hash, SlotFault> {
        match self {
            Self::Fault(fault) => Err(fault),
            Self::HoldsNothing(LeafId(leaf)) if places.balances[leaf] != empty_balances_root() => {
                Err(SlotFault::Existence)
            }
            Self::HoldsNothing(_) => Ok(root),
            Self::Move {
                from: LeafId(from),
                fault,
                ..
            } if places.accounts[from] != root => Err(fault),
            Self::Move { to: LeafId(to), .. } => Ok(places.accounts[to]),
        }
    }
}
