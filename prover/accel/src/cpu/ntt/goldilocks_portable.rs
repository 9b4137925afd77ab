//! Goldilocks one element at a time, with the arithmetic of `plonky2_field`.
#![allow(unsafe_code)] // implements an unsafe interface; pointers are the caller's promise

use plonky2_field::{goldilocks_field::GoldilocksField as F, types::PrimeField64};

use super::{
    arithmetic::{Arithmetic, ROW_BLOCK},
    pass::{Pass, tile},
};

/// See the module.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct GoldilocksPortable;

// SAFETY (all methods): pointers as the trait says; no special instructions.
impl Arithmetic for GoldilocksPortable {
    type Field = F;
    type Word = F;
    const WIDTH: usize = 1;
    const VECTORS: usize = 16;
    type Vector = F;
    type Constant = F;

    fn constant(value: F) -> F {
        value
    }

    unsafe fn run(pass: &Pass<'_, Self>, line: usize, buffer: *mut F) {
        unsafe { tile(pass, line, buffer) }
    }

    #[inline(always)]
    unsafe fn load(from: *const F) -> F {
        unsafe { *from }
    }

    #[inline(always)]
    unsafe fn load_rows(from: *const F, _: usize) -> [F; ROW_BLOCK] {
        unsafe { *from.cast() }
    }

    #[inline(always)]
    unsafe fn store(to: *mut F, vector: F) {
        unsafe { *to = F(vector.to_canonical_u64()) }
    }

    #[inline(always)]
    unsafe fn store_scaled(to: *mut F, vector: F) {
        unsafe { *to = vector }
    }

    #[inline(always)]
    unsafe fn store_rows(to: *mut F, _: usize, vectors: [F; ROW_BLOCK]) {
        for i in 0..ROW_BLOCK {
            unsafe { Self::store(to.add(i), vectors[i]) }
        }
    }

    #[inline(always)]
    unsafe fn load_factor(from: *const F) -> F {
        unsafe { *from }
    }

    #[inline(always)]
    unsafe fn advance(factor: F, ratio: F) -> F {
        factor * ratio
    }

    #[inline(always)]
    unsafe fn scale(vector: F, factor: F) -> F {
        vector * factor
    }

    #[inline(always)]
    unsafe fn multiply(vector: F, constant: &F) -> F {
        vector * *constant
    }

    #[inline(always)]
    unsafe fn butterfly(a: F, b: F, w: &F) -> (F, F) {
        let b = b * *w;
        (a + b, a - b)
    }

    #[inline(always)]
    unsafe fn butterfly_one<const STEP: usize>(a: F, b: F) -> (F, F) {
        (a + b, a - b)
    }
}
