//! What ties the rows together. Parts of the circuit stand alone here, over constants, so that only what a row holds can be
//! forged: were a wire a copy of its constant and not tied to it, the row would be content.

use ashlar_blob::Fr;
use ashlar_ecgfp5::testing::{Verdict, prove_forged};
use ashlar_gates::{Formula, algebra::Values};
use ashlar_statement::{Domain, Security, hash::D};
use num_bigint::BigUint;
use plonky2::{
    field::types::{Field64, PrimeField64},
    iop::witness::PartialWitness,
};

use super::*;
use crate::{
    limbs::{CARRY_OFFSET, COLUMNS, LIMB_BITS, MODULUS, MODULUS_LIMBS, NATIVE, SUM, native, number},
    octal::Octal,
    product::Product,
};

type Data = CircuitData<F, C, D>;

fn builder() -> Builder {
    Builder::new(Security::default().leaf())
}

fn f(value: u64) -> F {
    F::from_canonical_u64(value)
}

fn verdict(data: &Data, forged: &[(usize, usize, F)]) -> Verdict {
    let forged: Vec<_> = forged
        .iter()
        .map(|(row, column, value)| (Target::wire(*row, *column), *value))
        .collect();
    prove_forged(data, &PartialWitness::new(), &forged)
}

fn constants<const N: usize>(builder: &mut Builder, values: [F; N]) -> [Target; N] {
    values.map(|value| builder.constant(value))
}

/// `sum + left·right` over constants. The product is row 0, carries are in rows 1 and 2, then come the quotient and the
/// remainder.
struct Toy {
    data: Data,
    sum: [F; SUM],
    left: [F; LIMBS],
    right: [F; LIMBS],
}

const PRODUCT: usize = 0;
const QUOTIENT: usize = 3;
const REMAINDER: usize = 4;

impl Toy {
    fn new() -> Self {
        let mut builder = builder();
        let (left, right) = (limbs(&(&*MODULUS / 3u8)), limbs(&(&*MODULUS / 5u8 + 7u8)));
        let mut sum = [F::ZERO; SUM];
        (sum[0], sum[2]) = (f(99), f(1 << 50));
        sum[NATIVE] = native(&sum[..COLUMNS], 1);
        let targets = (
            constants(&mut builder, sum),
            constants(&mut builder, left),
            constants(&mut builder, right),
        );
        arithmetic::mul_add(&mut builder, &targets.0, &targets.1, &targets.2);
        let data = builder.build();
        Self {
            data,
            sum,
            left,
            right,
        }
    }

    /// The row with these numbers in it, whole but for their ranges if they satisfy the equation.
    fn row(&self, quotient: [F; LIMBS], remainder: [F; LIMBS]) -> Vec<(usize, usize, F)> {
        let columns = core::array::from_fn(|column| self.sum[column]);
        let carries = Product::carries(&columns, [&self.left, &self.right, &quotient, &remainder]);
        let wires = (Product::QUOTIENT..).zip(quotient.into_iter().chain(remainder).chain(carries));
        wires.map(|(column, value)| (PRODUCT, column, value)).collect()
    }

    fn result(&self) -> [BigUint; 2] {
        let total = number(&self.sum[..COLUMNS]) + number(&self.left) * number(&self.right);
        [&total / &*MODULUS, total % &*MODULUS]
    }
}

/// The same number with a limb that is too wide.
fn widened(mut limbs: [F; LIMBS]) -> [F; LIMBS] {
    limbs[0] += f(1 << LIMB_BITS);
    limbs[1] -= F::ONE;
    limbs
}

