//! Two passes for every direction, order and coset.
#![allow(unsafe_code)] // hands disjoint parts of a column to several threads

use std::sync::Mutex;

use rayon::prelude::*;

use super::{
    arithmetic::Arithmetic,
    memory::{as_words, with_buffer},
    pass::{Layout, Pass, Powers, Scaling, Side, buffer_vectors, reverse},
    small,
};
use crate::{
    Direction, Order,
    field::{NttField, progression},
};

/// Below this both passes would be shorter than the blocks that they move.
const MIN_LOG_SIZE: u32 = 6;
/// Below this one thread is faster than several.
const MIN_PARALLEL_LOG_SIZE: u32 = 12;

/// What of a transform depends on its direction.
struct Roots<A: Arithmetic> {
    /// Powers of the root of order `2^log_rows` in reversed order.
    twiddles: Vec<A::Constant>,
    /// Multipliers between the passes.
    between: Between<A>,
}

/// Multipliers between the passes, `start[l] * ratio[l]^i` for line `l` and element `i`, for either layout.
struct Between<A: Arithmetic> {
    /// Line `i2`, element `k1`: after the first pass.
    after_first: [Vec<A::Word>; 2],
    /// Line `k1`, element `i2`: before the second pass.
    before_second: [Vec<A::Word>; 2],
}

/// `n = n1·n2` with `n1 = 2^log_rows`, `n2 = 2^log_columns`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    log_rows: u32,
    log_columns: u32,
}

impl Shape {
    fn new(log_size: u32) -> Self {
        Self {
            log_rows: log_size.div_ceil(2),
            log_columns: log_size / 2,
        }
    }

    fn rows(self) -> usize {
        1 << self.log_rows
    }

    fn columns(self) -> usize {
        1 << self.log_columns
    }
}

/// Everything known of a size.
pub(super) struct Plan<A: Arithmetic> {
    log_size: u32,
    shape: Shape,
    root: A::Field,
    root_inverse: A::Field,
    size_inverse: A::Field,
    forward: Option<Roots<A>>,
    inverse: Option<Roots<A>>,
    /// Columns to write the first pass into, for orders that cannot work in place.
    scratch: Mutex<Vec<Vec<A::Word>>>,
}

/// Everything known of a shift `g`.
pub(super) struct Shift<A: Arithmetic> {
    log_size: u32,
    shift: A::Field,
    shift_inverse: A::Field,
    /// `g^(n2·i1)` and what is left of `g^i` between the passes.
    forward: Option<(Vec<A::Constant>, Between<A>)>,
    /// `g^(-n1·k2)` and what is left of `g^-k` between the passes.
    inverse: Option<(Vec<A::Constant>, Between<A>)>,
}

fn constants<A: Arithmetic>(first: A::Field, ratio: A::Field, count: usize) -> Vec<A::Constant> {
    progression(first, ratio, count)
        .into_iter()
        .map(A::constant)
        .collect()
}

fn words<A: Arithmetic>(first: A::Field, ratio: A::Field, count: usize) -> Vec<A::Word> {
    as_words::<A>(&progression(first, ratio, count))
}

impl<A: Arithmetic> Plan<A> {
    /// `log_size` is within the field's two-adicity.
    pub fn new(log_size: u32) -> Self {
        let root = A::Field::root(log_size);
        let size_inverse = A::Field::from_integer(1 << log_size);
        // A root of unity and a power of two below the modulus have inverses.
        let root_inverse = root.inverse().expect("a root of unity is not zero");
        let size_inverse = size_inverse.inverse().expect("the characteristic is odd");
        let shape = Shape::new(log_size);
        let one = A::Field::NTT_ONE;
        let roots = |root: A::Field, factor: A::Field| {
            (log_size >= MIN_LOG_SIZE).then(|| {
                let short_root = root.power(1 << shape.log_columns);
                let natural = progression(one, short_root, shape.rows() / 2);
                let twiddle = |b| A::constant(natural[reverse(b, shape.log_rows - 1)]);
                Roots {
                    twiddles: (0..natural.len()).map(twiddle).collect(),
                    between: Between {
                        after_first: [
                            words::<A>(factor, one, shape.columns()),
                            words::<A>(one, root, shape.columns()),
                        ],
                        before_second: [
                            words::<A>(factor, one, shape.rows()),
                            words::<A>(one, root, shape.rows()),
                        ],
                    },
                }
            })
        };
        Self {
            log_size,
            shape,
            root,
            root_inverse,
            size_inverse,
            forward: roots(root, one),
            inverse: roots(root_inverse, size_inverse),
            scratch: Mutex::new(Vec::new()),
        }
    }

