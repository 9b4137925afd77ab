//! The range table, written into rows that have room for it: see [`super::config`] for why that is sound.

use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};

use super::{
    config::{ADVICE_COLUMNS, C, FixedColumn, TABLE, TABLE_TAG, TAG},
    layout::{Cell, FixedRow, Layout},
};

/// Name under which rows appended for the table are counted.
pub const TABLE_STEP: &str = "range table";

/// Rows with room for an entry.
#[derive(Debug, Default)]
pub(super) struct TableRows {
    inert: Vec<u32>,
    /// Sums without c, which have room once c is a copy of zero.
    without_c: Vec<u32>,
}

impl TableRows {
    /// Keeps the row in mind if it has room.
    pub(super) fn offer(&mut self, row: u32, fixed: &FixedRow, has_c: bool) {
        if fixed.is_inert() {
            self.inert.push(row);
        } else if fixed.is_sum() && !has_c {
            self.without_c.push(row);
        }
    }

    /// Writes all entries, appending inert rows if there is not room for all.
    pub(super) fn write(self, layout: &mut Layout, zero: Cell) {
        let (tag_column, tag) = (FixedColumn::Coefficient(TAG), Fr::from(TABLE_TAG));
        assert!(
            layout
                .fixed
                .iter()
                .all(|(column, _, value)| (*column, *value) != (tag_column, tag)),
            "a coefficient looks like the mark of the range table"
        );
        let (mut inert, mut without_c) = (self.inert.into_iter(), self.without_c.into_iter());
        for entry in 0..1u64 << layout.limb_bits {
            let row = if let Some(row) = inert.next() {
                row
            } else if let Some(row) = without_c.next() {
                let c = Cell { column: C as u8, row };
                layout.mark_used(c);
                layout.copies.push((zero, c));
                row
            } else {
                append_inert(layout)
            };
            if entry != 0 {
                let column = FixedColumn::Coefficient(TABLE);
                layout.fixed.push((column, row, Fr::from(entry)));
            }
            layout.fixed.push((tag_column, row, tag));
        }
    }
}

fn append_inert(layout: &mut Layout) -> u32 {
    let row = layout.advice[0].len() as u32;
    for column in 0..ADVICE_COLUMNS {
        layout.push(column, Fr::ZERO, false);
    }
    layout.steps.entry(TABLE_STEP).or_default().rows += 1;
    row
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::ff::PrimeField;

    use super::*;
    use crate::{
        chip::Chip,
        circuit::{Recorder, config::ENTRANCE, sums::Term},
    };

    /// What the lookup's soundness rests on: marked rows hold the table and nothing else, and their two coefficients
    /// act on nothing.
    #[test]
    fn marked_rows_hold_the_range_table() {
        let mut recorder = Recorder::with_limb_bits(4);
        let state = [1, 2, 3, 4].map(|lane| recorder.witness_word(Fr::from(lane)));
        recorder.permute(state);
        recorder.unpack(&state[0]);
        recorder.expose(state[1]);
        let layout = recorder.finish();
        let fixed = |wanted: FixedColumn, row: u32| {
            let mut entries = layout.fixed.iter();
            let entry = entries.find(|(column, at, _)| *column == wanted && *at == row);
            entry.map_or(Fr::ZERO, |(.., value)| *value)
        };
        let coefficient = |i: u8, row: u32| fixed(FixedColumn::Coefficient(i), row);
        let rows = 0..layout.usage().rows as u32;
        let is_marked = |row: &u32| coefficient(TAG, *row) == Fr::from(TABLE_TAG);
        let marked: Vec<u32> = rows.clone().filter(is_marked).collect();
        let mut entries: Vec<Fr> = marked.iter().map(|row| coefficient(TABLE, *row)).collect();
        entries.sort();
        assert_eq!(entries, (0..16).map(Fr::from).collect::<Vec<_>>());
        for row in marked {
            for flag in [FixedColumn::Full, FixedColumn::Partial] {
                assert_eq!(fixed(flag, row), Fr::ZERO);
            }
            assert_ne!(fixed(FixedColumn::Tail, row), Fr::from(ENTRANCE));
        }
        // what rows without a limb ask for
        let none = |row| (TABLE..=TAG).all(|i| coefficient(i, row) == Fr::ZERO);
        assert!(rows.into_iter().any(none));
    }

    #[test]
    fn sums_hold_entries_when_their_c_is_zero() {
        let layout = {
            let mut recorder = Recorder::with_limb_bits(4);
            let word = recorder.witness_word(Fr::from(8));
            recorder.unpack(&word);
            recorder.finish()
        };
        let tail = |row: u32| {
            let mut entries = layout.fixed.iter();
            entries
                .find(|(column, at, _)| *column == FixedColumn::Tail && *at == row)
                .map_or(0, |(.., value)| u64::from(value.to_repr()[0]))
        };
        let marked = layout.fixed.iter().filter(|(column, _, value)| {
            *column == FixedColumn::Coefficient(TAG) && *value == Fr::from(TABLE_TAG)
        });
        let (sums, inert): (Vec<_>, Vec<_>) = marked.map(|(_, row, _)| *row).partition(|row| tail(*row) != 0);
        assert_eq!(sums.len() + inert.len(), 16);
        assert!(!sums.is_empty() && !inert.is_empty());
        assert!(!layout.steps.contains_key(TABLE_STEP));
        for row in sums {
            let is_zero = |(source, copy): &(Cell, Cell)| {
                layout.value(*source) == Fr::ZERO && *copy == Cell { column: C as u8, row }
            };
            assert!(layout.copies.iter().any(is_zero));
        }
    }

    #[test]
    #[should_panic(expected = "looks like the mark")]
    fn the_mark_is_no_coefficient() {
        let mut recorder = Recorder::with_limb_bits(4);
        let [x, y] = [2, 3].map(|value| recorder.witness_word(Fr::from(value)));
        recorder.solve(&[Term::Product(-Fr::from(TABLE_TAG), x, y)], Fr::ZERO);
        recorder.finish();
    }
}
