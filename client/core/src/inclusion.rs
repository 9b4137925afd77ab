//! An account's state, led to a root.

use ashlar_payments::{
    account::{Account, optional_digest},
    tree::{ACCOUNT_DEPTH, AccountPath},
};
use ashlar_statement::hash::Hash;

/// The root that an account (`None`: an empty leaf) leads to. The balances' root is computed from the balances.
///
/// ```
/// use ashlar_client_core::inclusion::root;
/// use ashlar_payments::tree::{AccountPath, empty_accounts_root};
///
/// assert_eq!(root(None, 7, AccountPath::empty().siblings), empty_accounts_root()); // nobody has account 7
/// ```
pub fn root(account: Option<&Account>, index: u32, siblings: [Hash; ACCOUNT_DEPTH]) -> Hash {
    AccountPath { siblings }.root(optional_digest(account), index)
}
