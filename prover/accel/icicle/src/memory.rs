//! Memory of the device and pinned memory of the host, in words of 64 bits.
//!
//! `HostOrDeviceSlice` of icicle-cuda-runtime panics when it cannot be freed, as after the loss of a device. So memory
//! is owned here and lent to the ICICLE crates as views that free nothing.
#![allow(unsafe_code, reason = "calls the CUDA runtime and holds its pointers")]

use std::{ffi::c_void, mem::ManuallyDrop, ptr::NonNull};

use icicle_cuda_runtime::memory::HostOrDeviceSlice;

use crate::{
    cudart,
    device::Device,
    error::{Error, status},
};

/// Bytes of so many words.
pub(crate) const fn bytes(words: usize) -> usize {
    words * size_of::<u64>()
}

/// Memory of a device; freed on drop, whatever state the device is in.
#[derive(Debug)]
pub struct DeviceMemory {
    device: Device,
    address: NonNull<u64>,
    words: usize,
}

// SAFETY: an address in another memory, which no host code follows; the CUDA runtime may be called from any thread.
unsafe impl Send for DeviceMemory {}
// SAFETY: as above; through a shared reference only the device reads and writes, in the order of its streams.
unsafe impl Sync for DeviceMemory {}

impl DeviceMemory {
    /// Allocates `words` words, at least one; their contents are undefined.
    pub fn new(device: Device, words: usize) -> Result<Self, Error> {
        device.activate()?;
        let mut address = std::ptr::null_mut();
        // SAFETY: writes one pointer.
        Error::check(
            unsafe { cudart::malloc(&mut address, bytes(words)) },
            "cudaMalloc",
        )?;
        let address =
            NonNull::new(address.cast()).ok_or_else(|| Error::new(status::UNKNOWN, "cudaMalloc"))?;
        Ok(Self {
            device,
            address,
            words,
        })
    }

    /// Words that fit in.
    pub fn words(&self) -> usize {
        self.words
    }

    /// Where it is.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Copies `words` to `offset` and waits for the end.
    pub fn write(&mut self, offset: usize, words: &[u64]) -> Result<(), Error> {
        let to = self.range(offset, words.len());
        self.device.activate()?;
        // SAFETY: the source is a slice, the range of the destination was just checked.
        let status = unsafe {
            cudart::memcpy(
                to.cast(),
                words.as_ptr().cast(),
                bytes(words.len()),
                cudart::HOST_TO_DEVICE,
            )
        };
        Error::check(status, "cudaMemcpy to the device")
    }

    pub(crate) fn address(&self) -> *mut u64 {
        self.address.as_ptr()
    }

    /// Where `words` words from `offset` on begin.
    pub(crate) fn range(&self, offset: usize, words: usize) -> *mut u64 {
        let end = offset.checked_add(words);
        assert!(
            end.is_some_and(|end| end <= self.words),
            "beyond the end of the device memory"
        );
        // SAFETY: within the allocation, as was just checked.
        unsafe { self.address.as_ptr().add(offset) }
    }

    /// The first `count` elements of `T` for the ICICLE crates.
    pub(crate) fn view<T>(&self, count: usize) -> ManuallyDrop<HostOrDeviceSlice<'_, T>> {
        assert!(
            count * size_of::<T>() <= bytes(self.words),
            "beyond the end of the device memory"
        );
        assert!(align_of::<T>() <= align_of::<u64>());
        // SAFETY: icicle-cuda-runtime represents device memory as a slice and takes nothing from it but address and
        // length. It is not freed: the view is never dropped. Not to be indexed or written through on the host: the
        // crate's callers hand it to `msm` and `ntt` at once.
        let slice = unsafe { std::slice::from_raw_parts_mut(self.address.as_ptr().cast(), count) };
        ManuallyDrop::new(HostOrDeviceSlice::Device(slice))
    }
}

impl Drop for DeviceMemory {
    fn drop(&mut self) {
        // A failure means that the device is lost, and the memory with it.
        let _ = self.device.activate();
        // SAFETY: from `cudaMalloc`, freed once.
        let _ = unsafe { cudart::free(self.address.as_ptr().cast()) };
    }
}

/// Memory of the host that the device copies from and to by itself, while the processor does something else.
#[derive(Debug)]
pub(crate) struct PinnedMemory {
    address: NonNull<u64>,
    words: usize,
}

// SAFETY: owned memory of the host.
unsafe impl Send for PinnedMemory {}

impl PinnedMemory {
    /// Allocates `words` words, at least one, set to zero.
    pub fn new(device: Device, words: usize) -> Result<Self, Error> {
        device.activate()?;
        let mut address: *mut c_void = std::ptr::null_mut();
        // SAFETY: writes one pointer.
        let status = unsafe { cudart::host_alloc(&mut address, bytes(words), cudart::HOST_ALLOC_DEFAULT) };
        Error::check(status, "cudaHostAlloc")?;
        let address = NonNull::new(address.cast::<u64>())
            .ok_or_else(|| Error::new(status::UNKNOWN, "cudaHostAlloc"))?;
        // SAFETY: `words` words were just allocated.
        unsafe { address.write_bytes(0, words) };
        Ok(Self { address, words })
    }

    pub fn address(&self) -> *mut u64 {
        self.address.as_ptr()
    }

    /// The first `words` words. The caller sees to it that no transfer is under way.
    pub fn words(&self, words: usize) -> &[u64] {
        assert!(words <= self.words, "beyond the end of the pinned memory");
        // SAFETY: initialised by `new`, in range.
        unsafe { std::slice::from_raw_parts(self.address.as_ptr(), words) }
    }

    /// As [`Self::words`].
    pub fn words_mut(&mut self, words: usize) -> &mut [u64] {
        assert!(words <= self.words, "beyond the end of the pinned memory");
        // SAFETY: initialised by `new`, in range, borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.address.as_ptr(), words) }
    }
}

impl Drop for PinnedMemory {
    fn drop(&mut self) {
        // SAFETY: from `cudaHostAlloc`, freed once. A failure means that the context is lost.
        let _ = unsafe { cudart::free_host(self.address.as_ptr().cast()) };
    }
}
