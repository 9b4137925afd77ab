//! Statuses of the CUDA runtime, sorted by what a caller can do about them.
#![allow(unsafe_code, reason = "asks the CUDA runtime for the names of its statuses")]

use std::{ffi::CStr, fmt};

use icicle_core::error::IcicleError;
use icicle_cuda_runtime::error::CudaError;

use crate::cudart;

/// What kind of trouble a status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No device of that index, no driver, or one that does not fit this build.
    NoDevice,
    /// The device, or the host's pinned memory, is full.
    OutOfMemory,
    /// The device stopped answering: nothing that it holds can be used again in this process.
    Lost,
    /// This call was refused; the device goes on.
    Refused,
}

/// A status other than success, and the call that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    status: i32,
    call: &'static str,
}

/// Numbers of `cudaError_t` that more than one place needs.
pub(crate) mod status {
    pub const SUCCESS: i32 = 0;
    pub const NO_DEVICE: i32 = 100;
    pub const INVALID_DEVICE: i32 = 101;
    pub const UNKNOWN: i32 = 999;
}

impl Error {
    /// Takes the status back from the runtime too: it keeps a thread's last one, and the check after the next launch of a
    /// kernel would find it.
    pub(crate) fn new(status: i32, call: &'static str) -> Self {
        // SAFETY: returns an integer.
        let _ = unsafe { cudart::get_last_error() };
        Self { status, call }
    }

    pub(crate) fn check(status: i32, call: &'static str) -> Result<(), Self> {
        if status == status::SUCCESS {
            Ok(())
        } else {
            Err(Self::new(status, call))
        }
    }

    pub(crate) fn from_cuda(error: CudaError, call: &'static str) -> Self {
        Self::new(error as i32, call)
    }

    pub(crate) fn from_icicle(error: IcicleError, call: &'static str) -> Self {
        let status = error
            .get_cuda_error()
            .map_or(status::UNKNOWN, |error| error as i32);
        Self::new(status, call)
    }

    /// The number of the `cudaError_t`.
    pub fn status(&self) -> i32 {
        self.status
    }

    /// What kind of trouble it is.
    pub fn fault(&self) -> Fault {
        match self.status {
            2 => Fault::OutOfMemory,
            // Initialisation, stub or old driver, devices unavailable, none or no such device, start-up, no kernels for it,
            // PTX too new, not permitted or not ready, driver and libraries that do not match, MPS not reachable.
            3
            | 4
            | 34
            | 35
            | 36
            | 46
            | 100..=103
            | 127
            | 200
            | 209
            | 221..=223
            | 800
            | 802..=805
            | 807..=809 => Fault::NoDevice,
            // Invalid or destroyed context, ECC and NVLink errors, faults of kernels (they poison the context),
            // time-outs, failed launches, a broken MPS server, unknown.
            201 | 214 | 220 | 226 | 700 | 702 | 709 | 710 | 714..=719 | 721 | 806 | 810 | 999 => Fault::Lost,
            _ => Fault::Refused,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |find: unsafe extern "C" fn(i32) -> *const std::ffi::c_char| {
            // SAFETY: the runtime answers every number with a string that lives as long as the library, and needs
            // neither a driver nor a device for it; a null pointer is ruled out.
            let text = unsafe {
                let text = find(self.status);
                (!text.is_null()).then(|| CStr::from_ptr(text))
            };
            text.map_or("?".into(), |text| text.to_string_lossy())
        };
        write!(
            f,
            "{}: {} ({}), {}",
            self.call,
            text(cudart::get_error_name),
            self.status,
            text(cudart::get_error_string)
        )
    }
}

impl std::error::Error for Error {}
