//! An account: who may act for it, nonce, flags, balances.

use std::collections::BTreeMap;

use plonky2::field::types::Field;
use serde::{Deserialize, Serialize};

use ashlar_statement::{
    hash::{F, Hash, Role, ZERO_HASH, two_to_one},
    queue::address_words,
};

use crate::tree::{BalancePath, TOKEN_DEPTH, empty_subtree};

/// Balances stay below 2^62, so that a sum of two never wraps the field.
pub const BALANCE_BITS: u32 = 62;
/// Nonces stay below 2^32.
pub const NONCE_BITS: u32 = 32;

/// State of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// L1 address that owns it: what it does there by the queue needs no signature here.
    pub l1_owner: [u8; 20],
    /// What signs for it, see [`crate::auth`]; zero: nothing does.
    pub auth: Hash,
    /// Number of signed transactions executed so far.
    pub nonce: u32,
    /// Set from L1; without effect so far.
    pub flags: u8,
    /// Non-zero balances by token, in token units, each below 2^62.
    pub balances: BTreeMap<u8, u64>,
}

/// All of an account but its balances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// See [`Account::l1_owner`].
    pub l1_owner: [u8; 20],
    /// See [`Account::auth`].
    pub auth: Hash,
    /// See [`Account::nonce`].
    pub nonce: u32,
    /// See [`Account::flags`].
    pub flags: u8,
}

impl Head {
    /// Of no account.
    pub const NONE: Self = Self {
        l1_owner: [0; 20],
        auth: ZERO_HASH,
        nonce: 0,
        flags: 0,
    };

    /// L1 owner in three elements, and `nonce + 2^32 · flags`.
    pub fn meta(&self) -> Hash {
        let [a0, a1, a2] = address_words(&self.l1_owner);
        let nonce_and_flags = u64::from(self.nonce) | u64::from(self.flags) << NONCE_BITS;
        Hash {
            elements: [a0, a1, a2, nonce_and_flags].map(F::from_canonical_u64),
        }
    }

    /// Digest of the leaf of an account with this head and these balances.
    pub fn leaf(&self, balances_root: Hash) -> Hash {
        let head = two_to_one(Role::AccountHead, self.auth, self.meta());
        two_to_one(Role::AccountLeaf, head, balances_root)
    }
}

impl Account {
    /// A fresh account, as the first deposit creates it.
    pub fn new(l1_owner: [u8; 20], auth: Hash) -> Self {
        Self {
            l1_owner,
            auth,
            nonce: 0,
            flags: 0,
            balances: BTreeMap::new(),
        }
    }

    /// Balance in token units; zero for a token it never held.
    pub fn balance(&self, token: u8) -> u64 {
        self.balances.get(&token).copied().unwrap_or(0)
    }

    /// Sets a balance; a zero is not stored.
    pub fn set_balance(&mut self, token: u8, balance: u64) {
        if balance == 0 {
            self.balances.remove(&token);
        } else {
            self.balances.insert(token, balance);
        }
    }

    /// Root of the balance tree.
    pub fn balances_root(&self) -> Hash {
        self.balances_subtree(TOKEN_DEPTH, 0)
    }

    /// Siblings of one balance.
    pub fn balance_path(&self, token: u8) -> BalancePath {
        let siblings =
            core::array::from_fn(|level| self.balances_subtree(level, (u32::from(token) >> level) ^ 1));
        BalancePath { siblings }
    }

    /// All but the balances.
    pub fn head(&self) -> Head {
        Head {
            l1_owner: self.l1_owner,
            auth: self.auth,
            nonce: self.nonce,
            flags: self.flags,
        }
    }

    /// Replaces all but the balances.
    pub fn set_head(&mut self, head: Head) {
        Head {
            l1_owner: self.l1_owner,
            auth: self.auth,
            nonce: self.nonce,
            flags: self.flags,
        } = head;
    }

    /// Digest of the account's leaf: `hash(hash(auth, meta), balances root)`.
    pub fn digest(&self) -> Hash {
        self.head().leaf(self.balances_root())
    }

    fn balances_subtree(&self, height: usize, index: u32) -> Hash {
        let first = index << height;
        let last = first + ((1 << height) - 1);
        // Token numbers are bytes, so both ends fit one.
        if self.balances.range(first as u8..=last as u8).next().is_none() {
            return empty_subtree(BalancePath::NODE, height);
        }
        if height == 0 {
            return balance_digest(self.balance(first as u8));
        }
        two_to_one(
            BalancePath::NODE,
            self.balances_subtree(height - 1, 2 * index),
            self.balances_subtree(height - 1, 2 * index + 1),
        )
    }
}

/// Leaf of a balance tree.
pub fn balance_digest(balance: u64) -> Hash {
    Hash {
        elements: [F::from_canonical_u64(balance), F::ZERO, F::ZERO, F::ZERO],
    }
}

/// Leaf of an account that may be absent.
pub fn optional_digest(account: Option<&Account>) -> Hash {
    account.map_or(ZERO_HASH, Account::digest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tree::empty_balances_root;

    #[test]
    fn zero_balances_leave_no_trace() {
        let mut account = Account::new([0; 20], ZERO_HASH);
        assert_eq!(account.balances_root(), empty_balances_root());
        account.set_balance(9, 5);
        account.set_balance(9, 0);
        assert_eq!(account, Account::new([0; 20], ZERO_HASH));
    }

    proptest! {
        #[test]
        fn paths_lead_to_the_root(
            balances in prop::collection::btree_map(any::<u8>(), 1u64..1 << 62, 0..20),
            token in any::<u8>(),
        ) {
            let account = Account { balances, ..Account::new([0; 20], ZERO_HASH) };
            let root = account.balance_path(token).root(balance_digest(account.balance(token)), token.into());
            prop_assert_eq!(root, account.balances_root());
        }
    }
}
