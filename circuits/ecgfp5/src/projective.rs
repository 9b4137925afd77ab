//! Group operations in fractional (x, u) coordinates, constant-time and complete (eprint 2022/274, section 3).

use subtle::{Choice, ConstantTimeEq};

use crate::{ct::CtQuintic, point::Point, scalar::Scalar};

/// A group element with x = X/Z and u = U/T.
#[derive(Clone, Copy, Debug)]
pub struct Projective {
    x: CtQuintic,
    z: CtQuintic,
    u: CtQuintic,
    t: CtQuintic,
}

/// A group element with Z = T = 1, for mixed addition.
#[derive(Clone, Copy, Debug, Default)]
pub struct Affine {
    x: CtQuintic,
    u: CtQuintic,
}

impl Projective {
    /// The neutral element, (0, 0).
    pub const NEUTRAL: Self = Self {
        x: CtQuintic::ZERO,
        z: CtQuintic::ONE,
        u: CtQuintic::ZERO,
        t: CtQuintic::ONE,
    };

    /// The sum.
    pub fn add(&self, rhs: &Self) -> Self {
        let t1 = self.x * rhs.x;
        let t2 = self.z * rhs.z;
        let t4 = self.t * rhs.t;
        let t5 = self.x * rhs.z + rhs.x * self.z;
        let t6 = self.u * rhs.t + rhs.u * self.t;
        Self::finish(t1, t2, self.u * rhs.u, t4, t5, t6)
    }

    /// The sum with an affine element.
    pub fn add_affine(&self, rhs: &Affine) -> Self {
        let t5 = self.x + rhs.x * self.z;
        let t6 = self.u + rhs.u * self.t;
        Self::finish(self.x * rhs.x, self.z, self.u * rhs.u, self.t, t5, t6)
    }

    /// The common end of both additions; names as in the paper's Algorithm 1.
    fn finish(
        t1: CtQuintic,
        t2: CtQuintic,
        t3: CtQuintic,
        t4: CtQuintic,
        t5: CtQuintic,
        t6: CtQuintic,
    ) -> Self {
        let b_t2 = t2.mul_b();
        let t7 = t1 + b_t2;
        let t8 = t4 * t7;
        let t9 = t3 * (t5.mul_b() + t7).double();
        let t10 = (t4 + t3.double()) * (t5 + t7);
        Self {
            x: (t10 - t8).mul_b(),
            z: t8 - t9,
            u: t6 * (b_t2 - t1),
            t: t8 + t9,
        }
    }

    /// The double, by the cheaper formulas of the paper (4 multiplications, 5 squarings).
    pub fn double(&self) -> Self {
        let t1 = self.z * self.t;
        let t2 = t1 * self.t;
        let x1 = t2.square();
        let z1 = t1 * self.u;
        let t3 = self.u.square();
        let w1 = t2 - ((self.x + self.z) * t3).double();
        let t4 = z1.square();
        let z = w1.square();
        Self {
            x: t4.mul_b().mul_small(4),
            z,
            u: (w1 + z1).square() - t4 - z,
            t: x1.double() - t4.mul_small(4) - z,
        }
    }

    /// `2^n self`: each doubling but the first costs 2 multiplications and 5 squarings.
    ///
    /// Doubling goes to a 2-isogenous curve and back. Between two doublings the element is kept where the way back ends,
    /// as 1/u = v/y and b/x = q/y^2, which is where the way there begins.
    pub fn double_times(&self, n: u32) -> Self {
        if n < 2 {
            return if n == 0 { *self } else { self.double() };
        }
        let t1 = self.z * self.t;
        let t2 = t1 * self.t;
        let t3 = self.u.square();
        let mut z = t1 * self.u;
        let mut w = t2 - ((self.x + self.z) * t3).double();
        let mut z_squared = z.square();
        let mut w_squared = w.square();
        let mut v = t2.square().double() - z_squared.mul_small(4) - w_squared;
        let mut y = (w + z).square() - z_squared - w_squared; // 2 w z
        for _ in 1..n {
            let (v_squared, y_squared) = (v.square(), y.square());
            let q = w_squared.square();
            z = (v + y).square() - v_squared - y_squared; // 2 v y
            w = ((q + y_squared).double() - v_squared).double();
            w_squared = w.square();
            v = (v_squared * (v_squared - y_squared.double())).mul_small(8) - w_squared;
            y = (w * z).double();
        }
        z_squared = z.square();
        Self {
            x: z_squared.mul_b().mul_small(4),
            z: w_squared,
            u: y,
            t: v,
        }
    }

