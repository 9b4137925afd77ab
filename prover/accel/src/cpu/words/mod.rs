//! Arithmetic of a 254-bit prime field in four 64-bit words, in Montgomery form with `R = 2^256`.
//!
//! Four words hold more than `5p`, so sums and differences are reduced only where a bound asks for it; each operation
//! states its own.

#[cfg(target_arch = "x86_64")]
mod adx;

#[cfg(target_arch = "x86_64")]
pub(crate) use adx::Adx;

use super::lanes::{Modulus, Words};

/// `a + b + carry` and the new carry.
#[inline(always)]
pub(crate) fn add_carry(a: u64, b: u64, carry: bool) -> (u64, bool) {
    #[cfg(target_arch = "x86_64")]
    {
        // The intrinsic is an `adc`; of other words, constants above all, the compiler makes comparisons.
        let mut sum = 0;
        let carry = core::arch::x86_64::_addcarry_u64(u8::from(carry), a, b, &mut sum);
        (sum, carry != 0)
    }
    #[cfg(not(target_arch = "x86_64"))]
    a.carrying_add(b, carry)
}

/// `a - b - borrow` and the new borrow.
#[inline(always)]
fn sub_borrow(a: u64, b: u64, borrow: bool) -> (u64, bool) {
    #[cfg(target_arch = "x86_64")]
    {
        let mut difference = 0;
        let borrow = core::arch::x86_64::_subborrow_u64(u8::from(borrow), a, b, &mut difference);
        (difference, borrow != 0)
    }
    #[cfg(not(target_arch = "x86_64"))]
    a.borrowing_sub(b, borrow)
}

#[inline(always)]
pub(crate) fn add(a: Words, b: Words) -> Words {
    let (mut out, mut carry) = ([0; 4], false);
    for i in 0..4 {
        (out[i], carry) = add_carry(a[i], b[i], carry);
    }
    out
}

/// The difference and whether it is negative.
#[inline(always)]
pub(crate) fn sub(a: Words, b: Words) -> (Words, bool) {
    let (mut out, mut borrow) = ([0; 4], false);
    for i in 0..4 {
        (out[i], borrow) = sub_borrow(a[i], b[i], borrow);
    }
    (out, borrow)
}

/// `a - b` where that is not negative, else `a`.
#[inline(always)]
pub(crate) fn reduce(a: Words, b: Words) -> Words {
    let (difference, negative) = sub(a, b);
    let mut out = [0; 4];
    for i in 0..4 {
        out[i] = std::hint::select_unpredictable(negative, a[i], difference[i]);
    }
    out
}

/// `sum + x·y + carry` as low and high word.
#[inline(always)]
pub(crate) fn mac(sum: u64, x: u64, y: u64, carry: u64) -> (u64, u64) {
    let wide = u128::from(x) * u128::from(y) + u128::from(sum) + u128::from(carry);
    (wide as u64, (wide >> 64) as u64)
}

/// `t + x·b` for a sum below `2^320`: two carry chains, where a chain of [`mac`] would take four additions a word.
#[inline(always)]
fn add_row(t: [u64; 5], x: u64, b: Words) -> [u64; 5] {
    let ((low, p1), (l1, h1)) = (mac(0, x, b[0], 0), mac(0, x, b[1], 0));
    let ((l2, h2), (l3, h3)) = (mac(0, x, b[2], 0), mac(0, x, b[3], 0));
    let (p1, carry) = p1.carrying_add(l1, false);
    let (p2, carry) = h1.carrying_add(l2, carry);
    let (p3, carry) = h2.carrying_add(l3, carry);
    let p4 = h3 + u64::from(carry);
    let (t0, carry) = t[0].carrying_add(low, false);
    let (t1, carry) = t[1].carrying_add(p1, carry);
    let (t2, carry) = t[2].carrying_add(p2, carry);
    let (t3, carry) = t[3].carrying_add(p3, carry);
    [
        t0,
        t1,
        t2,
        t3,
        t[4].wrapping_add(p4).wrapping_add(u64::from(carry)),
    ]
}

