//! Kind flags and amounts of a slot: decompositions and unpacking.

use plonky2::{
    field::types::Field,
    iop::target::{BoolTarget, Target},
};

use ashlar_gates::range_check;
use ashlar_statement::hash::{Builder, F};

use super::wires::SlotWires;
use crate::{
    packing::{AMOUNT_EXPONENT_BITS, AMOUNT_MANTISSA_BITS, FEE_EXPONENT_BITS, FEE_MANTISSA_BITS},
    transaction::BRIDGE_AMOUNT_BITS,
    tree::{ACCOUNT_DEPTH, TOKEN_DEPTH},
};

/// Kind flags, and the switches that follow from them; all boolean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags {
    pub(super) is_deposit: BoolTarget,
    pub(super) is_transfer: BoolTarget,
    pub(super) is_withdraw: BoolTarget,
    pub(super) is_set_auth: BoolTarget,
    pub(super) is_forced_withdrawal: BoolTarget,
    pub(super) is_forced_transfer: BoolTarget,
    pub(super) is_set_flags: BoolTarget,
    /// A transfer or a withdrawal: the source has signed, and pays a fee.
    pub(super) signed: BoolTarget,
    /// A forced withdrawal or transfer.
    pub(super) forced: BoolTarget,
    /// A deposit or a new `auth`: the record holds an `auth`.
    pub(super) names_auth: BoolTarget,
    /// All but a deposit: the source's leaf is opened.
    pub(super) opens_source: BoolTarget,
    /// A deposit or a transfer, forced or not: the destination's leaf is opened.
    pub(super) opens_destination: BoolTarget,
    /// All but a transfer: the record goes to the bridge stream.
    pub(super) bridges: BoolTarget,
}

impl Flags {
    /// Constrains the flags to be boolean and at most one to be set.
    pub(super) fn new(builder: &mut Builder, wires: &SlotWires<Target>) -> Self {
        let kinds = [
            wires.is_deposit,
            wires.is_transfer,
            wires.is_withdraw,
            wires.is_set_auth,
            wires.is_forced_withdrawal,
            wires.is_forced_transfer,
            wires.is_set_flags,
        ];
        let any = builder.add_many(kinds);
        for flag in kinds.into_iter().chain([any]) {
            builder.assert_bool(BoolTarget::new_unsafe(flag));
        }
        let [
            is_deposit,
            is_transfer,
            is_withdraw,
            is_set_auth,
            is_forced_withdrawal,
            is_forced_transfer,
            is_set_flags,
        ] = kinds.map(BoolTarget::new_unsafe);
        // Sums of some are boolean because the sum of all is.
        let mut sum = |flags: &[BoolTarget]| {
            BoolTarget::new_unsafe(builder.add_many(flags.iter().map(|flag| flag.target)))
        };
        let signed = sum(&[is_transfer, is_withdraw]);
        let forced = sum(&[is_forced_withdrawal, is_forced_transfer]);
        let names_auth = sum(&[is_deposit, is_set_auth]);
        let opens_source = sum(&[signed, forced, is_set_auth, is_set_flags]);
        Self {
            is_deposit,
            is_transfer,
            is_withdraw,
            is_set_auth,
            is_forced_withdrawal,
            is_forced_transfer,
            is_set_flags,
            signed,
            forced,
            names_auth,
            opens_source,
            opens_destination: sum(&[is_deposit, is_transfer, is_forced_transfer]),
            bridges: sum(&[names_auth, forced, is_withdraw, is_set_flags]),
        }
    }
}

/// Little-endian bits of the fields that are used in parts.
pub(super) struct FieldBits {
    pub(super) from: Vec<BoolTarget>,
    pub(super) to: Vec<BoolTarget>,
    pub(super) token: Vec<BoolTarget>,
}

impl FieldBits {
    /// Decomposes, and so range-checks, the account indices (28 bits) and the token (8 bits).
    pub(super) fn new(builder: &mut Builder, wires: &SlotWires<Target>) -> Self {
        Self {
            from: builder.split_le(wires.from, ACCOUNT_DEPTH),
            to: builder.split_le(wires.to, ACCOUNT_DEPTH),
            token: builder.split_le(wires.token, TOKEN_DEPTH),
        }
    }
}

