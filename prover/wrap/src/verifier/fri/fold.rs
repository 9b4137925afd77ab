//! One reduction: the values on a coset determine a polynomial below the coset's size; its value at β is the next
//! layer's value.

use plonky2::{field::types::Field, util::reverse_index_bits_in_place};

use super::{super::vanishing::powers, weighted_sum};
use crate::chip::{Chip, F, F2};

/// Terms of the polynomial whose powers are computed; longer polynomials are cut into pieces of this many terms.
const PIECE: usize = 4;

/// A coset `c·⟨g⟩` with `g` of order `2^arity_bits`.
pub(super) struct Coset<'a, Ch: Chip> {
    pub(super) arity_bits: usize,
    /// `1/c`.
    pub(super) shift_inverse: &'a Ch::Wide,
}

impl<Ch: Chip> Coset<'_, Ch> {
    /// The value at `beta` of the polynomial with these values on the coset, which come in bit-reversed order.
    ///
    /// With `u = β/c` it is `Σ âⱼ·uʲ`, `â` the inverse DFT of the values: constants of the circuit only, no division.
    pub(super) fn evaluate(&self, chip: &mut Ch, values: &[Ch::Wide], beta: &Ch::Wide) -> Ch::Wide {
        let mut values = values.to_vec();
        reverse_index_bits_in_place(&mut values);
        let root = F::primitive_root_of_unity(self.arity_bits).inverse();
        let scale = F::from_canonical_usize(values.len()).inverse();
        let coefficients = transform(chip, &values, root, scale);
        let u = chip.product(beta, self.shift_inverse);
        let u = chip.reduced(&u);
        evaluate_polynomial(chip, &coefficients, &u)
    }
}

/// `scale · Σᵢ valuesᵢ·root^(i·j)` for every j. The even half halves again; the odd half is summed directly, so that
/// every value meets one full-size constant only.
fn transform<Ch: Chip>(chip: &mut Ch, values: &[Ch::Wide], root: F, scale: F) -> Vec<Ch::Wide> {
    let half = values.len() / 2;
    if half == 0 {
        return vec![chip.sum(&[(scale, values[0].clone())], F2::ZERO)];
    }
    let (low, high) = values.split_at(half);
    let mut sums = Vec::with_capacity(half);
    let mut differences = Vec::with_capacity(half);
    for (a, b) in low.iter().zip(high) {
        sums.push(chip.sum(&[(F::ONE, a.clone()), (F::ONE, b.clone())], F2::ZERO));
        differences.push(chip.difference(a, b));
    }
    let even = transform(chip, &sums, root * root, scale);
    let odd = (0..half).map(|m| {
        let step = root.exp_u64(2 * m as u64 + 1);
        let terms: Vec<_> = step
            .shifted_powers(scale)
            .zip(differences.iter().cloned())
            .collect();
        chip.sum(&terms, F2::ZERO)
    });
    let odd: Vec<_> = odd.collect();
    even.into_iter().zip(odd).flat_map(|(e, o)| [e, o]).collect()
}

/// `Σ coefficientsᵢ · xⁱ`, not reduced: pieces of four terms by inner products, the pieces by Horner's rule in `x⁴`.
pub(super) fn evaluate_polynomial<Ch: Chip>(
    chip: &mut Ch,
    coefficients: &[Ch::Wide],
    x: &Ch::Wide,
) -> Ch::Wide {
    let one = chip.sum(&[], F2::ONE);
    let mut x_powers = vec![one];
    x_powers.extend(powers(chip, x, PIECE.min(coefficients.len() - 1)));
    let mut pieces = coefficients.chunks(PIECE).rev();
    let last = pieces.next().expect("a polynomial has a coefficient");
    let mut value = weighted_sum(chip, &x_powers[..PIECE.min(x_powers.len())], last);
    for piece in pieces {
        value = chip.reduced(&value);
        let piece = weighted_sum(chip, &x_powers[..PIECE], piece);
        value = chip.inner_product(&[(value, x_powers[PIECE].clone())], Some(&piece));
    }
    value
}
