//! Blocks in pieces that nodes answer for.

/// Most blocks asked for in one request; fewer where a node refuses.
const MOST_BLOCKS: u64 = 10_000;
/// A node that refuses this few blocks does not refuse them for their number.
const FEWEST_BLOCKS: u64 = 16;

/// Blocks `next` to `last`, in pieces that shrink where nodes refuse them and grow where they do not.
#[derive(Debug)]
pub(super) struct Ranges {
    next: u64,
    last: u64,
    width: u64,
}

impl Ranges {
    pub fn new(first: u64, last: u64) -> Self {
        Self {
            next: first,
            last,
            width: MOST_BLOCKS,
        }
    }

    /// First and last block of the piece to ask for; `None` after the end.
    pub fn piece(&self) -> Option<(u64, u64)> {
        let to = self.last.min(self.next.saturating_add(self.width - 1));
        (self.next <= self.last).then_some((self.next, to))
    }

    /// The piece was answered.
    pub fn answered(&mut self) {
        if let Some((_, to)) = self.piece() {
            (self.next, self.width) = (to + 1, (2 * self.width).min(MOST_BLOCKS));
        }
    }

    /// The piece was refused; false if smaller ones would be, too.
    pub fn refused(&mut self) -> bool {
        let may_shrink = self.width > FEWEST_BLOCKS;
        self.width = (self.width / 4).max(FEWEST_BLOCKS);
        may_shrink
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_all_blocks_once_and_shrink_where_they_are_refused() {
        let mut ranges = Ranges::new(5, 25_004);
        let mut asked = Vec::new();
        while let Some(piece) = ranges.piece() {
            if piece.1 - piece.0 >= 3_000 {
                assert!(ranges.refused(), "pieces may shrink");
                continue;
            }
            asked.push(piece);
            ranges.answered();
        }
        assert_eq!(asked.first(), Some(&(5, 2_504)));
        assert_eq!(asked.last().map(|piece| piece.1), Some(25_004));
        assert!(
            asked.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0),
            "{asked:?}"
        );
        let mut stubborn = Ranges::new(0, 10);
        while stubborn.refused() {}
        assert_eq!(stubborn.piece(), Some((0, 10)), "not by their number");
        assert_eq!(Ranges::new(7, 6).piece(), None);
    }
}
