//! Multipliers that are powers: by line and by element.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::{arithmetic::Arithmetic, pass::Scaling};
use crate::field::{NttField, progression};

/// Elements that one thread computes in turn.
const CHUNK: usize = 16;

/// Multipliers `start[l] * ratio[l]^i` of element `i` of line `l`.
pub struct Powers<A: Arithmetic> {
    start: Vec<A::Field>,
    ratio: Vec<A::Field>,
    elements: usize,
    start_factors: Vec<A::Word>,
    ratio_factors: Vec<A::Word>,
    /// All multipliers, in the layout of the data; from the first use on, where they are not too many.
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

    /// As a pass takes them.
    pub fn scaling(&self) -> Scaling<'_, A> {
        if self.start.len() * self.elements > A::MAX_TABLE {
            return Scaling::Powers {
                start: &self.start_factors,
                ratio: &self.ratio_factors,
            };
        }
        if let Some(table) = self.table.get() {
            return Scaling::Table(table);
        }
        // Not in `get_or_init`: a thread that waits there could be one that this computation needs.
        let table = self.compute();
        Scaling::Table(self.table.get_or_init(|| table))
    }

    fn compute(&self) -> Vec<A::Word> {
        let lines = self.start.len();
        let mut table = vec![A::Word::default(); lines * self.elements];
        let chunks = table.par_chunks_mut(CHUNK * lines).enumerate();
        chunks.for_each(|(chunk, table)| {
            for line in 0..lines {
                let ratio = self.ratio[line];
                let mut value = self.start[line] * ratio.power((chunk * CHUNK) as u64);
                for factor in table[line..].iter_mut().step_by(lines) {
                    *factor = A::factor(value);
                    value = value * ratio;
                }
            }
        });
        table
    }
}
