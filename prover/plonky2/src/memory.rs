//! Memory that one proof leaves to the next: pages that the system hands out afresh cost as much as a transform.

use std::{
    ops::{Deref, DerefMut},
    sync::{Mutex, MutexGuard, PoisonError},
};

use ashlar_statement::hash::F;
use plonky2::field::types::Field;

/// What is kept at most, in bytes: a proof of 2^13 rows needs about 110 MiB.
const MOST_KEPT: usize = 256 << 20;

static KEPT: Mutex<Vec<Vec<F>>> = Mutex::new(Vec::new());

/// Elements, at first whatever was left there.
pub struct Buffer {
    elements: Vec<F>,
    length: usize,
}

impl Buffer {
    /// As many elements.
    pub fn new(length: usize) -> Self {
        let fits = |kept: &Vec<F>| (length..=2 * length).contains(&kept.len());
        let reused = {
            let mut kept = kept();
            let smallest = (0..kept.len())
                .filter(|place| fits(&kept[*place]))
                .min_by_key(|place| kept[*place].len());
            smallest.map(|place| kept.swap_remove(place))
        };
        Self {
            elements: reused.unwrap_or_else(|| vec![F::ZERO; length]),
            length,
        }
    }
}

impl Deref for Buffer {
    type Target = [F];

    fn deref(&self) -> &[F] {
        &self.elements[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [F] {
        &mut self.elements[..self.length]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut kept = kept();
        kept.push(std::mem::take(&mut self.elements));
        while bytes(&kept) > MOST_KEPT {
            kept.remove(0); // the oldest: sizes change with the circuits that are proved
        }
    }
}

fn kept() -> MutexGuard<'static, Vec<Vec<F>>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bytes(kept: &[Vec<F>]) -> usize {
    kept.iter().map(|elements| elements.len() * size_of::<F>()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_of_the_length_asked_for() {
        for length in [
            0,
            1,
            1000,
            1 << 20,
            (1 << 20) + 1,
            MOST_KEPT / 8,
            MOST_KEPT / 8 + 1,
        ] {
            let mut buffer = Buffer::new(length);
            assert_eq!(buffer.len(), length);
            buffer.fill(F::ONE);
            drop(buffer);
            assert!(bytes(&kept()) <= MOST_KEPT);
        }
    }
}
