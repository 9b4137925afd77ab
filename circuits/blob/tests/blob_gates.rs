//! Rows of each gate: what every constraint is there for, and the bounds that the equations rest on.

use std::collections::BTreeSet;

use ashlar_blob::Fr;
use ashlar_blob_link::{
    coefficient::Coefficient,
    count::Count,
    limbs::{
        BLOCK, CARRY_BITS, CARRY_OFFSET, COEFFICIENT_LIMBS, COLUMNS, LIMB_BITS, LIMBS, MODULUS,
        MODULUS_LIMBS, NATIVE, SUM, TOP_BITS, integer, limbs, native, number,
    },
    octal::{BIT, DIGITS, LIMB_DIGITS, Octal},
    product::Product,
};
use ashlar_gates::{
    Formula,
    testing::{FormulaRow as Row, is_a_gate},
};
use ashlar_statement::hash::F;
use num_bigint::{BigInt, BigUint};
use plonky2::{
    field::types::{Field, Field64, PrimeField64, Sample},
    plonk::circuit_data::CircuitConfig,
};
use proptest::prelude::*;

fn f(value: u64) -> F {
    F::from_noncanonical_u64(value)
}

#[test]
fn every_gate_is_the_same_in_values_lanes_and_circuits() {
    is_a_gate::<Coefficient>();
    is_a_gate::<Count>();
    is_a_gate::<Octal>();
    is_a_gate::<Product>();
}

#[test]
fn what_is_copied_is_on_routed_wires() {
    let routed = CircuitConfig::standard_recursion_config().num_routed_wires;
    assert!(Coefficient::digit(0, 0) <= routed);
    assert!(Product::WIRES <= routed);
    assert!(Octal::value(LIMBS) <= routed);
    assert!(Count::stop(0) <= routed);
}

/// Constraints of a coefficient that have a wire of their own, in an order in which they can be settled.
fn coefficient_equations() -> Vec<(usize, usize)> {
    let first = COEFFICIENT_LIMBS * LIMB_DIGITS;
    let words = (0..4).map(|word| (first + word, Coefficient::WORDS + word));
    let sums = (0..SUM).map(|column| (first + 4 + column, Coefficient::AFTER + column));
    let evals = (0..2).map(|i| (first + 4 + SUM + i, Coefficient::EVAL_AFTER + i));
    words.chain(sums).chain(evals).collect()
}

fn coefficient(words: [u64; 4]) -> Row<Coefficient> {
    let mut row = Row::blank(&[]);
    row.set(Coefficient::WORDS, &words.map(f));
    row.set(Coefficient::POWER, &limbs(&(&*MODULUS - 1u8)));
    row.set(Coefficient::BEFORE, &F::rand_vec(SUM));
    row.set(Coefficient::Z, &F::rand_vec(4));
    row.fill()
}

#[test]
fn each_constraint_of_a_coefficient_is_all_that_catches_its_wire() {
    for words in [[0; 4], [0xaa_aaaa_aaaa_aaaa; 4], [(1 << 56) - 1; 4]] {
        assert_eq!(coefficient(words).broken(), []);
        for limb in 0..COEFFICIENT_LIMBS {
            for place in 0..LIMB_DIGITS {
                let constraint = limb * LIMB_DIGITS + place;
                let wrong = if place == BIT {
                    [2, F::ORDER - 1]
                } else {
                    [8, F::ORDER - 1]
                };
                for wrong in wrong {
                    let mut row = coefficient(words);
                    row.wires[Coefficient::digit(limb, place)] = f(wrong);
                    row.settle(coefficient_equations(), None);
                    assert_eq!(
                        row.broken(),
                        [constraint],
                        "digit {place} of limb {limb} is {wrong}"
                    );
                }
            }
        }
        for (constraint, wire) in coefficient_equations() {
            let mut row = coefficient(words);
            row.wires[wire] += F::ONE;
            row.settle(coefficient_equations(), Some(constraint));
            assert_eq!(row.broken(), [constraint], "wire {wire}");
        }
    }
}

#[test]
fn a_word_of_more_than_56_bits_has_no_digits() {
    for word in 0..4 {
        for wide in [1 << 56, (1 << 56) + 1, u64::MAX >> 1, F::ORDER - 1] {
            let mut words = [1, 2, 3, 4];
            words[word] = wide;
            let broken = coefficient(words).broken();
            assert!(
                broken.contains(&(COEFFICIENT_LIMBS * LIMB_DIGITS + word)),
                "{wide}"
            );
        }
    }
}