#[test]
fn quotient_and_remainder_are_numbers() {
    let toy = Toy::new();
    let [quotient, remainder] = toy.result().map(|value| limbs(&value));
    assert_eq!(verdict(&toy.data, &[]), Verdict::Accepted);
    assert_eq!(
        verdict(&toy.data, &toy.row(quotient, remainder)),
        Verdict::Accepted
    );
    let wide = toy.row(widened(quotient), remainder);
    assert_eq!(verdict(&toy.data, &wide), Verdict::Refused, "quotient");
    let wide = toy.row(quotient, widened(remainder));
    assert_eq!(verdict(&toy.data, &wide), Verdict::Refused, "remainder");
}

/// The equation modulo p alone: carries that are no integers make up for every column.
#[test]
fn carries_are_small() {
    let toy = Toy::new();
    let [quotient, remainder] = toy.result();
    let mut row = toy.row(limbs(&quotient), limbs(&(remainder + F::ORDER)));
    // Column by column: the carry that satisfies it in the field.
    let mut wires = vec![F::ZERO; Product::WIRES];
    wires[..SUM].copy_from_slice(&toy.sum);
    wires[Product::LEFT..Product::RIGHT].copy_from_slice(&toy.left);
    wires[Product::RIGHT..Product::QUOTIENT].copy_from_slice(&toy.right);
    for (_, column, value) in &row {
        wires[*column] = *value;
    }
    for column in 0..COLUMNS {
        let mut values = Vec::new();
        let none: &[F] = &[];
        Product::evaluate(&mut Values::<F>::new(), none, &wires[..], &mut values);
        wires[Product::CARRIES + column] += values[column] * f(1 << LIMB_BITS).inverse();
    }
    for (_, column, value) in &mut row {
        *value = wires[*column];
    }
    assert_eq!(verdict(&toy.data, &row), Verdict::Refused);
}

/// Zeros in the rows that check carries, where the product has others.
#[test]
fn what_is_checked_of_a_carry_is_the_carry() {
    let toy = Toy::new();
    let [quotient, remainder] = toy.result().map(|value| limbs(&value));
    let mut forged = toy.row(quotient, remainder);
    let checks = (0..COLUMNS).map(|carry| (1 + carry / LIMBS, Octal::value(carry % LIMBS), F::ZERO));
    let mut zeros: Vec<_> = checks.collect();
    zeros.append(&mut forged); // the first value of a wire stays
    assert_eq!(verdict(&toy.data, &zeros), Verdict::Refused);
}

#[test]
fn a_product_is_of_what_it_was_given() {
    let toy = Toy::new();
    let other = |first: usize, values: &[F]| {
        let mut wires: Vec<_> = (first..)
            .zip(values)
            .map(|(column, value)| (PRODUCT, column, *value))
            .collect();
        wires[0].2 += F::ONE;
        wires
    };
    let mut sum = other(Product::SUM, &toy.sum);
    sum[NATIVE].2 += F::ONE;
    for (what, forged) in [
        ("sum", sum),
        ("left", other(Product::LEFT, &toy.left)),
        ("right", other(Product::RIGHT, &toy.right)),
    ] {
        assert_eq!(verdict(&toy.data, &forged), Verdict::Refused, "{what}");
    }
    // What is checked is the quotient and the remainder of this row.
    for (what, row) in [("quotient", QUOTIENT), ("remainder", REMAINDER)] {
        let zeros: Vec<_> = (0..LIMBS)
            .map(|limb| (row, Octal::value(limb), F::ZERO))
            .collect();
        assert_eq!(verdict(&toy.data, &zeros), Verdict::Refused, "{what}");
    }
}

/// `y < r` of a constant: row 0 is the product.
fn reduced(y: &BigUint) -> Data {
    let mut builder = builder();
    let y = constants(&mut builder, limbs(y));
    arithmetic::assert_reduced(&mut builder, &y);
    builder.build()
}

#[test]
fn numbers_from_r_on_are_not_reduced() {
    let r = &*MODULUS;
    for y in [BigUint::ZERO, BigUint::from(1u8), r / 2u8, r - 2u8, r - 1u8] {
        assert_eq!(verdict(&reduced(&y), &[]), Verdict::Accepted, "{y}");
    }
    for y in [r.clone(), r + 1u8, (BigUint::from(1u8) << 255) - 1u8] {
        assert_eq!(verdict(&reduced(&y), &[]), Verdict::Refused, "{y}");
    }
}

