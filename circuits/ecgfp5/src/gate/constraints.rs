//! The equations of a row, for values and for targets alike.
//!
//! An addition (x3, u3) = (x1, u1) + (x2, u2) is the affine form of the complete formulas of eprint 2022/274: with
//! p = x1 x2 + b, s = x1 + x2, k = 2 u1 u2 and m = k (b s + p),
//!
//! - x3 (p - m) = b (s + k (s + p))
//! - u3 (p + m) = (u1 + u2) (2b - p)
//!
//! and p - m, p + m are never zero for two elements of the group, so the sum is determined.

use ashlar_lanes::Emit;

use super::{
    layout::{self, SELECTOR_BITS, STEPS},
    table::{Selected, select},
};
use crate::algebra::{Q, QuinticAlgebra, weighted, weighted_by_b};

/// Constraints of a row: booleans, the challenge, and three additions of ten equations a step.
pub const CONSTRAINTS: usize = STEPS * (1 + SELECTOR_BITS) + 1 + STEPS * 30;
/// Their largest degree.
pub const DEGREE: usize = 6;

/// A point on the wires.
struct Wires<V> {
    x: Q<V>,
    u: Q<V>,
}

impl<V: Copy> Wires<V> {
    #[inline(always)]
    fn at(wires: &[V], first: usize) -> Self {
        let (mut x, mut u) = ([wires[first]; 5], [wires[first]; 5]);
        x.copy_from_slice(&wires[first..first + 5]);
        u.copy_from_slice(&wires[first + 5..first + 10]);
        Self { x, u }
    }
}

/// The parts of an addition that [`close`] turns into equations.
struct Sum<V> {
    /// p - m
    x_denominator: Q<V>,
    /// p
    product: Q<V>,
    /// s + k (s + p)
    x_numerator: Q<V>,
}

/// Emits every constraint of a row, in a fixed order.
#[inline(always)]
pub fn evaluate<A: QuinticAlgebra>(
    algebra: &mut A,
    wires: &[A::Value],
    constraints: &mut impl Emit<A::Value>,
) {
    for step in 0..STEPS {
        let first = layout::challenge_bit(step);
        for bit in &wires[first..=first + SELECTOR_BITS] {
            constraints.emit(algebra.arithmetic(1, *bit, *bit, -1, *bit));
        }
    }

    let mut challenge = wires[layout::CHALLENGE_IN];
    for step in 0..STEPS {
        challenge = algebra.linear(1, wires[layout::challenge_bit(step)], 2, challenge);
    }
    constraints.emit(algebra.linear(1, wires[layout::CHALLENGE_OUT], -1, challenge));

    let key = Wires::at(wires, layout::KEY);
    for step in 0..STEPS {
        let start = Wires::at(wires, layout::start(step));
        let doubled = Wires::at(wires, layout::doubled(step));
        let shifted = Wires::at(wires, layout::shifted(step));
        let sum = Wires::at(wires, layout::sum(step));
        let mut selector = [wires[0]; SELECTOR_BITS];
        for (i, bit) in selector.iter_mut().enumerate() {
            *bit = wires[layout::selector_bit(step, i)];
        }
        let constant = select(algebra, selector);
        emit_all(double(algebra, &start, &doubled), constraints);
        emit_all(add_constant(algebra, &doubled, &constant, &shifted), constraints);
        let bit = wires[layout::challenge_bit(step)];
        emit_all(add_if(algebra, bit, &shifted, &key, &sum), constraints);
    }
}

#[inline(always)]
fn emit_all<V: Copy>(equations: [Q<V>; 2], constraints: &mut impl Emit<V>) {
    for value in equations.as_flattened() {
        constraints.emit(*value);
    }
}

/// `out = 2 p`; degree 5.
#[inline(always)]
fn double<A: QuinticAlgebra>(
    algebra: &mut A,
    p: &Wires<A::Value>,
    out: &Wires<A::Value>,
) -> [Q<A::Value>; 2] {
    let square = algebra.square(1, &p.x);
    let product = algebra.add_curve_b(&square, 1);
    let k = algebra.square(2, &p.u);
    let factor = algebra.combine(1, &product, weighted_by_b(2, &p.x));
    let x_denominator = algebra.mul_add(-1, &k, &factor, weighted(1, &product));
    let total = algebra.combine(1, &product, weighted(2, &p.x));
    let x_numerator = algebra.mul_add(1, &k, &total, weighted(2, &p.x));
    let u_numerator = numerator(algebra, &product, 2, &p.u);
    close(
        algebra,
        Sum {
            x_denominator,
            product,
            x_numerator,
        },
        u_numerator,
        out,
    )
}

