//! One slot: from running root to running root.

use ashlar_ecgfp5::{SignatureTarget, verify_signature};
use plonky2::{hash::hash_types::HashOutTarget, iop::target::Target};

use ashlar_gates::range_check;
use ashlar_statement::{
    circuit::{DataHash, EvaluationTarget, Part, assert_equal_if},
    hash::Builder,
};

use super::{
    account::{Place, constrain_blank, step},
    amounts::{Amounts, FieldBits, Flags},
    destination::destination_step,
    fee::charge,
    message::message_hash,
    policy::{PolicyUse, WINDOW_BITS, constrain_policy},
    pubdata::{auth_of_words, blocks, constrain_tail, kind_number, words},
    queue::{SourceStep, source_step},
    rows::{Component, Rows},
    wires::SlotWires,
};
use crate::{
    pubdata::{
        DEPOSIT_WORDS, FORCED_TRANSFER_WORDS, FORCED_WITHDRAWAL_WORDS, MAX_WORDS, SET_FLAGS_WORDS,
        TRANSFER_WORDS, WITHDRAW_WORDS,
    },
    transaction::Kind,
    witness::FEE_SLOTS,
};

/// What runs through the slots.
pub(super) struct Running {
    pub(super) root: HashOutTarget,
    pub(super) fee_sums: [Target; FEE_SLOTS],
    pub(super) data_hash: DataHash,
    pub(super) evaluation: EvaluationTarget<MAX_WORDS>,
}

/// What all slots share.
pub(super) struct Shared {
    pub(super) domain: [Target; 4],
    /// Below 2^28.
    pub(super) time: Target,
    pub(super) fee_tokens: [Target; FEE_SLOTS],
}

/// Constrains one slot and advances what runs through it.
pub(super) fn constrain_slot(
    builder: &mut Builder,
    rows: &mut Rows,
    shared: &Shared,
    running: &mut Running,
    wires: &SlotWires<Target>,
    signature: &SignatureTarget,
) {
    let (flags, bits, amounts) = rows.count(builder, Component::RangeChecks, |builder| {
        let flags = Flags::new(builder, wires);
        let bits = FieldBits::new(builder, wires);
        let amounts = Amounts::new(builder, wires, &flags);
        charge(
            builder,
            &wires.fee_selector,
            wires.token,
            amounts.fee,
            &shared.fee_tokens,
            &mut running.fee_sums,
        );
        (flags, bits, amounts)
    });

    let named_auth = rows.count(builder, Component::Queue, |builder| auth_of_words(builder, wires));
    let SourceStep { paid, written } = rows.count(builder, Component::Queue, |builder| {
        source_step(builder, wires, &flags, &amounts, named_auth)
    });
    let source = Place {
        enabled: flags.opens_source,
        index_bits: &bits.from,
        token_bits: &bits.token,
    };
    (running.root, _) = step(builder, rows, running.root, &source, &wires.source, &written);

    let written = rows.count(builder, Component::RangeChecks, |builder| {
        let credit = builder.mul_add(flags.is_deposit.target, wires.bridge_amount, amounts.transferred);
        let credit = builder.mul_add(flags.is_forced_transfer.target, paid, credit);
        destination_step(builder, wires, &flags, credit, named_auth)
    });
    let destination = Place {
        enabled: flags.opens_destination,
        index_bits: &bits.to,
        token_bits: &bits.token,
    };
    let (root, balances) = step(
        builder,
        rows,
        running.root,
        &destination,
        &wires.destination,
        &written,
    );
    running.root = root;
    rows.count(builder, Component::RangeChecks, |builder| {
        constrain_blank(builder, &wires.destination, balances);
    });

    let kind = kind_number(builder, &flags);
    let message = rows.count(builder, Component::Message, |builder| {
        message_hash(builder, shared.domain, wires, &flags, kind)
    });
    rows.count(builder, Component::Policy, |builder| {
        permit(builder, shared, wires, &flags, amounts.needed);
    });
    rows.count(builder, Component::Signature, |builder| {
        let key_hash = HashOutTarget {
            elements: wires.clause.key_hash,
        };
        verify_signature(builder, signature, key_hash, message, flags.signed);
    });

    let words = rows.count(builder, Component::PublicData, |builder| {
        constrain_tail(builder, wires, &flags, paid);
        let words = words(builder, wires, &flags, &bits);
        for block in blocks(builder, kind, &words) {
            running.data_hash.push(builder, block);
        }
        words
    });
    rows.count(builder, Component::Evaluation, |builder| {
        evaluate(builder, &mut running.evaluation, &flags, &words);
    });
}

/// Constrains a signed slot to be permitted by a clause of the source's policy, and not to have expired.
fn permit(builder: &mut Builder, shared: &Shared, wires: &SlotWires<Target>, flags: &Flags, spent: Target) {
    let usage = PolicyUse {
        signed: flags.signed,
        kinds: &[
            (Kind::Transfer as usize, flags.is_transfer.target),
            (Kind::Withdraw as usize, flags.is_withdraw.target),
        ],
        token: wires.token,
        spent,
        time: shared.time,
    };
    let led_to = constrain_policy(builder, &wires.clause, &usage);
    let auth = HashOutTarget {
        elements: wires.source.head.auth,
    };
    assert_equal_if(builder, flags.signed, led_to, auth);
    let remaining = builder.sub(wires.valid_until, shared.time);
    let remaining = builder.mul(flags.signed.target, remaining);
    range_check(builder, remaining, WINDOW_BITS);
}

/// Appends a slot's words to the stream of its kind.
fn evaluate(
    builder: &mut Builder,
    evaluation: &mut EvaluationTarget<MAX_WORDS>,
    flags: &Flags,
    words: &[Target; MAX_WORDS],
) {
    let bridge = Part {
        member: flags.bridges.target,
        lengths: &[
            (flags.names_auth.target, DEPOSIT_WORDS),
            (flags.is_withdraw.target, WITHDRAW_WORDS),
            (flags.is_forced_withdrawal.target, FORCED_WITHDRAWAL_WORDS),
            (flags.is_forced_transfer.target, FORCED_TRANSFER_WORDS),
            (flags.is_set_flags.target, SET_FLAGS_WORDS),
        ],
    };
    let rollup = Part {
        member: flags.is_transfer.target,
        lengths: &[(flags.is_transfer.target, TRANSFER_WORDS)],
    };
    evaluation.push(builder, words, bridge, rollup);
}
