//! Rounded products against whole ones.

use ashlar_fixed::{Round, SHIFT_BITS, mul_shift};
use proptest::prelude::*;

#[test]
fn what_is_left_over_decides_and_what_is_too_large_has_no_quotient() {
    let one = 1 << SHIFT_BITS;
    assert_eq!(mul_shift(one, 5, Round::Down), Some(5));
    assert_eq!(mul_shift(one, 5, Round::Up), Some(5));
    assert_eq!(mul_shift(one - 1, 5, Round::Down), Some(4));
    assert_eq!(mul_shift(one + 1, 5, Round::Up), Some(6));
    assert_eq!(mul_shift(0, u64::MAX, Round::Up), Some(0));
    let largest = u64::from(u32::MAX);
    assert_eq!(mul_shift(one, largest, Round::Up), Some(u32::MAX));
    assert_eq!(mul_shift(one, largest + 1, Round::Down), None);
    assert_eq!(mul_shift(u64::MAX, u64::MAX, Round::Down), None);
}

proptest! {
    #[test]
    fn a_quotient_is_as_near_as_its_direction_allows(x in 0..1u64 << 31, y in 0..1u64 << 31) {
        let product = u128::from(x) * u128::from(y);
        let unit = 1u128 << SHIFT_BITS;
        let down = u128::from(mul_shift(x, y, Round::Down).expect("small"));
        let up = u128::from(mul_shift(x, y, Round::Up).expect("small"));
        prop_assert!(down * unit <= product && product < (down + 1) * unit);
        prop_assert!(product <= up * unit && (up == 0 || (up - 1) * unit < product));
    }
}
