//! Field elements as they stand in memory, and the buffers of the passes.
#![allow(unsafe_code)] // reinterprets slices of field elements as their words

use std::cell::RefCell;

use halo2curves::bn256::Fr;

use super::arithmetic::Arithmetic;
use crate::cpu::lanes::Words;

// `Fr` is a struct around its four words; the same size leaves no room for anything else.
const _: () = assert!(size_of::<Fr>() == size_of::<Words>() && align_of::<Fr>() == align_of::<Words>());

/// The words of a scalar, Montgomery form with `R = 2^256`.
pub(super) fn words(value: Fr) -> Words {
    // SAFETY: same size, and any bits are a valid `Words`.
    unsafe { std::mem::transmute(value) }
}

/// Field elements as words.
pub(super) fn as_words<A: Arithmetic>(elements: &[A::Field]) -> Vec<A::Word> {
    const { assert!(size_of::<A::Field>() == size_of::<A::Word>()) };
    const { assert!(align_of::<A::Field>() == align_of::<A::Word>()) };
    let at = elements.as_ptr().cast::<A::Word>();
    // SAFETY: `Arithmetic::Word` is `Field` in memory.
    unsafe { std::slice::from_raw_parts(at, elements.len()) }.to_vec()
}

/// A cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

thread_local! {
    static BUFFER: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

/// Calls `with` on this thread's buffer of at least `count` vectors; what is in it is left over from earlier calls.
///
/// The buffer stays with the thread: its size is that of the largest tile so far, 320 KiB at a million BN254 scalars.
pub(super) fn with_buffer<V: Copy>(count: usize, with: impl FnOnce(*mut V)) {
    const { assert!(align_of::<V>() <= align_of::<Line>()) };
    let lines = (count * size_of::<V>()).div_ceil(size_of::<Line>());
    BUFFER.with_borrow_mut(|buffer| {
        if buffer.len() < lines {
            buffer.resize(lines, Line([0; 64]));
        }
        with(buffer.as_mut_ptr().cast());
    });
}
