//! What a process found to prove on.

use serde::{Deserialize, Serialize};

/// What wraps are made on, as it was found, not as it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Name of the backend.
    pub backend: String,
    /// The device that it uses.
    pub device: Option<Device>,
    /// Why it is not the chosen backend: the device does not open, or failed its short self-test.
    pub fault: Option<String>,
}

/// A device that passed the short self-test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// Its memory in bytes.
    pub memory_total_bytes: u64,
    /// What was free of it before the keys were put on it.
    pub memory_free_bytes: u64,
    /// Scalars of multi-scalar multiplications in a second.
    pub msm_scalars_per_second: f64,
    /// Elements of transforms in a second.
    pub ntt_elements_per_second: f64,
}

impl Found {
    /// The CPU, as chosen.
    pub fn cpu() -> Self {
        Self {
            backend: "cpu".into(),
            device: None,
            fault: None,
        }
    }

    /// The CPU, since the chosen backend does not do.
    pub fn cpu_since(fault: String) -> Self {
        Self {
            fault: Some(fault),
            ..Self::cpu()
        }
    }
}
