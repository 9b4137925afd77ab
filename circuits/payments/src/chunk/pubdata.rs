//! Public data of a slot: its words, and the streams that they belong to.

use ashlar_gates::{bytes, range_check};
use ashlar_statement::{
    hash::{Builder, F},
    queue::{DEPOSIT_TAG, FORCED_TRANSFER_TAG, FORCED_WITHDRAWAL_TAG, SET_AUTH_TAG, SET_FLAGS_TAG},
    stream::{BLOCK_LEN, WORD_BYTES},
};
use plonky2::{
    field::types::Field,
    iop::target::{BoolTarget, Target},
};

use super::{
    amounts::{FieldBits, Flags},
    wires::SlotWires,
};
use crate::{
    pubdata::{MAX_WORDS, RECORD_BLOCKS, WITHDRAW_TAG},
    transaction::Kind,
};

/// Bits of a word.
const WORD_BITS: usize = 8 * WORD_BYTES;
/// Bits of the last word of an L1 address.
const ADDRESS_TAIL_BITS: usize = 48;

fn shift(bits: usize) -> F {
    F::from_canonical_u64(1 << bits)
}

/// The sum of some numbers, each if its flag is set.
fn numbered<const N: usize>(builder: &mut Builder, numbers: [(BoolTarget, u8); N]) -> Target {
    let zero = builder.zero();
    numbers.into_iter().fold(zero, |sum, (flag, number)| {
        builder.mul_const_add(F::from_canonical_u8(number), flag.target, sum)
    })
}

/// Kind number of a slot.
pub(super) fn kind_number(builder: &mut Builder, flags: &Flags) -> Target {
    let kinds = [
        (flags.is_deposit, Kind::Deposit),
        (flags.is_transfer, Kind::Transfer),
        (flags.is_withdraw, Kind::Withdraw),
        (flags.is_set_auth, Kind::SetAuth),
        (flags.is_forced_withdrawal, Kind::ForcedWithdrawal),
        (flags.is_forced_transfer, Kind::ForcedTransfer),
        (flags.is_set_flags, Kind::SetFlags),
    ];
    numbered(builder, kinds.map(|(flag, kind)| (flag, kind as u8)))
}

/// The words of a slot, composed to the layouts of [`crate::pubdata`]; [`constrain_tail`] owes the rest.
pub(super) fn words(
    builder: &mut Builder,
    wires: &SlotWires<Target>,
    flags: &Flags,
    bits: &FieldBits,
) -> [Target; MAX_WORDS] {
    let [w2, w3, w4, w5, w6, w7, w8, w9] = wires.tail_words;
    let head = head_word(builder, wires, flags, bits);
    let second = second_word(builder, wires, flags, bits);
    [head, second, w2, w3, w4, w5, w6, w7, w8, w9]
}

/// What the data hash absorbs: kind, words, and zeros up to the end of the second block.
pub(super) fn blocks(
    builder: &mut Builder,
    kind: Target,
    words: &[Target; MAX_WORDS],
) -> [[Target; BLOCK_LEN]; RECORD_BLOCKS] {
    let mut elements = [builder.zero(); BLOCK_LEN * RECORD_BLOCKS];
    elements[0] = kind;
    elements[1..=MAX_WORDS].copy_from_slice(words);
    core::array::from_fn(|block| core::array::from_fn(|i| elements[BLOCK_LEN * block + i]))
}

