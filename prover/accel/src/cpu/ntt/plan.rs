//! Two passes for every direction, order and coset.
#![allow(unsafe_code)] // hands disjoint parts of a column to several threads

use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::{
    arithmetic::Arithmetic,
    buffer::with_buffer,
    pass::{Layout, Pass, Scaling, Side, buffer_vectors, reverse},
    powers::Powers,
    shift::Shift,
    small,
};
use crate::{
    Direction, Order,
    field::{NttField, progression},
};

/// Below this both passes would be shorter than the blocks that they move.
const MIN_LOG_SIZE: u32 = 6;

/// `n = n1·n2` with `n1 = 2^log_rows`, `n2 = 2^log_columns`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub log_rows: u32,
    pub log_columns: u32,
}

impl Shape {
    pub fn rows(self) -> usize {
        1 << self.log_rows
    }

    pub fn columns(self) -> usize {
        1 << self.log_columns
    }
}

/// Multipliers between the passes.
pub struct Between<A: Arithmetic> {
    /// Line `i2`, element `k1`: after the first pass.
    pub after_first: Powers<A>,
    /// Line `k1`, element `i2`: before the second pass, for input in reversed order.
    pub before_second: Powers<A>,
}

/// What of a transform depends on its direction.
struct Roots<A: Arithmetic> {
    /// Powers of the root of order `n1` in reversed order; the first half of them serves `n2` as well.
    twiddles: Vec<A::Constant>,
    between: Between<A>,
}

/// What the two passes multiply by: all that a direction and a shift come down to.
struct Multipliers<'a, A: Arithmetic> {
    twiddles: &'a [A::Constant],
    between: &'a Between<A>,
    first: Scaling<'a, A>,
    last: Scaling<'a, A>,
}

/// Everything known of a size.
pub struct Plan<A: Arithmetic> {
    pub log_size: u32,
    /// `None` for sizes that are too small for two passes.
    pub shape: Option<Shape>,
    pub root: A::Field,
    pub root_inverse: A::Field,
    pub size_inverse: A::Field,
    forward: Option<Roots<A>>,
    inverse: Option<Roots<A>>,
    /// Columns to write the first pass into, where the second cannot work in place; at most one per thread is kept.
    scratch: Mutex<Vec<Vec<A::Word>>>,
}

impl<A: Arithmetic> Roots<A> {
    /// `root` has the order `n`; every output is multiplied by `factor`.
    fn new(shape: Shape, root: A::Field, factor: A::Field) -> Self {
        let (rows, columns, one) = (shape.rows(), shape.columns(), A::Field::NTT_ONE);
        let natural = progression(one, root.power(columns as u64), rows / 2);
        let twiddle = |index| A::constant(natural[reverse(index, shape.log_rows - 1)]);
        Self {
            twiddles: (0..rows / 2).map(twiddle).collect(),
            between: Between {
                after_first: Powers::new(columns, rows, (factor, one), (one, root)),
                before_second: Powers::new(rows, columns, (factor, one), (one, root)),
            },
        }
    }
}

impl<A: Arithmetic> Plan<A> {
    /// `log_size` is within the field's two-adicity.
    pub fn new(log_size: u32) -> Self {
        let root = A::Field::root(log_size);
        let inverse = |value: A::Field| {
            value
                .inverse()
                .expect("a power of a generator or of two is not zero")
        };
        let (root_inverse, size_inverse) = (inverse(root), inverse(A::Field::from_integer(1 << log_size)));
        let shape = (log_size >= MIN_LOG_SIZE).then_some(Shape {
            log_rows: log_size.div_ceil(2),
            log_columns: log_size / 2,
        });
        Self {
            log_size,
            shape,
            root,
            root_inverse,
            size_inverse,
            forward: shape.map(|shape| Roots::new(shape, root, A::Field::NTT_ONE)),
            inverse: shape.map(|shape| Roots::new(shape, root_inverse, size_inverse)),
            scratch: Mutex::new(Vec::new()),
        }
    }

    /// Transforms one column of the plan's size, from `source` or else in place; `shift` was made from this plan or one of
    /// the same size.
    pub fn transform(
        &self,
        direction: Direction,
        order: Order,
        shift: Option<&Shift<A>>,
        source: Option<&[A::Field]>,
        column: &mut [A::Field],
    ) {
        assert_eq!(column.len(), 1 << self.log_size);
        assert!(source.is_none_or(|source| source.len() == column.len()));
        let roots = match direction {
            Direction::Forward => &self.forward,
            Direction::Inverse => &self.inverse,
        };
        match (roots, self.shape) {
            (Some(roots), Some(shape)) => {
                let parts = shift.and_then(|shift| shift.parts(direction));
                let between = parts.map_or(&roots.between, |parts| &parts.between);
                let constants = parts.map_or(Scaling::None, |parts| Scaling::Constants(&parts.constants));
                let (first, last) = match direction {
                    Direction::Forward => (constants, Scaling::None),
                    Direction::Inverse => (Scaling::None, constants),
                };
                let multipliers = Multipliers {
                    twiddles: &roots.twiddles,
                    between,
                    first,
                    last,
                };
                self.two_passes(shape, order, multipliers, source, column);
            }
            _ => {
                if let Some(source) = source {
                    column.copy_from_slice(source);
                }
                self.transform_small(direction, order, shift, column);
            }
        }
    }

