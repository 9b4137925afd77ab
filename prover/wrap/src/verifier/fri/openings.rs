//! All openings in one: a random combination of `(f(x) − f(z)) / (x − z)` over the polynomials `f` and their points `z`.

use plonky2::{field::types::Field, plonk::circuit_data::CommonCircuitData};

use super::{
    super::{
        challenges::Challenges,
        proof::{Opened, Openings},
        vanishing::powers,
    },
    weighted_sum,
};
use crate::chip::{Chip, F, F2};

/// Powers of α at hand: a sum of 256 values costs these and as many of their 16th powers, not 256 powers.
const BLOCK: usize = 16;
/// The tree that holds the Z polynomials, first among its columns.
const Z_TREE: usize = 2;

/// The combination's parts that all queries share.
pub(super) struct BatchedOpenings<Ch: Chip> {
    /// `1, α, …, α¹⁵`.
    powers: Vec<Ch::Wide>,
    /// `α^(k + 16·i)`, k the number of polynomials opened at g·ζ (whose combination comes after, unshifted).
    block_powers: Vec<Ch::Wide>,
    zeta: Ch::Wide,
    next_zeta: Ch::Wide,
    /// The combined openings at ζ and at g·ζ.
    at_zeta: Ch::Wide,
    at_next: Ch::Wide,
    num_next: usize,
}

impl<Ch: Chip> BatchedOpenings<Ch> {
    pub(super) fn new(
        chip: &mut Ch,
        common: &CommonCircuitData<F, 2>,
        openings: &Openings<Ch>,
        challenges: &Challenges<Ch>,
    ) -> Self {
        let alpha = chip.widen_ext(&challenges.fri_alpha);
        let at_zeta: Vec<_> = openings.at_zeta().map(|value| chip.widen_ext(value)).collect();
        let at_next: Vec<_> = openings.at_next().map(|value| chip.widen_ext(value)).collect();
        let num_next = at_next.len();

        let alpha_powers = powers(chip, &alpha, BLOCK.max(num_next));
        let block_shift = &alpha_powers[BLOCK - 1];
        let mut block_powers = vec![alpha_powers[num_next - 1].clone()];
        for i in 1..at_zeta.len().div_ceil(BLOCK) {
            let next = chip.product(&block_powers[i - 1], block_shift);
            block_powers.push(chip.reduced(&next));
        }
        let mut low_powers = vec![chip.sum(&[], F2::ONE)];
        low_powers.extend_from_slice(&alpha_powers);

        let zeta = chip.widen_ext(&challenges.zeta);
        // Outside GF(p), ζ and g·ζ differ from every point of the domain: the quotients below are then well defined.
        // (A random ζ lies in GF(p) with probability 1/p.)
        let zero = chip.constant(F::ZERO);
        let [_, zeta_1] = chip.coordinates(&challenges.zeta);
        let zeta_1 = chip.ext(&zeta_1, &zero);
        chip.inverse_ext(&zeta_1);

        let generator = F::primitive_root_of_unity(common.degree_bits());
        let next_zeta = chip.sum(&[(generator, zeta.clone())], F2::ZERO);
        let next_zeta = chip.reduced(&next_zeta);
        let mut batched = Self {
            powers: low_powers,
            block_powers,
            zeta,
            next_zeta,
            at_zeta: chip.sum(&[], F2::ZERO),
            at_next: chip.sum(&[], F2::ZERO),
            num_next,
        };
        let combined = batched.combine_at_zeta(chip, &at_zeta);
        batched.at_zeta = chip.reduced(&combined);
        let combined = weighted_sum(chip, &batched.powers, &at_next);
        batched.at_next = chip.reduced(&combined);
        batched
    }

    /// `Σ α^(k+i) · valuesᵢ`, not reduced.
    fn combine_at_zeta(&self, chip: &mut Ch, values: &[Ch::Wide]) -> Ch::Wide {
        assert_eq!(
            values.len().div_ceil(BLOCK),
            self.block_powers.len(),
            "a power for every block"
        );
        let blocks: Vec<_> = values
            .chunks(BLOCK)
            .zip(&self.block_powers)
            .map(|(block, power)| (weighted_sum(chip, &self.powers, block), power.clone()))
            .collect();
        chip.inner_product(&blocks, None)
    }

    /// Asserts that `stated` is the combination's value at `x`, given the polynomials' values there.
    ///
    /// Multiplied out: `stated·(x − ζ)·(x − gζ) = A·(x − gζ) + B·(x − ζ)`, with no division.
    pub(super) fn assert_quotient(
        &self,
        chip: &mut Ch,
        leaves: &[Opened<Ch, Ch::Fe>],
        x: &Ch::Wide,
        stated: &Ch::Wide,
    ) {
        let values: Vec<_> = leaves
            .iter()
            .flat_map(|leaf| &leaf.values)
            .map(|v| chip.widen(v))
            .collect();
        let at_x = self.combine_at_zeta(chip, &values);
        let minus_a = chip.difference(&self.at_zeta, &at_x);
        let minus_a = chip.reduced(&minus_a);

        let z_values = leaves[Z_TREE].values[..self.num_next].iter();
        let z_values: Vec<_> = z_values.map(|v| chip.widen(v)).collect();
        let at_x = weighted_sum(chip, &self.powers, &z_values);
        let minus_b = chip.difference(&self.at_next, &at_x);

        let x_minus_zeta = chip.difference(x, &self.zeta);
        let x_minus_next = chip.difference(x, &self.next_zeta);
        let denominator = chip.product(&x_minus_zeta, &x_minus_next);
        let identity = chip.inner_product(
            &[
                (stated.clone(), denominator),
                (minus_a, x_minus_next),
                (minus_b, x_minus_zeta),
            ],
            None,
        );
        chip.assert_zero(&identity);
    }
}
