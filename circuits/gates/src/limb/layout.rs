//! Which wire holds what in a row of the limb gate.

use std::ops::Range;

/// Range checks in one row.
pub const OPS: usize = 4;
/// Base-4 digits of a checked value.
pub const DIGITS: usize = 31;
/// Bits of a digit.
pub const DIGIT_BITS: usize = 2;

/// The digits that count in every row.
pub const LOW: Range<usize> = 0..16;
/// Those that count where the first constant says so.
pub const MIDDLE: Range<usize> = 16..28;
/// Those that count where the second constant says so.
pub const TOP: Range<usize> = 28..DIGITS;

/// Wires of a row.
pub const WIRES: usize = OPS + OPS * DIGITS;

/// The value that check `op` is about.
pub const fn value(op: usize) -> usize {
    op
}

/// Digit `place` of check `op`, 4^place being its weight. Places come before checks, so that all the low digits are
/// on routed wires.
pub const fn digit(op: usize, place: usize) -> usize {
    OPS + OPS * place + op
}
