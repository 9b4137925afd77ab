//! Asks for points before they are used: the first round of a bucket finds its points all over the memory.
#![allow(unsafe_code)] // a vendor intrinsic

use super::{Operand, Packed};

#[inline(always)]
#[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]
pub(super) fn prefetch(points: &[Packed], pairs: &[[Operand; 2]]) {
    #[cfg(target_arch = "x86_64")]
    for operand in pairs.as_flattened() {
        use std::arch::x86_64::*;
        // SAFETY: a prefetch may name any address; this one is of an element.
        unsafe { _mm_prefetch::<_MM_HINT_T0>((&raw const points[operand.index()]).cast()) };
    }
}
