//! Which backend computes, chosen at run time.

use std::str::FromStr;

use crate::Thresholds;

/// The feature that brings the CUDA backend.
const ICICLE_FEATURE: &str = "icicle";

/// The backend that is computed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BackendChoice {
    /// A CUDA device for large inputs where this binary has the backend and a device answers, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A CUDA device, through ICICLE's interface.
    Icicle,
}

/// The device that a backend takes, and how much of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeviceOptions {
    /// Index among the devices that the process sees.
    pub index: usize,
    /// Bytes of device memory that may be held at once; `None` for what is free, less a reserve.
    pub memory_budget_bytes: Option<u64>,
    /// Sizes from which [`BackendChoice::Auto`] uses the device; `None` for the backend's own.
    pub thresholds: Option<Thresholds>,
}

/// A backend with what it is opened with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BackendConfig {
    /// Which.
    pub choice: BackendChoice,
    /// Read by those that use a device.
    pub device: DeviceOptions,
}

impl From<BackendChoice> for BackendConfig {
    fn from(choice: BackendChoice) -> Self {
        Self {
            choice,
            device: DeviceOptions::default(),
        }
    }
}

/// Not the name of a backend.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no backend is called {name:?}: auto, cpu or icicle")]
pub struct UnknownBackend {
    /// What was asked for.
    pub name: String,
}

/// The backend exists, but not in this binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this binary was built without the Cargo feature `{feature}`: build it with `--features {feature}` on a machine with what that backend needs, or choose `--backend cpu`"
)]
pub struct BackendNotBuilt {
    /// The feature that brings the backend.
    pub feature: &'static str,
}

impl BackendChoice {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Cpu, Self::Icicle];

    /// As it is written on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Icicle => "icicle",
        }
    }

    /// Whether proofs run through a device's driver, which may abort or hang the process.
    pub const fn uses_device(self) -> bool {
        match self {
            Self::Cpu => false,
            Self::Auto => cfg!(feature = "icicle"),
            Self::Icicle => true,
        }
    }

    /// Whether this binary has the backend. Says nothing about the machine: a device may still be missing.
    pub fn require_built(self) -> Result<(), BackendNotBuilt> {
        match self {
            Self::Icicle if !cfg!(feature = "icicle") => Err(BackendNotBuilt {
                feature: ICICLE_FEATURE,
            }),
            Self::Auto | Self::Cpu | Self::Icicle => Ok(()),
        }
    }
}

impl FromStr for BackendChoice {
    type Err = UnknownBackend;

    fn from_str(name: &str) -> Result<Self, UnknownBackend> {
        let choice = Self::ALL.into_iter().find(|choice| choice.name() == name);
        choice.ok_or_else(|| UnknownBackend { name: name.into() })
    }
}

impl std::fmt::Display for BackendChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for choice in BackendChoice::ALL {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert!("gpu".parse::<BackendChoice>().is_err());
    }
}