proptest! {
    #[test]
    fn a_number_s_limbs_are_accepted_exactly_if_they_are_narrow(values: [u64; LIMBS], narrow: [bool; LIMBS], shift in 0..64u32) {
        let widths: [usize; LIMBS] = core::array::from_fn(|limb| if limb < LIMBS - 1 { LIMB_BITS } else { TOP_BITS });
        for (constant, widths) in [(Octal::NUMBER, widths), (Octal::VALUES, [CARRY_BITS; LIMBS])] {
            let mut row = Row::<Octal>::blank(&[constant]);
            let mut expected = BTreeSet::new();
            for op in 0..LIMBS {
                let value = f(values[op] >> if narrow[op] { 64 - widths[op] as u32 } else { shift });
                row.wires[Octal::value(op)] = value;
                if value.to_canonical_u64() >> widths[op] != 0 {
                    expected.insert(op);
                }
            }
            let row = row.fill();
            let refused: BTreeSet<_> = row.broken().into_iter().map(octal_op).collect();
            prop_assert_eq!(refused, expected);
        }
    }
}

/// Constraints of a value of an [`Octal`] row: its digits, its bit but for the last value's, its sum.
fn octal_op(constraint: usize) -> usize {
    constraint / (DIGITS + 2)
}

#[test]
fn each_constraint_of_an_octal_row_is_all_that_catches_its_wire() {
    for constant in [Octal::NUMBER, Octal::VALUES] {
        let row = || {
            let mut row = Row::<Octal>::blank(&[constant]);
            for op in 0..LIMBS {
                row.wires[Octal::value(op)] = f(if op < LIMBS - 1 { 0x5a5_5a5a } else { 5 });
            }
            row.fill()
        };
        assert_eq!(row().broken(), []);
        for op in 0..LIMBS {
            let first = op * (DIGITS + 2);
            let last = first + DIGITS + usize::from(op < LIMBS - 1);
            let sum = [(last, Octal::value(op))];
            for place in 0..DIGITS {
                for wrong in [8, F::ORDER - 1] {
                    let mut row = row();
                    row.wires[Octal::digit(op, place)] = f(wrong);
                    row.settle(sum, None);
                    let bit = (op < LIMBS - 1 && place == BIT && constant == Octal::NUMBER)
                        .then_some(first + DIGITS);
                    let expected: Vec<_> = [first + place].into_iter().chain(bit).collect();
                    assert_eq!(row.broken(), expected, "digit {place} of {op} is {wrong}");
                }
                // A digit that is one, where a limb has a bit, or nothing at all.
                let mut wide = row();
                wide.wires[Octal::digit(op, place)] = f(7);
                wide.settle(sum, None);
                let is_bit = op < LIMBS - 1 && place == BIT && constant == Octal::NUMBER;
                assert_eq!(wide.broken(), if is_bit { vec![first + DIGITS] } else { vec![] });
                let limit = if op < LIMBS - 1 {
                    1 << LIMB_BITS
                } else {
                    1 << TOP_BITS
                };
                let value = wide.wires[Octal::value(op)].to_canonical_u64();
                assert!(
                    constant == Octal::VALUES || is_bit || value < limit,
                    "weight of digit {place}"
                );
            }
            let mut wrong = row();
            wrong.wires[Octal::value(op)] += F::ONE;
            assert_eq!(wrong.broken(), [last]);
        }
    }
}

fn two_to(bits: usize) -> BigUint {
    BigUint::from(1u8) << bits
}

/// What a product row is of: a sum of coefficients times a number, and two numbers.
fn product(coefficient: &BigUint, times: &BigUint, left: &BigUint, right: &BigUint) -> Row<Product> {
    let mut row = Row::blank(&[]);
    let (c, t) = (limbs(coefficient), limbs(times));
    let mut columns = [F::ZERO; SUM];
    for column in 0..COLUMNS {
        for i in (0..=column).filter(|i| *i < COEFFICIENT_LIMBS && column - i < LIMBS) {
            columns[column] += c[i] * t[column - i] * f(BLOCK as u64);
        }
    }
    columns[NATIVE] = native(&c, 1) * native(&t, 1) * f(BLOCK as u64);
    row.set(Product::SUM, &columns);
    row.set(Product::LEFT, &limbs(left));
    row.set(Product::RIGHT, &limbs(right));
    row.fill()
}