/// `(t + x·b) / 2^64` modulo `p`, below `b + p` for any `t` below `b + p`.
#[inline(always)]
fn add_row_reduced<M: Modulus>(t: Words, x: u64, b: Words) -> Words {
    let t = add_row([t[0], t[1], t[2], t[3], 0], x, b);
    let [_, a, b, c, d] = add_row(t, t[0].wrapping_mul(M::MINUS_P_INVERSE), M::P);
    [a, b, c, d]
}

/// `a·b / 2^256` modulo `p`, below `a·b / 2^256 + p` as integers, for any `a` and `b < 4p`: below `2p` where one factor
/// is below `p`, or both are below `2p`.
#[inline(always)]
pub(crate) fn montgomery<M: Modulus>(a: Words, b: Words) -> Words {
    // Not a loop: it would not be unrolled.
    let t = add_row_reduced::<M>([0; 4], a[0], b);
    let t = add_row_reduced::<M>(t, a[1], b);
    let t = add_row_reduced::<M>(t, a[2], b);
    add_row_reduced::<M>(t, a[3], b)
}

/// How products are computed; all give the very words of [`montgomery`].
pub(crate) trait Multiplier: Copy {
    fn mul<M: Modulus>(self, a: &Words, b: &Words) -> Words;
}

/// Without special instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain;

impl Multiplier for Plain {
    #[inline(always)]
    fn mul<M: Modulus>(self, a: &Words, b: &Words) -> Words {
        montgomery::<M>(*a, *b)
    }
}

#[cfg(test)]
mod tests {
    use halo2curves::ff::Field;
    use proptest::prelude::*;

    use super::*;
    use crate::cpu::{
        lanes::{FqModulus, FrModulus},
        memory::InWords,
    };

    /// Words below `4p`, often just at a multiple of `p`.
    fn words<M: Modulus>() -> impl Strategy<Value = Words> {
        let four_p = add(M::TWO_P, M::TWO_P);
        let largest = sub(four_p, [1, 0, 0, 0]).0;
        let any_words = prop::array::uniform4(prop_oneof![any::<u64>(), Just(0), Just(u64::MAX)]);
        let below = any_words.prop_map(move |words| if sub(words, four_p).1 { words } else { largest });
        let multiples = vec![[0; 4], M::P, M::TWO_P, add(M::TWO_P, M::P)];
        let near = prop::sample::select(multiples).prop_flat_map(move |multiple| {
            let below = if multiple == [0; 4] {
                largest
            } else {
                sub(multiple, [1, 0, 0, 0]).0
            };
            prop::sample::select(vec![multiple, add(multiple, [1, 0, 0, 0]), below])
        });
        prop_oneof![below, near]
    }

    /// The twin: the element that any words below `4p` stand for.
    fn element<M: Modulus<Field: InWords>>(words: Words) -> M::Field {
        M::Field::from_words(reduce(reduce(words, M::TWO_P), M::P))
    }

    fn check<M: Modulus<Field: InWords + Field>>(a: Words, b: Words) {
        let product = montgomery::<M>(a, b);
        #[cfg(target_arch = "x86_64")]
        if let Some(adx) = Adx::detect() {
            assert_eq!(adx.mul::<M>(&a, &b), product);
        }
        let below = |bound| sub(product, bound).1;
        if !sub(a, M::TWO_P).1 || !sub(b, M::TWO_P).1 {
            assert!(below(add(M::TWO_P, add(M::TWO_P, M::P))));
        } else {
            assert!(below(M::TWO_P));
        }
        let product = reduce(reduce(product, M::TWO_P), M::TWO_P);
        assert_eq!(element::<M>(product), element::<M>(a) * element::<M>(b));
        let (a, b) = (reduce(a, M::TWO_P), reduce(b, M::TWO_P));
        assert_eq!(element::<M>(add(a, b)), element::<M>(a) + element::<M>(b));
        let difference = sub(add(a, M::TWO_P), b).0;
        assert_eq!(element::<M>(difference), element::<M>(a) - element::<M>(b));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn operations_are_those_of_the_fields(a in words::<FqModulus>(), b in words::<FqModulus>()) {
            check::<FqModulus>(a, b);
        }

        #[test]
        fn scalars_too(a in words::<FrModulus>(), b in words::<FrModulus>()) {
            check::<FrModulus>(a, b);
        }
    }
}
