//! Multiples of public elements by public scalars: time and addresses depend on the values, so nothing secret comes here.

use std::sync::OnceLock;

use crate::{
    point::Point,
    projective::{Affine, Projective},
    scalar::Scalar,
};

/// Bits of a window of the generator's table.
const WINDOW: usize = 8;
const WINDOWS: usize = 40; // 320 bits, and the order is below 2^319: the last carry finds room
/// Multiples 1..=128 of each window's base; the others are negatives of these.
const ENTRIES: usize = 1 << (WINDOW - 1);

/// Width of the signed digits of a challenge: odd, and below 2^4.
const WIDTH: usize = 5;
const DIGITS: usize = 129;

/// `table()[i][j]` is (j + 1) 256^i times the generator (400 KB, built on first use).
fn table() -> &'static [Vec<Affine>] {
    static TABLE: OnceLock<Vec<Vec<Affine>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut base = Projective::from(&Point::GENERATOR);
        let window = |_| {
            let multiples: Vec<_> = std::iter::successors(Some(base), |multiple| Some(multiple.add(&base)))
                .take(ENTRIES)
                .collect();
            base = multiples[ENTRIES - 1].double();
            Projective::to_affine_all(&multiples)
        };
        (0..WINDOWS).map(window).collect()
    })
}

/// `addend + scalar * G`: at most 40 additions, no doubling.
pub fn add_mul_generator(addend: Projective, scalar: &Scalar) -> Projective {
    let mut sum = addend;
    let mut carry = 0;
    for (window, row) in table().iter().enumerate() {
        let byte = scalar.limbs()[window / 8] >> (WINDOW * (window % 8)) & 0xFF;
        let digit = byte as usize + carry;
        carry = usize::from(digit > ENTRIES);
        if carry == 1 && digit < 2 * ENTRIES {
            sum = sum.add_affine(&row[2 * ENTRIES - digit - 1].negated());
        } else if carry == 0 && digit > 0 {
            sum = sum.add_affine(&row[digit - 1]);
        }
    }
    sum
}

/// `scalar * point`, by signed digits that are odd or zero: an addition every six doublings.
pub fn mul_u128(point: &Projective, scalar: u128) -> Projective {
    let twice = point.double();
    let mut odd_multiples = [*point; 1 << (WIDTH - 2)];
    for i in 1..odd_multiples.len() {
        odd_multiples[i] = odd_multiples[i - 1].add(&twice);
    }
    let mut acc: Option<Projective> = None;
    let mut doublings = 0;
    for digit in signed_digits(scalar).into_iter().rev() {
        doublings += 1;
        if digit != 0 {
            let multiple = odd_multiples[usize::from(digit.unsigned_abs() / 2)];
            let term = if digit < 0 { multiple.negated() } else { multiple };
            acc = Some(match acc {
                Some(acc) => acc.double_times(doublings).add(&term),
                None => term,
            });
            doublings = 0;
        }
    }
    acc.map_or(Projective::NEUTRAL, |acc| acc.double_times(doublings))
}

/// Digits d of width [`WIDTH`], zero or odd and |d| < 16, with at least four zeros after each other one, and
/// `scalar` = sum of d_i 2^i.
fn signed_digits(scalar: u128) -> [i8; DIGITS] {
    let mut digits = [0; DIGITS];
    let (mut i, mut carry) = (0, 0);
    while i < DIGITS {
        let rest = scalar.checked_shr(i as u32).unwrap_or(0);
        if rest & 1 == carry {
            i += 1;
            continue;
        }
        let word = (rest & ((1 << WIDTH) - 1)) + carry;
        carry = word >> (WIDTH - 1);
        digits[i] = word as i8 - (carry << WIDTH) as i8;
        i += WIDTH;
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixed_base::mul_generator;

    fn point(projective: &Projective) -> Point {
        projective.into()
    }

    fn edges() -> impl Iterator<Item = u128> {
        let powers = (0..128).map(|bit| 1 << bit);
        powers
            .flat_map(|power: u128| [power - 1, power, power | 1, !power])
            .chain([u128::MAX, u128::MAX << 64, 0x8080 << 112])
    }

    #[test]
    fn signed_digits_are_sparse_and_sum_up() {
        for scalar in edges() {
            let digits = signed_digits(scalar);
            let mut sum = num_bigint::BigInt::from(0);
            for digit in digits.iter().rev() {
                sum = sum * 2 + *digit;
            }
            assert_eq!(sum, scalar.into());
            for window in digits.windows(WIDTH) {
                assert!(
                    window.iter().filter(|digit| **digit != 0).count() < 2,
                    "{digits:?}"
                );
            }
            assert!(
                digits
                    .iter()
                    .all(|digit| *digit == 0 || digit % 2 != 0 && digit.abs() < 16)
            );
        }
    }

    #[test]
    fn edge_scalars_give_what_constant_time_multiplication_gives() {
        let base = Projective::from(&Point::GENERATOR).double();
        for scalar in edges() {
            let wide = Scalar::from(scalar);
            let expected = point(&base.mul(&wide));
            assert_eq!(point(&mul_u128(&base, scalar)), expected, "{scalar:#x}");
            assert_eq!(point(&mul_u128(&Projective::NEUTRAL, scalar)), Point::NEUTRAL);
            let of_generator = add_mul_generator(Projective::NEUTRAL, &wide);
            assert_eq!(point(&of_generator), point(&mul_generator(&wide)), "{scalar:#x}");
        }
        let greatest = -Scalar::from(1);
        let neutral = add_mul_generator(Projective::from(&Point::GENERATOR), &greatest);
        assert_eq!(point(&neutral), Point::NEUTRAL);
    }

    proptest! {
        #[test]
        fn random_scalars_give_what_constant_time_multiplication_gives(
            seed in any::<[u8; 64]>(),
            other in any::<[u8; 64]>(),
            challenge in any::<u128>(),
        ) {
            let (scalar, other) = (Scalar::from_bytes_wide(&seed), Scalar::from_bytes_wide(&other));
            let base = mul_generator(&other);
            let multiple = mul_u128(&base, challenge);
            prop_assert_eq!(point(&multiple), point(&base.mul(&Scalar::from(challenge))));
            let sum = add_mul_generator(multiple, &scalar);
            prop_assert_eq!(point(&sum), point(&multiple.add(&mul_generator(&scalar))));
        }
    }
}
