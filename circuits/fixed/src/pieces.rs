//! A function by polynomials.

/// Pieces of a function.
pub const PIECES: usize = 64;
/// Degree of the polynomials.
pub const DEGREE: usize = 4;
/// Bits of an argument within its piece.
pub const OFFSET_BITS: u32 = 20;
/// The results of Horner's steps are from `-2^(bits - 1)` to below `2^(bits - 1)`, by degree of what is still to be multiplied;
/// the first is the function's value. Those of the last step are coefficients.
pub const VALUE_BITS: [u32; DEGREE] = [34, 30, 26, 22];

/// A function of integers from 0 to below 2^26, by polynomials of degree 4 in the place within the piece, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// By piece, then by degree: in units of the result.
    pub coefficients: [[i64; DEGREE + 1]; PIECES],
}

/// Horner's rule, step by step: `value[k] = round((value[k + 1] offset + coefficient[k] 2^20) / 2^20)`, halves up, from
/// `value[4] = coefficient[4]` down to the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Which polynomial.
    pub piece: usize,
    /// Where in the piece, below 2^20.
    pub offset: u32,
    /// What comes of each step; the first is the result.
    pub values: [i64; DEGREE + 1],
    /// What each division leaves, below 2^20.
    pub remainders: [u32; DEGREE],
}

impl Pieces {
    /// Evaluates the function.
    ///
    /// # Panics
    /// If the argument is 2^26 or more.
    pub const fn steps(&self, argument: u32) -> Steps {
        assert!(
            argument >> OFFSET_BITS < PIECES as u32,
            "the argument is 2^26 or more"
        );
        let piece = (argument >> OFFSET_BITS) as usize;
        let offset = argument & ((1 << OFFSET_BITS) - 1);
        let coefficients = &self.coefficients[piece];
        let mut values = [0; DEGREE + 1];
        let mut remainders = [0; DEGREE];
        values[DEGREE] = coefficients[DEGREE];
        let mut k = DEGREE;
        while k > 0 {
            k -= 1;
            let product = values[k + 1] * offset as i64 + (coefficients[k] << OFFSET_BITS);
            let rounded = product + (1 << (OFFSET_BITS - 1));
            values[k] = rounded >> OFFSET_BITS;
            remainders[k] = (rounded & ((1 << OFFSET_BITS) - 1)) as u32;
        }
        Steps {
            piece,
            offset,
            values,
            remainders,
        }
    }

    /// The function's value.
    ///
    /// # Panics
    /// If the argument is 2^26 or more.
    pub const fn at(&self, argument: u32) -> i64 {
        self.steps(argument).values[0]
    }
}
