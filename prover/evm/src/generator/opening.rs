//! SHPLONK's scalars: evaluations folded and interpolated, and the factors of the commitments.

use std::collections::{BTreeMap, BTreeSet};

use halo2_proofs::{arithmetic::Field, halo2curves::bn256::Fr};

use super::{
    Inverses, Writer,
    curve::Scalars,
    field::Id,
    layout::Challenge,
    queries::{Eval, RotationSet},
};

/// The points at which commitments are opened, as seen from u.
pub(super) struct OpeningPoints {
    /// `u - x·ω^i` by i.
    pub(super) distances: BTreeMap<u32, Id>,
    /// Product of those that are not in the first set.
    pub(super) outside_first: Id,
}

impl Writer<'_> {
    pub(super) fn opening_points(&mut self) -> OpeningPoints {
        let rotations: BTreeSet<u32> = self.sets.iter().flat_map(|set| set.rotations.clone()).collect();
        let (x, u) = (self.challenge(Challenge::X), self.challenge(Challenge::U));
        let mut distances = BTreeMap::new();
        for rotation in rotations {
            let omega = self.omega(i64::from(rotation));
            let point = self.program.graph.mul(omega, x);
            distances.insert(rotation, self.program.graph.sub(u, point));
        }
        let outside_first: Vec<Id> = distances
            .iter()
            .filter(|(rotation, _)| !self.sets[0].rotations.contains(rotation))
            .map(|(_, distance)| *distance)
            .collect();
        let outside_first = self.program.graph.product(&outside_first);
        OpeningPoints {
            distances,
            outside_first,
        }
    }

    /// Scalars of the final combination.
    pub(super) fn opening_scalars(
        &mut self,
        xn: Id,
        quotient: Id,
        opening: &OpeningPoints,
        inverses: &Inverses,
    ) -> Scalars {
        let (batch_y, batch_v) = (
            self.challenge(Challenge::BatchY),
            self.challenge(Challenge::BatchV),
        );
        let one = self.program.graph.constant(Fr::ONE);
        let mut evaluation = self.program.graph.constant(Fr::ZERO);
        let mut power_of_v = one;
        let mut factors = vec![];
        for (index, set) in self.sets.clone().iter().enumerate() {
            let graph = &mut self.program.graph;
            // The set's factor: v^i·(vanishing polynomial outside the set, normalised by the first set's) at u.
            let mut factor = power_of_v;
            if index > 0 {
                let outside = opening
                    .distances
                    .iter()
                    .filter(|(rotation, _)| !set.rotations.contains(rotation));
                let outside: Vec<Id> = outside.map(|(_, distance)| *distance).collect();
                let outside = graph.product(&outside);
                factor = graph.product(&[power_of_v, outside, inverses.outside_first]);
            }
            factors.push(factor);
            power_of_v = graph.mul(power_of_v, batch_v);
            let folded = self.set_evaluation(set, quotient, batch_y, opening, inverses.x);
            let graph = &mut self.program.graph;
            let term = graph.mul(factor, folded);
            evaluation = graph.add(evaluation, term);
        }
        let graph = &mut self.program.graph;
        let inside: Vec<Id> = self.sets[0]
            .rotations
            .iter()
            .map(|rotation| opening.distances[rotation])
            .collect();
        let inside = graph.product(&inside);
        Scalars {
            xn,
            batch_y,
            sets: factors,
            generator: graph.neg(evaluation),
            opening: [graph.neg(inside), self.challenge(Challenge::U)],
        }
    }

    /// The set's evaluations, folded by the batch challenge and interpolated at u.
    fn set_evaluation(
        &mut self,
        set: &RotationSet,
        quotient: Id,
        batch_y: Id,
        opening: &OpeningPoints,
        x_inverse: Id,
    ) -> Id {
        let omega = self.vk.get_domain().get_omega();
        let power = |rotation: &u32| omega.pow_vartime([u64::from(*rotation)]);
        let mut sum = self.program.graph.constant(Fr::ZERO);
        for (index, rotation) in set.rotations.iter().enumerate() {
            let graph = &mut self.program.graph;
            let evals: Vec<Id> = set
                .opened
                .iter()
                .map(|opened| match opened.evals[index] {
                    Eval::Proof(at) => graph.calldata(at),
                    Eval::Quotient => quotient,
                })
                .collect();
            let mut term = graph.horner(&evals, batch_y);
            // Lagrange at u: Π (u - x·ω^j) / (x·(ω^i - ω^j)); the differences of roots are constants.
            let mut roots = Fr::ONE;
            for other in set.rotations.iter().filter(|other| *other != rotation) {
                roots *= power(rotation) - power(other);
                term = graph.product(&[term, opening.distances[other], x_inverse]);
            }
            let roots = graph.constant(roots.invert().expect("distinct rotations, distinct roots"));
            let term = graph.mul(roots, term);
            sum = graph.add(sum, term);
        }
        sum
    }
}
