//! BN254 for `icicle-core`: expansions of its macros, whose names they fix.
#![allow(missing_docs, reason = "the items come from icicle-core's macros")]
#![allow(unsafe_code, reason = "the macros call the native library")]
#![allow(clippy::not_unsafe_ptr_arg_deref, reason = "icicle-core's traits have it so")]

#[cfg(feature = "arkworks")]
use ark_bn254::{Fq, Fr, g1::Config as ArkG1};
use icicle_core::{
    curve::{Affine, Curve, Projective},
    field::{Field, MontgomeryConvertibleField},
    impl_curve, impl_field, impl_scalar_field,
    traits::{FieldConfig, FieldImpl, GenerateRandom},
};
use icicle_cuda_runtime::{
    device_context::{DeviceContext, get_default_device_context},
    error::CudaError,
    memory::HostOrDeviceSlice,
};

const LIMBS: usize = 4;

impl_scalar_field!("bn254", scalar_ffi, LIMBS, Scalar, ScalarConfig, Fr);
impl_field!(LIMBS, Base, BaseConfig, Fq);
impl_curve!(
    "bn254",
    curve_ffi,
    Bn254,
    Scalar,
    Base,
    ArkG1,
    G1Affine,
    G1Projective
);

impl icicle_core::SNARKCurve for Bn254 {}
