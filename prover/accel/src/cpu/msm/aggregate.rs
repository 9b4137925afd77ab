//! The weighted sums of buckets.

use halo2curves::{bn256::G1, group::Group};
use rayon::prelude::*;

use super::{
    add::{Adder, Operand},
    plan::Plan,
    point::Packed,
};
use crate::cpu::Level;

/// Most buckets of a segment: longer ones leave fewer sums to do in projective coordinates.
const SEGMENT: usize = 128;
/// Segments that one task sums together, two additions each a step.
const TASK: usize = 512;

/// For each window the sum of `(i + 1) * buckets[i]`.
pub(super) fn weighted_sums(buckets: &[Packed], plan: &Plan, level: Level) -> Vec<G1> {
    let length = SEGMENT.min(plan.buckets());
    let tasks = buckets.par_chunks(TASK * length);
    let segments: Vec<_> = tasks
        .flat_map_iter(|buckets| segment_sums(buckets, length, level))
        .collect();
    let windows = segments.par_chunks(plan.buckets() / length);
    windows.map(|segments| join(segments, length, level)).collect()
}

/// A run of buckets `b_0, b_1, …`.
struct Segment {
    /// `sum(b_i)`
    plain: Packed,
    /// `sum((i + 1) * b_i)`
    weighted: Packed,
}

/// All segments of `length` in step: from the last bucket down, `plain += bucket` and `weighted += plain`.
fn segment_sums(buckets: &[Packed], length: usize, level: Level) -> Vec<Segment> {
    let count = buckets.len() / length;
    let mut adder = Adder::new(level);
    // Plain sums, weighted sums, the next bucket of each segment.
    let mut points = vec![Packed::IDENTITY; 3 * count];
    let mut sums = vec![Packed::IDENTITY; 2 * count];
    let operand = |index| Operand::new(index, false);
    // The weighted sum takes the plain one of the step before, so that both additions share an inversion.
    let plain = (0..count).map(|i| [operand(i), operand(2 * count + i)]);
    let weighted = (0..count).map(|i| [operand(count + i), operand(i)]);
    let pairs: Vec<_> = plain.chain(weighted).collect();
    for i in (0..length).rev() {
        for (segment, next) in points[2 * count..].iter_mut().enumerate() {
            *next = buckets[segment * length + i];
        }
        adder.add(&points, &pairs, &mut sums);
        points[..2 * count].copy_from_slice(&sums);
    }
    adder.add(&points, &pairs[count..], &mut sums[..count]);
    let segments = points[..count].iter().zip(&sums[..count]);
    let segment = |(plain, weighted): (&Packed, &Packed)| Segment {
        plain: *plain,
        weighted: *weighted,
    };
    segments.map(segment).collect()
}

/// The segments of one window: `sum(weighted_s + s * length * plain_s)`.
fn join(segments: &[Segment], length: usize, level: Level) -> G1 {
    let (mut running, mut by_number, mut sum) = (G1::identity(), G1::identity(), G1::identity());
    for (number, segment) in segments.iter().enumerate().rev() {
        sum += segment.weighted.unpack(level);
        if number > 0 {
            running += segment.plain.unpack(level);
            by_number += running;
        }
    }
    let by_length = (0..length.trailing_zeros()).fold(by_number, |sum, _| sum.double());
    sum + by_length
}
