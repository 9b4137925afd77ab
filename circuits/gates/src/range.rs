//! Range checks of any width, four to a row. Checks of one width share rows wherever in the circuit they are made.

use plonky2::{field::types::Field, iop::target::Target};

use crate::{
    Builder, F,
    limb::{
        LimbGate, Width,
        layout::{self, DIGIT_BITS, LOW},
    },
};

/// The widest range check.
pub const MAX_BITS: usize = Width::Bits62.bits();

/// Constrains `x < 2^bits`: a quarter of a row for 32, 56 and 62 bits, half a row for other widths.
///
/// # Panics
/// If `bits` is zero or above [`MAX_BITS`].
pub fn range_check(builder: &mut Builder, x: Target, bits: usize) {
    assert!((1..=MAX_BITS).contains(&bits), "a range check of {bits} bits");
    let width = Width::ALL.into_iter().find(|width| width.bits() >= bits);
    let width = width.expect("no more than the widest");
    check(builder, x, width);
    if bits < width.bits() {
        // x is below 2^w now, w ≤ 62, and so x + 2^w - 2^bits is below 2^63 and does not wrap: it is below 2^w exactly
        // if x is below 2^bits. (The multiple 2^(w - bits) x would not do: it wraps for some wide x.)
        let slack = (1u64 << width.bits()) - (1 << bits);
        let raised = builder.add_const(x, F::from_canonical_u64(slack));
        check(builder, raised, width);
    }
}

/// The four bytes of `x`, the least significant first; constrains `x < 2^32`. A quarter of a row, and three additions
/// a byte.
pub fn bytes(builder: &mut Builder, x: Target) -> [Target; 4] {
    // Digits are unique (see `limb::constraints`), hence so are the bytes.
    const DIGITS_PER_BYTE: usize = 8 / DIGIT_BITS;
    const { assert!(LOW.end == 4 * DIGITS_PER_BYTE) };
    let (row, op) = check(builder, x, Width::Bits32);
    let digit = |place| Target::wire(row, layout::digit(op, place));
    let four = F::from_canonical_u64(4);
    std::array::from_fn(|byte| {
        let first = DIGITS_PER_BYTE * byte;
        let high = digit(first + DIGITS_PER_BYTE - 1);
        (first..first + DIGITS_PER_BYTE - 1)
            .rev()
            .fold(high, |sum, place| builder.mul_const_add(four, sum, digit(place)))
    })
}

/// Lays a check into the open row of its width, or into a new one. Returns where it is.
fn check(builder: &mut Builder, x: Target, width: Width) -> (usize, usize) {
    let constants = width.constants();
    let (row, op) = builder.find_slot(LimbGate, &constants, &constants);
    builder.connect(x, Target::wire(row, layout::value(op)));
    (row, op)
}
