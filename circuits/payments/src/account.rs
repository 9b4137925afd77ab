//! An account: owner, nonce, balances.

use std::collections::BTreeMap;

use plonky2::field::types::Field;
use serde::{Deserialize, Serialize};

use ashlar_statement::hash::{F, Hash, ZERO_HASH, hash_no_pad, two_to_one};

use crate::tree::{BalancePath, TOKEN_DEPTH, empty_subtree};

/// Balances stay below 2^62, so that a sum of two never wraps the field.
pub const BALANCE_BITS: u32 = 62;
/// Nonces stay below 2^32.
pub const NONCE_BITS: u32 = 32;

/// State of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Hash of the public key that signs for it.
    pub owner: Hash,
    /// Number of signed transactions executed so far.
    pub nonce: u32,
    /// Non-zero balances by token, in token units, each below 2^62.
    pub balances: BTreeMap<u8, u64>,
}

impl Account {
    /// A fresh account, as the first deposit creates it.
    pub fn new(owner: Hash) -> Self {
        Self {
            owner,
            nonce: 0,
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

    /// Digest of the account's leaf: `hash(owner, nonce, balances root)`.
    pub fn digest(&self) -> Hash {
        leaf_digest(self.owner, self.nonce, self.balances_root())
    }

    fn balances_subtree(&self, height: usize, index: u32) -> Hash {
        let first = index << height;
        let last = first + ((1 << height) - 1);
        // Token numbers are bytes, so both ends fit one.
        if self.balances.range(first as u8..=last as u8).next().is_none() {
            return empty_subtree(height);
        }
        if height == 0 {
            return balance_digest(self.balance(first as u8));
        }
        two_to_one(
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

/// Leaf of the account tree.
pub fn leaf_digest(owner: Hash, nonce: u32, balances_root: Hash) -> Hash {
    hash_no_pad(&leaf_elements(owner, nonce, balances_root))
}

/// What [`leaf_digest`] is the hash of.
pub(crate) fn leaf_elements(owner: Hash, nonce: u32, balances_root: Hash) -> [F; 9] {
    let mut elements = [F::ZERO; 9];
    elements[..4].copy_from_slice(&owner.elements);
    elements[4] = F::from_canonical_u32(nonce);
    elements[5..].copy_from_slice(&balances_root.elements);
    elements
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
        let mut account = Account::new(ZERO_HASH);
        assert_eq!(account.balances_root(), empty_balances_root());
        account.set_balance(9, 5);
        account.set_balance(9, 0);
        assert_eq!(account, Account::new(ZERO_HASH));
    }

    proptest! {
        #[test]
        fn paths_lead_to_the_root(
            balances in prop::collection::btree_map(any::<u8>(), 1u64..1 << 62, 0..20),
            token in any::<u8>(),
        ) {
            let account = Account { balances, ..Account::new(ZERO_HASH) };
            let root = account.balance_path(token).root(balance_digest(account.balance(token)), token.into());
            prop_assert_eq!(root, account.balances_root());
        }
    }
}
