//! One slot: from running root to running root.

use ashlar_ecgfp5::{SignatureTarget, verify_signature};
use plonky2::hash::hash_types::HashOutTarget;
use plonky2::iop::target::{BoolTarget, Target};

use super::account::{Existence, Place, credit_step, debit_step};
use super::amounts::{Amounts, FieldBits, Flags};
use super::fee::charge;
use super::message::message_hash;
use super::pubdata::{DataHash, EvaluationTarget, kind_number, words};
use super::rows::{Component, Rows};
use super::wires::SlotWires;
use crate::hash::Builder;
use crate::witness::FEE_SLOTS;

/// What runs through the slots.
pub(super) struct Running {
    pub(super) root: HashOutTarget,
    pub(super) fee_sums: [Target; FEE_SLOTS],
    pub(super) data_hash: DataHash,
    pub(super) evaluation: EvaluationTarget,
    /// Deposits, withdrawals, transfers.
    pub(super) counts: [Target; 3],
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
        running.data_hash.push(builder, kind, &words);
        words
    });
    rows.count(builder, Component::Evaluation, |builder| {
        running.evaluation.push(builder, &flags, &words);
        let kinds = [flags.is_deposit, flags.is_withdraw, flags.is_transfer];
        for (count, flag) in running.counts.iter_mut().zip(kinds) {
            *count = builder.add(*count, flag.target);
        }
    });
}
