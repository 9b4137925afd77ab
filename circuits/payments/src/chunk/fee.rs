//! Fees: collected in four slots of one token each, credited to the fee account after the last slot.

use plonky2::{
    hash::hash_types::HashOutTarget,
    iop::target::{BoolTarget, Target},
};

use ashlar_gates::range_check;
use ashlar_statement::{
    circuit::{Update, assert_equal_if, select_hash, update_roots},
    hash::{Builder, Role},
};

use super::{
    account::{balance_leaves, head_hash, leaf_hash},
    wires::FeeWires,
};
use crate::{
    account::BALANCE_BITS,
    tree::{ACCOUNT_DEPTH, TOKEN_DEPTH},
    witness::FEE_SLOTS,
};

/// Adds a slot's fee to the sum that its selector names. A fee other than zero must name one, of its token.
pub(super) fn charge(
    builder: &mut Builder,
    selector: &[Target; FEE_SLOTS],
    token: Target,
    fee: Target,
    tokens: &[Target; FEE_SLOTS],
    sums: &mut [Target; FEE_SLOTS],
) {
    let any = builder.add_many(selector);
    for flag in selector.iter().chain([&any]) {
        builder.assert_bool(BoolTarget::new_unsafe(*flag));
    }
    let none = builder.not(BoolTarget::new_unsafe(any));
    let unpaid = builder.mul(none.target, fee);
    builder.assert_zero(unpaid);
    for index in 0..FEE_SLOTS {
        builder.conditional_assert_eq(selector[index], token, tokens[index]);
        sums[index] = builder.mul_add(selector[index], fee, sums[index]);
    }
}

/// Credits the sums to the fee account; without any fee, the account may be absent and the root stays.
pub(super) fn credit(
    builder: &mut Builder,
    root: HashOutTarget,
    fee_account: Target,
    wires: &FeeWires<Target>,
    sums: &[Target; FEE_SLOTS],
) -> HashOutTarget {
    let enabled = BoolTarget::new_unsafe(wires.enabled);
    builder.assert_bool(enabled);
    let disabled = builder.not(enabled);
    let mut balances: Option<Update<HashOutTarget>> = None;
    for index in 0..FEE_SLOTS {
        let uncredited = builder.mul(disabled.target, sums[index]);
        builder.assert_zero(uncredited);
        let old = wires.balances[index];
        let new = builder.add(old, sums[index]);
        range_check(builder, new, BALANCE_BITS as usize);
        let token_bits = builder.split_le(wires.tokens[index], TOKEN_DEPTH);
        let leaf = balance_leaves(builder, Update { old, new });
        let roots = update_roots(
            builder,
            Role::BalanceNode,
            leaf,
            &token_bits,
            &wires.balance_siblings[index],
        );
        // The credits form a chain: each starts from the root that the one before it left.
        balances = Some(match balances {
            None => roots,
            Some(before) => {
                builder.connect_hashes(before.new, roots.old);
                Update {
                    old: before.old,
                    new: roots.new,
                }
            }
        });
    }
    // The range check of the public input, too.
    let index_bits = builder.split_le(fee_account, ACCOUNT_DEPTH);
    let Some(balances) = balances else { return root };
    let head = head_hash(builder, &wires.head);
    let leaf = Update {
        old: leaf_hash(builder, head, balances.old),
        new: leaf_hash(builder, head, balances.new),
    };
    let roots = update_roots(
        builder,
        Role::AccountNode,
        leaf,
        &index_bits,
        &wires.account_siblings,
    );
    assert_equal_if(builder, enabled, roots.old, root);
    select_hash(builder, enabled, roots.new, root)
}
