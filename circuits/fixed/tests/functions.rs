//! Functions against values of forty digits, which `reference/tables.py` has computed.

use ashlar_fixed::{
    CDF, LIMIT, LN, PDF, PIECES, Pieces, VALUE_BITS, cdf,
    format::{GRID_BITS, LOG_BITS, PROBABILITY_BITS},
    ln, pdf,
};
use proptest::prelude::*;

/// Bits behind the point of the values to compare with.
const REFERENCE_BITS: u32 = 60;
const ONE: i64 = 1 << PROBABILITY_BITS;

/// Function, argument, value.
fn reference() -> impl Iterator<Item = (&'static str, u32, i64)> {
    let lines = include_str!("values.txt").lines();
    lines.filter(|line| !line.starts_with('#')).map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [name, argument, value] = words[..] else {
            panic!("{line}")
        };
        (
            name,
            argument.parse().expect("an argument"),
            value.parse().expect("a value"),
        )
    })
}

/// The error of a value in 2^-32, in units of 10^-12.
fn error(value: i64, exact: i64) -> i128 {
    let value = i128::from(value) << (REFERENCE_BITS - PROBABILITY_BITS);
    ((value - i128::from(exact)).abs() * 1_000_000_000_000) >> REFERENCE_BITS
}

#[test]
fn tables_are_as_exact_as_they_say() {
    let mut count = 0;
    for (name, argument, exact) in reference() {
        let (table, bound): (&Pieces, i128) = match name {
            "CDF" => (&CDF, 1_000),
            "PDF" => (&PDF, 1_500),
            "LN" => (&LN, 650),
            other => panic!("{other}"),
        };
        let found = error(table.at(argument), exact);
        assert!(found <= bound, "{name} {argument}: {found}e-12 off");
        count += 1;
    }
    assert_eq!(count, 3 * PIECES * 12);
}

/// Whatever the argument: a circuit has wires for so many bits.
#[test]
fn every_step_of_every_table_fits_its_wires() {
    for table in [&CDF, &PDF, &LN] {
        // Between two arguments that differ by a 64th of a piece values move little: bounds have room for far more.
        for argument in (0..=LIMIT)
            .step_by(1 << 14)
            .chain((0..64).map(|piece| (piece << 20) + 0xf_ffff))
        {
            let steps = table.steps(argument);
            assert_eq!((steps.piece as u32) << 20 | steps.offset, argument);
            for (value, bits) in steps.values.iter().zip(VALUE_BITS) {
                assert!(
                    value.unsigned_abs() < 3 << (bits - 3),
                    "{argument}: {value} of {bits} bits"
                );
            }
            assert!(steps.remainders.iter().all(|of| *of < 1 << 20));
        }
    }
}

/// All 2^26 arguments. Two units are an eighth of a tick in the price of an option at the highest forward; a large fall would make
/// a butterfly's price negative.
#[test]
fn the_distribution_function_falls_by_no_more_than_two_units() {
    let mut most = CDF.at(0);
    assert_eq!(most, ONE / 2);
    for argument in 1..=LIMIT {
        let value = CDF.at(argument);
        assert!(value >= most - 2, "Φ falls before {argument}: {most}, {value}");
        most = most.max(value);
    }
    assert!(most <= ONE, "{most}");
}

#[test]
fn beyond_eight_nothing_changes() {
    assert_eq!(cdf(i64::MAX), CDF.at(LIMIT));
    assert_eq!(cdf(i64::MIN), ONE - CDF.at(LIMIT));
    assert_eq!((pdf(i64::MIN), pdf(i64::MAX)), (PDF.at(LIMIT), PDF.at(LIMIT)));
    assert!(
        ONE - cdf(i64::MAX) <= 4 && pdf(i64::MAX).abs() <= 6,
        "as good as one, and zero"
    );
}

/// As floating point has it, whose own error is far below a unit.
fn exact_ln(n: u64) -> f64 {
    (n as f64).ln() * f64::from(1 << LOG_BITS)
}

#[test]
fn logarithms_of_small_numbers_and_powers_of_two_are_right() {
    assert_eq!(ln(1), 0);
    for n in (1..100_000).chain((0..64).map(|bits| 1 << bits)) {
        let error = (ln(n) as f64 - exact_ln(n)).abs();
        assert!(error <= 0.63, "ln {n}: {error} units off");
    }
    assert!(std::panic::catch_unwind(|| ln(0)).is_err());
}

proptest! {
    /// Half a unit for rounding, and an eighth for the table's error; bits that are cut off cost up to four more where there
    /// are any.
    #[test]
    fn logarithms_of_any_number_are_within_their_bound(n in 1..=u64::MAX) {
        let cut = if n >> 27 == 0 { 0.0 } else { f64::from(1 << (LOG_BITS - 26)) };
        let found = ln(n) as f64 - exact_ln(n);
        prop_assert!(found <= 0.63 && found >= -0.63 - cut, "ln {}: {} units off", n, found);
    }

    #[test]
    fn both_tails_are_one_together(d in any::<i64>()) {
        let d = d >> 36; // of a size that matters
        prop_assert_eq!(cdf(d) + cdf(-d), ONE);
        prop_assert_eq!(pdf(d), pdf(-d));
        prop_assert!((0..=ONE).contains(&cdf(d)));
    }

    /// Steps are Horner's, in rational numbers: what is left of a step is what is missing.
    #[test]
    fn steps_leave_what_they_say(argument in 0..=LIMIT) {
        for table in [&CDF, &PDF, &LN] {
            let steps = table.steps(argument);
            let coefficients = table.coefficients[steps.piece];
            prop_assert_eq!(steps.values[4], coefficients[4]);
            for k in 0..4 {
                let product = i128::from(steps.values[k + 1]) * i128::from(steps.offset)
                    + (i128::from(coefficients[k]) << 20);
                let rounded = (i128::from(steps.values[k]) << 20) + i128::from(steps.remainders[k]) - (1 << 19);
                prop_assert_eq!(product, rounded);
            }
        }
    }
}

#[test]
fn one_is_where_it_should_be() {
    let value = cdf(1 << GRID_BITS) as f64 / ONE as f64;
    assert!((value - 0.841_344_746_068_543).abs() < 1e-9, "{value}");
}
