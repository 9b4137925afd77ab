//! FRI: proof of work, batched openings, and the queries.

mod fold;
mod openings;

use plonky2::{field::types::Field, fri::FriParams, plonk::circuit_data::CommonCircuitData};

use self::{fold::Coset, openings::BatchedOpenings};
use super::{
    challenges::Challenges,
    merkle,
    proof::{Cap, ProofValues, Query},
};
use crate::chip::{Chip, F, F2};

/// Asserts that every opened value is the value of a committed polynomial of low degree.
pub(super) fn assert_openings<Ch: Chip>(
    chip: &mut Ch,
    common: &CommonCircuitData<F, 2>,
    constants_cap: &Cap<Ch>,
    proof: &ProofValues<Ch>,
    challenges: &Challenges<Ch>,
) {
    let params = &common.fri_params;
    chip.enter("proof of work");
    let response = chip.bits(&challenges.pow_response);
    for bit in response
        .iter()
        .rev()
        .take(params.config.proof_of_work_bits as usize)
    {
        chip.assert_zero_bit(bit);
    }

    chip.enter("batched openings");
    let batched = BatchedOpenings::new(chip, common, &proof.openings, challenges);
    let betas = challenges
        .fri_betas
        .iter()
        .map(|beta| chip.widen_ext(beta))
        .collect();
    let final_polynomial = proof.final_polynomial.iter().map(|c| chip.widen_ext(c)).collect();
    let verifier = QueryVerifier {
        params,
        initial_caps: [
            constants_cap,
            &proof.wires_cap,
            &proof.partial_products_cap,
            &proof.quotient_cap,
        ],
        fri_caps: &proof.fri_caps,
        betas,
        final_polynomial,
        batched,
    };
    for (query, element) in proof.queries.iter().zip(&challenges.query_elements) {
        chip.enter("query indices");
        let mut index = chip.bits(element);
        index.truncate(params.lde_bits()); // modulo the size of the domain
        verifier.assert_query(chip, query, &index);
    }
}

/// What all queries share.
struct QueryVerifier<'a, Ch: Chip> {
    params: &'a FriParams,
    initial_caps: [&'a Cap<Ch>; 4],
    fri_caps: &'a [Cap<Ch>],
    betas: Vec<Ch::Wide>,
    final_polynomial: Vec<Ch::Wide>,
    batched: BatchedOpenings<Ch>,
}

impl<Ch: Chip> QueryVerifier<'_, Ch> {
    /// One query at the domain point with these index bits, lowest first.
    fn assert_query(&self, chip: &mut Ch, query: &Query<Ch>, index: &[Ch::Bit]) {
        chip.enter("Merkle paths");
        for (leaf, cap) in query.leaves.iter().zip(self.initial_caps) {
            let digest = merkle::hash_leaf(chip, &leaf.values);
            merkle::assert_member(chip, digest, index, &leaf.siblings, cap);
        }

        // The value that each round must state at the query's place in its coset, from the round before.
        let mut expected: Option<Ch::Wide> = None;
        let mut consumed = 0;
        for (round, (step, &arity_bits)) in query
            .steps
            .iter()
            .zip(&self.params.reduction_arity_bits)
            .enumerate()
        {
            let (within_coset, coset_index) = index[consumed..].split_at(arity_bits);
            chip.enter("Merkle paths");
            let leaf: Vec<_> = step
                .values
                .iter()
                .flat_map(|value| chip.coordinates(value))
                .collect();
            let digest = merkle::hash_leaf(chip, &leaf);
            merkle::assert_member(chip, digest, coset_index, &step.siblings, &self.fri_caps[round]);

            chip.enter("folds");
            let stated = chip.lookup_ext(within_coset, &step.values);
            let stated = chip.widen_ext(&stated);
            self.assert_value(chip, query, index, expected.as_ref(), &stated);

            chip.enter("folds");
            let values: Vec<_> = step.values.iter().map(|value| chip.widen_ext(value)).collect();
            let shift_inverse =
                self.domain_point(chip, index, consumed, consumed + arity_bits, Direction::Inverse);
            let coset = Coset {
                arity_bits,
                shift_inverse: &shift_inverse,
            };
            expected = Some(coset.evaluate(chip, &values, &self.betas[round]));
            consumed += arity_bits;
        }

        chip.enter("final polynomial");
        let x = self.domain_point(chip, index, consumed, consumed, Direction::Forward);
        let value = fold::evaluate_polynomial(chip, &self.final_polynomial, &x);
        if expected.is_some() {
            self.assert_value(chip, query, index, expected.as_ref(), &value);
        } else {
            let value = chip.reduced(&value);
            self.assert_value(chip, query, index, None, &value);
        }
    }

    /// Asserts `stated` to be the expected value: that of the fold before, or of the batched openings in the beginning.
    fn assert_value(
        &self,
        chip: &mut Ch,
        query: &Query<Ch>,
        index: &[Ch::Bit],
        expected: Option<&Ch::Wide>,
        stated: &Ch::Wide,
    ) {
        match expected {
            Some(expected) => {
                let difference = chip.difference(expected, stated);
                chip.assert_zero(&difference);
            }
            None => {
                chip.enter("batched openings");
                let x = self.domain_point(chip, index, 0, 0, Direction::Forward);
                self.batched.assert_quotient(chip, &query.leaves, &x, stated);
            }
        }
    }

    /// The query's point in the domain after `consumed` index bits are folded away, without the factors of the bits
    /// below `first_bit` (the first point of its coset, then), or its inverse.
    ///
    /// Domains are stored in bit-reversed order: bit `i` of the index multiplies the point by `ω^(2^(log n − 1 − i))`.
    fn domain_point(
        &self,
        chip: &mut Ch,
        index: &[Ch::Bit],
        consumed: usize,
        first_bit: usize,
        direction: Direction,
    ) -> Ch::Wide {
        let log_n = self.params.lde_bits();
        let orient = |x: F| match direction {
            Direction::Forward => x,
            Direction::Inverse => x.inverse(),
        };
        let shift = orient(F::coset_shift()).exp_power_of_2(consumed);
        let generator = orient(F::primitive_root_of_unity(log_n));
        let factors: Vec<_> = (first_bit..log_n)
            .map(|i| generator.exp_power_of_2(log_n - 1 - i + consumed))
            .collect();
        let point = chip.select_product(shift, &index[first_bit..], &factors);
        chip.widen(&point)
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Forward,
    Inverse,
}

/// `Σ powersᵢ · valuesᵢ` with `powers[0]` taken as 1.
fn weighted_sum<Ch: Chip>(chip: &mut Ch, powers: &[Ch::Wide], values: &[Ch::Wide]) -> Ch::Wide {
    let Some((first, rest)) = values.split_first() else {
        return chip.sum(&[], F2::ZERO);
    };
    let terms: Vec<_> = powers[1..].iter().cloned().zip(rest.iter().cloned()).collect();
    chip.inner_product(&terms, Some(first))
}
