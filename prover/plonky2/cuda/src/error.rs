//! Statuses of the CUDA runtime, sorted by what a caller can do about them.

use std::{borrow::Cow, ffi::c_int};

use crate::Runtime;

/// What kind of trouble a status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No device of that index, no driver, or one that does not fit this build.
    NoDevice,
    /// The device is full.
    OutOfMemory,
    /// The device stopped answering: nothing that it holds can be used again in this process.
    Lost,
    /// This call was refused; the device goes on.
    Refused,
}

/// A status other than success, and the call that gave it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {name} ({status}), {text}; {}", self.fault().remedy())]
pub struct Error {
    pub(crate) status: c_int,
    pub(crate) call: &'static str,
    pub(crate) name: Cow<'static, str>,
    pub(crate) text: Cow<'static, str>,
}

/// Numbers of `cudaError_t` that more than one place needs.
pub(crate) mod status {
    use std::ffi::c_int;

    pub const SUCCESS: c_int = 0;
    pub const MEMORY_ALLOCATION: c_int = 2;
    pub const NO_DEVICE: c_int = 100;
    pub const INVALID_DEVICE: c_int = 101;
}

impl Error {
    pub(crate) fn not_built(runtime: Runtime) -> Self {
        Self {
            status: status::NO_DEVICE,
            call: "open",
            name: "no kernels".into(),
            text: format!(
                "this program was built without the feature `{}`",
                runtime.feature()
            )
            .into(),
        }
    }

    /// The number of the `cudaError_t`.
    pub fn status(&self) -> i32 {
        self.status
    }

    /// What kind of trouble it is.
    pub fn fault(&self) -> Fault {
        match self.status {
            status::MEMORY_ALLOCATION => Fault::OutOfMemory,
            // Initialisation, stub or old driver, devices unavailable, none or no such device, start-up, no kernels for it,
            // PTX too new, not permitted or not ready, driver and libraries that do not match, MPS not reachable.
            3
            | 4
            | 34
            | 35
            | 36
            | 46
            | 100..=103
            | 127
            | 200
            | 209
            | 221..=223
            | 800
            | 802..=805
            | 807..=809 => Fault::NoDevice,
            // Invalid or destroyed context, ECC and NVLink errors, faults of kernels (they poison the context),
            // time-outs, failed launches, a broken MPS server, unknown.
            201 | 214 | 220 | 226 | 700 | 702 | 709 | 710 | 714..=719 | 721 | 806 | 810 | 999 => Fault::Lost,
            _ => Fault::Refused,
        }
    }
}

impl Fault {
    /// What would mend it.
    fn remedy(self) -> &'static str {
        match self {
            Self::NoDevice => {
                "check nvidia-smi, CUDA_VISIBLE_DEVICES and the driver's version, build with the card's compute \
                 capability in ASHLAR_CUDA_ARCH, or use the CPU"
            }
            Self::OutOfMemory => "give the card's memory to fewer proofs at once, or to fewer programs",
            Self::Lost => "restart the process, and look at the driver's log (dmesg, Xid)",
            Self::Refused => "the card refuses what it should be able to do: use the CPU and report this",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_apart_and_each_message_says_what_to_do() {
        let cases = [
            (2, Fault::OutOfMemory, "fewer proofs at once"),
            (35, Fault::NoDevice, "driver's version"),
            (100, Fault::NoDevice, "CUDA_VISIBLE_DEVICES"),
            (209, Fault::NoDevice, "ASHLAR_CUDA_ARCH"),
            (700, Fault::Lost, "restart the process"),
            (719, Fault::Lost, "restart the process"),
            (999, Fault::Lost, "restart the process"),
            (1, Fault::Refused, "report this"),
        ];
        for (status, fault, remedy) in cases {
            let error = Error {
                status,
                call: "leaves",
                name: "cudaErrorOfATest".into(),
                text: "a reason".into(),
            };
            assert_eq!((error.fault(), error.status()), (fault, status));
            let message = error.to_string();
            let cause = format!("leaves: cudaErrorOfATest ({status}), a reason; ");
            assert!(
                message.starts_with(&cause) && message.contains(remedy),
                "{message}"
            );
        }
    }
}
