//! icicle-core's own checks, for a program to run: each panics where the library is wrong, or no device answers.
//!
//! Their transforms have arkworks' root of unity, and a process has one family of roots: they need a process of their
//! own. They share one domain, so one runs after the other.

use std::sync::Once;

use icicle_core::{curve::Curve, msm::tests as msm, ntt::tests as ntt, tests as curve, traits::FieldImpl};

use crate::curve::{Bn254, Scalar};

/// A name and a check.
pub type Check = (&'static str, fn());

type BaseConfig = <<Bn254 as Curve>::BaseField as FieldImpl>::Config;
const LIMBS: usize = 4;

/// All of them, by the names that icicle-core's macros give its tests.
pub const CHECKS: [Check; 15] = [
    (
        "field_convert_montgomery",
        curve::check_field_convert_montgomery::<Scalar>,
    ),
    ("scalar_equality", curve::check_scalar_equality::<Scalar>),
    (
        "affine_projective_convert",
        curve::check_affine_projective_convert::<Bn254>,
    ),
    (
        "point_equality",
        curve::check_point_equality::<LIMBS, BaseConfig, Bn254>,
    ),
    ("ark_scalar_convert", curve::check_ark_scalar_convert::<Scalar>),
    ("ark_point_convert", curve::check_ark_point_convert::<Bn254>),
    (
        "points_convert_montgomery",
        curve::check_points_convert_montgomery::<Bn254>,
    ),
    ("msm", msm::check_msm::<Bn254>),
    ("msm_batch", msm::check_msm_batch::<Bn254>),
    (
        "msm_skewed_distributions",
        msm::check_msm_skewed_distributions::<Bn254>,
    ),
    ("ntt", || with_domain(ntt::check_ntt::<Scalar>)),
    ("ntt_coset_from_subgroup", || {
        with_domain(ntt::check_ntt_coset_from_subgroup::<Scalar>)
    }),
    ("ntt_arbitrary_coset", || {
        with_domain(ntt::check_ntt_arbitrary_coset::<Scalar>)
    }),
    ("ntt_batch", || with_domain(ntt::check_ntt_batch::<Scalar>)),
    ("ntt_device_async", || {
        with_domain(ntt::check_ntt_device_async::<Scalar>)
    }),
];

fn with_domain(check: fn()) {
    static DOMAIN: Once = Once::new();
    DOMAIN.call_once(|| ntt::init_domain::<Scalar>(1 << 17));
    check();
}