fn take(row: &Row<Product>, first: usize) -> [F; LIMBS] {
    core::array::from_fn(|limb| row.wires[first + limb])
}

/// Puts another quotient and remainder into a row, with the carries that they have.
fn force(row: &mut Row<Product>, quotient: &[F; LIMBS], remainder: &[F; LIMBS]) {
    let columns = core::array::from_fn(|column| row.wires[Product::SUM + column]);
    let (left, right) = (take(row, Product::LEFT), take(row, Product::RIGHT));
    row.set(Product::QUOTIENT, quotient);
    row.set(Product::REMAINDER, remainder);
    let carries = Product::carries(&columns, [&left, &right, quotient, remainder]);
    row.set(Product::CARRIES, &carries);
}

#[test]
fn products_agree_with_the_field_at_the_borders_and_within() {
    let largest = &*MODULUS - 1u8;
    let numbers = [
        BigUint::ZERO,
        BigUint::from(1u8),
        largest.clone(),
        &largest / 3u8,
        two_to(254),
    ];
    let coefficients = [BigUint::ZERO, BigUint::from(1u8), two_to(224) - 1u8];
    for coefficient in &coefficients {
        for left in &numbers {
            for right in &numbers {
                let row = product(coefficient, &largest, left, right);
                assert_eq!(row.broken(), []);
                let expected =
                    Fr::from(coefficient.clone()) * Fr::from(largest.clone()) * Fr::from(BLOCK as u64)
                        + Fr::from(left.clone()) * Fr::from(right.clone());
                assert_eq!(number(&take(&row, Product::REMAINDER)), integer(expected));
                for carry in &row.wires[Product::CARRIES..] {
                    assert_eq!(carry.to_canonical_u64() >> CARRY_BITS, 0);
                }
            }
        }
    }
}

#[test]
fn each_constraint_of_a_product_is_all_that_catches_its_column() {
    let largest = &*MODULUS - 1u8;
    for column in 0..SUM {
        let mut row = product(&(two_to(224) - 1u8), &largest, &largest, &largest);
        row.wires[Product::SUM + column] += F::ONE;
        assert_eq!(row.broken(), [column]);
    }
}

#[test]
fn neither_the_columns_nor_the_field_alone_make_a_product() {
    let row = || {
        product(
            &BigUint::from(3u8),
            &BigUint::from(5u8),
            &BigUint::from(7u8),
            &BigUint::from(11u8),
        )
    };
    let remainder = number(&take(&row(), Product::REMAINDER));
    assert_eq!(remainder, BigUint::from(15 * BLOCK + 77));
    // Another remainder, equal modulo 2^448: the quotient is of that, too, and only the equation modulo p tells.
    let mut forged = row();
    let shift = two_to(LIMB_BITS * COLUMNS);
    force(
        &mut forged,
        &limbs(&(&shift / &*MODULUS)),
        &limbs(&(&remainder + &shift % &*MODULUS)),
    );
    assert_eq!(forged.broken(), [NATIVE]);
    // And one that is equal modulo p: only the columns tell.
    let mut forged = row();
    force(&mut forged, &[F::ZERO; LIMBS], &limbs(&(&remainder + F::ORDER)));
    let broken = forged.broken();
    assert!(!broken.is_empty() && !broken.contains(&NATIVE), "{broken:?}");
}

/// A remainder of r more is another way to write it, which the row does not refuse: who needs it below r must say so.
#[test]
fn a_remainder_need_not_be_reduced() {
    let mut row = product(
        &BigUint::from(3u8),
        &BigUint::from(5u8),
        &MODULUS,
        &BigUint::from(2u8),
    );
    let [quotient, remainder] =
        [Product::QUOTIENT, Product::REMAINDER].map(|first| number(&take(&row, first)));
    assert_eq!(quotient, BigUint::from(2u8));
    force(
        &mut row,
        &limbs(&(quotient - 1u8)),
        &limbs(&(remainder + &*MODULUS)),
    );
    assert_eq!(row.broken(), []);
}

/// The largest value of each limb of a number below 2^255.
fn largest_limbs() -> [BigInt; LIMBS] {
    core::array::from_fn(|limb| {
        let bits = if limb < LIMBS - 1 { LIMB_BITS } else { TOP_BITS };
        BigInt::from((1u64 << bits) - 1)
    })
}

