//! Public data of a slot: its words, and the streams that they belong to.

use ashlar_gates::{bytes, range_check};
use ashlar_statement::{
    hash::{Builder, F},
    stream::WORD_BYTES,
};
use plonky2::{field::types::Field, iop::target::Target};

use super::{
    amounts::{FieldBits, Flags},
    wires::SlotWires,
};
use crate::{
    pubdata::{DEPOSIT_TAG, MAX_WORDS, WITHDRAW_TAG},
    transaction::Kind,
};

/// Bits of a word.
const WORD_BITS: usize = 8 * WORD_BYTES;
/// Bits of the last word of an L1 address.
const ADDRESS_TAIL_BITS: usize = 48;

fn shift(bits: usize) -> F {
    F::from_canonical_u64(1 << bits)
}

/// Kind number of a slot.
pub(super) fn kind_number(builder: &mut Builder, flags: &Flags) -> Target {
    let numbered = |kind: Kind| F::from_canonical_u8(kind as u8);
    let transfer = builder.mul_const_add(
        numbered(Kind::Transfer),
        flags.is_transfer.target,
        flags.is_deposit.target,
    );
    builder.mul_const_add(numbered(Kind::Withdraw), flags.is_withdraw.target, transfer)
}

/// The seven words of a slot, constrained to the layouts of [`crate::pubdata`]; zero beyond the record.
pub(super) fn words(
    builder: &mut Builder,
    wires: &SlotWires<Target>,
    flags: &Flags,
    bits: &FieldBits,
) -> [Target; MAX_WORDS] {
    let [w2, w3, w4, w5, w6] = wires.tail_words;
    constrain_tail(builder, wires, flags);
    [
        head_word(builder, wires, flags, bits),
        second_word(builder, wires, flags, bits),
        w2,
        w3,
        w4,
        w5,
        w6,
    ]
}

fn head_word(builder: &mut Builder, wires: &SlotWires<Target>, flags: &Flags, bits: &FieldBits) -> Target {
    // Transfer: from, and the high 24 bits of to.
    let to_low = builder.le_sum(bits.to[..8].iter());
    let to_high = builder.sub(wires.to, to_low);
    let to_high = builder.mul_const(shift(8).inverse(), to_high);
    let transfer = builder.mul_const_add(shift(24), wires.from, to_high);
    // Deposit and withdrawal: tag, account, token, fee.
    let token = builder.mul_const(shift(8), wires.token);
    let deposit = builder.mul_const_add(shift(16), wires.to, token);
    let deposit = builder.add_const(deposit, F::from_canonical_u64(DEPOSIT_TAG << 48));
    let withdraw = builder.mul_const_add(shift(16), wires.from, token);
    let withdraw = builder.add(withdraw, wires.fee_packed);
    let withdraw = builder.add_const(withdraw, F::from_canonical_u64(WITHDRAW_TAG << 48));
    gated_sum(builder, flags, [deposit, transfer, withdraw])
}

fn second_word(builder: &mut Builder, wires: &SlotWires<Target>, flags: &Flags, bits: &FieldBits) -> Target {
    // Transfer: the low 8 bits of to, token, amount, fee.
    let to_low = builder.le_sum(bits.to[..8].iter());
    let transfer = builder.mul_const_add(shift(8), to_low, wires.token);
    let transfer = builder.mul_const_add(shift(32), transfer, wires.amount_packed);
    let transfer = builder.mul_const_add(shift(8), transfer, wires.fee_packed);
    gated_sum(
        builder,
        flags,
        [wires.bridge_amount, transfer, wires.bridge_amount],
    )
}

/// The value of the slot's own kind, in the order deposit, transfer, withdrawal; zero in a no-op.
fn gated_sum(builder: &mut Builder, flags: &Flags, [deposit, transfer, withdraw]: [Target; 3]) -> Target {
    let sum = builder.mul(flags.is_deposit.target, deposit);
    let sum = builder.mul_add(flags.is_transfer.target, transfer, sum);
    builder.mul_add(flags.is_withdraw.target, withdraw, sum)
}

/// Words 2 to 6 are free wires of at most 56 bits (the last 32). A withdrawal has its address in the first
/// three, a deposit its owner in all, other kinds nothing.
///
/// The bytes determine the owner, whether or not they are its canonical form: the contract compares them with
/// the queued deposit's, so that no other form can be published.
fn constrain_tail(builder: &mut Builder, wires: &SlotWires<Target>, flags: &Flags) {
    let [address @ .., w5, w6] = wires.tail_words;
    for word in [address[0], address[1], address[2], w5] {
        range_check(builder, word, WORD_BITS);
    }
    let unused = builder.not(flags.bridges);
    for word in address {
        let stray = builder.mul(unused.target, word);
        builder.assert_zero(stray);
    }
    let not_deposit = builder.not(flags.is_deposit);
    for word in [w5, w6] {
        let stray = builder.mul(not_deposit.target, word);
        builder.assert_zero(stray);
    }
    // The last word of an address is shorter. All words are below 2^56 already, so the sum does not wrap.
    let slack = shift(WORD_BITS) - shift(ADDRESS_TAIL_BITS);
    let raised = builder.mul_const_add(slack, flags.is_withdraw.target, address[2]);
    range_check(builder, raised, WORD_BITS);

    // Word 6 holds the high bytes of the owner's elements, the first element's highest.
    let high_bytes = bytes(builder, w6);
    let low_words = [address[0], address[1], address[2], w5];
    for (index, (low, element)) in low_words.into_iter().zip(wires.destination.owner).enumerate() {
        let published = builder.mul_const_add(shift(WORD_BITS), high_bytes[3 - index], low);
        builder.conditional_assert_eq(flags.is_deposit.target, published, element);
    }
}
