//! The vector arithmetic against big integers.

use num_bigint::BigUint;
use proptest::prelude::*;

use super::*;
use crate::cpu::lanes::{FqModulus, FrModulus, HEADROOM};

fn big(words: &Words) -> BigUint {
    BigUint::new(
        words
            .iter()
            .flat_map(|w| [*w as u32, (*w >> 32) as u32])
            .collect(),
    )
}

fn words(value: &BigUint) -> Words {
    let mut words = [0; 4];
    value
        .to_u64_digits()
        .iter()
        .enumerate()
        .for_each(|(i, digit)| words[i] = *digit);
    words
}

fn modulus<M: Modulus>() -> BigUint {
    big(&M::P)
}

/// The value that stands in the limbs of each lane.
fn values<M: Modulus>(lanes: Lanes<M>) -> [BigUint; WIDTH] {
    let limbs: [[u64; WIDTH]; 5] = lanes.limbs.map(|limb| unsafe { std::mem::transmute(limb) });
    std::array::from_fn(|lane| {
        (0..5).rev().fold(BigUint::ZERO, |sum, i| {
            assert!(
                limbs[i][lane] <= MASK,
                "limb {i} of lane {lane} is not below 2^52"
            );
            (sum << 52) + limbs[i][lane]
        })
    })
}

fn ifma() -> Option<Ifma> {
    let ifma = Ifma::detect();
    if ifma.is_none() {
        println!("skipped: this machine has no AVX-512 IFMA");
    }
    ifma
}

/// Words below `2^256`, often at the edges.
fn any_words() -> impl Strategy<Value = Words> {
    let edge = prop::sample::select(vec![0, 1, u64::MAX, 1 << 63, MASK, 1 << 52]);
    let word = prop_oneof![3 => any::<u64>(), 1 => edge];
    [word.clone(), word.clone(), word.clone(), word]
}

fn check<M: Modulus>(ifma: Ifma, a: [Words; WIDTH], b: [Words; WIDTH]) {
    let (p, r) = (modulus::<M>(), BigUint::from(1u8) << 260);
    let (x, y) = (Lanes::<M>::load(ifma, &a), Lanes::<M>::load(ifma, &b));
    let mut copy = [[0; 4]; WIDTH];
    x.store(&mut copy);
    assert_eq!(copy, a, "load and store");
    let (shifted, product, square) = (
        values(Lanes::<M>::load_shifted(ifma, &a)),
        values(x.mul(y)),
        values(x.square()),
    );
    let (sum, difference) = (values(x.add(y)), values(x.sub::<8>(y)));
    let reduced = values(x.reduce::<4>().reduce::<2>().reduce::<1>());
    let selected = values(Lanes::select(0b1010_0101, x, y));
    let splat = values(Lanes::<M>::splat(ifma, &b[3]));
    for lane in 0..WIDTH {
        let (a, b) = (big(&a[lane]), big(&b[lane]));
        assert_eq!(shifted[lane], &a << 4);
        let bound = &a * &b / (&p * HEADROOM) + &p;
        assert!(product[lane] <= bound, "bound of the product");
        assert_eq!(&product[lane] * &r % &p, &a * &b % &p, "product");
        assert!(
            square[lane] <= &a * &a / (&p * HEADROOM) + &p,
            "bound of the square"
        );
        assert_eq!(&square[lane] * &r % &p, &a * &a % &p, "square");
        assert_eq!(sum[lane], &a + &b);
        assert_eq!(difference[lane], &a + &p * 8u8 - &b);
        assert_eq!(reduced[lane], &a % &p);
        assert_eq!(
            &selected[lane],
            if 0b1010_0101 >> lane & 1 == 1 { &b } else { &a }
        );
    }
    assert!(splat.iter().all(|value| *value == big(&b[3])));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn agrees_with_big_integers(a in prop::array::uniform8(any_words()), b in prop::array::uniform8(any_words())) {
        if let Some(ifma) = ifma() {
            check::<FqModulus>(ifma, a, b);
            check::<FrModulus>(ifma, a, b);
        }
    }
}

/// The largest operands whose product still fits: the accumulators must not overflow.
#[test]
fn products_of_large_values_are_right() {
    if ifma().is_none() {
        return;
    }
    let vector = |top: u64| {
        let limbs = [MASK, MASK, MASK, MASK, top];
        Lanes::<FqModulus>::new(limbs.map(|limb| unsafe { _mm512_set1_epi64(limb as i64) }))
    };
    let (largest, half) = (vector(MASK), vector(MASK >> 1));
    let (p, one) = (modulus::<FqModulus>(), BigUint::from(1u8));
    let (a, b) = ((&one << 260) - 1u8, (&one << 259) - 1u8);
    for (product, expected) in [(largest.mul(half), &a * &b), (half.square(), &b * &b)] {
        for value in values(product) {
            assert_eq!((value << 260u32) % &p, &expected % &p);
        }
    }
}

#[test]
fn constants_are_right() {
    fn check<M: Modulus>() {
        let p = modulus::<M>();
        assert_eq!(big(&M::ONE), (BigUint::from(1u8) << 260) % &p);
        assert_eq!(M::MINUS_P_INVERSE.wrapping_mul(M::P[0]), u64::MAX);
        assert_eq!(big(&M::TWO_P), &p * 2u8);
        assert_eq!((BigUint::from(1u8) << 260) / &p, BigUint::from(HEADROOM));
        assert_eq!(words(&p), M::P);
    }
    check::<FqModulus>();
    check::<FrModulus>();
}
