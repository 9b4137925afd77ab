//! The quadratic extension, in lanes.

use ashlar_lanes::{Constraints, Lanes};
use ashlar_statement::hash::{D, F};
use plonky2::field::extension::Extendable;

/// An element: its coefficients.
pub type Ext<L> = [<L as Lanes>::Vector; D];

/// X^2, which is small.
const NON_RESIDUE: u32 = {
    assert!(<F as Extendable<D>>::W.0 < 1 << 32);
    <F as Extendable<D>>::W.0 as u32
};

/// The element on the two wires from `first` on.
#[inline(always)]
pub fn at<L: Lanes>(wires: &[L::Vector], first: usize) -> Ext<L> {
    [wires[first], wires[first + 1]]
}

#[inline(always)]
pub fn sub<L: Lanes>(lanes: L, a: Ext<L>, b: Ext<L>) -> Ext<L> {
    [lanes.sub(a[0], b[0]), lanes.sub(a[1], b[1])]
}

/// `a b + c`.
#[inline(always)]
pub fn mul_add<L: Lanes>(lanes: L, a: Ext<L>, b: Ext<L>, c: Ext<L>) -> Ext<L> {
    let high = lanes.scale(a[1], NON_RESIDUE);
    [
        lanes.mul_add(a[0], b[0], lanes.mul_add(high, b[1], c[0])),
        lanes.mul_add(a[0], b[1], lanes.mul_add(a[1], b[0], c[1])),
    ]
}

/// `a b`.
#[inline(always)]
pub fn mul<L: Lanes>(lanes: L, a: Ext<L>, b: Ext<L>) -> Ext<L> {
    let high = lanes.scale(a[1], NON_RESIDUE);
    [
        lanes.mul_add(a[0], b[0], lanes.mul(high, b[1])),
        lanes.mul_add(a[0], b[1], lanes.mul(a[1], b[0])),
    ]
}

/// `c a` for an element of the field.
#[inline(always)]
pub fn scaled<L: Lanes>(lanes: L, a: Ext<L>, c: L::Vector) -> Ext<L> {
    [lanes.mul(a[0], c), lanes.mul(a[1], c)]
}

#[inline(always)]
pub fn push<L: Lanes>(constraints: &mut Constraints<'_, L>, a: Ext<L>) {
    constraints.push(a[0]);
    constraints.push(a[1]);
}
