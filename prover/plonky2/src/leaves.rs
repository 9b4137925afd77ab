//! What is hashed into a tree: the values of all columns at a point are a leaf.

use ashlar_statement::hash::F;
use plonky2::field::types::Field;
use rayon::prelude::*;

use crate::memory::Buffer;

/// Leaves that lie together, column by column: one line of the cache, and one vector, of each.
pub const TILE: usize = 8;

/// Leaves of one length, tile by tile. A tile that has fewer leaves ends in zeros.
pub struct Leaves {
    values: Buffer,
    width: usize,
    count: usize,
}

impl Leaves {
    /// To be written.
    pub fn new(width: usize, count: usize) -> Self {
        let mut values = Buffer::new(count.next_multiple_of(TILE) * width);
        if !count.is_multiple_of(TILE) {
            values.fill(F::ZERO);
        }
        Self { values, width, count }
    }

    /// Of rows of one length.
    pub fn of_rows<'a>(width: usize, rows: impl ExactSizeIterator<Item = &'a [F]>) -> Self {
        let mut leaves = Self::new(width, rows.len());
        for (leaf, row) in rows.enumerate() {
            let tile = &mut leaves.values[leaf / TILE * TILE * width..][..TILE * width];
            let values = tile.iter_mut().skip(leaf % TILE).step_by(TILE);
            values.zip(row).for_each(|(value, element)| *value = *element);
        }
        leaves
    }

    /// Elements of a leaf.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The tile in which a leaf lies: [`TILE`] values of the first column, then of the next.
    pub fn tile_of(&self, leaf: usize) -> &[F] {
        let length = TILE * self.width;
        &self.values[leaf / TILE * length..][..length]
    }

    /// A leaf.
    pub fn row(&self, leaf: usize) -> Vec<F> {
        let values = self.tile_of(leaf).iter().skip(leaf % TILE);
        values.step_by(TILE).copied().collect()
    }

    /// Hands out the tiles of `at_once` leaves, a multiple of [`TILE`], with what is to be known of each.
    pub fn for_each_block<T: Send>(
        &self,
        at_once: usize,
        of: &mut [T],
        each: impl Fn(&[F], &mut [T]) + Sync,
    ) {
        let blocks = of.par_chunks_mut(at_once).enumerate();
        blocks.for_each(|(block, of)| {
            let length = TILE * self.width;
            let tiles = &self.values[block * at_once / TILE * length..];
            each(&tiles[..of.len().div_ceil(TILE) * length], of);
        });
    }

    /// Writes the leaves from `first` on, whose values these columns are, and hands out each block while it is hot.
    ///
    /// # Panics
    /// If `first` is not the first of a block.
    pub fn write<T: Send>(
        &mut self,
        first: usize,
        columns: &[&[F]],
        at_once: usize,
        of: &mut [T],
        each: impl Fn(&[F], &mut [T]) + Sync,
    ) {
        assert_eq!(first % at_once, 0, "a block is written as a whole");
        let length = TILE * self.width;
        let tiles = self.values[first / TILE * length..].par_chunks_mut(at_once / TILE * length);
        let blocks = tiles.zip(of.par_chunks_mut(at_once)).enumerate();
        blocks.for_each(|(block, (tiles, of))| {
            for (tile, values) in tiles.chunks_exact_mut(length).enumerate() {
                let start = block * at_once + tile * TILE;
                for (values, column) in values.as_chunks_mut::<TILE>().0.iter_mut().zip(columns) {
                    match column[start..].first_chunk() {
                        Some(column) => *values = *column,
                        None => values[..column.len() - start].copy_from_slice(&column[start..]),
                    }
                }
            }
            each(tiles, of);
        });
    }
}
