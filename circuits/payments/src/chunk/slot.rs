//! One slot: from running root to running root.

use ashlar_ecgfp5::{SignatureTarget, verify_signature};
use plonky2::{
    hash::hash_types::HashOutTarget,
    iop::target::{BoolTarget, Target},
};

use ashlar_statement::{
    circuit::{DataHash, EvaluationTarget, Part},
    hash::Builder,
};

use super::{
    account::{Existence, Place, credit_step, debit_step},
    amounts::{Amounts, FieldBits, Flags},
    fee::charge,
    message::message_hash,
    pubdata::{kind_number, words},
    rows::{Component, Rows},
    wires::SlotWires,
};
use crate::{
    pubdata::{DEPOSIT_WORDS, MAX_WORDS, TRANSFER_WORDS, WITHDRAW_WORDS},
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

    let source = Place {
        enabled: flags.debits,
        index_bits: &bits.from,
        token_bits: &bits.token,
    };
    running.root = debit_step(builder, rows, running.root, &source, &wires.source, amounts.debit);
    let destination = Place {
        enabled: flags.credits,
        index_bits: &bits.to,
        token_bits: &bits.token,
    };
    let existence = Existence {
        exists: BoolTarget::new_unsafe(wires.destination_exists),
        is_transfer: flags.is_transfer.target,
    };
    running.root = credit_step(
        builder,
        rows,
        running.root,
        &destination,
        &wires.destination,
        &existence,
        amounts.credit,
    );

    let kind = kind_number(builder, &flags);
    let message = rows.count(builder, Component::Message, |builder| {
        message_hash(builder, shared.domain, wires, &flags, kind)
    });
    rows.count(builder, Component::Signature, |builder| {
        let owner = HashOutTarget {
            elements: wires.source.owner,
        };
        verify_signature(builder, signature, owner, message, flags.debits);
    });

    let words = rows.count(builder, Component::PublicData, |builder| {
        let words = words(builder, wires, &flags, &bits);
        let [w0, w1, w2, w3, w4, w5, w6] = words;
        running
            .data_hash
            .push(builder, [kind, w0, w1, w2, w3, w4, w5, w6]);
        words
    });
    rows.count(builder, Component::Evaluation, |builder| {
        evaluate(builder, &mut running.evaluation, &flags, &words);
    });
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
            (flags.is_deposit.target, DEPOSIT_WORDS),
            (flags.is_withdraw.target, WITHDRAW_WORDS),
        ],
    };
    let rollup = Part {
        member: flags.is_transfer.target,
        lengths: &[(flags.is_transfer.target, TRANSFER_WORDS)],
    };
    evaluation.push(builder, words, bridge, rollup);
}
