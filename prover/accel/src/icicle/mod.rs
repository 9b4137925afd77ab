//! The backend for NVIDIA's cards: bases and twiddles stay on the card, and columns that are held for several
//! transforms; other columns go there and back.
//!
//! **Its kernels have not yet run on a card.** The host side passes the suite over a stand-in library that computes on
//! the CPU (`prover/accel/icicle/stand-in`), which says nothing about the kernels; see `docs/gpu-development.md`.
//!
//! Programs over rows ([`EvaluateRows`](crate::rows::EvaluateRows)) are evaluated by [`CpuBackend`]: there is no kernel
//! for them yet. Everything else goes to the card whatever its size; [`BySize`](crate::BySize) with [`THRESHOLDS`] keeps small inputs on
//! the CPU.

mod budget;
mod error;
mod held;
mod msm;
mod ntt;
mod rows;
mod staging;
mod traffic;

use std::sync::{Arc, Mutex};

use ashlar_icicle::Device;
pub use ashlar_icicle::{DeviceFacts, KERNELS, Kernels};

use self::{
    budget::{Budget, Reservation},
    error::Context,
    staging::Staging,
    traffic::Meter,
};
pub use self::{
    held::Held,
    msm::Bases,
    ntt::{Coset, DeviceField, Domain},
    traffic::Traffic,
};
use crate::{AccelError, Backend, Thresholds, cpu::CpuBackend};

/// The backend's name in errors, logs and benchmarks.
pub const NAME: &str = "icicle";

/// Which card, and how much of it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Index among the cards that the process sees (`CUDA_VISIBLE_DEVICES`).
    pub device: usize,
    /// Bytes on the card that the backend may hold at once: bases, held columns, buffers, and scratch during a call.
    /// `None` takes what the driver says is free at each allocation, less [`Self::reserve_bytes`].
    pub memory_budget_bytes: Option<u64>,
    /// Bytes of free memory that are left alone without a budget: for the context, for tables of roots (about 40 MB), and
    /// for what other processes allocate in the meantime.
    pub reserve_bytes: u64,
    /// Bytes of a transfer, of which two are on their way at once; a longer column goes in one piece all the same.
    /// The default is not measured.
    pub staging_bytes: usize,
    /// Transforms of BN254's scalar field have at most `2^max_log_size` elements. A library of ICICLE allocates twiddles
    /// for this size with the first domain.
    pub max_log_size: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            device: 0,
            memory_budget_bytes: None,
            reserve_bytes: 512 << 20,
            staging_bytes: 8 << 20,
            max_log_size: 22,
        }
    }
}

/// Sizes from which on the card is likely faster than the CPU. Guesses: **not measured**, since the kernels have not yet
/// run on a card. Programs over rows have no kernel.
pub const THRESHOLDS: Thresholds = Thresholds {
    msm: 1 << 13,
    ntt: 1 << 15,
    rows: usize::MAX,
};

/// A card that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Index among the cards that the process sees.
    pub index: usize,
    /// What it is.
    pub facts: DeviceFacts,
    /// Free memory in bytes, as the driver counts it for all processes together.
    pub free_bytes: u64,
    /// Memory in bytes.
    pub total_bytes: u64,
}

/// One card. [`AccelError::Unavailable`] where there is none of that index, or no driver.
pub fn card(index: usize) -> Result<Card, AccelError> {
    let ask = || {
        let device = Device::open(index)?;
        let memory = device.memory()?;
        Ok(Card {
            index,
            facts: device.facts()?,
            free_bytes: memory.free,
            total_bytes: memory.total,
        })
    };
    ask().context("opening the device", 0)
}

/// All cards. [`AccelError::Unavailable`] where there is none, or no driver.
pub fn cards() -> Result<Vec<Card>, AccelError> {
    let count = Device::count().context("counting the devices", 0)?;
    (0..count.max(1)).map(card).collect() // without any, opening the first says what is wrong
}

/// Bytes that are reserved on the card for the time of one multiplication of `size` scalars: an estimate.
pub fn msm_scratch_bytes(size: usize) -> u64 {
    ashlar_icicle::bn254::msm_scratch_bytes(size, 1)
}

/// The backend `icicle`, on one card.
///
/// Calls from several threads are served one after another: they share the card and the buffers. Several cards are
/// several backends.
#[derive(Debug)]
pub struct IcicleBackend {
    device: Device,
    options: Options,
    budget: Arc<Budget>,
    staging: Mutex<Staging>,
    /// Held since BN254's roots were handed to the library; it keeps them until the process ends.
    roots: Mutex<Option<Reservation>>,
    traffic: Meter,
    cpu: CpuBackend,
}

impl IcicleBackend {
    /// Opens a card. [`AccelError::Unavailable`] where there is none, or no driver for it.
    pub fn new(options: Options) -> Result<Self, AccelError> {
        let device = Device::open(options.device).context("opening the device", 0)?;
        let budget = Arc::new(Budget::new(
            device,
            options.memory_budget_bytes,
            options.reserve_bytes,
        ));
        tracing::info!(device = options.device, kernels = ?KERNELS, "opened a CUDA device");
        Ok(Self {
            device,
            options,
            staging: Mutex::new(Staging::new(device, Arc::clone(&budget), options.staging_bytes)),
            budget,
            roots: Mutex::new(None),
            traffic: Meter::default(),
            cpu: CpuBackend::new(),
        })
    }

    /// What it was opened with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Bytes on the card that are bases, held columns, buffers and scratch of this backend now.
    pub fn bytes_in_use(&self) -> u64 {
        self.budget.used()
    }

    /// Free memory of the card now, as the driver counts it for all processes.
    pub fn free_bytes(&self) -> Result<u64, AccelError> {
        let memory = self.device.memory().context("asking for free memory", 0)?;
        Ok(memory.free)
    }

    /// What has gone to the card and back so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic.read()
    }
}

impl Backend for IcicleBackend {
    fn name(&self) -> &'static str {
        NAME
    }
}
