//! Twelve field elements in four words of three lanes, and linear layers on them.
//!
//! Lane `l` of a word is worth `2^(80·l)`. Modulo [`modulus`], 2^240 - 1, the weight of a fourth lane is that of the
//! first, so a product of two words is the cyclic convolution of their lanes. 12 = 3 · 4 without a common factor, so
//! element i has its place in lane `i mod 3` of word `i mod 4`, and a circulant layer of twelve elements is a cyclic
//! convolution of four words by four constants.

use num_bigint::BigUint;

/// Elements of a state.
pub(super) const WIDTH: usize = 12;
/// Words of a state.
pub(super) const WORDS: usize = 4;
/// Lanes of a word.
pub(super) const LANES: usize = 3;
/// Bits of a lane.
///
/// Two layers of 8 bits fit above an element of 64. And the powers of 2 repeat after 192 with 2^96 = -1 in the field, so
/// an element that stays in its lane is off by a known sign after the S-box: see [`super::rounds`].
pub(super) const LANE_BITS: u32 = 80;
/// Where the last lane of a scaled product begins: it ends with the word.
pub(super) const TOP: u32 = 256 - LANE_BITS;

/// An element for each place of a state.
pub(super) type Vector = [u64; WIDTH];
/// A state.
pub(super) type Packed = [BigUint; WORDS];

/// `2^240 - 1`
pub(super) fn modulus() -> BigUint {
    (BigUint::from(1u32) << (LANE_BITS * LANES as u32)) - 1u32
}

/// Word and lane of an element.
pub(super) const fn place(element: usize) -> (usize, usize) {
    (element % WORDS, element % LANES)
}

/// `value` in a lane of a word that is else zero.
pub(super) fn in_lane(value: u64, lane: usize) -> BigUint {
    BigUint::from(value) << (LANE_BITS * lane as u32)
}

/// Each element in its place.
pub(super) fn pack(vector: &Vector) -> Packed {
    let mut words: Packed = Default::default();
    for (element, value) in vector.iter().enumerate() {
        let (word, lane) = place(element);
        words[word] += in_lane(*value, lane);
    }
    words
}

/// The layer `new[r] = Σ first[i]·old[(r + i) mod 12]`.
#[derive(Clone, Debug)]
pub(super) struct Circulant {
    /// Coefficients of the first output.
    pub first: Vector,
}

/// A [`Circulant`] on words A0 to A3, by their half sums and half differences: eight products in place of sixteen.
///
/// With u0 = A0 + A2, u1 = A1 + A3, v0 = A0 - A2 and v1 = A1 - A3, the new words are p0 + q0, p1 + q1, p0 - q0 and
/// p1 - q1, where p0 = u0·g0 + u1·g1, p1 = u1·g0 + u0·g1, q0 = v0·d0 + v1·d1, q1 = v1·d0 + v0·e1.
#[derive(Clone, Debug)]
pub(super) struct Split {
    pub g: [BigUint; 2],
    pub d: [BigUint; 2],
    /// -d1
    pub e1: BigUint,
}

impl Circulant {
    /// This layer twice.
    pub(super) fn squared(&self) -> Self {
        let mut first = [0; WIDTH];
        for (i, a) in self.first.iter().enumerate() {
            for (j, b) in self.first.iter().enumerate() {
                first[(i + j) % WIDTH] += a * b;
            }
        }
        Self { first }
    }

    /// Coefficient of an old element in a new one.
    pub(super) fn coefficient(&self, new: usize, old: usize) -> u64 {
        self.first[(old + WIDTH - new) % WIDTH]
    }

    /// What element 0 adds to each new element, for each unit of it.
    pub(super) fn of_first(&self) -> Vector {
        core::array::from_fn(|new| self.coefficient(new, 0))
    }

    pub(super) fn split(&self) -> Split {
        // Word a of the product is Σ A_(a+j)·factors[j]: an old lane b goes to b - l by the coefficient at lane l.
        let mut factors: Packed = Default::default();
        for (distance, coefficient) in self.first.iter().enumerate() {
            let (word, lane) = place(distance);
            factors[word] += in_lane(*coefficient, (LANES - lane) % LANES);
        }
        let (modulus, half) = (modulus(), BigUint::from(1u32) << (LANE_BITS * LANES as u32 - 1));
        let sum = |i: usize| (&factors[i] + &factors[i + 2]) * &half % &modulus;
        let difference = |i: usize| (&modulus + &factors[i] - &factors[i + 2]) * &half % &modulus;
        let d = [difference(0), difference(1)];
        Split {
            g: [sum(0), sum(1)],
            e1: &modulus - &d[1],
            d,
        }
    }
}

/// Factors of the four words whose products have `Σ coefficients[i]·element[i]` in the bits from [`TOP`] on, when they
/// are added: the last lane of a product has the lanes of its factors in opposite order, and what lies above is cut.
pub(super) fn dot(coefficients: &Vector) -> Packed {
    let scale = TOP - LANE_BITS * (LANES as u32 - 1);
    let mut words: Packed = Default::default();
    for (element, coefficient) in coefficients.iter().enumerate() {
        let (word, lane) = place(element);
        words[word] += in_lane(*coefficient, LANES - 1 - lane) << scale;
    }
    words
}