fn column(a: &[BigInt], b: &[BigInt], column: usize) -> BigInt {
    (0..a.len())
        .filter(|i| *i <= column && column - i < b.len())
        .map(|i| &a[i] * &b[column - i])
        .sum()
}

#[test]
fn no_equation_wraps_and_every_honest_carry_has_room() {
    let numbers = largest_limbs();
    let coefficients = vec![BigInt::from((1u64 << LIMB_BITS) - 1); COEFFICIENT_LIMBS];
    let modulus = MODULUS_LIMBS.map(BigInt::from);
    let (p, base, offset) = (
        BigInt::from(F::ORDER),
        BigInt::from(1u64 << LIMB_BITS),
        BigInt::from(CARRY_OFFSET),
    );
    let raised = BigInt::from((1u64 << CARRY_BITS) - 1);
    let (mut least_carry, mut largest_carry) = (BigInt::ZERO, BigInt::ZERO);
    for j in 0..COLUMNS {
        let plus = column(&coefficients, &numbers, j) * BLOCK + column(&numbers, &numbers, j);
        let remainder = numbers.get(j).cloned().unwrap_or_default();
        let minus = column(&numbers, &modulus, j) + remainder;
        // Whatever the carries are that a check lets through.
        let most = &plus + (&raised - &offset) + &base * &offset;
        let least = -&minus - &offset - &base * (&raised - &offset);
        assert!(most < p && -&least < p, "column {j} wraps: {least} to {most}");
        // Those that there are.
        largest_carry = (plus + largest_carry) / &base;
        least_carry = (-minus + least_carry) / &base - 1;
        assert!(
            -&least_carry <= offset && largest_carry <= &raised - &offset,
            "carry out of {j}"
        );
    }
    // The whole: what is zero modulo p and modulo 2^448 is zero.
    let number = BigInt::from(two_to(255));
    let r = BigInt::from(MODULUS.clone());
    let sum = BigInt::from(two_to(224)) * &number * BLOCK;
    let largest = &sum + &number * &number;
    let least = -(&number * &r + &number);
    let both = p * BigInt::from(two_to(LIMB_BITS * COLUMNS));
    assert!(largest < both && -least < both);
    // The quotient of what is honest, with every factor reduced, is a number.
    assert!((sum + &r * &r) / &r < number);
}

/// A row of which the first `counted` words count.
fn count(counted: usize) -> Row<Count> {
    let mut row = Row::blank(&[]);
    for index in 0..counted.min(Count::ROW) {
        row.wires[Count::word(index)] = f(index as u64 + 1);
    }
    row.wires[Count::LEFT[0]] = f(counted as u64);
    row.wires[Count::OPEN[0]] = F::ONE;
    row.fill()
}

#[test]
fn each_constraint_of_a_count_is_all_that_catches_its_wire() {
    let [is_bit, open, left] = [0, 1, 2].map(|i| 2 * Count::ROW + i);
    let settled = [(left, Count::LEFT[1])];
    for counted in [0, 1, 31, 63, 64, 65, 1000] {
        let row = count(counted);
        assert_eq!(row.broken(), []);
        let rest = counted.saturating_sub(Count::ROW) as u64;
        assert_eq!(row.wires[Count::LEFT[1]], f(rest));
        assert_eq!(row.wires[Count::OPEN[1]], F::from_bool(counted >= Count::ROW));
        for index in counted.min(Count::ROW)..Count::ROW {
            let mut row = count(counted);
            row.wires[Count::word(index)] = F::ONE;
            assert_eq!(row.broken(), [2 * index + 1], "word {index} of {counted}");
        }
        let mut more = count(counted);
        more.wires[Count::LEFT[1]] += F::ONE;
        assert_eq!(more.broken(), [left]);
    }
    for index in 0..Count::ROW {
        for wrong in [2, F::ORDER - 1] {
            let mut row = Row::<Count>::blank(&[]); // no words, so that only the stop itself is wrong
            row.wires[Count::stop(index)] = f(wrong);
            row.wires[Count::OPEN[0]] = f(wrong);
            row.settle(settled, None);
            assert_eq!(row.broken(), [2 * index], "stop {index}");
        }
    }
    let mut row = Row::<Count>::blank(&[]);
    row.set(Count::OPEN[0], &[F::TWO, F::TWO]);
    row.settle(settled, None);
    assert_eq!(row.broken(), [is_bit]);
    let mut row = count(5);
    row.wires[Count::OPEN[1]] = F::ONE;
    assert_eq!(row.broken(), [open]);
}