/// Difference, quotient, remainder and carries of a forged proof that `y` is reduced.
fn reduction(
    y: &BigUint,
    difference: [F; LIMBS],
    quotient: u64,
    remainder: &BigUint,
) -> Vec<(usize, usize, F)> {
    let (quotient, remainder) = (limbs(&BigUint::from(quotient)), limbs(remainder));
    let mut columns = [F::ZERO; COLUMNS];
    columns[..LIMBS].copy_from_slice(&limbs(y));
    columns[0] += F::ONE;
    let mut one = [F::ZERO; LIMBS];
    one[0] = F::ONE;
    let carries = Product::carries(&columns, [&difference, &one, &quotient, &remainder]);
    let numbers = difference.into_iter().zip(Product::LEFT..);
    let rest = quotient
        .into_iter()
        .chain(remainder)
        .chain(carries)
        .zip(Product::QUOTIENT..);
    numbers
        .chain(rest)
        .map(|(value, column)| (PRODUCT, column, value))
        .collect()
}

#[test]
fn each_part_of_the_proof_that_a_number_is_reduced_is_needed() {
    let y = &*MODULUS + 5u8;
    let data = reduced(&y);
    let refused = |forged: &[_], what: &str| assert_eq!(verdict(&data, forged), Verdict::Refused, "{what}");
    // A difference of negative limbs.
    let mut negative: [F; LIMBS] = core::array::from_fn(|limb| f(MODULUS_LIMBS[limb]) - limbs(&y)[limb]);
    negative[0] -= F::ONE;
    assert_eq!(negative[0].to_canonical_u64(), F::NEG_ONE.to_canonical_u64() - 5);
    let mut exact = reduction(&y, negative, 1, &BigUint::ZERO);
    let carries = exact
        .iter_mut()
        .filter(|(_, column, _)| *column >= Product::CARRIES);
    carries.for_each(|(_, _, carry)| *carry = f(CARRY_OFFSET)); // each column is zero by itself
    refused(&exact, "the difference is a number");
    // y + 1 + 0 = r + 6, and 2 r - 6 more are 2 r.
    let none = [F::ZERO; LIMBS];
    refused(
        &reduction(&y, none, 1, &BigUint::from(6u8)),
        "the remainder is zero",
    );
    let to_twice = limbs(&(&*MODULUS * 2u8 - &y - 1u8));
    refused(&reduction(&y, to_twice, 2, &BigUint::ZERO), "the quotient is one");
}

/// The last product of a circuit of one block, behind that of ζ, fifteen of its powers (with 24 rows of carries) and sixteen
/// coefficients.
const LAST_PRODUCT: usize = 1 + 15 * 3 + 24 + BLOCK;

/// `2·ζ` where that is r + 1: a quotient of one and a remainder of one, or nothing and r + 1.
#[test]
fn the_value_of_a_link_is_reduced() {
    let circuit = LinkCircuit::of_coefficients(Security::default(), BLOCK);
    let half = (&*MODULUS + 1u8) / 2u8;
    let witness = LinkWitness {
        domain: Domain {
            chain_id: 1,
            rollup: [0; 20],
        }
        .words(),
        z: [f(3), f(4)],
        zeta: Fr::from(half.clone()),
        words: vec![0, 0, 0, 0, 2],
    };
    let claim = witness.statement(BLOCK).expect("valid");
    let verdict = |quotient: u8, remainder: &BigUint| {
        let mut assignment = LinkAssignment::new(&witness, &claim, BLOCK);
        let (quotient, remainder) = (limbs(&quotient.into()), limbs(remainder));
        assignment.public_inputs.value = crate::limbs::words(remainder).map(Some);
        let mut columns = [F::ZERO; COLUMNS];
        for (column, limb) in columns.iter_mut().zip(limbs(&half)) {
            *column = limb.double();
        }
        let zero = [F::ZERO; LIMBS];
        let carries = Product::carries(&columns, [&zero, &zero, &quotient, &remainder]);
        let values = quotient.into_iter().chain(remainder).chain(carries);
        let wires = values.zip(Product::QUOTIENT..);
        let forged: Vec<_> = wires
            .map(|(value, column)| (Target::wire(LAST_PRODUCT, column), value))
            .collect();
        let inputs = circuit.set(&assignment).expect("as many words");
        prove_forged(&circuit.data, &inputs, &forged)
    };
    assert_eq!(verdict(1, &BigUint::from(1u8)), Verdict::Accepted);
    assert_eq!(verdict(0, &(&*MODULUS + 1u8)), Verdict::Refused);
}

