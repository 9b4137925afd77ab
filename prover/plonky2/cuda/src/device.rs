//! Devices, and the stream in whose order everything happens on one.
#![allow(unsafe_code, reason = "calls the CUDA runtime")]

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{Error, Runtime, entries::entries, error::status};

entries! {
    fn device_count(count: *mut c_int) -> c_int;
    fn activate(device: c_int) -> c_int;
    fn memory(free: *mut usize, total: *mut usize) -> c_int;
    fn allocate(pointer: *mut *mut c_void, bytes: usize) -> c_int;
    fn release(pointer: *mut c_void) -> c_int;
    fn create_stream(stream: *mut Stream) -> c_int;
    fn destroy_stream(stream: Stream) -> c_int;
    fn synchronise(stream: Stream) -> c_int;
    fn upload(stream: Stream, to: *mut u64, from: *const u64, bytes: usize) -> c_int;
    fn download(stream: Stream, to: *mut u64, from: *const u64, bytes: usize) -> c_int;
    fn forget() -> c_int;
    fn status_name(status: c_int) -> *const c_char;
    fn status_text(status: c_int) -> *const c_char;
}

/// `cudaStream_t`
pub(crate) type Stream = *mut c_void;

/// A device that has answered, with a stream of its own. What is asked of it happens in that order; several of one card
/// work side by side.
pub struct Device {
    runtime: Runtime,
    index: c_int,
    stream: Stream,
    /// Bytes that it may have at most.
    limit: usize,
    pool: Mutex<Pool>,
}

/// What a device has allocated.
#[derive(Default)]
struct Pool {
    bytes: usize,
    /// What was let go of, to be used again: allocations make a card wait.
    kept: Vec<Allocation>,
    refused: u64,
}

/// Memory of a device in bytes, as the driver counts it for all processes together, within the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Not in use.
    pub free: usize,
    /// All of it.
    pub total: usize,
}

/// Where so many words are.
#[derive(Clone, Copy)]
pub(crate) struct Allocation {
    pub address: *mut u64,
    pub words: usize,
}

// SAFETY: a stream and addresses in another memory, which no host code follows; the CUDA runtime may be called from any
// thread, and every call makes the device the current one of its thread first.
unsafe impl Send for Device {}
// SAFETY: as above; what is kept is behind a lock.
unsafe impl Sync for Device {}

impl Device {
    /// Opens device `index` (as `CUDA_VISIBLE_DEVICES` numbers them).
    ///
    /// # Errors
    /// If this build has no kernels for it, there is no driver, no such device, or it does not answer.
    pub fn open(runtime: Runtime, index: usize) -> Result<Self, Error> {
        if !runtime.is_built() {
            return Err(Error::not_built(runtime));
        }
        let mut device = Self {
            runtime,
            index: 0,
            stream: std::ptr::null_mut(),
            limit: usize::MAX,
            pool: Mutex::default(),
        };
        let (entries, mut count) = (Entries::of(runtime), 0);
        // SAFETY: writes one integer.
        device.check("count devices", unsafe { (entries.device_count)(&mut count) })?;
        let index = c_int::try_from(index).ok().filter(|index| *index < count);
        device.index = index.ok_or_else(|| device.error("count devices", status::INVALID_DEVICE))?;
        device.activate()?;
        let mut stream = std::ptr::null_mut();
        // SAFETY: writes one pointer.
        device.check("create a stream", unsafe { (entries.create_stream)(&mut stream) })?;
        device.stream = stream;
        Ok(device)
    }

    /// The same, with at most so many bytes of memory from now on.
    pub fn with_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// What the kernels run on.
    pub fn runtime(&self) -> Runtime {
        self.runtime
    }

    /// Free and total memory. What this device may not have is not free, what it keeps for later is.
    ///
    /// # Errors
    /// If the device does not answer.
    pub fn memory(&self) -> Result<Memory, Error> {
        self.activate()?;
        let (mut free, mut total) = (0, 0);
        // SAFETY: writes two sizes.
        let status = unsafe { (self.entries().memory)(&mut free, &mut total) };
        self.check("ask for the memory", status)?;
        let pool = self.pool();
        let kept: usize = pool.kept.iter().map(Allocation::bytes).sum();
        Ok(Memory {
            free: (free + kept).min(self.limit.saturating_sub(pool.bytes - kept)),
            total,
        })
    }

