//! The message that a slot's signature is checked against.

use plonky2::{
    hash::{hash_types::HashOutTarget, poseidon::PoseidonHash},
    iop::target::Target,
};

use ashlar_statement::hash::Builder;

use super::{amounts::Flags, wires::SlotWires};

/// Twin of [`crate::transaction::Transaction::message`], for a transfer or a withdrawal. The nonce is the
/// source leaf's, so that a signature is good for one state of its account only.
pub(super) fn message_hash(
    builder: &mut Builder,
    domain: [Target; 4],
    wires: &SlotWires<Target>,
    flags: &Flags,
    kind: Target,
) -> HashOutTarget {
    // The address words of a transfer are constrained to zero.
    let [address0, address1, address2, ..] = wires.tail_words;
    let payee = builder.mul_add(flags.is_transfer.target, wires.to, address0);
    let packed = builder.mul(flags.is_transfer.target, wires.amount_packed);
    let amount = builder.mul_add(flags.is_withdraw.target, wires.bridge_amount, packed);
    let mut elements = domain.to_vec();
    elements.extend([kind, wires.from, payee, address1, address2]);
    elements.extend([wires.token, amount, wires.fee_packed, wires.source.nonce]);
    builder.hash_n_to_hash_no_pad::<PoseidonHash>(elements)
}
