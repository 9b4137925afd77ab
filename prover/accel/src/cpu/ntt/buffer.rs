//! The buffers that tiles are transformed in, one per thread.

use std::cell::RefCell;

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
