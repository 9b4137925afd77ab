//! The field alone: what a check of anything else begins with.
#![allow(unsafe_code, reason = "launches kernels")]

use std::ffi::c_int;

use crate::{Error, Words, device::Stream, entries::entries};

entries! {
    fn arithmetic(stream: Stream, operation: c_int, a: *const u64, b: *const u64, out: *mut u64, count: usize) -> c_int;
}

/// What is done with two operands. An element of the extension is two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Operation {
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `1 / a`; 0 of 0.
    Invert,
    /// `a`, below p.
    Canonical,
    /// `a + 2^64 b`, for the lower half of `b`.
    ReduceSmall,
    /// `a + b` in the extension.
    AddExtension,
    /// `a - b` in the extension.
    SubtractExtension,
    /// `a * b` in the extension.
    MultiplyExtension,
    /// `a` by the first part of `b`.
    ScaleExtension,
    /// `a` to the power of the lower half of the first word of `b`.
    Power,
    /// Poseidon's matrix by `a`, and `b` added: twelve words each.
    Matrix,
}

impl Operation {
    /// Words of an operand.
    pub fn width(self) -> usize {
        match self {
            Self::Matrix => 12,
            _ if self as c_int >= Self::AddExtension as c_int => 2,
            _ => 1,
        }
    }
}

/// Does the same with each pair of operands.
///
/// # Errors
/// If the device is full or lost.
///
/// # Panics
/// If there are not as many words of `a` as of `b`, or not whole operands, or none.
pub fn compute(operation: Operation, a: &Words, b: &Words) -> Result<Words, Error> {
    assert!(a.len() == b.len() && !a.is_empty() && a.len().is_multiple_of(operation.width()));
    b.require_on(a.device());
    let out = Words::new(a.device(), a.len())?;
    let count = a.len() / operation.width();
    let launch = Entries::of(a.device().runtime()).arithmetic;
    let (a, b, to) = (a.range(0, a.len()), b.range(0, b.len()), out.range(0, out.len()));
    // SAFETY: three pieces of device memory with as many words as operands.
    out.device().launch("arithmetic", |stream| unsafe {
        launch(stream, operation as c_int, a, b, to, count)
    })?;
    Ok(out)
}
