//! Statements that are about many rows at once.
//!
//! Of the time that a change has the writer for itself, most is the way to the database and back: what is done for one
//! job is done for all that wait with as many statements. So that few texts need be prepared, their sizes are powers of two.

use std::fmt::Write;

/// Most rows of a statement: far below what either database takes.
const LONGEST: usize = 64;

/// Pieces of the items, each of a length that is a power of two.
pub fn portions<T>(items: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let length = 1 << rest.len().min(LONGEST).checked_ilog2()?;
        let portion;
        (portion, rest) = rest.split_at(length);
        Some(portion)
    })
}

/// `($1, $2), ($3, $4)` for two rows of two columns.
pub fn rows(count: usize, columns: usize) -> String {
    let mut text = String::new();
    for row in 0..count {
        text.push_str(if row == 0 { "(" } else { ", (" });
        parameters(&mut text, row * columns + 1, columns);
        text.push(')');
    }
    text
}

/// `($3, $4)` for two values from the third parameter on.
pub fn list(first: usize, count: usize) -> String {
    let mut text = String::from("(");
    parameters(&mut text, first, count);
    text.push(')');
    text
}

fn parameters(text: &mut String, first: usize, count: usize) {
    for place in first..first + count {
        let comma = if place == first { "" } else { ", " };
        write!(text, "{comma}${place}").expect("a string takes it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_are_all_items_in_powers_of_two() {
        for length in 0..200 {
            let items: Vec<_> = (0..length).collect();
            let portions: Vec<_> = portions(&items).collect();
            assert_eq!(portions.concat(), items);
            assert!(
                portions
                    .iter()
                    .all(|portion| portion.len().is_power_of_two() && portion.len() <= LONGEST)
            );
        }
    }

    #[test]
    fn parameters_are_numbered_through() {
        assert_eq!(rows(2, 3), "($1, $2, $3), ($4, $5, $6)");
        assert_eq!(list(3, 2), "($3, $4)");
    }
}
