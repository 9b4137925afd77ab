//! Multipliers that are powers: by line and by element.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::{arithmetic::Arithmetic, pass::Scaling};
use crate::field::progression;

/// Up to this many, all multipliers are kept once they were used; beyond, reading them is no cheaper than computing
/// them anew in every pass.
const MAX_TABLE: usize = 1 << 18;

/// Multipliers `start[l] * ratio[l]^i` of element `i` of line `l`.
pub struct Powers<A: Arithmetic> {
    start: Vec<A::Field>,
    ratio: Vec<A::Field>,
    elements: usize,
    start_factors: Vec<A::Word>,
    ratio_factors: Vec<A::Word>,
    /// All multipliers, tile by tile and element by element; from the first use on, where they are not too many.
    table: OnceLock<Vec<A::Word>>,
}

impl<A: Arithmetic> Powers<A> {
    /// `start` and `ratio` are geometric by line themselves: each is given as its first value and its ratio.
    pub fn new(
        lines: usize,
        elements: usize,
        start: (A::Field, A::Field),
        ratio: (A::Field, A::Field),
    ) -> Self {
        let start = progression(start.0, start.1, lines);
        let ratio = progression(ratio.0, ratio.1, lines);
        let factors = |values: &[A::Field]| values.iter().map(|&value| A::factor(value)).collect();
        Self {
            start_factors: factors(&start),
            ratio_factors: factors(&ratio),
            start,
            ratio,
            elements,
            table: OnceLock::new(),
        }
    }

    /// As a pass takes them that has so many lines per tile, always the same number.
    pub fn scaling(&self, lines_per_tile: usize) -> Scaling<'_, A> {
        if self.start.len() * self.elements > MAX_TABLE {
            return Scaling::Powers {
                start: &self.start_factors,
                ratio: &self.ratio_factors,
            };
        }
        if let Some(table) = self.table.get() {
            return Scaling::Table(table);
        }
        // Not in `get_or_init`: a thread that waits there could be one that this computation needs.
        let table = self.compute(lines_per_tile);
        Scaling::Table(self.table.get_or_init(|| table))
    }

    fn compute(&self, lines_per_tile: usize) -> Vec<A::Word> {
        let mut table = vec![A::Word::default(); self.start.len() * self.elements];
        let tiles = table.par_chunks_mut(lines_per_tile * self.elements);
        tiles.enumerate().for_each(|(tile, table)| {
            for lane in 0..lines_per_tile {
                let line = tile * lines_per_tile + lane;
                let mut value = self.start[line];
                for factor in table[lane..].iter_mut().step_by(lines_per_tile) {
                    *factor = A::factor(value);
                    value = value * self.ratio[line];
                }
            }
        });
        table
    }
}