    pub fn log_size(&self) -> u32 {
        self.log_size
    }

    /// Transforms one column of the plan's size in place.
    pub fn transform(
        &self,
        direction: Direction,
        order: Order,
        shift: Option<&Shift<A>>,
        column: &mut [A::Field],
    ) {
        assert_eq!(column.len(), 1 << self.log_size);
        let (roots, shift_parts) = match direction {
            Direction::Forward => (&self.forward, shift.map(|shift| &shift.forward)),
            Direction::Inverse => (&self.inverse, shift.map(|shift| &shift.inverse)),
        };
        let Some(roots) = roots else {
            return self.transform_small(direction, order, shift, column);
        };
        let (constants, between) = match shift_parts {
            Some(Some((constants, between))) => (Some(constants.as_slice()), between),
            _ => (None, &roots.between),
        };
        let scaling = |constants| Scaling {
            powers: None,
            constants,
        };
        let (first, last) = match direction {
            Direction::Forward => (scaling(constants), Scaling::NONE),
            Direction::Inverse => (Scaling::NONE, scaling(constants)),
        };
        self.two_passes(order, &roots.twiddles, between, first, last, column);
    }

    fn two_passes(
        &self,
        order: Order,
        twiddles: &[A::Constant],
        between: &Between<A>,
        first: Scaling<'_, A>,
        last: Scaling<'_, A>,
        column: &mut [A::Field],
    ) {
        let Shape {
            log_rows,
            log_columns,
        } = self.shape;
        let (rows, columns) = (self.shape.rows(), self.shape.columns());
        let data = column.as_mut_ptr().cast::<A::Word>();
        let side = |layout, reversed| Side { layout, reversed };
        let natural = |layout| side(layout, false);
        let by_columns = |stride| Layout::Columns { stride };
        match order {
            Order::NaturalToNatural => {
                let mut scratch = self.take_scratch();
                let middle = scratch.as_mut_ptr();
                self.run(Pass {
                    log_length: log_rows,
                    vectors: self.vectors(),
                    from: data,
                    input: natural(by_columns(columns)),
                    before: first,
                    to: middle,
                    output: natural(by_columns(columns)),
                    after: between.scaling_after_first(),
                    twiddles,
                });
                self.run(Pass {
                    log_length: log_columns,
                    vectors: self.vectors(),
                    from: middle,
                    input: natural(Layout::Rows),
                    before: Scaling::NONE,
                    to: data,
                    output: natural(by_columns(rows)),
                    after: last,
                    twiddles,
                });
                self.return_scratch(scratch);
            }
            Order::NaturalToReversed => {
                self.run(Pass {
                    log_length: log_rows,
                    vectors: self.vectors(),
                    from: data,
                    input: natural(by_columns(columns)),
                    before: first,
                    to: data,
                    output: side(by_columns(columns), true),
                    after: between.scaling_after_first(),
                    twiddles,
                });
                self.run(Pass {
                    log_length: log_columns,
                    vectors: self.vectors(),
                    from: data,
                    input: natural(Layout::Rows),
                    before: Scaling::NONE,
                    to: data,
                    output: side(Layout::Rows, true),
                    after: last,
                    twiddles,
                });
            }
            Order::ReversedToNatural => {
                self.run(Pass {
                    log_length: log_rows,
                    vectors: self.vectors(),
                    from: data,
                    input: side(Layout::Rows, true),
                    before: first,
                    to: data,
                    output: natural(Layout::Rows),
                    after: Scaling::NONE,
                    twiddles,
                });
                self.run(Pass {
                    log_length: log_columns,
                    vectors: self.vectors(),
                    from: data,
                    input: side(by_columns(rows), true),
                    before: between.scaling_before_second(),
                    to: data,
                    output: natural(by_columns(rows)),
                    after: last,
                    twiddles,
                });
            }
        }
    }

    /// Vectors per row of a tile: what fills cache lines, or what a small size has.
    fn vectors(&self) -> usize {
        A::VECTORS.min(self.shape.columns() / A::WIDTH)
    }

