//! One addition after another, in the field arithmetic of halo2curves.

use halo2curves::bn256::Fq;

use super::{Operand, Packed};
use crate::cpu::memory::InWords;

#[derive(Default)]
pub(in crate::cpu::msm) struct Adder {
    /// Products of the denominators before each pair.
    prefixes: Vec<Fq>,
}

/// What the formulas make of a pair.
enum Case {
    Add,
    Double,
    /// The sum is known without arithmetic.
    Known(Packed),
}

impl Adder {
    pub(super) fn add(&mut self, points: &[Packed], pairs: &[[Operand; 2]], sums: &mut [Packed]) {
        self.prefixes.clear();
        let mut product = Fq::one();
        for pair in pairs {
            self.prefixes.push(product);
            let [a, b] = pair.map(|operand| load(points, operand));
            match case(&a, &b) {
                Case::Add => product *= b.0 - a.0,
                Case::Double => product *= a.1.double(),
                Case::Known(_) => {}
            }
        }
        let mut inverse = product.invert().expect("every denominator is other than zero");
        for ((pair, prefix), sum) in pairs.iter().zip(&self.prefixes).zip(sums).rev() {
            let [a, b] = pair.map(|operand| load(points, operand));
            let (numerator, denominator) = match case(&a, &b) {
                Case::Add => (b.1 - a.1, b.0 - a.0),
                Case::Double => {
                    let square = a.0.square();
                    (square.double() + square, a.1.double())
                }
                Case::Known(point) => {
                    *sum = point;
                    continue;
                }
            };
            let slope = numerator * (inverse * prefix);
            inverse *= denominator;
            let x = slope.square() - a.0 - b.0;
            *sum = pack(&(x, slope * (a.0 - x) - a.1));
        }
    }
}

fn load(points: &[Packed], operand: Operand) -> (Fq, Fq) {
    let point = &points[operand.index()];
    let y = Fq::from_words(point.y);
    (Fq::from_words(point.x), if operand.is_negated() { -y } else { y })
}

fn pack(point: &(Fq, Fq)) -> Packed {
    Packed {
        x: point.0.to_words(),
        y: point.1.to_words(),
    }
}

fn case(a: &(Fq, Fq), b: &(Fq, Fq)) -> Case {
    // Not `is_zero`: that takes constant time, and the points are public.
    if a.0 == Fq::zero() {
        Case::Known(pack(b))
    } else if b.0 == Fq::zero() {
        Case::Known(pack(a))
    } else if a.0 != b.0 {
        Case::Add
    } else if a.1 == b.1 {
        Case::Double
    } else {
        Case::Known(Packed::IDENTITY)
    }
}