    fn two_passes(
        &self,
        shape: Shape,
        order: Order,
        multipliers: Multipliers<'_, A>,
        source: Option<&[A::Field]>,
        column: &mut [A::Field],
    ) {
        let natural = |layout| Side {
            layout,
            reversed: false,
        };
        let reversed = |layout| Side {
            layout,
            reversed: true,
        };
        let (i1, k2) = (
            Layout::Columns {
                stride: shape.columns(),
            },
            Layout::Columns { stride: shape.rows() },
        );
        let vectors = A::VECTORS.min(shape.columns() / A::WIDTH);
        // Input, output and multipliers of the first pass, then of the second. In the middle `k1` numbers the rows and
        // `i2` the columns, or the other way round for input in reversed order.
        let (first_pass, second_pass) = match order {
            Order::NaturalToNatural => (
                (
                    natural(i1),
                    natural(i1),
                    multipliers.between.after_first.scaling(vectors * A::WIDTH),
                ),
                (natural(Layout::Rows), natural(k2), Scaling::None),
            ),
            Order::NaturalToReversed => (
                (
                    natural(i1),
                    reversed(i1),
                    multipliers.between.after_first.scaling(vectors * A::WIDTH),
                ),
                (natural(Layout::Rows), reversed(Layout::Rows), Scaling::None),
            ),
            Order::ReversedToNatural => (
                (reversed(Layout::Rows), natural(Layout::Rows), Scaling::None),
                (
                    reversed(k2),
                    natural(k2),
                    multipliers.between.before_second.scaling(vectors * A::WIDTH),
                ),
            ),
        };
        let data = column.as_mut_ptr().cast::<A::Word>();
        let from = source.map_or(data.cast_const(), |source| source.as_ptr().cast());
        // Rows in, columns out: not in place.
        let mut scratch = (order == Order::NaturalToNatural).then(|| self.take_scratch());
        let middle = scratch.as_mut().map_or(data, |scratch| scratch.as_mut_ptr());
        self.run(Pass {
            log_length: shape.log_rows,
            vectors,
            from,
            input: first_pass.0,
            before: multipliers.first,
            to: middle,
            output: first_pass.1,
            after: first_pass.2,
            twiddles: multipliers.twiddles,
        });
        self.run(Pass {
            log_length: shape.log_columns,
            vectors,
            from: middle,
            input: second_pass.0,
            before: second_pass.2,
            to: data,
            output: second_pass.1,
            after: multipliers.last,
            twiddles: multipliers.twiddles,
        });
        if let Some(scratch) = scratch {
            self.return_scratch(scratch);
        }
    }

    /// Runs a pass over all its lines.
    fn run(&self, pass: Pass<'_, A>) {
        let lines_per_tile = pass.vectors * A::WIDTH;
        let tiles = (1usize << (self.log_size - pass.log_length)) / lines_per_tile;
        let count = buffer_vectors(pass.log_length, pass.vectors);
        let pass = Shared(pass);
        let tile = |index: usize| {
            let pass = &pass;
            // SAFETY: both sides of the pass are as large as the column, tiles are disjoint on either side, and nobody
            // else uses the column or the scratch, or writes the source, meanwhile; the buffer has the size asked for; the
            // lengths of passes are at least 2^3. A plan with these instructions is made for a level that the machine has.
            with_buffer(count, |buffer| unsafe {
                A::run(&pass.0, index * lines_per_tile, buffer)
            });
        };
        if self.log_size < A::MIN_PARALLEL_LOG_SIZE {
            (0..tiles).for_each(tile);
        } else {
            (0..tiles).into_par_iter().for_each(tile);
        }
    }

    fn transform_small(
        &self,
        direction: Direction,
        order: Order,
        shift: Option<&Shift<A>>,
        column: &mut [A::Field],
    ) {
        let one = A::Field::NTT_ONE;
        if order == Order::ReversedToNatural {
            small::permute(column);
        }
        match direction {
            Direction::Forward => {
                small::scale(column, one, shift.map_or(one, |shift| shift.shift));
                small::transform(column, self.root);
            }
            Direction::Inverse => {
                small::transform(column, self.root_inverse);
                small::scale(
                    column,
                    self.size_inverse,
                    shift.map_or(one, |shift| shift.inverse),
                );
            }
        }
        if order == Order::NaturalToReversed {
            small::permute(column);
        }
    }

    fn kept_scratch(&self) -> MutexGuard<'_, Vec<Vec<A::Word>>> {
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_scratch(&self) -> Vec<A::Word> {
        let kept = self.kept_scratch().pop();
        kept.unwrap_or_else(|| vec![A::Word::default(); 1 << self.log_size])
    }

    fn return_scratch(&self, scratch: Vec<A::Word>) {
        let mut kept = self.kept_scratch();
        if kept.len() < rayon::current_num_threads() {
            kept.push(scratch);
        }
    }
}

/// A pass that threads share: each works on its own tiles.
struct Shared<'a, A: Arithmetic>(Pass<'a, A>);

// SAFETY: the pointers of a pass are used tile by tile, see `Plan::run`; everything else in it is `Sync`.
unsafe impl<A: Arithmetic> Sync for Shared<'_, A> {}
