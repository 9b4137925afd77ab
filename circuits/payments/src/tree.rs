//! The account tree (depth 28) and the balance trees (depth 8).

pub use ashlar_statement::tree::{MerklePath, empty_subtree, roots};

use ashlar_statement::hash::{Hash, Role};

/// Depth of the account tree: 268 million accounts.
pub const ACCOUNT_DEPTH: usize = 28;
const _: () = assert!(ACCOUNT_DEPTH == ashlar_statement::ACCOUNT_BITS as usize);
/// Depth of a balance tree: token numbers are 8-bit.
pub const TOKEN_DEPTH: usize = 8;

/// Path of an account in the account tree.
pub type AccountPath = MerklePath<{ Role::AccountNode as u64 }, ACCOUNT_DEPTH>;
/// Path of a balance in its balance tree.
pub type BalancePath = MerklePath<{ Role::BalanceNode as u64 }, TOKEN_DEPTH>;

/// Root of the account tree before the first deposit: the rollup contract starts from it.
pub fn empty_accounts_root() -> Hash {
    empty_subtree(AccountPath::NODE, ACCOUNT_DEPTH)
}

/// Root of a balance tree that holds nothing.
pub fn empty_balances_root() -> Hash {
    empty_subtree(BalancePath::NODE, TOKEN_DEPTH)
}
