//! One pass over a column: many transforms of one short length, each lane of a tile its own.
//!
//! A column is a matrix; a pass transforms all its rows or all its columns ("lines"). A tile is as many lines as fill
//! the cache lines of a row, brought into a buffer of the size of L2, transformed there and written back, so that main
//! memory is read and written once per pass. Lines differ in nothing but their data, so a twiddle serves a whole row of
//! the tile. Within the tile the natural order goes in and the reversed order comes out; both orders outside cost only
//! an index on the way in or out.
#![allow(unsafe_code)] // threads write disjoint parts of one column

use super::arithmetic::{Arithmetic, ROW_BLOCK};

/// Part of a tile that fits into L1 with its twiddles.
const L1_BYTES: usize = 24 << 10;

/// Where element `i` of line `l` is.
#[derive(Clone, Copy, Debug)]
pub enum Layout {
    /// At `l + i * stride`.
    Columns {
        /// Elements from one to the next of a line.
        stride: usize,
    },
    /// At `l * length + i`.
    Rows,
}

/// One side of a pass.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    /// Where the lines are.
    pub layout: Layout,
    /// Whether `i` is to be reversed by bits before it is placed.
    pub reversed: bool,
}

/// Multipliers on one side of a pass, made by [`Arithmetic::factor`] and [`Arithmetic::constant`].
pub enum Scaling<'a, A: Arithmetic> {
    None,
    /// By element, alike for all lines.
    Constants(&'a [A::Constant]),
    /// By line and element, tile by tile and there element by element; the layout is [`Layout::Columns`].
    Table(&'a [A::Word]),
    /// `start[l] * ratio[l]^i` for element `i` of line `l`; the layout is [`Layout::Columns`].
    Powers {
        start: &'a [A::Word],
        ratio: &'a [A::Word],
    },
}

/// A pass over all lines of one column.
pub struct Pass<'a, A: Arithmetic> {
    pub log_length: u32,
    /// Vectors per row of a tile.
    pub vectors: usize,
    pub from: *const A::Word,
    pub input: Side,
    pub before: Scaling<'a, A>,
    pub to: *mut A::Word,
    pub output: Side,
    pub after: Scaling<'a, A>,
    /// Roots of unity in reversed order, at least half the length.
    pub twiddles: &'a [A::Constant],
}

/// `index` of `bits` bits, reversed.
#[inline(always)]
pub(super) fn reverse(index: usize, bits: u32) -> usize {
    index.reverse_bits() >> (usize::BITS - bits)
}

/// Vectors that the buffer of one tile must hold: the tile and two multipliers per vector of lines.
pub(super) fn buffer_vectors(log_length: u32, vectors: usize) -> usize {
    (vectors << log_length) + 2 * vectors
}

/// Transforms the lines `line..line + WIDTH * vectors`.
///
/// # Safety
/// See [`Arithmetic`]; `buffer` has room for [`buffer_vectors`], no other thread touches these lines of `from` and
/// `to`, and `log_length` is at least 3.
#[inline(always)]
pub(super) unsafe fn tile<A: Arithmetic>(pass: &Pass<'_, A>, line: usize, buffer: *mut A::Vector) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        load(pass, line, buffer);
        transform::<A>(buffer, pass.log_length, pass.vectors, pass.twiddles);
        store(pass, line, buffer);
    }
}

