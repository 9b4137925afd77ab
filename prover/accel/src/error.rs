//! What can go wrong on a device.

/// Why a backend has no result. The input is untouched unless the operation says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum AccelError {
    /// The device is full: a smaller batch, another device or the CPU may succeed.
    #[error("{backend}: out of memory, asked for {requested_bytes} bytes")]
    OutOfMemory {
        /// Name of the backend.
        backend: &'static str,
        /// Bytes that could not be had.
        requested_bytes: u64,
    },
    /// The device stopped answering: nothing it holds can be used again.
    #[error("{backend}: device lost: {reason}")]
    DeviceLost {
        /// Name of the backend.
        backend: &'static str,
        /// What the driver said.
        reason: String,
    },
    /// It computed something else than the CPU: the device, its driver or its kernels are broken.
    #[error("{backend}: a wrong result of {operation} for a known input")]
    WrongResult {
        /// Name of the backend.
        backend: &'static str,
        /// `msm` or `ntt`.
        operation: &'static str,
    },
    /// There is no such device, or it cannot do this operation at all.
    #[error("{backend} is unavailable: {reason}")]
    Unavailable {
        /// Name of the backend.
        backend: &'static str,
        /// Why, and what would mend it.
        reason: String,
    },
    /// The operation is not defined, or not supported here, for this size.
    #[error("{operation}: size {size} is not supported, at most {max}")]
    UnsupportedSize {
        /// `msm`, `ntt` or `rows`.
        operation: &'static str,
        /// Elements asked for.
        size: usize,
        /// The largest size supported.
        max: usize,
    },
    /// Two inputs that belong together differ in length: a defect of the caller.
    #[error("{operation}: {actual} elements where {expected} were expected")]
    LengthMismatch {
        /// `msm`, `ntt` or `rows`.
        operation: &'static str,
        /// Elements expected.
        expected: usize,
        /// Elements given.
        actual: usize,
    },
    /// An input for which the operation is not defined: a defect of the caller.
    #[error("{operation}: {reason}")]
    InvalidInput {
        /// `msm`, `ntt` or `rows`.
        operation: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl AccelError {
    /// Whether the same work may succeed on another backend: the fault lies with the device and not with the input.
    pub fn is_device_fault(&self) -> bool {
        match self {
            Self::OutOfMemory { .. }
            | Self::DeviceLost { .. }
            | Self::WrongResult { .. }
            | Self::Unavailable { .. } => true,
            Self::UnsupportedSize { .. } | Self::LengthMismatch { .. } | Self::InvalidInput { .. } => false,
        }
    }
}
