//! Sizes of chunks.

/// Slots of each chunk circuit, fewest first. A batch fills chunks of the most slots, and its last chunk is as small as
/// can be: a proof costs what its slots cost, used or not, and every chunk costs as much again in recursion.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Shapes {
    sizes: [usize; Self::MOST],
    count: usize,
}

impl Shapes {
    /// How many there can be.
    pub const MOST: usize = 4;

    /// Of these sizes.
    ///
    /// # Panics
    /// If there is none or more than [`Self::MOST`], or one is not larger than the one before.
    pub const fn new(of: &[usize]) -> Self {
        assert!(!of.is_empty() && of.len() <= Self::MOST, "one to four sizes");
        let (mut sizes, mut place, mut before) = ([0; Self::MOST], 0, 0);
        while place < of.len() {
            assert!(of[place] > before, "sizes ascend from one");
            before = of[place];
            sizes[place] = before;
            place += 1;
        }
        Self {
            sizes,
            count: of.len(),
        }
    }

    /// All, fewest slots first.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes[..self.count]
    }

    /// The most slots that a chunk can have.
    pub fn largest(&self) -> usize {
        self.sizes[self.count - 1]
    }

    /// Those up to this one; `None` if it is none of them.
    pub fn up_to(self, slots: usize) -> Option<Self> {
        let place = self.place(slots)?;
        Some(Self::new(&self.sizes()[..=place]))
    }

    /// The place among [`Self::sizes`] of the fewest slots that hold as many operations; `None` if no chunk does.
    pub fn fitting(&self, operations: usize) -> Option<usize> {
        self.sizes().iter().position(|slots| *slots >= operations)
    }

    /// The place of chunks with exactly as many slots.
    pub fn place(&self, slots: usize) -> Option<usize> {
        self.sizes().iter().position(|size| *size == slots)
    }
}

impl std::fmt::Debug for Shapes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.sizes().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_go_into_the_fewest_slots_that_hold_them() {
        let shapes = Shapes::new(&[2, 4, 16]);
        assert_eq!(shapes.largest(), 16);
        for (operations, place) in [
            (0, Some(0)),
            (2, Some(0)),
            (3, Some(1)),
            (5, Some(2)),
            (16, Some(2)),
            (17, None),
        ] {
            assert_eq!(shapes.fitting(operations), place, "{operations} operations");
        }
        assert_eq!(
            [1, 2, 4, 16, 17].map(|slots| shapes.place(slots)),
            [None, Some(0), Some(1), Some(2), None]
        );
        assert_eq!(format!("{shapes:?}"), "[2, 4, 16]");
        assert_eq!(shapes.up_to(4).map(|few| few.largest()), Some(4));
        assert_eq!(shapes.up_to(4).map(|few| few.sizes().to_vec()), Some(vec![2, 4]));
        assert_eq!(shapes.up_to(4), Some(Shapes::new(&[2, 4])));
        assert_eq!(shapes.up_to(16), Some(shapes));
        assert_eq!(shapes.up_to(5), None);
    }

    #[test]
    fn sizes_that_do_not_ascend_are_refused() {
        for sizes in [&[][..], &[0], &[4, 4], &[4, 2], &[1, 2, 3, 4, 5]] {
            assert!(
                std::panic::catch_unwind(|| Shapes::new(sizes)).is_err(),
                "{sizes:?}"
            );
        }
    }
}
