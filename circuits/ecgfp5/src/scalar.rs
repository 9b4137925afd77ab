//! Integers modulo the prime group order n, constant-time, five 64-bit limbs.

use std::ops::{Add, Mul, Neg, Sub};

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::DefaultIsZeroes;

use crate::ct::mask_of;

/// Bytes of an encoded scalar (little-endian).
pub const SCALAR_BYTES: usize = 40;
/// Bits of the group order.
pub const SCALAR_BITS: usize = 319;

/// The group order n (eprint 2022/274, section 6.1), little-endian limbs.
const ORDER: [u64; 5] = [
    0xe80fd996948bffe1,
    0xe8885c39d724a09c,
    0x7fffffe6cfb80639,
    0x7ffffff100000016,
    0x7ffffffd80000007,
];
/// 2^640 mod n: takes a factor into Montgomery form.
const R_SQUARED: [u64; 5] = [
    0xa01001dce33dc739,
    0x6c3228d33f62accf,
    0xd1d796cc91cf8525,
    0xaadfff5d1574c1d8,
    0x4aca13b28ca251f5,
];
/// -1/n mod 2^64.
const NEG_INVERSE: u64 = 0xd78bef72057b7bdf;

/// An integer below n.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scalar([u64; 5]);

impl DefaultIsZeroes for Scalar {}

/// `a - b` and whether it borrowed.
fn sub_limbs(a: &[u64; 5], b: &[u64; 5]) -> ([u64; 5], Choice) {
    let mut borrow = 0;
    let difference = std::array::from_fn(|i| {
        let (d, b0) = a[i].overflowing_sub(b[i]);
        let (d, b1) = d.overflowing_sub(borrow);
        borrow = (b0 | b1) as u64;
        d
    });
    (difference, Choice::from(borrow as u8))
}

/// `a + (b & mask)`, dropping the carry.
fn add_masked(a: &[u64; 5], b: &[u64; 5], mask: u64) -> [u64; 5] {
    let mut carry = 0;
    std::array::from_fn(|i| {
        let sum = a[i] as u128 + (b[i] & mask) as u128 + carry;
        carry = sum >> 64;
        sum as u64
    })
}

/// `a` if below n, else `a - n`.
fn reduce_once(a: &[u64; 5]) -> [u64; 5] {
    let (difference, borrow) = sub_limbs(a, &ORDER);
    add_masked(&difference, &ORDER, mask_of(borrow))
}

/// `a b / 2^320` modulo n, for `a` below 2^320 and `b` below n.
fn montgomery_mul(a: &[u64; 5], b: &[u64; 5]) -> [u64; 5] {
    let mut t = [0u64; 7];
    for &limb in a {
        let mut carry = 0u128;
        for j in 0..5 {
            let sum = t[j] as u128 + limb as u128 * b[j] as u128 + carry;
            t[j] = sum as u64;
            carry = sum >> 64;
        }
        let sum = t[5] as u128 + carry;
        (t[5], t[6]) = (sum as u64, (sum >> 64) as u64);

        let m = t[0].wrapping_mul(NEG_INVERSE);
        let mut carry = (t[0] as u128 + m as u128 * ORDER[0] as u128) >> 64;
        for j in 1..5 {
            let sum = t[j] as u128 + m as u128 * ORDER[j] as u128 + carry;
            t[j - 1] = sum as u64;
            carry = sum >> 64;
        }
        let sum = t[5] as u128 + carry;
        (t[4], t[5]) = (sum as u64, t[6] + (sum >> 64) as u64);
    }
    // (a b + m n) / 2^320 < n + n, which fits 320 bits because 2n does
    reduce_once(&[t[0], t[1], t[2], t[3], t[4]])
}

impl Scalar {
    /// 0.
    pub const ZERO: Self = Self([0; 5]);
    /// 1.
    pub const ONE: Self = Self([1, 0, 0, 0, 0]);

    /// Decodes little-endian bytes; `None` if the integer is not below n. Constant-time but for that answer.
    pub fn from_bytes(bytes: &[u8; SCALAR_BYTES]) -> Option<Self> {
        let limbs = std::array::from_fn(|i| {
            u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().expect("a range of 8 bytes"))
        });
        let (_, below) = sub_limbs(&limbs, &ORDER);
        bool::from(below).then_some(Self(limbs))
    }

    /// Encodes as little-endian bytes.
    pub fn to_bytes(&self) -> [u8; SCALAR_BYTES] {
        let mut bytes = [0; SCALAR_BYTES];
        for (chunk, limb) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
        bytes
    }

    /// Reduces a 512-bit little-endian integer; the bias of a uniform input is below 2^-192.
    pub fn from_bytes_wide(bytes: &[u8; 64]) -> Self {
        let limb =
            |i: usize| u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().expect("a range of 8 bytes"));
        let low = [limb(0), limb(1), limb(2), limb(3), limb(4)];
        let high = [limb(5), limb(6), limb(7), 0, 0];
        // low / 2^320 * 2^320 reduces it; high * 2^640 / 2^320 weighs it
        let low = montgomery_mul(&montgomery_mul(&low, &R_SQUARED), &Self::ONE.0);
        Self(low) + Self(montgomery_mul(&high, &R_SQUARED))
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> Choice {
        self.ct_eq(&Self::ZERO)
    }

    /// The inverse, and zero for zero: `self^(n - 2)`, constant-time.
    pub fn invert(&self) -> Self {
        let exponent = Self([ORDER[0] - 2, ORDER[1], ORDER[2], ORDER[3], ORDER[4]]); // public
        let mut result = Self::ONE;
        for i in (0..SCALAR_BITS).rev() {
            result = result * result;
            if exponent.bit(i) {
                result = result * *self;
            }
        }
        result
    }

    /// The limbs, least significant first.
    pub fn limbs(&self) -> &[u64; 5] {
        &self.0
    }

    /// Bit `i`, counted from the least significant; false at and above bit 320. The index must be public.
    pub fn bit(&self, i: usize) -> bool {
        self.0.get(i / 64).is_some_and(|limb| limb >> (i % 64) & 1 == 1)
    }
}

impl From<u128> for Scalar {
    fn from(value: u128) -> Self {
        Self([value as u64, (value >> 64) as u64, 0, 0, 0])
    }
}

impl Add for Scalar {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(reduce_once(&add_masked(&self.0, &rhs.0, u64::MAX))) // 2n fits 320 bits
    }
}

impl Sub for Scalar {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        let (difference, borrow) = sub_limbs(&self.0, &rhs.0);
        Self(add_masked(&difference, &ORDER, mask_of(borrow)))
    }
}

impl Neg for Scalar {
    type Output = Self;
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl Mul for Scalar {
    type Output = Self;
    fn mul(self, rhs: Self) -> Self {
        Self(montgomery_mul(&montgomery_mul(&self.0, &R_SQUARED), &rhs.0))
    }
}

impl ConstantTimeEq for Scalar {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl ConditionallySelectable for Scalar {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self(std::array::from_fn(|i| {
            u64::conditional_select(&a.0[i], &b.0[i], choice)
        }))
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Scalar {}
