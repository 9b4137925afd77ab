//! The card's errors as the traits' callers know them.

use ashlar_icicle::{Error, Fault};

use super::NAME;
use crate::AccelError;

/// Says what was tried, and gives the error its place among [`AccelError`]'s.
pub(super) trait Context<T> {
    /// `requested_bytes` is what the step allocates on the card.
    fn context(self, step: &str, requested_bytes: u64) -> Result<T, AccelError>;
}

impl<T> Context<T> for Result<T, Error> {
    fn context(self, step: &str, requested_bytes: u64) -> Result<T, AccelError> {
        self.map_err(|error| match error.fault() {
            Fault::OutOfMemory => out_of_memory(requested_bytes),
            Fault::Lost => AccelError::DeviceLost {
                backend: NAME,
                reason: format!("{step}: {error}; restart the process, and look at the driver's log (dmesg, Xid)"),
            },
            Fault::NoDevice => unavailable(format!("{step}: {error}; {}", remedy(error.status()))),
            Fault::Refused => unavailable(format!(
                "{step}: {error}; the native library refuses what it should be able to do: use the CPU and report this"
            )),
        })
    }
}

pub(super) fn out_of_memory(requested_bytes: u64) -> AccelError {
    AccelError::OutOfMemory {
        backend: NAME,
        requested_bytes,
    }
}

pub(super) fn unavailable(reason: impl Into<String>) -> AccelError {
    AccelError::Unavailable {
        backend: NAME,
        reason: reason.into(),
    }
}

/// What would mend a missing device, by the number of the CUDA error.
fn remedy(status: i32) -> &'static str {
    match status {
        100 => "no card is visible: check nvidia-smi and CUDA_VISIBLE_DEVICES, or use the CPU",
        101 => {
            "there is no card of that index: nvidia-smi -L lists them, CUDA_VISIBLE_DEVICES renumbers them"
        }
        34 | 35 | 222 | 803 | 804 => {
            "the driver is missing or older than the toolkit of this build: install a newer driver, or build with an older \
             toolkit"
        }
        209 => "there are no kernels for this card: build with its compute capability in ASHLAR_CUDA_ARCH",
        46 => "the card is in use exclusively or prohibited: see the compute mode in nvidia-smi",
        _ => "check nvidia-smi and the driver's log, or use the CPU",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind of fault is one that the CPU can make good, and its message says what to do.
    #[test]
    fn remedies_are_named() {
        for status in [34, 35, 46, 100, 101, 209, 222, 803, 804] {
            assert_ne!(remedy(status), remedy(0), "{status} has no remedy of its own");
        }
        assert!(out_of_memory(1).is_device_fault());
        assert!(unavailable("x").is_device_fault());
    }
}
