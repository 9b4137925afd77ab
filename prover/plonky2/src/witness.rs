//! The wires of a witness, row by row.

use ashlar_statement::hash::F;
use plonky2::{
    field::types::Field,
    iop::{
        target::Target,
        witness::{PartitionWitness, Witness},
    },
};
use rayon::prelude::*;

/// Columns that are gathered together: one line of the cache.
const TILE: usize = 8;

/// All wires; those that nothing sets are zero.
pub struct Wires {
    rows: Vec<F>,
    width: usize,
}

impl Wires {
    pub fn of(witness: &PartitionWitness<'_, F>) -> Self {
        let width = witness.num_wires;
        let mut rows = vec![F::ZERO; width * witness.degree];
        rows.par_chunks_exact_mut(width)
            .enumerate()
            .for_each(|(row, wires)| {
                for (column, wire) in wires.iter_mut().enumerate() {
                    *wire = witness
                        .try_get_target(Target::wire(row, column))
                        .unwrap_or(F::ZERO);
                }
            });
        Self { rows, width }
    }

    pub fn row(&self, row: usize) -> &[F] {
        &self.rows[row * self.width..][..self.width]
    }

    pub fn columns(&self) -> Vec<Vec<F>> {
        let degree = self.rows.len() / self.width;
        let tiles = (0..self.width).into_par_iter().step_by(TILE);
        tiles
            .flat_map_iter(|first| {
                let mut columns = vec![Vec::with_capacity(degree); TILE.min(self.width - first)];
                for row in self.rows.chunks_exact(self.width) {
                    for (column, wire) in columns.iter_mut().zip(&row[first..]) {
                        column.push(*wire);
                    }
                }
                columns
            })
            .collect()
    }
}
