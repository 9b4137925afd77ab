//! Arithmetic modulo n against num-bigint.

use ashlar_ecgfp5::{SCALAR_BITS, Scalar};
use num_bigint::BigUint;
use proptest::prelude::*;

fn order() -> BigUint {
    "1067993516717146951041484916571792702745057740581727230159139685185762082554198619328292418486241"
        .parse()
        .expect("decimal")
}

fn big(scalar: &Scalar) -> BigUint {
    BigUint::from_bytes_le(&scalar.to_bytes())
}

fn bytes(value: &BigUint) -> [u8; 40] {
    let mut bytes = value.to_bytes_le();
    bytes.resize(40, 0);
    bytes.try_into().expect("at most 320 bits")
}

#[test]
fn only_integers_below_the_order_decode() {
    let n = order();
    assert_eq!(n.bits(), SCALAR_BITS as u64);
    assert!(Scalar::from_bytes(&bytes(&n)).is_none());
    assert!(Scalar::from_bytes(&bytes(&(&n + 1u32))).is_none());
    assert!(Scalar::from_bytes(&[0xff; 40]).is_none());
    let last = Scalar::from_bytes(&bytes(&(&n - 1u32))).expect("below n");
    assert_eq!(last, -Scalar::ONE);
    assert_eq!(last * last, Scalar::ONE);
    assert_eq!(last + Scalar::ONE, Scalar::ZERO);
    assert_eq!(Scalar::ZERO - Scalar::ONE, last);
}

proptest! {
    #[test]
    fn agrees_with_bigint(x in prop::collection::vec(any::<u8>(), 64), y in prop::collection::vec(any::<u8>(), 64)) {
        let n = order();
        let reduce = |v: &[u8]| Scalar::from_bytes_wide(v.try_into().expect("64 bytes"));
        let (a, b) = (reduce(&x), reduce(&y));
        prop_assert_eq!(big(&a), BigUint::from_bytes_le(&x) % &n);
        prop_assert_eq!(big(&(a + b)), (big(&a) + big(&b)) % &n);
        prop_assert_eq!(big(&(a - b)), (big(&a) + &n - big(&b)) % &n);
        prop_assert_eq!(big(&(a * b)), (big(&a) * big(&b)) % &n);
        prop_assert_eq!(big(&-a), (&n - big(&a)) % &n);
        prop_assert_eq!(big(&a.invert()), big(&a).modpow(&(&n - 2u32), &n));
        prop_assert_eq!(Scalar::from_bytes(&a.to_bytes()), Some(a));
        prop_assert!((0..330).all(|i| a.bit(i) == big(&a).bit(i as u64)));
    }
}

#[test]
fn an_inverse_is_one_but_that_of_zero() {
    for scalar in [Scalar::ONE, -Scalar::ONE, Scalar::from(u128::MAX)] {
        assert_eq!(scalar * scalar.invert(), Scalar::ONE);
    }
    assert_eq!(Scalar::ZERO.invert(), Scalar::ZERO);
}

#[test]
fn wide_reduction_at_its_ends() {
    let n = order();
    let all_ones = BigUint::from_bytes_le(&[0xff; 64]);
    assert_eq!(big(&Scalar::from_bytes_wide(&[0xff; 64])), all_ones % &n);
    assert_eq!(Scalar::from_bytes_wide(&[0; 64]), Scalar::ZERO);
}
