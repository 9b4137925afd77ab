//! Devices by index.
#![allow(unsafe_code, reason = "calls the CUDA runtime")]

use std::{
    ffi::{CStr, c_char, c_int},
    mem::MaybeUninit,
};

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

/// What a device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceFacts {
    /// As its maker calls it.
    pub name: String,
    /// Major and minor number of its compute capability.
    pub compute_capability: (u32, u32),
    /// Streaming multiprocessors.
    pub multiprocessors: u32,
    /// `domain:bus:device.function`
    pub pci_bus_id: String,
    /// The newest CUDA that the driver serves: major and minor number.
    pub driver_cuda: (u32, u32),
    /// The CUDA of the runtime in this program: major and minor number.
    pub runtime_cuda: (u32, u32),
}

/// `cudaDevAttrComputeCapabilityMajor`, `cudaDevAttrComputeCapabilityMinor`, `cudaDevAttrMultiProcessorCount`
const ATTRIBUTES: [c_int; 3] = [75, 76, 16];

/// Far more than `cudaDeviceProp` has in any toolkit (about 1 KiB), and aligned as it is.
#[repr(C, align(16))]
struct Properties([c_char; 16 << 10]);

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

    /// What it is.
    pub fn facts(&self) -> Result<DeviceFacts, Error> {
        let [major, minor, multiprocessors] = ATTRIBUTES.map(|attribute| self.attribute(attribute));
        Ok(DeviceFacts {
            name: self.name()?,
            compute_capability: (major?, minor?),
            multiprocessors: multiprocessors?,
            pci_bus_id: self.pci_bus_id()?,
            driver_cuda: version(cudart::driver_get_version, "cudaDriverGetVersion")?,
            runtime_cuda: version(cudart::runtime_get_version, "cudaRuntimeGetVersion")?,
        })
    }

    fn name(&self) -> Result<String, Error> {
        let mut properties = Box::new(MaybeUninit::<Properties>::zeroed());
        // SAFETY: writes a structure that is smaller than this memory.
        let status = unsafe { cudart::get_device_properties(properties.as_mut_ptr().cast(), self.index) };
        Error::check(status, "cudaGetDeviceProperties")?;
        // SAFETY: bytes, zeroed to the end, of which the last is not written.
        let name = unsafe { CStr::from_ptr(properties.as_ptr().cast()) };
        Ok(name.to_string_lossy().into_owned())
    }

    fn attribute(&self, attribute: c_int) -> Result<u32, Error> {
        let mut value = 0;
        // SAFETY: writes one integer.
        let status = unsafe { cudart::device_get_attribute(&mut value, attribute, self.index) };
        Error::check(status, "cudaDeviceGetAttribute")?;
        Ok(u32::try_from(value).unwrap_or(0))
    }

    fn pci_bus_id(&self) -> Result<String, Error> {
        let mut text: [c_char; 32] = [0; 32];
        // SAFETY: writes a string of at most this length, its end included.
        let status = unsafe { cudart::device_get_pci_bus_id(text.as_mut_ptr(), 31, self.index) };
        Error::check(status, "cudaDeviceGetPCIBusId")?;
        // SAFETY: zeros to the end, of which the last is not written.
        Ok(unsafe { CStr::from_ptr(text.as_ptr()) }
            .to_string_lossy()
            .into_owned())
    }
}

/// CUDA writes 13.0 as 13000.
fn version(ask: unsafe extern "C" fn(*mut c_int) -> c_int, call: &'static str) -> Result<(u32, u32), Error> {
    let mut number = 0;
    // SAFETY: writes one integer.
    Error::check(unsafe { ask(&mut number) }, call)?;
    let number = u32::try_from(number).unwrap_or(0);
    Ok((number / 1000, number % 1000 / 10))
}