fn head_word(builder: &mut Builder, wires: &SlotWires<Target>, flags: &Flags, bits: &FieldBits) -> Target {
    // Transfer: from, and the high 24 bits of to.
    let to_low = builder.le_sum(bits.to[..8].iter());
    let to_high = builder.sub(wires.to, to_low);
    let to_high = builder.mul_const(shift(8).inverse(), to_high);
    let transfer = builder.mul_const_add(shift(24), wires.from, to_high);
    // All else: tag, account, token, fee or flags. Where there is neither, the contract compares with a zero.
    let tag = numbered(
        builder,
        [
            (flags.is_deposit, DEPOSIT_TAG),
            (flags.is_withdraw, WITHDRAW_TAG),
            (flags.is_set_auth, SET_AUTH_TAG),
            (flags.is_forced_withdrawal, FORCED_WITHDRAWAL_TAG),
            (flags.is_forced_transfer, FORCED_TRANSFER_TAG),
            (flags.is_set_flags, SET_FLAGS_TAG),
        ],
    );
    let account = builder.select(flags.is_deposit, wires.to, wires.from);
    let bridged = builder.mul_const_add(shift(8), wires.token, wires.fee_packed);
    let bridged = builder.mul_const_add(shift(16), account, bridged);
    let bridged = builder.mul(flags.bridges.target, bridged);
    let bridged = builder.mul_const_add(shift(48), tag, bridged);
    builder.mul_add(flags.is_transfer.target, transfer, bridged)
}

fn second_word(builder: &mut Builder, wires: &SlotWires<Target>, flags: &Flags, bits: &FieldBits) -> Target {
    // Transfer: the low 8 bits of to, token, amount, fee.
    let to_low = builder.le_sum(bits.to[..8].iter());
    let transfer = builder.mul_const_add(shift(8), to_low, wires.token);
    let transfer = builder.mul_const_add(shift(32), transfer, wires.amount_packed);
    let transfer = builder.mul_const_add(shift(8), transfer, wires.fee_packed);
    let bridged = builder.mul(flags.bridges.target, wires.bridge_amount);
    // Words that move nothing have no amount.
    let idle = builder.add(flags.is_set_auth.target, flags.is_set_flags.target);
    let stray = builder.mul(idle, wires.bridge_amount);
    builder.assert_zero(stray);
    builder.mul_add(flags.is_transfer.target, transfer, bridged)
}

/// The four elements of the `auth` in words 5 to 9, if the record has one. Their bytes determine them, whether or not they
/// are its canonical form: the contract compares them with the queue's, so that no other form can be published.
pub(super) fn auth_of_words(builder: &mut Builder, wires: &SlotWires<Target>) -> [Target; 4] {
    let [_, _, _, low @ .., high] = wires.tail_words;
    // Word 9 holds the high bytes of the elements, the first element's highest.
    let high_bytes = bytes(builder, high);
    core::array::from_fn(|i| builder.mul_const_add(shift(WORD_BITS), high_bytes[3 - i], low[i]))
}

/// Words 2 to 9 are free wires of at most 56 bits (word 4 has 48, the last 32). All kinds but a transfer and new flags have
/// an address in the first three. A deposit and a new `auth` have an `auth` in the others; a forced operation what it
/// `paid`, and a forced transfer to whom; other kinds nothing.
pub(super) fn constrain_tail(builder: &mut Builder, wires: &SlotWires<Target>, flags: &Flags, paid: Target) {
    let [a0, a1, a2, w5, w6, w7, w8, w9] = wires.tail_words;
    for word in [a0, a1, w5, w6, w7, w8] {
        range_check(builder, word, WORD_BITS);
    }
    range_check(builder, a2, ADDRESS_TAIL_BITS);
    let addressed = builder.sub(flags.bridges.target, flags.is_set_flags.target);
    let unaddressed = builder.not(BoolTarget::new_unsafe(addressed));
    for word in [a0, a1, a2] {
        let stray = builder.mul(unaddressed.target, word);
        builder.assert_zero(stray);
    }
    let payee = builder.mul(flags.is_forced_transfer.target, wires.to);
    let without_auth = builder.not(flags.names_auth);
    for (word, expected) in [(w5, paid), (w6, payee)] {
        builder.conditional_assert_eq(without_auth.target, word, expected);
    }
    for word in [w7, w8, w9] {
        let stray = builder.mul(without_auth.target, word);
        builder.assert_zero(stray);
    }
}