    /// Runs a pass over all its lines.
    fn run(&self, pass: Pass<'_, A>) {
        let lines = 1usize << (self.log_size - pass.log_length);
        let lines_per_tile = pass.vectors * A::WIDTH;
        let count = buffer_vectors(pass.log_length, pass.vectors);
        let pass = Shared(pass);
        let tile = |index: usize| {
            let pass = &pass;
            // SAFETY: both sides of the pass are as large as the column, tiles are disjoint on either side and nobody
            // else uses the column or the scratch meanwhile; the buffer has the size asked for. The plan was made for
            // a level that the machine has.
            with_buffer(count, |buffer| unsafe {
                A::run(&pass.0, index * lines_per_tile, buffer)
            });
        };
        if self.log_size < MIN_PARALLEL_LOG_SIZE {
            (0..lines / lines_per_tile).for_each(tile);
        } else {
            (0..lines / lines_per_tile).into_par_iter().for_each(tile);
        }
    }

    fn transform_small(
        &self,
        direction: Direction,
        order: Order,
        shift: Option<&Shift<A>>,
        column: &mut [A::Field],
    ) {
        if order != Order::ReversedToNatural {
            small::permute(column);
        }
        match (direction, shift) {
            (Direction::Forward, shift) => {
                if let Some(shift) = shift {
                    small::permute(column);
                    small::scale(column, A::Field::NTT_ONE, shift.shift);
                    small::permute(column);
                }
                small::transform(column, self.root);
            }
            (Direction::Inverse, shift) => {
                small::transform(column, self.root_inverse);
                let ratio = shift.map_or(A::Field::NTT_ONE, |shift| shift.shift_inverse);
                small::scale(column, self.size_inverse, ratio);
            }
        }
        if order == Order::NaturalToReversed {
            small::permute(column);
        }
    }

    fn take_scratch(&self) -> Vec<A::Word> {
        let kept = self
            .scratch
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
            .pop();
        kept.unwrap_or_else(|| vec![A::Word::default(); 1 << self.log_size])
    }

    fn return_scratch(&self, scratch: Vec<A::Word>) {
        let mut kept = self.scratch.lock().unwrap_or_else(|poison| poison.into_inner());
        kept.push(scratch);
    }
}

impl<A: Arithmetic> Between<A> {
    fn scaling_after_first(&self) -> Scaling<'_, A> {
        Self::scaling(&self.after_first)
    }

    fn scaling_before_second(&self) -> Scaling<'_, A> {
        Self::scaling(&self.before_second)
    }

    fn scaling([start, ratio]: &[Vec<A::Word>; 2]) -> Scaling<'_, A> {
        Scaling {
            powers: Some(Powers { start, ratio }),
            constants: None,
        }
    }
}

impl<A: Arithmetic> Shift<A> {
    /// `inverse` is `1 / shift`.
    pub fn new(plan: &Plan<A>, shift: A::Field, inverse: A::Field) -> Self {
        let shape = plan.shape;
        let (rows, columns) = (shape.rows(), shape.columns());
        let one = A::Field::NTT_ONE;
        let tiled = plan.log_size >= MIN_LOG_SIZE;
        // i = i1·n2 + i2: g^(i1·n2) before the first pass, g^i2 between the passes.
        let forward = tiled.then(|| {
            let between = Between {
                after_first: [
                    words::<A>(one, shift, columns),
                    words::<A>(one, plan.root, columns),
                ],
                before_second: [words::<A>(one, one, rows), words::<A>(shift, plan.root, rows)],
            };
            (constants::<A>(one, shift.power(columns as u64), rows), between)
        });
        // k = k1 + n1·k2: g^-k1 between the passes, g^(-n1·k2) after the second.
        let backward = tiled.then(|| {
            let (root, scale) = (plan.root_inverse, plan.size_inverse);
            let between = Between {
                after_first: [
                    words::<A>(scale, one, columns),
                    words::<A>(inverse, root, columns),
                ],
                before_second: [words::<A>(scale, inverse, rows), words::<A>(one, root, rows)],
            };
            (constants::<A>(one, inverse.power(rows as u64), columns), between)
        });
        Self {
            log_size: plan.log_size,
            shift,
            shift_inverse: inverse,
            forward,
            inverse: backward,
        }
    }

    pub fn belongs_to(&self, plan: &Plan<A>) -> bool {
        self.log_size == plan.log_size
    }
}

/// A pass that threads share: each works on its own tiles.
struct Shared<'a, A: Arithmetic>(Pass<'a, A>);

// SAFETY: the pointers of a pass are used tile by tile, see `Plan::run`; everything else in it is `Sync`.
unsafe impl<A: Arithmetic> Sync for Shared<'_, A> {}
