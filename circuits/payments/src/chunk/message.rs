//! The message that a slot's signature is checked against.

use plonky2::{hash::hash_types::HashOutTarget, iop::target::Target};

use ashlar_statement::{
    circuit::hash,
    hash::{Builder, Role},
};

use super::{amounts::Flags, wires::SlotWires};

/// Twin of [`crate::transaction::SignedTransaction::message`], for a transfer or a withdrawal. The nonce is the
/// source leaf's, so that a signature is good for one state of its account only; the payee's owner is the destination
/// leaf's, so that it is good for one payee only.
pub(super) fn message_hash(
    builder: &mut Builder,
    domain: [Target; 4],
    wires: &SlotWires<Target>,
    flags: &Flags,
    kind: Target,
) -> HashOutTarget {
    let is_transfer = flags.is_transfer.target;
    let to = builder.mul(is_transfer, wires.to);
    // The address words of a transfer are constrained to zero.
    let [a0, a1, a2] = core::array::from_fn(|i| {
        builder.mul_add(
            is_transfer,
            wires.destination.head.l1_owner[i],
            wires.tail_words[i],
        )
    });
    let packed = builder.mul(is_transfer, wires.amount_packed);
    let amount = builder.mul_add(flags.is_withdraw.target, wires.bridge_amount, packed);
    let mut elements = domain.to_vec();
    elements.extend([kind, wires.from, to, a0, a1, a2]);
    elements.extend([wires.token, amount, wires.fee_packed, wires.source.head.nonce]);
    elements.extend([wires.valid_until, wires.clause.place]);
    hash(builder, Role::Message, &elements)
}
