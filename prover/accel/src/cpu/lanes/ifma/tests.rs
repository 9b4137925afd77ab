//! The vector arithmetic against big integers.

use num_bigint::BigUint;
use proptest::prelude::*;

use super::*;
use crate::cpu::lanes::{FqModulus, FrModulus, HEADROOM, bounds};

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
        // Also for operands below p, of which the documented bound says nothing.
        let over = &p + (&p >> 50);
        let bound = &a * &b / (&p * HEADROOM) + &over;
        assert!(product[lane] <= bound, "bound of the product");
        assert_eq!(&product[lane] * &r % &p, &a * &b % &p, "product");
        assert!(
            square[lane] <= &a * &a / (&p * HEADROOM) + &over,
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

/// Any limbs: values up to the largest that five hold.
fn any_limbs() -> impl Strategy<Value = Limbs> {
    let limb = prop_oneof![2 => 0..=MASK, 1 => Just(MASK), 1 => Just(0), 1 => Just(1)];
    prop::array::uniform5(limb)
}

/// The same value in all lanes.
fn vector<M: Modulus>(limbs: Limbs) -> Lanes<M> {
    Lanes::new(limbs.map(|limb| unsafe { _mm512_set1_epi64(limb as i64) }))
}

fn check_factor<M: Modulus>(x: Limbs, w: Words) {
    let p = modulus::<M>();
    let w = big(&w) % &p;
    let x = vector::<M>(x);
    for (x, product) in values(x)
        .into_iter()
        .zip(values(x.times(&Factor::new(words(&w))).settle()))
    {
        assert!(product < &p * 10u8, "bound of the product");
        assert_eq!(product % &p, x * &w % &p);
    }
}

/// Of `count` terms, each of a `count`-th of what five limbs hold, or less.
fn check_sum<M: Modulus>(term: Limbs, count: u64) {
    let p = modulus::<M>();
    let mut term = term;
    term[4] %= (HEADROOM as u64 * M::P_LIMBS[4]) / count;
    let mut sum = Sum::from(vector::<M>(term));
    for _ in 1..count {
        sum = sum.add(vector::<M>(term).into());
    }
    for (sum, reduced) in values(sum.settle())
        .into_iter()
        .zip(values(sum.nearly_reduced().settle()))
    {
        let thousandths = bounds::nearly_reduced((&sum * 1000u32 / &p + 1u8).try_into().expect("it fits"));
        assert!(&reduced * 1000u32 < &p * thousandths, "bound of the reduced sum");
        assert_eq!(&reduced % &p, &sum % &p);
        let linear = vector::<M>(term);
        let linear = Sum::from(linear)
            .shifted::<2>()
            .add_constant(&M::P_LIMBS)
            .settle();
        let expected = (&sum / count * 4u8 + &p) % (BigUint::from(1u8) << 260);
        assert_eq!(values(linear)[0], expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn known_factors_agree_with_big_integers(x in any_limbs(), w in any_words()) {
        if ifma().is_some() {
            for w in [w, [0; 4], [1, 0, 0, 0], words(&(modulus::<FrModulus>() - 1u8))] {
                check_factor::<FqModulus>(x, w);
                check_factor::<FrModulus>(x, w);
            }
        }
    }

    #[test]
    fn sums_agree_with_big_integers(term in any_limbs(), count in 1..=8u64) {
        if ifma().is_some() {
            check_sum::<FqModulus>(term, count);
            check_sum::<FrModulus>(term, count);
        }
    }
}

/// The largest operands whose product still fits: the accumulators must not overflow.
#[test]
fn products_of_large_values_are_right() {
    if ifma().is_none() {
        return;
    }
    let vector = |top: u64| vector::<FqModulus>([MASK, MASK, MASK, MASK, top]);
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
    if ifma().is_none() {
        return;
    }
    fn check<M: Modulus>() {
        let p = modulus::<M>();
        assert_eq!(big(&M::ONE), (BigUint::from(1u8) << 260) % &p);
        assert_eq!(M::MINUS_P_INVERSE.wrapping_mul(M::P[0]), u64::MAX);
        assert_eq!(big(&M::TWO_P), &p * 2u8);
        assert_eq!((BigUint::from(1u8) << 260) / &p, BigUint::from(HEADROOM));
        assert_eq!(words(&p), M::P);
        for (i, fold) in M::FOLDS.into_iter().enumerate() {
            let fold = values(vector::<M>(fold)).into_iter().next().expect("eight lanes");
            assert!(fold < p);
            assert_eq!((fold << (52 * (i + 1))) % &p, BigUint::from(1u8));
        }
    }
    check::<FqModulus>();
    check::<FrModulus>();
}
