//! Proofs on a card: several of one circuit at once, from the wires to the openings.
//!
//! What is committed to stays on the card: up go the wires, down come caps, openings and what is queried. Transcripts are
//! on the host, one for each proof. The proofs are those of the CPU, byte for byte, and the CPU makes them where a card
//! does not: each is verified before it is handed out, for the kernels have not yet run on one.

mod circuit;
mod error;
mod fri;
mod hasher;
mod memory;
mod prove;
pub(crate) mod quotient;
mod trees;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ashlar_plonky2_cuda::{Device, Fault, Runtime};

pub use circuit::{CardCircuit, Proved};
pub use error::CardError;
pub use hasher::CardHasher;

/// A card, shared by the circuits that are proved on it.
pub struct Card {
    device: Arc<Device>,
    is_lost: AtomicBool,
}

impl Card {
    /// Opens card `index` (as `CUDA_VISIBLE_DEVICES` numbers them), of which proofs may have at most so many bytes.
    ///
    /// # Errors
    /// If this program has no kernels, or there is no such card, or it does not answer.
    pub fn open(index: usize, memory_bytes: usize) -> Result<Self, CardError> {
        let device = Device::open(Runtime::Cuda, index).map_err(|source| CardError::Device {
            step: "open the card",
            source,
        })?;
        Ok(Self::on(device.with_limit(memory_bytes)))
    }

    /// The processor in the place of a card, in programs that have the emulation: for tests.
    ///
    /// # Errors
    /// If this one has not.
    pub fn emulated() -> Result<Self, CardError> {
        let device = Device::open(Runtime::Emulated, 0);
        device.map(Self::on).map_err(|source| CardError::Device {
            step: "open the emulation",
            source,
        })
    }

    /// A card of whatever runtime.
    pub fn on(device: Device) -> Self {
        Self {
            device: Arc::new(device),
            is_lost: AtomicBool::new(false),
        }
    }

    /// Allocations for which it had no room, so far. A batch that is cut to the room there is meets none, unless other
    /// programs take it.
    pub fn refused_allocations(&self) -> u64 {
        self.device.refused()
    }

    fn device(&self) -> &Arc<Device> {
        &self.device
    }

    /// Remembers what cannot be mended in this process.
    fn note(&self, error: &CardError) {
        if error.fault() == Some(Fault::Lost) {
            self.is_lost.store(true, Ordering::Relaxed);
        }
    }

    fn require_alive(&self) -> Result<(), CardError> {
        if self.is_lost.load(Ordering::Relaxed) {
            return Err(CardError::Lost);
        }
        Ok(())
    }
}
