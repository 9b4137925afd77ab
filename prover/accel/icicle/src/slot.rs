//! One load on its way through the device.
#![allow(unsafe_code, reason = "starts transfers that go on after the call")]

use std::{ffi::c_void, sync::Arc};

use icicle_cuda_runtime::{
    device_context::DeviceContext,
    stream::{CudaStream, CudaStreamCreateFlags},
};

use crate::{
    cudart,
    device::Device,
    error::Error,
    memory::{DeviceMemory, PinnedMemory, bytes},
};

/// A stream, a pinned buffer, and an input and an output buffer on the device.
///
/// What happens to a load happens in the order of its stream: [`staging`](Self::staging) is filled, then
/// [`upload`](Self::upload)ed, transformed from input to output, and [`download`](Self::download)ed to be read as
/// [`result`](Self::result). Each of these but the first and the last returns before the device is done, so that the
/// caller can fill another slot in the meantime. The pinned buffer is out of reach while the device may be using it.
/// Other memory of the device can take the host's place on either side: [`load`](Self::load), [`store`](Self::store).
pub struct Slot {
    // In the order in which they are dropped, after `Drop` has waited for the stream.
    stream: CudaStream,
    input: DeviceMemory,
    output: DeviceMemory,
    pinned: PinnedMemory,
    /// Memory that copies on their way read or write.
    in_use: Vec<Arc<DeviceMemory>>,
    device: Device,
}

// SAFETY: the handle of a stream may be used from any thread; icicle-cuda-runtime declares it `Sync` and only its raw
// pointer keeps it from being `Send`. The rest is `Send`.
unsafe impl Send for Slot {}

impl Slot {
    /// Bytes on the device of a slot for `words` words.
    pub fn device_bytes(words: usize) -> u64 {
        2 * bytes(words) as u64
    }

    /// A slot for loads of up to `words` words, at least one.
    pub fn new(device: Device, words: usize) -> Result<Self, Error> {
        device.activate()?;
        let stream = CudaStream::create_with_flags(CudaStreamCreateFlags::NON_BLOCKING)
            .map_err(|error| Error::from_cuda(error, "cudaStreamCreateWithFlags"))?;
        Ok(Self {
            stream,
            input: DeviceMemory::new(device, words)?,
            output: DeviceMemory::new(device, words)?,
            pinned: PinnedMemory::new(device, words)?,
            in_use: Vec::new(),
            device,
        })
    }

    /// Words that fit in.
    pub fn words(&self) -> usize {
        self.input.words()
    }

    /// The first `words` words of the pinned buffer, to be filled; waits for what the slot is doing.
    pub fn staging(&mut self, words: usize) -> Result<&mut [u64], Error> {
        self.wait()?;
        Ok(self.pinned.words_mut(words))
    }

    /// Starts the transfer of the first `words` words of the pinned buffer to the device's input buffer.
    pub fn upload(&mut self, words: usize) -> Result<(), Error> {
        let (to, from) = (self.input.address(), self.pinned.address());
        self.copy(to, from, words, cudart::HOST_TO_DEVICE)
    }

    /// Starts the transfer of the first `words` words of the device's output buffer to the pinned buffer.
    pub fn download(&mut self, words: usize) -> Result<(), Error> {
        let (to, from) = (self.pinned.address(), self.output.address());
        self.copy(to, from, words, cudart::DEVICE_TO_HOST)
    }

    /// Starts a copy of the first `words` words of the device's input buffer to its output buffer, in the place of a
    /// transform.
    pub fn pass(&mut self, words: usize) -> Result<(), Error> {
        let (to, from) = (self.output.address(), self.input.address());
        self.copy(to, from, words, cudart::DEVICE_TO_DEVICE)
    }

    /// Starts a copy of `words` words of `from`, from `offset` on, to the device's input buffer.
    pub fn load(&mut self, from: &Arc<DeviceMemory>, offset: usize, words: usize) -> Result<(), Error> {
        assert_eq!(from.device(), self.device, "the memory is on another device");
        let (to, range) = (self.input.address(), from.range(offset, words));
        self.in_use.push(Arc::clone(from));
        self.copy(to, range, words, cudart::DEVICE_TO_DEVICE)
    }

    /// Starts a copy of the first `words` words of the device's output buffer to `to`, from `offset` on. Whoever uses
    /// them on another stream waits for this one first, by [`result`](Self::result) for example.
    pub fn store(&mut self, to: &Arc<DeviceMemory>, offset: usize, words: usize) -> Result<(), Error> {
        assert_eq!(to.device(), self.device, "the memory is on another device");
        let (range, from) = (to.range(offset, words), self.output.address());
        self.in_use.push(Arc::clone(to));
        self.copy(range, from, words, cudart::DEVICE_TO_DEVICE)
    }

    /// Waits for what was started, and gives the first `words` words of the pinned buffer.
    pub fn result(&mut self, words: usize) -> Result<&[u64], Error> {
        self.wait()?;
        Ok(self.pinned.words(words))
    }

    fn copy(&mut self, to: *mut u64, from: *const u64, words: usize, kind: i32) -> Result<(), Error> {
        assert!(words <= self.words(), "beyond the end of the slot");
        self.device.activate()?;
        // SAFETY: both sides hold that many words: the slot's own buffers, or a range that was checked of memory in
        // `in_use`. They outlive the transfer, since `Drop` waits for it, and `staging` and `result` wait before they
        // lend the pinned one.
        let status =
            unsafe { cudart::memcpy_async(to.cast(), from.cast(), bytes(words), kind, self.stream_handle()) };
        Error::check(status, "cudaMemcpyAsync")
    }

    fn wait(&mut self) -> Result<(), Error> {
        self.device.activate()?;
        self.stream
            .synchronize()
            .map_err(|error| Error::from_cuda(error, "cudaStreamSynchronize"))?;
        self.in_use.clear();
        Ok(())
    }

    fn stream_handle(&self) -> *mut c_void {
        // SAFETY: `CudaStream` is a transparent wrapper of the handle.
        unsafe { std::ptr::from_ref(&self.stream).cast::<*mut c_void>().read() }
    }

    pub(crate) fn device(&self) -> Device {
        self.device
    }

    pub(crate) fn input(&self) -> &DeviceMemory {
        &self.input
    }

    pub(crate) fn output(&self) -> &DeviceMemory {
        &self.output
    }

    /// Names device and stream to the native library.
    pub(crate) fn context(&self) -> DeviceContext<'_> {
        DeviceContext {
            stream: &self.stream,
            device_id: self.device.index(),
            mempool: 0,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let _ = self.wait(); // a failure means that the device is lost: it will not write any more
    }
}