/// `out = p + t` for a selected constant `t`; degree 6, as the selection enters linearly through x, u and x u.
#[inline(always)]
fn add_constant<A: QuinticAlgebra>(
    algebra: &mut A,
    p: &Wires<A::Value>,
    t: &Selected<A::Value>,
    out: &Wires<A::Value>,
) -> [Q<A::Value>; 2] {
    let xx = algebra.mul(1, &p.x, &t.x);
    let product = algebra.add_curve_b(&xx, 1);
    // u2 s = x1 u2 + x2 u2, and u2 p = x1 (x2 u2) + b u2
    let us = algebra.mul_add(1, &p.x, &t.u, weighted(1, &t.xu));
    let x_xu = algebra.mul(1, &p.x, &t.xu);
    let up = algebra.combine(1, &x_xu, weighted_by_b(1, &t.u));
    let factor = algebra.combine(1, &up, weighted_by_b(1, &us));
    let x_denominator = algebra.mul_add(-2, &p.u, &factor, weighted(1, &product));
    let total = algebra.add(&us, &up);
    let s = algebra.add(&p.x, &t.x);
    let x_numerator = algebra.mul_add(2, &p.u, &total, weighted(1, &s));
    // (u1 + u2) (2b - p) = u1 (2b - p) - x1 (x2 u2) + b u2
    let from_constant = algebra.combine(-1, &x_xu, weighted_by_b(1, &t.u));
    let complement = algebra.add_curve_b(&xx, -1);
    let u_numerator = algebra.mul_add(-1, &p.u, &complement, weighted(1, &from_constant));
    close(
        algebra,
        Sum {
            x_denominator,
            product,
            x_numerator,
        },
        u_numerator,
        out,
    )
}

/// `out = p + q` if `bit`, else `out = p`; degree 6, as `bit` stands for its square.
#[inline(always)]
fn add_if<A: QuinticAlgebra>(
    algebra: &mut A,
    bit: A::Value,
    p: &Wires<A::Value>,
    q: &Wires<A::Value>,
    out: &Wires<A::Value>,
) -> [Q<A::Value>; 2] {
    let xx = algebra.mul(1, &p.x, &q.x);
    let full_product = algebra.add_curve_b(&xx, 1);
    let full_s = algebra.add(&p.x, &q.x);
    let uu = algebra.mul(2, &p.u, &q.u);
    let k = algebra.scale(bit, &uu);
    let factor = algebra.combine(1, &full_product, weighted_by_b(1, &full_s));
    let bit_xx = algebra.scale(bit, &xx);
    let product = algebra.add_curve_b(&bit_xx, 1);
    let x_denominator = algebra.mul_add(-1, &k, &factor, weighted(1, &product));
    let total = algebra.add(&full_s, &full_product);
    let bit_x = algebra.scale(bit, &q.x);
    let s = algebra.add(&p.x, &bit_x);
    let x_numerator = algebra.mul_add(1, &k, &total, weighted(1, &s));
    let bit_u = algebra.scale(bit, &q.u);
    let u = algebra.add(&p.u, &bit_u);
    let u_numerator = numerator(algebra, &product, 1, &u);
    close(
        algebra,
        Sum {
            x_denominator,
            product,
            x_numerator,
        },
        u_numerator,
        out,
    )
}

/// `c u (2b - p)`.
#[inline(always)]
fn numerator<A: QuinticAlgebra>(
    algebra: &mut A,
    product: &Q<A::Value>,
    c: i64,
    u: &Q<A::Value>,
) -> Q<A::Value> {
    let complement = algebra.add_curve_b(product, -2);
    algebra.mul(-c, u, &complement)
}

/// The two equations of an addition.
#[inline(always)]
fn close<A: QuinticAlgebra>(
    algebra: &mut A,
    sum: Sum<A::Value>,
    u_numerator: Q<A::Value>,
    out: &Wires<A::Value>,
) -> [Q<A::Value>; 2] {
    let x = algebra.mul_add(1, &out.x, &sum.x_denominator, weighted_by_b(-1, &sum.x_numerator));
    // p + m = 2p - (p - m)
    let u_denominator = algebra.combine(-1, &sum.x_denominator, weighted(2, &sum.product));
    let u = algebra.mul_add(1, &out.u, &u_denominator, weighted(-1, &u_numerator));
    [x, u]
}
