//! The kernels, by what they are for. All check the shapes of what they are given, and panic where these do not fit.

pub mod arithmetic;
pub mod columns;
pub mod fri;
mod gates;
pub mod grind;
pub mod ntt;
pub mod openings;
pub mod products;
pub mod quotient;
pub mod tree;

/// What the kernels count in 32 bits.
fn short(count: usize) -> u32 {
    u32::try_from(count).expect("no proof has as many")
}
