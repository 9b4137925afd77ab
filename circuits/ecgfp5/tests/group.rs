//! The group law against the chord-and-tangent law of the curve, an implementation of its own.

use ashlar_ecgfp5::{F, KeyError, Point, Quintic, Scalar};
use plonky2::field::{
    extension::quintic::QuinticExtension,
    types::{Field, Sample},
};
use proptest::prelude::*;

/// A point of y^2 = x^3 + 2x^2 + 263z x; `None` is the point at infinity.
type CurvePoint = Option<(Quintic, Quintic)>;

fn b() -> Quintic {
    QuinticExtension([0, 263, 0, 0, 0].map(F::from_canonical_u64))
}

fn int(k: u64) -> Quintic {
    Quintic::from(F::from_canonical_u64(k))
}

fn curve_add(p: CurvePoint, q: CurvePoint) -> CurvePoint {
    let (Some((x1, y1)), Some((x2, y2))) = (p, q) else {
        return p.or(q);
    };
    let slope = if x1 != x2 {
        (y2 - y1) / (x2 - x1)
    } else if y1 == y2 && !y1.is_zero() {
        (int(3) * x1 * x1 + int(4) * x1 + b()) / (y1 + y1)
    } else {
        return None;
    };
    let x = slope * slope - int(2) - x1 - x2;
    Some((x, slope * (x1 - x) - y1))
}

/// The curve point of a group element; the neutral element is N = (0, 0).
fn to_curve(p: &Point) -> CurvePoint {
    if *p == Point::NEUTRAL {
        Some((Quintic::ZERO, Quintic::ZERO))
    } else {
        Some((p.x(), p.x() / p.u()))
    }
}

const N: CurvePoint = Some((QuinticExtension([F::ZERO; 5]), QuinticExtension([F::ZERO; 5])));

fn random_scalar() -> Scalar {
    Scalar::from_bytes_wide(&std::array::from_fn(|_| rand::random()))
}

fn random_point() -> Point {
    Point::GENERATOR.mul(&random_scalar())
}

#[test]
fn addition_is_the_curve_addition_shifted_by_n() {
    for _ in 0..10 {
        let (p, q) = (random_point(), random_point());
        for (p, q) in [
            (p, q),
            (p, p),
            (p, -p),
            (p, Point::NEUTRAL),
            (Point::NEUTRAL, q),
            (p, p + p),
        ] {
            let sum = curve_add(curve_add(to_curve(&p), to_curve(&q)), N);
            assert_eq!(to_curve(&(p + q)), sum);
        }
        assert_eq!(
            to_curve(&p.double()),
            curve_add(curve_add(to_curve(&p), to_curve(&p)), N)
        );
    }
    assert_eq!(Point::NEUTRAL.double(), Point::NEUTRAL);
    assert_eq!(Point::NEUTRAL + Point::NEUTRAL, Point::NEUTRAL);
}

#[test]
fn group_axioms() {
    let (p, q, r) = (random_point(), random_point(), random_point());
    assert_eq!((p + q) + r, p + (q + r));
    assert_eq!(p + q, q + p);
    assert_eq!(p - p, Point::NEUTRAL);
    assert!(p.is_on_curve());
}

#[test]
fn the_order_annihilates() {
    let minus_one = -Scalar::ONE;
    assert_eq!(Point::GENERATOR.mul(&minus_one), -Point::GENERATOR);
    let p = random_point();
    assert_eq!(p.mul(&minus_one) + p, Point::NEUTRAL);
    assert_eq!(p.mul(&Scalar::ZERO), Point::NEUTRAL);
}

#[test]
fn multiplication_is_linear() {
    let (k, l) = (random_scalar(), random_scalar());
    let p = random_point();
    assert_eq!(p.mul(&k) + p.mul(&l), p.mul(&(k + l)));
    assert_eq!(p.mul(&k).mul(&l), p.mul(&(k * l)));
}

/// Multiples of the generator computed outside of this project, by chord and tangent in Python.
#[test]
fn known_multiples_of_the_generator() {
    let mut k0 = [0; 40];
    k0[..39].copy_from_slice(b"ashlar known answer one, forty bytes!!!");
    let k0 = Scalar::from_bytes(&k0).expect("312 bits");
    let cases = [
        (
            Scalar::from(2),
            [
                8457587110646932172,
                138591869800252458,
                3187444967472352324,
                18179149801168653736,
                9453003655195557048,
            ],
        ),
        (
            Scalar::from(3),
            [
                16373828487211693378,
                5899455736915524900,
                17616512450102495476,
                17643201028570366669,
                2833280130550676525,
            ],
        ),
        (-Scalar::ONE, [4611686017353646080, 0, 0, 0, 0]),
        (
            k0,
            [
                8280250316280428797,
                7419620068160732999,
                6545921296494049509,
                11280818809128142772,
                13539360938433563022,
            ],
        ),
    ];
    for (k, u) in cases {
        assert_eq!(
            Point::GENERATOR.mul(&k).u(),
            QuinticExtension(u.map(F::from_canonical_u64))
        );
    }
}

#[test]
fn the_generator_is_the_element_with_u_one_quarter() {
    let decoded = Point::from_u(Quintic::ONE / int(4)).expect("in the group");
    assert_eq!(decoded, Point::GENERATOR);
}

#[test]
fn wrong_coset_and_foreign_points_are_refused() {
    let p = random_point();
    assert_eq!(Point::from_coordinates(p.x(), p.u()), Ok(p));
    // The other root of the quadratic for the same u is on the curve, but not in the group.
    let other = b() / p.x();
    let (x, u) = (other, p.u());
    assert_eq!(u * u * (x * x + x + x + b()), x);
    assert_eq!(Point::from_coordinates(other, p.u()), Err(KeyError::NotInGroup));
    assert_eq!(
        Point::from_coordinates(p.x() + Quintic::ONE, p.u()),
        Err(KeyError::NotInGroup)
    );
    assert_eq!(
        Point::from_coordinates(Quintic::ZERO, Quintic::ONE),
        Err(KeyError::NotInGroup)
    );
}

#[test]
fn about_half_of_all_words_decode() {
    let decoded = (0..60).filter(|_| Point::from_u(Quintic::rand()).is_ok()).count();
    assert!((10..50).contains(&decoded), "{decoded} of 60");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn encoding_round_trips(seed in any::<[u8; 32]>()) {
        let mut wide = [0; 64];
        wide[..32].copy_from_slice(&seed);
        let p = Point::GENERATOR.mul(&Scalar::from_bytes_wide(&wide));
        prop_assert_eq!(Point::from_bytes(&p.to_bytes()), Ok(p));
    }

    #[test]
    fn what_decodes_is_in_the_group(bytes in any::<[u8; 40]>()) {
        if let Ok(p) = Point::from_bytes(&bytes) {
            prop_assert_eq!(Point::from_coordinates(p.x(), p.u()), Ok(p));
            prop_assert_eq!(p.to_bytes(), bytes);
        }
    }
}