    /// `scalar * self`, in constant time: windows of 4 bits, each entry read by a scan of the whole table.
    pub fn mul(&self, scalar: &Scalar) -> Self {
        let mut table = [Self::NEUTRAL; 16];
        for i in 1..16 {
            table[i] = table[i - 1].add(self);
        }
        let mut acc = Self::NEUTRAL;
        for window in (0..80).rev() {
            acc = acc.double_times(4).add(&lookup(&table, digit(scalar, window)));
        }
        acc
    }

    /// The negative.
    pub fn negated(self) -> Self {
        Self {
            u: CtQuintic::ZERO - self.u,
            ..self
        }
    }

    /// The affine coordinates. One inversion: the denominators are never zero.
    pub fn to_affine(self) -> Affine {
        self.divided((self.z * self.t).invert())
    }

    /// The affine coordinates of many, with one inversion in all.
    pub fn to_affine_all(elements: &[Self]) -> Vec<Affine> {
        let mut product = CtQuintic::ONE;
        let before: Vec<_> = elements
            .iter()
            .map(|element| {
                let before = product;
                product = before * (element.z * element.t);
                before
            })
            .collect();
        let mut inverse = product.invert();
        let mut affine: Vec<_> = elements
            .iter()
            .zip(before)
            .rev()
            .map(|(element, before)| {
                let own = inverse * before;
                inverse = inverse * (element.z * element.t);
                element.divided(own)
            })
            .collect();
        affine.reverse();
        affine
    }

    /// The affine coordinates, given 1/zt.
    fn divided(&self, inverse: CtQuintic) -> Affine {
        Affine {
            x: self.x * self.t * inverse,
            u: self.u * self.z * inverse,
        }
    }
}

impl Affine {
    /// The negative.
    pub fn negated(self) -> Self {
        Self {
            u: CtQuintic::ZERO - self.u,
            ..self
        }
    }

    /// ORs `other` into `self` where `choice` is set.
    pub fn or_masked(&mut self, other: &Self, choice: Choice) {
        self.x.or_masked(&other.x, choice);
        self.u.or_masked(&other.u, choice);
    }
}

/// Bits `4 window .. 4 window + 4` of the scalar.
pub fn digit(scalar: &Scalar, window: usize) -> u64 {
    scalar.limbs()[window / 16] >> (4 * (window % 16)) & 15
}

/// Reads `table[digit]`, touching every entry.
fn lookup(table: &[Projective; 16], digit: u64) -> Projective {
    let zero = CtQuintic::ZERO;
    let mut entry = Projective {
        x: zero,
        z: zero,
        u: zero,
        t: zero,
    };
    for (i, candidate) in table.iter().enumerate() {
        let choice = (i as u64).ct_eq(&digit);
        entry.x.or_masked(&candidate.x, choice);
        entry.z.or_masked(&candidate.z, choice);
        entry.u.or_masked(&candidate.u, choice);
        entry.t.or_masked(&candidate.t, choice);
    }
    entry
}

impl From<&Point> for Affine {
    fn from(point: &Point) -> Self {
        Self {
            x: point.x().into(),
            u: point.u().into(),
        }
    }
}

impl From<&Point> for Projective {
    fn from(point: &Point) -> Self {
        let Affine { x, u } = point.into();
        Self {
            x,
            z: CtQuintic::ONE,
            u,
            t: CtQuintic::ONE,
        }
    }
}

impl From<&Projective> for Point {
    fn from(point: &Projective) -> Self {
        let Affine { x, u } = point.to_affine();
        Point::from_coordinates_unchecked(x.into(), u.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed_base::mul_generator;

    #[test]
    fn many_doublings_at_once_are_doublings_one_after_the_other() {
        for seed in 0..8u8 {
            let scalar = Scalar::from_bytes_wide(&[seed; 64]);
            let start = mul_generator(&scalar).add(&mul_generator(&Scalar::from(3)));
            let mut expected = start;
            for n in 0..10 {
                assert_eq!(Point::from(&start.double_times(n)), Point::from(&expected), "{n}");
                expected = expected.double();
            }
        }
        assert_eq!(Point::from(&Projective::NEUTRAL.double_times(5)), Point::NEUTRAL);
    }

    #[test]
    fn affine_coordinates_of_many_are_those_of_each() {
        let elements: Vec<_> = (0..9).map(|i| mul_generator(&Scalar::from(i))).collect();
        let each: Vec<_> = elements.iter().map(|element| element.to_affine()).collect();
        let all = Projective::to_affine_all(&elements);
        assert_eq!(all.len(), 9);
        for (all, each) in all.iter().zip(each) {
            assert!(bool::from(all.x.ct_eq(&each.x) & all.u.ct_eq(&each.u)));
        }
    }
}
