//! What is found besides passing and failing.

use ashlar_benches::{
    Measurement,
    operations::{plonky2::card, wrap},
};
use serde::{Deserialize, Serialize};

/// What a card is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardFacts {
    /// As its maker calls it.
    pub name: String,
    /// Compute capability.
    pub compute_capability: String,
    /// Streaming multiprocessors.
    pub multiprocessors: u32,
    /// `domain:bus:device.function`
    pub pci_bus_id: String,
    /// Memory.
    pub memory_bytes: u64,
    /// Memory that nobody uses, with this program's CUDA context on the card.
    pub free_bytes: u64,
    /// The newest CUDA that the driver serves.
    pub driver_cuda: String,
    /// The CUDA of the runtime in this program.
    pub runtime_cuda: String,
    /// `Sppark`, or `Library` for a libingo_bn254.
    pub kernels: String,
    /// What the driver's management library says; nothing where that library does not answer.
    pub management: Option<Management>,
}

/// What NVML says; what it does not say is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Management {
    /// Version of the driver.
    pub driver: Option<String>,
    /// Clock of the multiprocessors now, in MHz.
    pub sm_clock_mhz: Option<u32>,
    /// At most.
    pub sm_clock_max_mhz: Option<u32>,
    /// Clock of the memory now, in MHz.
    pub memory_clock_mhz: Option<u32>,
    /// At most.
    pub memory_clock_max_mhz: Option<u32>,
    /// What is keeping the clocks down now.
    pub throttled_by: Option<String>,
    /// Limit of its power, in watts.
    pub power_limit_watts: Option<f64>,
    /// Temperature of the chip, in degrees Celsius.
    pub temperature_celsius: Option<u32>,
    /// Generation of the PCIe link now; an idle card may run a lower one than it can.
    pub pcie_generation: Option<u32>,
    /// At most.
    pub pcie_generation_max: Option<u32>,
    /// Lanes of the PCIe link now.
    pub pcie_lanes: Option<u32>,
    /// At most.
    pub pcie_lanes_max: Option<u32>,
    /// Whether the driver stays loaded without a program that uses it.
    pub persistence_mode: Option<bool>,
    /// Whether memory errors are corrected.
    pub ecc: Option<bool>,
}

/// Free memory of the card around a multi-scalar multiplication, as the driver counts it for all processes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Two to this many scalars.
    pub log_size: u32,
    /// Before the backend was opened; the process's CUDA context is on the card already.
    pub before_bytes: u64,
    /// With bases on the card, and buffers.
    pub ready_bytes: u64,
    /// The least that was seen during a multiplication.
    pub lowest_bytes: u64,
    /// After everything was dropped.
    pub after_bytes: u64,
    /// What the backend counts as its own when it is ready.
    pub counted_bytes: u64,
    /// What the backend reserves for the time of a multiplication.
    pub scratch_estimate_bytes: u64,
}

/// A kernel's counters, as the profiler calls them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Name of the kernel.
    pub kernel: String,
    /// How often it was launched.
    pub launches: usize,
    /// Time of all launches together.
    pub seconds: f64,
    /// Metric and mean over its launches, weighted by their time.
    pub counters: Vec<(String, f64)>,
}

/// All figures of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Kernels and transfers, as `ashlar bench` has them.
    pub kernels: Vec<Measurement>,
    /// Whole wraps by step, likewise.
    pub wrap: Vec<wrap::Measurement>,
    /// Proofs of chunk, lift and fold on the card, several at once.
    #[serde(default)]
    pub proofs: Vec<card::Measurement>,
    /// Memory of the card.
    pub memory: Vec<Memory>,
    /// The longest kernels.
    pub profile: Vec<Profile>,
}
