//! BN254's transform for `icicle-core`: the expansion of its macro.
#![allow(missing_docs, reason = "the items come from icicle-core's macros")]
#![allow(unsafe_code, reason = "the macro calls the native library")]

use icicle_core::{
    error::IcicleResult,
    impl_ntt,
    ntt::{NTT, NTTConfig, NTTDir},
    traits::IcicleResultWrap,
};
use icicle_cuda_runtime::{device_context::DeviceContext, error::CudaError, memory::HostOrDeviceSlice};

use crate::curve::{Scalar, ScalarConfig};

impl_ntt!("bn254", ntt_ffi, Scalar, ScalarConfig);
