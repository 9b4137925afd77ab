//! One step of a slot: an account's leaf is opened under the running root, changed, and closed.
//!
//! Only what is written is range-checked. What is read is in range because the tree starts empty and every
//! write was checked; a reader that starts from another tree owes the same.

use plonky2::{
    field::types::Field,
    hash::hash_types::HashOutTarget,
    iop::target::{BoolTarget, Target},
};

use ashlar_gates::range_check;
use ashlar_statement::{
    circuit::{Update, assert_equal_if, hash, select_hash, update_roots},
    hash::{Builder, F, Role},
};

use super::{
    rows::{Component, Rows},
    wires::{AccountWires, HeadWires},
};
use crate::{
    account::{BALANCE_BITS, NONCE_BITS},
    tree::empty_balances_root,
};

/// Where in the trees a step works.
pub(super) struct Place<'a> {
    /// The step changes the root only if this is set; its path is checked only then.
    pub(super) enabled: BoolTarget,
    /// Bits of the account index, little-endian.
    pub(super) index_bits: &'a [BoolTarget],
    /// Bits of the token number, little-endian.
    pub(super) token_bits: &'a [BoolTarget],
}

/// What a step makes of its account.
pub(super) struct Written {
    /// All but the balances; what changes in it is in range.
    pub(super) head: HeadWires<Target>,
    /// In range.
    pub(super) balance: Target,
    /// Whether the leaf is in use afterwards: zero or one.
    pub(super) exists: Target,
}

/// The nonce after a step that counts it if `signed`.
pub(super) fn next_nonce(builder: &mut Builder, nonce: Target, signed: BoolTarget) -> Target {
    let nonce = builder.add(nonce, signed.target);
    range_check(builder, nonce, NONCE_BITS as usize);
    nonce
}

/// The destination's balance after its credit.
pub(super) fn credited(builder: &mut Builder, balance: Target, credit: Target) -> Target {
    let balance = builder.add(balance, credit);
    range_check(builder, balance, BALANCE_BITS as usize);
    balance
}

/// Opens an account's leaf, which is the zero digest if it is not in use, and writes it. Returns the new running root, and
/// the root of the balances before.
pub(super) fn step(
    builder: &mut Builder,
    rows: &mut Rows,
    root: HashOutTarget,
    place: &Place<'_>,
    account: &AccountWires<Target>,
    written: &Written,
) -> (HashOutTarget, HashOutTarget) {
    let balances = rows.count(builder, Component::BalancePaths, |builder| {
        let leaf = balance_leaves(
            builder,
            Update {
                old: account.balance,
                new: written.balance,
            },
        );
        update_roots(
            builder,
            Role::BalanceNode,
            leaf,
            place.token_bits,
            &account.balance_siblings,
        )
    });
    let leaf = rows.count(builder, Component::AccountLeaves, |builder| Update {
        old: optional_leaf(builder, account.exists, &account.head, balances.old),
        new: optional_leaf(builder, written.exists, &written.head, balances.new),
    });
    let root = rows.count(builder, Component::AccountPaths, |builder| {
        let roots = update_roots(
            builder,
            Role::AccountNode,
            leaf,
            place.index_bits,
            &account.account_siblings,
        );
        assert_equal_if(builder, place.enabled, roots.old, root);
        select_hash(builder, place.enabled, roots.new, root)
    });
    (root, balances.old)
}

/// A leaf that is not in use is blank: what a deposit creates starts from nothing.
pub(super) fn constrain_blank(
    builder: &mut Builder,
    account: &AccountWires<Target>,
    balances_root: HashOutTarget,
) {
    let absent = builder.not(BoolTarget::new_unsafe(account.exists));
    for must_be_zero in [account.head.nonce, account.head.flags] {
        let product = builder.mul(absent.target, must_be_zero);
        builder.assert_zero(product);
    }
    let empty = builder.constant_hash(empty_balances_root());
    assert_equal_if(builder, absent, balances_root, empty);
}

/// Twin of [`crate::account::balance_digest`], before and after.
pub(super) fn balance_leaves(builder: &mut Builder, balance: Update<Target>) -> Update<HashOutTarget> {
    let zero = builder.zero();
    let leaf = |balance| HashOutTarget {
        elements: [balance, zero, zero, zero],
    };
    Update {
        old: leaf(balance.old),
        new: leaf(balance.new),
    }
}

/// The first half of [`crate::account::Head::leaf`].
pub(crate) fn head_hash(builder: &mut Builder, head: &HeadWires<Target>) -> HashOutTarget {
    let shift = F::from_canonical_u64(1 << NONCE_BITS);
    let nonce_and_flags = builder.mul_const_add(shift, head.flags, head.nonce);
    let mut elements = head.auth.to_vec();
    elements.extend(head.l1_owner);
    elements.push(nonce_and_flags);
    hash(builder, Role::AccountHead, &elements)
}

/// The second half of [`crate::account::Head::leaf`].
pub(crate) fn leaf_hash(
    builder: &mut Builder,
    head: HashOutTarget,
    balances_root: HashOutTarget,
) -> HashOutTarget {
    let elements = [head.elements, balances_root.elements].concat();
    hash(builder, Role::AccountLeaf, &elements)
}

/// Twin of [`crate::account::optional_digest`].
fn optional_leaf(
    builder: &mut Builder,
    exists: Target,
    head: &HeadWires<Target>,
    balances_root: HashOutTarget,
) -> HashOutTarget {
    let head = head_hash(builder, head);
    let leaf = leaf_hash(builder, head, balances_root);
    HashOutTarget {
        elements: leaf.elements.map(|element| builder.mul(exists, element)),
    }
}
