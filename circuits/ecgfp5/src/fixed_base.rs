//! Multiples of the generator from a precomputed table: 80 additions, no doubling.

use std::sync::OnceLock;

use subtle::ConstantTimeEq;

use crate::{
    point::Point,
    projective::{Affine, Projective, digit},
    scalar::Scalar,
};

const WINDOWS: usize = 80; // of 4 bits
const ENTRIES: usize = 16;

/// `table()[i][j]` is j 16^i times the generator (100 KB, built on first use).
fn table() -> &'static [[Affine; ENTRIES]] {
    static TABLE: OnceLock<Vec<[Affine; ENTRIES]>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut base = Projective::from(&Point::GENERATOR);
        (0..WINDOWS)
            .map(|_| {
                let mut multiple = Projective::NEUTRAL;
                let row = std::array::from_fn(|_| {
                    let entry = multiple.to_affine();
                    multiple = multiple.add(&base);
                    entry
                });
                base = multiple; // 16 times the old base
                row
            })
            .collect()
    })
}

/// `scalar * G`, constant-time: every entry of every window is read.
pub fn mul_generator(scalar: &Scalar) -> Projective {
    let mut acc = Projective::NEUTRAL;
    for (window, row) in table().iter().enumerate() {
        let digit = digit(scalar, window);
        let mut entry = Affine::default();
        for (i, candidate) in row.iter().enumerate() {
            entry.or_masked(candidate, (i as u64).ct_eq(&digit));
        }
        acc = acc.add_affine(&entry);
    }
    acc
}
