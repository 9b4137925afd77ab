//! BN254's MSM for `icicle-core`: the expansion of its macro.
#![allow(missing_docs, reason = "the items come from icicle-core's macros")]
#![allow(unsafe_code, reason = "the macro calls the native library")]

use icicle_core::{
    curve::{Affine, Curve, Projective},
    error::IcicleResult,
    impl_msm,
    msm::{MSM, MSMConfig},
    traits::IcicleResultWrap,
};
use icicle_cuda_runtime::{error::CudaError, memory::HostOrDeviceSlice};

use crate::curve::Bn254;

impl_msm!("bn254", msm_ffi, Bn254);