/// What a slot is to move, in token units.
pub(super) struct Amounts {
    /// Fee that is paid; zero unless the source has signed.
    pub(super) fee: Target,
    /// Packed amount of a transfer; zero in other kinds.
    pub(super) transferred: Target,
    /// Asked of the source: amount and fee, or what a forced operation requests; zero in other kinds.
    pub(super) needed: Target,
}

impl Amounts {
    /// Unpacks the packed fields, range-checks the bridge amount (1..2^56 if used), and gates all by kind.
    pub(super) fn new(builder: &mut Builder, wires: &SlotWires<Target>, flags: &Flags) -> Self {
        let transferred = unpack_amount(builder, wires.amount_packed);
        let fee = unpack_fee(builder, wires.fee_packed);
        range_check(builder, wires.bridge_amount, BRIDGE_AMOUNT_BITS as usize);
        let zero = builder.zero();
        let is_zero = builder.is_equal(wires.bridge_amount, zero);
        let withdrawn = builder.add(flags.is_withdraw.target, flags.forced.target);
        let moves = builder.add(withdrawn, flags.is_deposit.target);
        let empty_bridge = builder.mul(moves, is_zero.target);
        builder.assert_zero(empty_bridge);

        let fee = builder.mul(flags.signed.target, fee);
        let transferred = builder.mul(flags.is_transfer.target, transferred);
        let amount = builder.mul_add(withdrawn, wires.bridge_amount, transferred);
        let needed = builder.add(amount, fee);
        Self {
            fee,
            transferred,
            needed,
        }
    }
}

/// Twin of [`crate::packing::PackedAmount::value`]; constrains 32 bits and an exponent of at most 10.
fn unpack_amount(builder: &mut Builder, packed: Target) -> Target {
    let bits = builder.split_le(packed, (AMOUNT_EXPONENT_BITS + AMOUNT_MANTISSA_BITS) as usize);
    let exponent = &bits[..AMOUNT_EXPONENT_BITS as usize];
    let power = power_of_ten(builder, &exponent[..4]);
    // At most 10 = 0b01010: bit 4 is clear, and bit 3 excludes bit 2 and the pair of bits 0 and 1.
    builder.assert_zero(exponent[4].target);
    let pair = builder.mul(exponent[0].target, exponent[1].target);
    let above = builder.add(exponent[2].target, pair);
    let excess = builder.mul(exponent[3].target, above);
    builder.assert_zero(excess);
    scale(builder, packed, exponent, power)
}

/// Twin of [`crate::packing::PackedFee::value`]; constrains 8 bits.
fn unpack_fee(builder: &mut Builder, packed: Target) -> Target {
    let bits = builder.split_le(packed, (FEE_EXPONENT_BITS + FEE_MANTISSA_BITS) as usize);
    let exponent = &bits[..FEE_EXPONENT_BITS as usize];
    let power = power_of_ten(builder, exponent);
    scale(builder, packed, exponent, power)
}

/// `10^exponent`, by squarings known in advance.
fn power_of_ten(builder: &mut Builder, exponent: &[BoolTarget]) -> Target {
    let one = builder.one();
    exponent.iter().enumerate().fold(one, |power, (index, bit)| {
        let step = F::from_canonical_u64(10u64.pow(1 << index) - 1);
        // power · (1 + bit · (10^(2^index) - 1))
        builder.arithmetic(step, F::ONE, power, bit.target, power)
    })
}

/// `mantissa · power`: the mantissa is what the packed form has above its exponent bits.
fn scale(builder: &mut Builder, packed: Target, exponent: &[BoolTarget], power: Target) -> Target {
    let low = builder.le_sum(exponent.iter());
    let shifted = builder.sub(packed, low);
    let unshift = F::from_canonical_u64(1 << exponent.len()).inverse();
    builder.arithmetic(unshift, F::ZERO, shifted, power, shifted)
}
