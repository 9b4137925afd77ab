//! One step of a slot: an account's leaf is opened under the running root, changed, and closed.
//!
//! Only what is written is range-checked. What is read is in range because the tree starts empty and every
//! write was checked; a reader that starts from another tree owes the same.

use plonky2::{
    hash::{hash_types::HashOutTarget, poseidon::PoseidonHash},
    iop::target::{BoolTarget, Target},
};

use ashlar_gates::range_check;
use ashlar_statement::{
    circuit::{Update, assert_equal_if, select_hash, update_roots},
    hash::Builder,
};

use super::{
    rows::{Component, Rows},
    wires::AccountWires,
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

/// Debits the source: balance less `debit`, nonce plus one. Returns the new running root.
pub(super) fn debit_step(
    builder: &mut Builder,
    rows: &mut Rows,
    root: HashOutTarget,
    place: &Place<'_>,
    account: &AccountWires<Target>,
    debit: Target,
) -> HashOutTarget {
    let (balance, nonce) = rows.count(builder, Component::RangeChecks, |builder| {
        let balance = builder.sub(account.balance, debit);
        // A debit above the balance wraps to at least p - 2^62, far out of range.
        range_check(builder, balance, BALANCE_BITS as usize);
        let one = builder.one();
        let nonce = builder.add(account.nonce, one);
        range_check(builder, nonce, NONCE_BITS as usize);
        (
            Update {
                old: account.balance,
                new: balance,
            },
            Update {
                old: account.nonce,
                new: nonce,
            },
        )
    });
    let balances = rows.count(builder, Component::BalancePaths, |builder| {
        balances_roots(builder, place, account, balance)
    });
    let leaf = rows.count(builder, Component::AccountLeaves, |builder| Update {
        old: leaf_hash(builder, account.owner, nonce.old, balances.old),
        new: leaf_hash(builder, account.owner, nonce.new, balances.new),
    });
    rows.count(builder, Component::AccountPaths, |builder| {
        write(builder, root, place, account, leaf)
    })
}

/// Whether the destination may be, and is, an absent leaf.
pub(super) struct Existence {
    /// Set when the leaf is in use.
    pub(super) exists: BoolTarget,
    /// Set in the only kind that may not create an account.
    pub(super) is_transfer: Target,
}

/// Credits the destination, creating it if it is absent. Returns the new running root.
pub(super) fn credit_step(
    builder: &mut Builder,
    rows: &mut Rows,
    root: HashOutTarget,
    place: &Place<'_>,
    account: &AccountWires<Target>,
    existence: &Existence,
    credit: Target,
) -> HashOutTarget {
    let balance = rows.count(builder, Component::RangeChecks, |builder| {
        let balance = builder.add(account.balance, credit);
        range_check(builder, balance, BALANCE_BITS as usize);
        Update {
            old: account.balance,
            new: balance,
        }
    });
    let balances = rows.count(builder, Component::BalancePaths, |builder| {
        balances_roots(builder, place, account, balance)
    });
    rows.count(builder, Component::RangeChecks, |builder| {
        constrain_absent(builder, account, existence, balances.old);
    });
    let leaf = rows.count(builder, Component::AccountLeaves, |builder| {
        let old = leaf_hash(builder, account.owner, account.nonce, balances.old);
        // An absent leaf is the zero digest.
        let elements = old
            .elements
            .map(|element| builder.mul(existence.exists.target, element));
        Update {
            old: HashOutTarget { elements },
            new: leaf_hash(builder, account.owner, account.nonce, balances.new),
        }
    });
    rows.count(builder, Component::AccountPaths, |builder| {
        write(builder, root, place, account, leaf)
    })
}

/// An absent account is blank, and no transfer goes to it.
fn constrain_absent(
    builder: &mut Builder,
    account: &AccountWires<Target>,
    existence: &Existence,
    balances_root: HashOutTarget,
) {
    builder.assert_bool(existence.exists);
    let absent = builder.not(existence.exists);
    for must_be_zero in [existence.is_transfer, account.nonce] {
        let product = builder.mul(absent.target, must_be_zero);
        builder.assert_zero(product);
    }
    let empty = builder.constant_hash(empty_balances_root());
    assert_equal_if(builder, absent, balances_root, empty);
}

fn balances_roots(
    builder: &mut Builder,
    place: &Place<'_>,
    account: &AccountWires<Target>,
    balance: Update<Target>,
) -> Update<HashOutTarget> {
    let leaf = balance_leaves(builder, balance);
    update_roots(builder, leaf, place.token_bits, &account.balance_siblings)
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

/// Twin of [`crate::account::leaf_digest`].
pub(super) fn leaf_hash(
    builder: &mut Builder,
    owner: [Target; 4],
    nonce: Target,
    balances_root: HashOutTarget,
) -> HashOutTarget {
    let mut elements = owner.to_vec();
    elements.push(nonce);
    elements.extend(balances_root.elements);
    builder.hash_n_to_hash_no_pad::<PoseidonHash>(elements)
}

fn write(
    builder: &mut Builder,
    root: HashOutTarget,
    place: &Place<'_>,
    account: &AccountWires<Target>,
    leaf: Update<HashOutTarget>,
) -> HashOutTarget {
    let roots = update_roots(builder, leaf, place.index_bits, &account.account_siblings);
    assert_equal_if(builder, place.enabled, roots.old, root);
    select_hash(builder, place.enabled, roots.new, root)
}
