//! Devices by index.
#![allow(unsafe_code, reason = "calls the CUDA runtime")]

use std::ffi::c_int;

use crate::{
    cudart,
    error::{Error, status},
};

/// A device that has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    index: c_int,
}

/// Memory of a device in bytes, as the driver counts it for all processes together.
#[derive(Clone, Copy, Debug)]
pub struct MemoryInfo {
    /// Not in use.
    pub free: u64,
    /// All of it.
    pub total: u64,
}

impl Device {
    /// Number of devices; an error where there is no driver.
    pub fn count() -> Result<usize, Error> {
        let mut count = 0;
        // SAFETY: writes one integer.
        Error::check(
            unsafe { cudart::get_device_count(&mut count) },
            "cudaGetDeviceCount",
        )?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Opens device `index` (as `CUDA_VISIBLE_DEVICES` numbers them) and asks it for its memory, which proves that it
    /// answers.
    pub fn open(index: usize) -> Result<Self, Error> {
        let count = Self::count()?;
        if index >= count {
            let status = if count == 0 {
                status::NO_DEVICE
            } else {
                status::INVALID_DEVICE
            };
            return Err(Error::new(status, "cudaGetDeviceCount"));
        }
        let index = c_int::try_from(index).expect("an index below the count, which is a C int");
        let device = Self { index };
        device.memory()?;
        Ok(device)
    }

    /// Its index.
    pub fn index(&self) -> usize {
        usize::try_from(self.index).expect("indices are not negative")
    }

    /// Makes it the calling thread's current device: every other call on it begins so.
    pub(crate) fn activate(self) -> Result<(), Error> {
        // SAFETY: takes an integer.
        Error::check(unsafe { cudart::set_device(self.index) }, "cudaSetDevice")
    }

    /// Free and total memory.
    pub fn memory(&self) -> Result<MemoryInfo, Error> {
        self.activate()?;
        let (mut free, mut total) = (0, 0);
        // SAFETY: writes two sizes.
        Error::check(
            unsafe { cudart::mem_get_info(&mut free, &mut total) },
            "cudaMemGetInfo",
        )?;
        Ok(MemoryInfo {
            free: free as u64,
            total: total as u64,
        })
    }
}
