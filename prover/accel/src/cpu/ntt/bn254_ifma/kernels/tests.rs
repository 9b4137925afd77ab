use num_bigint::BigUint;
use proptest::prelude::*;

use super::*;
use crate::{
    NttField,
    cpu::{
        lanes::Ifma,
        memory::InWords,
        ntt::{arithmetic::Arithmetic, bn254_ifma::Bn254Ifma, bn254_integers::integer},
    },
};
use halo2curves::bn256::Fr;

fn big(limbs: &[u64], bits: u32) -> BigUint {
    let limbs = limbs.iter().rev();
    limbs.fold(BigUint::ZERO, |sum, &limb| (sum << bits) + limb)
}

fn p() -> BigUint {
    big(&FrModulus::P, 64)
}

/// The eight values, which must be below `2^260` with limbs in their range.
fn values(vector: Vector) -> Vec<BigUint> {
    // SAFETY: same size, and any bits are a `u64`.
    let limbs: [[u64; 8]; 5] = unsafe { std::mem::transmute(vector) };
    let lane = |lane| {
        let limbs = limbs.map(|limb| limb[lane]);
        assert!(limbs.iter().all(|&limb| limb <= MASK), "{limbs:?}");
        big(&limbs, 52)
    };
    (0..8).map(lane).collect()
}

fn vector(lanes: &[[u64; 5]; 8]) -> Vector {
    let limbs: [[u64; 8]; 5] = std::array::from_fn(|limb| lanes.map(|lane| lane[limb]));
    // SAFETY: same size, and any bits are a vector.
    unsafe { std::mem::transmute(limbs) }
}

/// Lanes below `2^260`, often with extreme limbs.
fn lanes() -> impl Strategy<Value = [[u64; 5]; 8]> {
    let limb = prop_oneof![3 => 0..=MASK, 1 => Just(0), 2 => Just(MASK), 1 => Just(1), 1 => Just(P[0])];
    prop::array::uniform8(prop::array::uniform5(limb))
}

fn there_is_ifma() -> bool {
    let there = Ifma::detect().is_some();
    if !there {
        println!("skipped: this machine does not have AVX-512 IFMA");
    }
    there
}

proptest! {
    #[test]
    fn products_with_constants_are_right(lanes in lanes(), raw: [u64; 4], largest: bool) {
        if !there_is_ifma() {
            return Ok(());
        }
        let w = if largest { Fr::NTT_ZERO - Fr::NTT_ONE } else { Fr::from_raw(raw) };
        // SAFETY: the instructions are there.
        let product = unsafe { shoup(vector(&lanes), &Bn254Ifma::constant(w)) };
        for (value, lane) in values(product).into_iter().zip(lanes) {
            prop_assert!(value < p() * 3u8);
            prop_assert_eq!(value % p(), big(&lane, 52) * big(&integer(w), 64) % p());
        }
    }

    #[test]
    fn products_of_vectors_are_right(a in lanes(), raw: [[u64; 4]; 8]) {
        if !there_is_ifma() {
            return Ok(());
        }
        let b = raw.map(Fr::from_raw);
        let factors = b.map(Bn254Ifma::factor);
        // SAFETY: the instructions are there; eight factors are read.
        let product = unsafe { montgomery(vector(&a), Bn254Ifma::load_factor(factors.as_ptr())) };
        for ((value, a), b) in values(product).into_iter().zip(a).zip(b) {
            prop_assert!(value < p() * 2u8);
            prop_assert_eq!(value % p(), big(&a, 52) * big(&integer(b), 64) % p());
        }
    }

    #[test]
    fn reduction_is_right(lanes in lanes(), multiples in prop::array::uniform8(0u64..84), less: bool) {
        if !there_is_ifma() {
            return Ok(());
        }
        // Besides any values those around multiples of p.
        let near = multiples.map(|multiple| {
            let value = p() * multiple + u8::from(!less);
            let value = if less && multiple > 0 { value - 1u8 } else { value };
            let mut limbs = [0; 5];
            for (i, limb) in limbs.iter_mut().enumerate() {
                *limb = (&value >> (52 * i)).iter_u64_digits().next().unwrap_or(0) & MASK;
            }
            limbs
        });
        for lanes in [lanes, near] {
            // SAFETY: the instructions are there.
            let (full, nearly) = unsafe { (reduce(vector(&lanes)), nearly_reduce(vector(&lanes))) };
            for ((full, nearly), lane) in values(full).into_iter().zip(values(nearly)).zip(lanes) {
                prop_assert_eq!(&full, &(big(&lane, 52) % p()));
                prop_assert!(nearly < p() * 2u8);
                prop_assert_eq!(nearly % p(), full);
            }
        }
    }

    #[test]
    fn sums_and_differences_settle(a in lanes(), b in lanes()) {
        if !there_is_ifma() {
            return Ok(());
        }
        // SAFETY: the instructions are there.
        unsafe {
            let (a, b) = (nearly_reduce(vector(&a)), nearly_reduce(vector(&b)));
            let (sum, less) = difference(a, b, &bound(0));
            for (((sum, less), a), b) in values(carry(sum)).into_iter().zip(values(carry(less))).zip(values(a)).zip(values(b)) {
                prop_assert_eq!(sum, &a + &b);
                prop_assert_eq!(less, a + p() * 3u8 - b);
            }
        }
    }

    #[test]
    fn memory_round_trips(raw: [[u64; 4]; 8]) {
        if !there_is_ifma() {
            return Ok(());
        }
        let words = raw.map(|raw| Fr::from_raw(raw).to_words());
        let mut out = [[0; 4]; 8];
        // SAFETY: the instructions are there; eight elements are read and written.
        unsafe { Bn254Ifma::store(out.as_mut_ptr(), Bn254Ifma::load(words.as_ptr())) };
        prop_assert_eq!(out, words);
    }
}
