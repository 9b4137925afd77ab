//! Where a figure was measured.

use std::fs;

use serde::{Deserialize, Serialize};

/// The machine and the code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Model of the processor.
    pub processor: String,
    /// Threads that the operations use.
    pub threads: usize,
    /// Whether the vector path of the CPU backend is in use.
    pub avx512_ifma: bool,
    /// Total memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Load of the machine before the first measurement: one-minute average.
    pub load_before: Option<f64>,
    /// Commit that was built; with `-dirty` where the tree had changes. A packaged binary knows its own; another takes
    /// that of the folder it runs in.
    pub commit: Option<String>,
}

impl Machine {
    /// Asks the operating system; what it does not tell is left out.
    pub fn detect() -> Self {
        Self {
            processor: ashlar_report::processor(),
            threads: rayon::current_num_threads(),
            avx512_ifma: ashlar_accel::cpu::Level::Avx512Ifma.is_available(),
            memory_bytes: ashlar_report::memory::total_bytes(),
            load_before: load(),
            commit: ashlar_report::commit(),
        }
    }
}

/// Load of the machine now: one-minute average.
pub(crate) fn load() -> Option<f64> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    load.split(' ').next()?.parse().ok()
}
