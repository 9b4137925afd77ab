//! Which wire holds what in a row of the step gate.

/// Steps of the scalar-multiplication chain in one row.
pub const STEPS: usize = 3;
/// Bits that select the constant point of a step.
pub const SELECTOR_BITS: usize = 3;

/// Routed wires: inputs, outputs and bits.
pub const ACC: usize = 0;
/// The public key, (x, u).
pub const KEY: usize = 10;
/// The challenge bits read so far.
pub const CHALLENGE_IN: usize = 20;
/// The same after this row's bits.
pub const CHALLENGE_OUT: usize = 21;
/// The accumulator after the last step.
pub const OUT: usize = 22;
/// Four bits a step: the challenge bit, then the selector's.
pub const BITS: usize = 32;
const BITS_PER_STEP: usize = 1 + SELECTOR_BITS;

/// Unrouted wires: the points between.
const INNER: usize = BITS + STEPS * BITS_PER_STEP;
/// Wires of a row.
pub const WIRES: usize = INNER + STEPS * 20 + (STEPS - 1) * 10;

/// First of the ten wires (x, then u) that hold the accumulator doubled in `step`.
pub const fn doubled(step: usize) -> usize {
    INNER + 30 * step
}

/// Likewise after the constant point is added.
pub const fn shifted(step: usize) -> usize {
    doubled(step) + 10
}

/// Likewise after the key is added: the end of the step.
pub const fn sum(step: usize) -> usize {
    if step + 1 == STEPS {
        OUT
    } else {
        doubled(step) + 20
    }
}

/// Likewise before the step.
pub const fn start(step: usize) -> usize {
    if step == 0 { ACC } else { sum(step - 1) }
}

/// The challenge bit of `step`.
pub const fn challenge_bit(step: usize) -> usize {
    BITS + BITS_PER_STEP * step
}

/// Bit `i` of the selector of `step`.
pub const fn selector_bit(step: usize, i: usize) -> usize {
    challenge_bit(step) + 1 + i
}
