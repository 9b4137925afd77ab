//! The prime-order group EcGFp5 (Pornin, eprint 2022/274), affine.
//!
//! The curve y^2 = x (x^2 + 2x + 263z) over GF(p^5) has 2n points, n prime. A group element is a curve point that is
//! *not* in the subgroup of order n, written (x, u = x/y); such points are those whose x is no square, and
//! N = (0, 0), the point of order two, which is the neutral element. The sum of P and Q is P + Q + N on the curve.

use std::ops::{Add, Mul, Neg, Sub};

use plonky2::field::{extension::quintic::QuinticExtension, goldilocks_field::GoldilocksField, types::Field};

use crate::{
    F,
    error::KeyError,
    field::{self, QUINTIC_BYTES, Quintic},
    projective::Projective,
    scalar::Scalar,
};

/// The curve constant a.
pub const CURVE_A: u64 = 2;
/// The curve constant b is this multiple of z.
pub const CURVE_B1: u64 = 263;

/// An element of the group, in affine (x, u) coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Point {
    x: Quintic,
    u: Quintic,
}

impl Point {
    /// The neutral element.
    pub const NEUTRAL: Self = Self {
        x: Quintic::ZERO,
        u: Quintic::ZERO,
    };

    /// The conventional generator of the paper: the element with u = 1/4.
    pub const GENERATOR: Self = Self {
        x: QuinticExtension([
            GoldilocksField(12883135586176881569),
            GoldilocksField(4356519642755055268),
            GoldilocksField(5248930565894896907),
            GoldilocksField(2165973894480315022),
            GoldilocksField(2448410071095648785),
        ]),
        // 1/4 mod p
        u: QuinticExtension([
            GoldilocksField(13835058052060938241),
            GoldilocksField(0),
            GoldilocksField(0),
            GoldilocksField(0),
            GoldilocksField(0),
        ]),
    };

    /// The x coordinate.
    pub fn x(&self) -> Quintic {
        self.x
    }

    /// The u coordinate, x/y; it determines the element.
    pub fn u(&self) -> Quintic {
        self.u
    }

    /// An element from coordinates that the caller knows to belong to the group.
    pub(crate) fn from_coordinates_unchecked(x: Quintic, u: Quintic) -> Self {
        Self { x, u }
    }

    /// An element from both coordinates.
    ///
    /// # Errors
    /// [`KeyError::NotInGroup`] unless (x, u) is on the curve, in the coset that makes up the group.
    pub fn from_coordinates(x: Quintic, u: Quintic) -> Result<Self, KeyError> {
        let point = Self { x, u };
        if point.is_on_curve() && (point == Self::NEUTRAL || !field::is_square(x)) {
            Ok(point)
        } else {
            Err(KeyError::NotInGroup)
        }
    }

    /// Whether u^2 (x^2 + 2x + b) = x. The group also asks that x be no square, or the point N.
    pub fn is_on_curve(&self) -> bool {
        let (x, u) = (self.x, self.u);
        u * u * (x * x + x + x + curve_b()) == x
    }

    /// Decodes a u coordinate, and checks that it belongs to a group element.
    ///
    /// # Errors
    /// [`KeyError::NotInGroup`] if no curve point has this u.
    pub fn from_u(u: Quintic) -> Result<Self, KeyError> {
        let Some(w) = u.try_inverse() else {
            return Ok(Self::NEUTRAL);
        };
        // x^2 - (w^2 - a) x + b = 0; the roots' product b is no square, so exactly one root is none
        let sum = w * w - Quintic::from_canonical_u64(CURVE_A);
        let discriminant = sum * sum - curve_b() * Quintic::from_canonical_u64(4);
        let root = field::sqrt(discriminant).ok_or(KeyError::NotInGroup)?;
        let half = Quintic::from(F::TWO.inverse());
        let candidate = (sum + root) * half;
        let x = if field::is_square(candidate) {
            (sum - root) * half
        } else {
            candidate
        };
        Ok(Self { x, u })
    }

    /// Encodes u as five canonical little-endian 64-bit words.
    pub fn to_bytes(&self) -> [u8; QUINTIC_BYTES] {
        field::to_bytes(self.u)
    }

    /// Decodes what [`Self::to_bytes`] wrote; zero is the neutral element.
    ///
    /// # Errors
    /// [`KeyError::NonCanonical`] or [`KeyError::NotInGroup`].
    pub fn from_bytes(bytes: &[u8; QUINTIC_BYTES]) -> Result<Self, KeyError> {
        let u = field::from_bytes(bytes).map_err(|index| KeyError::NonCanonical { index })?;
        Self::from_u(u)
    }

    /// The double.
    pub fn double(&self) -> Self {
        (&Projective::from(self).double()).into()
    }

    /// `scalar * self`, constant-time in the scalar.
    pub fn mul(&self, scalar: &Scalar) -> Self {
        (&Projective::from(self).mul(scalar)).into()
    }
}

/// The curve constant b = 263z.
pub fn curve_b() -> Quintic {
    QuinticExtension([
        F::ZERO,
        F::from_canonical_u64(CURVE_B1),
        F::ZERO,
        F::ZERO,
        F::ZERO,
    ])
}

impl Add for Point {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        (&Projective::from(&self).add(&(&rhs).into())).into()
    }
}

impl Neg for Point {
    type Output = Self;
    fn neg(self) -> Self {
        Self {
            x: self.x,
            u: -self.u,
        }
    }
}

impl Mul<Scalar> for Point {
    type Output = Self;
    /// [`Point::mul`], for generic code.
    fn mul(self, scalar: Scalar) -> Self {
        Self::mul(&self, &scalar)
    }
}

impl Sub for Point {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        self + -rhs
    }
}
