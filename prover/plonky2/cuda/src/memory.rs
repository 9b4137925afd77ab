//! Memory of a device.
#![allow(unsafe_code, reason = "calls the CUDA runtime")]

use std::sync::Arc;

use crate::{Device, Error, F, device::Allocation};

/// Words in the memory of a device; let go of on drop, whatever state the device is in.
pub struct Words {
    device: Arc<Device>,
    allocation: Allocation,
    length: usize,
}

// SAFETY: an address in another memory, which no host code follows.
unsafe impl Send for Words {}
// SAFETY: as above; through a shared reference only the device reads and writes, in the order of its stream.
unsafe impl Sync for Words {}

impl Words {
    /// As many words, at first whatever is there.
    ///
    /// # Errors
    /// If the device is full or lost.
    pub fn new(device: &Arc<Device>, length: usize) -> Result<Self, Error> {
        Ok(Self {
            device: device.clone(),
            allocation: device.allocate(length.max(1))?,
            length,
        })
    }

    /// A copy of these.
    ///
    /// # Errors
    /// If the device is full or lost.
    pub fn of(device: &Arc<Device>, words: &[u64]) -> Result<Self, Error> {
        let mut memory = Self::new(device, words.len())?;
        memory.write(0, words)?;
        Ok(memory)
    }

    /// Elements, as they are.
    ///
    /// # Errors
    /// If the device is full or lost.
    pub fn of_elements(device: &Arc<Device>, elements: &[F]) -> Result<Self, Error> {
        Self::of(
            device,
            &elements.iter().map(|element| element.0).collect::<Vec<_>>(),
        )
    }

    /// The device that they are on.
    pub fn device(&self) -> &Arc<Device> {
        &self.device
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Copies `words` to `offset`, behind everything that was asked of the device, and waits for the end.
    ///
    /// # Errors
    /// If the device is lost, by this or by what was asked before.
    ///
    /// # Panics
    /// Beyond the end.
    pub fn write(&mut self, offset: usize, words: &[u64]) -> Result<(), Error> {
        let to = self.range(offset, words.len());
        let (upload, bytes) = (self.device.entries().upload, size_of_val(words));
        // SAFETY: the source is a slice, the range of the destination was just checked.
        self.device.launch("upload", |stream| unsafe {
            upload(stream, to, words.as_ptr(), bytes)
        })
    }

    /// Copies `count` words from `offset` on, behind everything that was asked of the device.
    ///
    /// # Errors
    /// If the device is lost, by this or by what was asked before.
    ///
    /// # Panics
    /// Beyond the end.
    pub fn read(&self, offset: usize, count: usize) -> Result<Vec<u64>, Error> {
        let (from, mut words) = (self.range(offset, count), vec![0; count]);
        let (download, bytes) = (self.device.entries().download, size_of_val(&words[..]));
        // SAFETY: the destination is a slice, the range of the source was just checked.
        self.device.launch("download", |stream| unsafe {
            download(stream, words.as_mut_ptr(), from, bytes)
        })?;
        Ok(words)
    }

    /// All of them.
    ///
    /// # Errors
    /// If the device is lost, by this or by what was asked before.
    pub fn read_all(&self) -> Result<Vec<u64>, Error> {
        self.read(0, self.length)
    }

    /// Where they begin.
    pub(crate) fn address(&self) -> *mut u64 {
        self.allocation.address
    }

    /// # Panics
    /// If they are on another device, or in the order of another stream.
    pub(crate) fn require_on(&self, device: &Arc<Device>) {
        assert!(Arc::ptr_eq(&self.device, device), "memory of another device");
    }

    /// Where `count` words from `offset` on begin.
    pub(crate) fn range(&self, offset: usize, count: usize) -> *mut u64 {
        let end = offset.checked_add(count);
        assert!(
            end.is_some_and(|end| end <= self.length),
            "beyond the end of the device's memory"
        );
        // SAFETY: within the allocation, as was just checked.
        unsafe { self.allocation.address.add(offset) }
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        self.device.keep(self.allocation);
    }
}