    /// Allocations for which there was no room, so far.
    pub fn refused(&self) -> u64 {
        self.pool().refused
    }

    /// Waits for the end of everything that was asked for.
    ///
    /// # Errors
    /// If any of it failed.
    pub fn synchronise(&self) -> Result<(), Error> {
        self.activate()?;
        // SAFETY: a stream of this device.
        let status = unsafe { (self.entries().synchronise)(self.stream) };
        self.check("wait for the kernels", status)
    }

    /// Calls an entry point that launches something on the stream.
    pub(crate) fn launch(
        &self,
        call: &'static str,
        launch: impl FnOnce(Stream) -> c_int,
    ) -> Result<(), Error> {
        self.activate()?;
        self.check(call, launch(self.stream))
    }

    pub(crate) fn entries(&self) -> &'static Entries {
        Entries::of(self.runtime)
    }

    /// At least one word.
    pub(crate) fn allocate(&self, words: usize) -> Result<Allocation, Error> {
        let mut pool = self.pool();
        if let Some(place) = pool.kept.iter().position(|kept| kept.words == words) {
            return Ok(pool.kept.swap_remove(place));
        }
        self.activate()?;
        let mut allocation = self.allocate_afresh(&mut pool, words);
        if matches!(&allocation, Err(error) if error.status == status::MEMORY_ALLOCATION) {
            self.release_kept(&mut pool); // of other sizes
            allocation = self.allocate_afresh(&mut pool, words);
        }
        if matches!(&allocation, Err(error) if error.status == status::MEMORY_ALLOCATION) {
            pool.refused += 1;
        }
        allocation
    }

    fn allocate_afresh(&self, pool: &mut Pool, words: usize) -> Result<Allocation, Error> {
        let (mut pointer, bytes) = (std::ptr::null_mut(), words * size_of::<u64>());
        if bytes > self.limit.saturating_sub(pool.bytes) {
            return Err(self.error("keep to the memory budget", status::MEMORY_ALLOCATION));
        }
        // SAFETY: writes one pointer.
        let status = unsafe { (self.entries().allocate)(&mut pointer, bytes) };
        self.check("allocate", status)?;
        pool.bytes += bytes;
        let address = pointer.cast();
        Ok(Allocation { address, words })
    }

    /// Keeps it for the next that asks for as much.
    pub(crate) fn keep(&self, allocation: Allocation) {
        self.pool().kept.push(allocation);
    }

    fn release_kept(&self, pool: &mut Pool) {
        for allocation in pool.kept.drain(..) {
            // SAFETY: nobody has it any more. A failure means that the device is lost, and the memory with it.
            let _ = unsafe { (self.entries().release)(allocation.address.cast()) };
            pool.bytes -= allocation.bytes();
        }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn activate(&self) -> Result<(), Error> {
        // SAFETY: takes an integer.
        self.check("activate", unsafe { (self.entries().activate)(self.index) })
    }

    fn check(&self, call: &'static str, status: c_int) -> Result<(), Error> {
        if status == status::SUCCESS {
            Ok(())
        } else {
            Err(self.error(call, status))
        }
    }

    fn error(&self, call: &'static str, status: c_int) -> Error {
        let entries = self.entries();
        // SAFETY: returns an integer.
        unsafe { (entries.forget)() };
        let text = |find: unsafe extern "C" fn(c_int) -> *const c_char| {
            // SAFETY: the runtime answers every number with a string that lives as long as the library; a null pointer is
            // ruled out.
            let text = unsafe {
                let text = find(status);
                (!text.is_null()).then(|| CStr::from_ptr(text))
            };
            text.map_or("?".into(), |text| text.to_string_lossy())
        };
        Error {
            status,
            call,
            name: text(entries.status_name),
            text: text(entries.status_text),
        }
    }
}

impl Allocation {
    fn bytes(&self) -> usize {
        self.words * size_of::<u64>()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = self.activate();
        self.release_kept(&mut self.pool());
        if !self.stream.is_null() {
            // SAFETY: a stream of this device, destroyed once.
            let _ = unsafe { (self.entries().destroy_stream)(self.stream) };
        }
    }
}
