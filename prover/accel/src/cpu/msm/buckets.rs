//! The sum of every bucket.
//!
//! A window's points are sorted by bucket (a counting sort of indices). The sorted list is cut into chunks whose points
//! fit the second-level cache; in a chunk every bucket is a row of points that pairwise additions halve, round by round,
//! all buckets together. A bucket that crosses a cut is put together at the end.

use halo2curves::{
    bn256::{G1, G1Affine},
    group::Curve,
};
use rayon::prelude::*;

use super::{
    Bases,
    add::{Adder, Operand},
    digits::Digits,
    plan::Plan,
    point::Packed,
};

/// Points of a chunk: their sums take half a mebibyte.
const CHUNK: usize = 1 << 13;

/// The sums of all buckets, window by window.
pub(super) fn sum(bases: &Bases, digits: &Digits, plan: &Plan) -> Vec<Packed> {
    let buckets = plan.buckets();
    let mut sums = vec![Packed::IDENTITY; plan.windows * buckets];
    // Few points in a window: several windows at once, so that the additions of a chunk stay many.
    let together = (2 * CHUNK).div_ceil(bases.len().max(1)).min(plan.windows);
    let groups = sums.par_chunks_mut(together * buckets).enumerate();
    groups.for_each(|(group, sums)| {
        let first = group * together;
        let sorted = Sorted::new(digits, first..first + sums.len() / buckets, buckets);
        sorted.sum_into(bases, sums);
    });
    sums
}

/// The points of some windows by bucket; the buckets of all these windows are numbered through.
struct Sorted {
    operands: Vec<Operand>,
    /// Where each bucket ends in `operands`.
    ends: Vec<u32>,
}

impl Sorted {
    fn new(digits: &Digits, windows: std::ops::Range<usize>, buckets: usize) -> Self {
        let mut ends = vec![0u32; windows.len() * buckets];
        let first = windows.start;
        let bucket =
            |window: usize, digit: i16| (window - first) * buckets + digit.unsigned_abs() as usize - 1;
        for window in windows.clone() {
            for (_, digit) in digits.window(window) {
                ends[bucket(window, digit)] += 1;
            }
        }
        let mut total = 0;
        for end in &mut ends {
            (*end, total) = (total, total + *end); // where the bucket starts, for now
        }
        let mut operands = vec![Operand::new(0, false); total as usize];
        for window in windows {
            for (index, digit) in digits.window(window) {
                let end = &mut ends[bucket(window, digit)];
                operands[*end as usize] = Operand::new(index, digit < 0);
                *end += 1;
            }
        }
        Self { operands, ends }
    }

    fn sum_into(&self, bases: &Bases, sums: &mut [Packed]) {
        let chunks = self.operands.par_chunks(CHUNK).enumerate();
        let chunks: Vec<_> = chunks
            .map_init(
                || Rounds::new(bases),
                |rounds, (chunk, operands)| self.chunk_sums(rounds, chunk * CHUNK, operands),
            )
            .collect();
        for (bucket, point) in chunks.into_iter().flatten() {
            let sum = &mut sums[bucket];
            *sum = if sum.is_identity() {
                point
            } else {
                let both = G1::from(sum.unpack(bases.level)) + point.unpack(bases.level);
                Packed::new(&G1Affine::from(both.to_affine()), bases.level)
            };
        }
    }

    /// The buckets that have points in `operands`, which start at `start`, and their sums.
    fn chunk_sums(&self, rounds: &mut Rounds, start: usize, operands: &[Operand]) -> Vec<(usize, Packed)> {
        let end = start + operands.len();
        let first = self.ends.partition_point(|end| *end as usize <= start);
        rounds.clear();
        let mut at = start;
        let mut numbers = Vec::new();
        for (bucket, bucket_end) in self.ends.iter().enumerate().skip(first) {
            if at == end {
                break;
            }
            let bucket_end = (*bucket_end as usize).min(end);
            if bucket_end > at {
                rounds.push(&operands[at - start..bucket_end - start]);
                numbers.push(bucket);
                at = bucket_end;
            }
        }
        numbers.into_iter().zip(rounds.finish()).collect()
    }
}

/// What is left of a bucket between two rounds: sums that lie side by side, and perhaps one without a partner.
#[derive(Clone, Copy)]
struct Row {
    start: u32,
    length: u32,
    single: Option<u32>,
}

/// Tree sums of several rows of points at once.
struct Rounds<'a> {
    bases: &'a Bases,
    adder: Adder,
    /// Every sum so far; a round appends its own.
    sums: Vec<Packed>,
    rows: Vec<Row>,
    pairs: Vec<[Operand; 2]>,
    /// Rows of one point, and odd points of the first round: no sum of anything yet.
    odd: Vec<(usize, Operand)>,
}

impl<'a> Rounds<'a> {
    fn new(bases: &'a Bases) -> Self {
        Self {
            bases,
            adder: Adder::new(bases.level),
            sums: Vec::with_capacity(CHUNK + 1),
            rows: Vec::new(),
            pairs: Vec::new(),
            odd: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.sums.clear();
        self.rows.clear();
        self.pairs.clear();
        self.odd.clear();
    }

    /// A row of bases, not empty.
    fn push(&mut self, row: &[Operand]) {
        let pairs = row.chunks_exact(2);
        if let [odd] = pairs.remainder() {
            self.odd.push((self.rows.len(), *odd));
        }
        self.rows.push(Row {
            start: self.pairs.len() as u32,
            length: pairs.len() as u32,
            single: None,
        });
        self.pairs.extend(pairs.map(|pair| [pair[0], pair[1]]));
    }

    /// The sum of every row.
    fn finish(&mut self) -> impl Iterator<Item = Packed> {
        self.sums.resize(self.pairs.len(), Packed::IDENTITY);
        self.adder.add(&self.bases.points, &self.pairs, &mut self.sums);
        for (row, operand) in &self.odd {
            self.rows[*row].single = Some(self.sums.len() as u32);
            self.sums.push(operand.load(&self.bases.points, self.bases.level));
        }
        while self.round() {}
        self.rows.iter().map(|row| {
            let sum = if row.length == 1 {
                Some(row.start)
            } else {
                row.single
            };
            self.sums[sum.expect("a row is not empty") as usize]
        })
    }

    /// Adds what can be paired; false when every row is down to one sum.
    fn round(&mut self) -> bool {
        let done = self.sums.len();
        self.pairs.clear();
        let operand = |index: u32| Operand::new(index as usize, false);
        for row in &mut self.rows {
            let start = (done + self.pairs.len()) as u32;
            let mut ends = row.start + row.length;
            if row.length % 2 == 1 {
                ends -= 1;
                row.single = match row.single {
                    Some(single) => {
                        self.pairs.push([operand(ends), operand(single)]);
                        None
                    }
                    None => Some(ends),
                };
            }
            let pairs = (row.start..ends).step_by(2);
            self.pairs.extend(pairs.map(|i| [operand(i), operand(i + 1)]));
            row.start = start;
            row.length = (done + self.pairs.len()) as u32 - start;
        }
        if self.pairs.is_empty() {
            return false;
        }
        self.sums.resize(done + self.pairs.len(), Packed::IDENTITY);
        let (points, sums) = self.sums.split_at_mut(done);
        self.adder.add(points, &self.pairs, sums);
        true
    }
}