/// A row of [`Coefficient`] over constants.
#[test]
fn a_coefficient_s_row_is_of_what_it_was_given() {
    let mut builder = builder();
    let words = constants(&mut builder, [1, 2, 3, 4].map(f));
    let power = constants(&mut builder, limbs(&(&*MODULUS / 7u8)));
    let sum = constants(
        &mut builder,
        core::array::from_fn(|column| f(1000 + column as u64)),
    );
    let (z, eval) = (
        constants(&mut builder, [f(11), f(12)]),
        constants(&mut builder, [f(13), f(14)]),
    );
    add_coefficient(&mut builder, &words, &power, &sum, z, eval);
    let data = builder.build::<C>();
    assert_eq!(verdict(&data, &[]), Verdict::Accepted);
    let given = Coefficient::given(0);
    assert_eq!(given.len(), 4 + LIMBS + SUM + 4);
    for column in given {
        assert_eq!(
            verdict(&data, &[(0, column, f(21))]),
            Verdict::Refused,
            "wire {column}"
        );
    }
}

#[test]
fn a_count_is_of_the_words_that_it_was_given() {
    let count = |words: &[u64], count: u64| {
        let mut builder = builder();
        let words: Vec<_> = words.iter().map(|word| builder.constant(f(*word))).collect();
        let count = builder.constant(f(count));
        assert_count(&mut builder, &words, count);
        builder.build::<C>()
    };
    let mut words = vec![7; 130];
    words.extend([0; 62]);
    for counted in [130, 131, 192] {
        assert_eq!(
            verdict(&count(&words, counted), &[]),
            Verdict::Accepted,
            "{counted}"
        );
    }
    for counted in [0, 64, 129, 193, 1 << 40] {
        assert_eq!(
            verdict(&count(&words, counted), &[]),
            Verdict::Refused,
            "{counted}"
        );
    }
    let data = count(&words, 129);
    let refused = |forged: &[_], what: &str| assert_eq!(verdict(&data, forged), Verdict::Refused, "{what}");
    refused(&[(2, Count::word(1), F::ZERO)], "another word");
    refused(&[(0, Count::LEFT[0], f(130))], "another count");
    refused(&[(1, Count::LEFT[0], f(66))], "another count in the second row");
    // What is closed stays closed, in the next row too.
    let data = count(&[[0; 64], [1; 64]].concat(), 64);
    assert_eq!(verdict(&data, &[]), Verdict::Refused);
    let stopped: Vec<_> = [(0, Count::LEFT[0], f(64)), (0, Count::stop(0), F::ONE)].into();
    assert_eq!(verdict(&data, &stopped), Verdict::Refused);
    let reopened = [
        (0, Count::stop(0), F::ONE),
        (0, Count::OPEN[1], F::ZERO),
        (0, Count::LEFT[1], f(64)),
        (1, Count::OPEN[0], F::ONE),
    ];
    assert_eq!(verdict(&data, &reopened), Verdict::Refused, "reopened");
}
