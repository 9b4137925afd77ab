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

    /// `scalar * self`, in constant time: windows of 4 bits, each entry read by a scan of the whole table.
    pub fn mul(&self, scalar: &Scalar) -> Self {
        let mut table = [Self::NEUTRAL; 16];
        for i in 1..16 {
            table[i] = table[i - 1].add(self);
        }
        let mut acc = Self::NEUTRAL;
        for window in (0..80).rev() {
            for _ in 0..4 {
                acc = acc.double();
            }
            acc = acc.add(&lookup(&table, digit(scalar, window)));
        }
        acc
    }

    /// `scalar * self` for a public 128-bit scalar, in variable time.
    pub fn mul_u128_vartime(&self, scalar: u128) -> Self {
        let mut table = [Self::NEUTRAL; 16];
        for i in 1..16 {
            table[i] = table[i - 1].add(self);
        }
        let mut acc = Self::NEUTRAL;
        for window in (0..32).rev() {
            for _ in 0..4 {
                acc = acc.double();
            }
            let digit = (scalar >> (4 * window)) as usize & 15;
            if digit != 0 {
                acc = acc.add(&table[digit]);
            }
        }
        acc
    }

    /// The affine coordinates. One inversion: the denominators are never zero.
    pub fn to_affine(self) -> Affine {
        let inverse = (self.z * self.t).invert();
        Affine {
            x: self.x * self.t * inverse,
            u: self.u * self.z * inverse,
        }
    }
}

impl Affine {
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