#[inline(always)]
unsafe fn load<A: Arithmetic>(pass: &Pass<'_, A>, line: usize, buffer: *mut A::Vector) {
    let (length, vectors) = (1 << pass.log_length, pass.vectors);
    let place = |i| {
        if pass.input.reversed {
            reverse(i, pass.log_length)
        } else {
            i
        }
    };
    // SAFETY: the caller's promise; every index is below `length` and every line in the tile.
    unsafe {
        match pass.input.layout {
            Layout::Columns { stride } => {
                let factors = buffer.add(length * vectors);
                start_powers(&pass.before, line, vectors, factors);
                for i in 0..length {
                    let from = pass.from.add(line + place(i) * stride);
                    for v in 0..vectors {
                        let vector = A::load(from.add(v * A::WIDTH));
                        let at = line * length + (i * vectors + v) * A::WIDTH;
                        *buffer.add(i * vectors + v) = match &pass.before {
                            Scaling::None => vector,
                            Scaling::Constants(w) => A::multiply(vector, w.get_unchecked(i)),
                            Scaling::Table(table) => A::scale(vector, A::load_factor(table.as_ptr().add(at))),
                            Scaling::Powers { .. } => A::scale(vector, next_power::<A>(factors.add(2 * v))),
                        };
                    }
                }
            }
            Layout::Rows => {
                for v in 0..vectors {
                    let first = pass.from.add((line + v * A::WIDTH) * length);
                    for block in (0..length).step_by(ROW_BLOCK) {
                        let block_vectors = A::load_rows(first.add(block), length);
                        for lane in 0..ROW_BLOCK {
                            let i = place(block + lane);
                            let mut vector = block_vectors[lane];
                            if let Scaling::Constants(w) = &pass.before {
                                vector = A::multiply(vector, w.get_unchecked(i));
                            }
                            *buffer.add(i * vectors + v) = vector;
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn store<A: Arithmetic>(pass: &Pass<'_, A>, line: usize, buffer: *mut A::Vector) {
    let (length, vectors, log_length) = (1 << pass.log_length, pass.vectors, pass.log_length);
    let place = |i| {
        if pass.output.reversed {
            reverse(i, log_length)
        } else {
            i
        }
    };
    // SAFETY: the caller's promise; every index is below `length` and every line in the tile.
    unsafe {
        match pass.output.layout {
            Layout::Columns { stride } => {
                let factors = buffer.add(length * vectors);
                start_powers(&pass.after, line, vectors, factors);
                for i in 0..length {
                    let row = buffer.add(reverse(i, log_length) * vectors);
                    let to = pass.to.add(line + place(i) * stride);
                    for v in 0..vectors {
                        let (vector, to) = (*row.add(v), to.add(v * A::WIDTH));
                        let at = line * length + (i * vectors + v) * A::WIDTH;
                        match &pass.after {
                            Scaling::None => A::store(to, vector),
                            Scaling::Constants(w) => A::store(to, A::multiply(vector, w.get_unchecked(i))),
                            Scaling::Table(table) => {
                                let factor = A::load_factor(table.as_ptr().add(at));
                                A::store_scaled(to, A::scale(vector, factor));
                            }
                            Scaling::Powers { .. } => {
                                A::store_scaled(to, A::scale(vector, next_power::<A>(factors.add(2 * v))));
                            }
                        }
                    }
                }
            }
            Layout::Rows => {
                for v in 0..vectors {
                    let first = pass.to.add((line + v * A::WIDTH) * length);
                    for block in (0..length).step_by(ROW_BLOCK) {
                        let mut block_vectors = [*buffer; ROW_BLOCK];
                        for lane in 0..ROW_BLOCK {
                            let i = place(block + lane);
                            let mut vector = *buffer.add(reverse(i, log_length) * vectors + v);
                            if let Scaling::Constants(w) = &pass.after {
                                vector = A::multiply(vector, w.get_unchecked(i));
                            }
                            block_vectors[lane] = vector;
                        }
                        A::store_rows(first.add(block), length, block_vectors);
                    }
                }
            }
        }
    }
}

/// Writes `start, ratio` of every vector of lines to `factors`, if the scaling is by powers.
#[inline(always)]
unsafe fn start_powers<A: Arithmetic>(
    scaling: &Scaling<'_, A>,
    line: usize,
    vectors: usize,
    factors: *mut A::Vector,
) {
    let Scaling::Powers { start, ratio } = scaling else {
        return;
    };
    // SAFETY: both slices have one element per line.
    unsafe {
        for v in 0..vectors {
            let line = line + v * A::WIDTH;
            *factors.add(2 * v) = A::load_factor(start.as_ptr().add(line));
            *factors.add(2 * v + 1) = A::load_factor(ratio.as_ptr().add(line));
        }
    }
}

/// The current power at `factor`, which moves on by the ratio behind it.
#[inline(always)]
unsafe fn next_power<A: Arithmetic>(factor: *mut A::Vector) -> A::Vector {
    // SAFETY: written by `start_powers`.
    unsafe {
        let current = *factor;
        *factor = A::advance(current, *factor.add(1));
        current
    }
}

/// The butterflies: two layers at a time, first through the whole buffer, then part by part in L1.
#[inline(always)]
unsafe fn transform<A: Arithmetic>(
    buffer: *mut A::Vector,
    log_length: u32,
    vectors: usize,
    twiddles: &[A::Constant],
) {
    let length = 1usize << log_length;
    let row_bytes = vectors * size_of::<A::Vector>();
    // SAFETY: all rows are below `length`; `twiddles` has `length / 2` elements.
    unsafe {
        let mut size;
        if log_length % 2 == 1 {
            size = length / 2;
            for i in 0..size * vectors {
                let (a, b) = (buffer.add(i), buffer.add(i + size * vectors));
                (*a, *b) = A::butterfly_one::<0>(*a, *b);
            }
            first_layers::<A, 1, 2>(buffer, size / 4 * vectors, twiddles.get_unchecked(1));
            layers::<A>(buffer, size, vectors, 1, 2, twiddles);
        } else {
            size = length;
            first_layers::<A, 0, 1>(buffer, size / 4 * vectors, twiddles.get_unchecked(1));
        }
        size /= 4;
        while size * row_bytes > L1_BYTES && size > 1 {
            layers::<A>(buffer, size, vectors, 0, length / size, twiddles);
            size /= 4;
        }
        for part in 0..length / size {
            let (mut size, mut first, mut count) = (size, part, 1);
            while size > 1 {
                layers::<A>(buffer, size, vectors, first, first + count, twiddles);
                (size, first, count) = (size / 4, first * 4, count * 4);
            }
        }
    }
}

/// Two layers of the first block, whose twiddles are `1, 1, i`.
#[inline(always)]
unsafe fn first_layers<A: Arithmetic, const FIRST: usize, const SECOND: usize>(
    block: *mut A::Vector,
    quarter: usize,
    i: &A::Constant,
) {
    // SAFETY: the block has four quarters.
    unsafe {
        for at in 0..quarter {
            let at = block.add(at);
            let (p1, p2, p3) = (at.add(quarter), at.add(2 * quarter), at.add(3 * quarter));
            let (a, c) = A::butterfly_one::<FIRST>(*at, *p2);
            let (b, d) = A::butterfly_one::<FIRST>(*p1, *p3);
            (*at, *p1) = A::butterfly_one::<SECOND>(a, b);
            (*p2, *p3) = A::butterfly(c, d, i);
        }
    }
}

/// Two layers of the blocks `first..end` of `size` rows.
#[inline(always)]
unsafe fn layers<A: Arithmetic>(
    buffer: *mut A::Vector,
    size: usize,
    vectors: usize,
    first: usize,
    end: usize,
    twiddles: &[A::Constant],
) {
    let quarter = size / 4 * vectors;
    // SAFETY: the blocks are in the buffer; block `b` of the second layer has the twiddle `b`, all below half the length.
    unsafe {
        if first == 0 {
            first_layers::<A, 3, 3>(buffer, quarter, twiddles.get_unchecked(1));
        }
        for block in first.max(1)..end {
            let w = twiddles.get_unchecked(block);
            let w0 = twiddles.get_unchecked(2 * block);
            let w1 = twiddles.get_unchecked(2 * block + 1);
            let start = buffer.add(block * size * vectors);
            for at in 0..quarter {
                let at = start.add(at);
                let (p1, p2, p3) = (at.add(quarter), at.add(2 * quarter), at.add(3 * quarter));
                let (a, c) = A::butterfly(*at, *p2, w);
                let (b, d) = A::butterfly(*p1, *p3, w);
                (*at, *p1) = A::butterfly(a, b, w0);
                (*p2, *p3) = A::butterfly(c, d, w1);
            }
        }
    }
}

#[cfg(test)]
mod tests;
