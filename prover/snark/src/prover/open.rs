//! Opening polynomials at several points with two commitments: SHPLONK (Boneh, Drake, Fisch, Gabizon, eprint 2020/081),
//! step for step as halo2-axiom's `ProverSHPLONK`.

use ashlar_accel::Backend;
use halo2_proofs::{
    arithmetic::{eval_polynomial, evaluate_vanishing_polynomial, lagrange_interpolate},
    halo2curves::{
        bn256::{Fr, G1Affine},
        ff::Field,
    },
    transcript::{EncodedChallenge, TranscriptWrite},
};
use rayon::prelude::*;

use super::{
    PreparedKey, ProverError,
    machine::Machine,
    products::{add_scaled, scale},
    transcript::squeeze,
};

/// A polynomial and the rotation of x at which it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Query {
    /// Index of the polynomial.
    pub(super) polynomial: usize,
    /// In rows, from 0 to n - 1.
    pub(super) rotation: usize,
}

/// The value of a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    pub(super) query: Query,
    pub(super) point: Fr,
    pub(super) value: Fr,
}

/// Polynomials that are opened at the same points.
struct Set {
    points: Vec<Fr>,
    /// Polynomial and its values at the points.
    members: Vec<(usize, Vec<Fr>)>,
}

/// Sets in the order in which their first members are queried, members in the order of their first queries.
fn sets(openings: &[Opened]) -> Vec<Set> {
    let mut polynomials: Vec<(usize, Vec<(usize, Fr, Fr)>)> = Vec::new();
    for Opened { query, point, value } in openings {
        let entry = (query.rotation, *point, *value);
        match polynomials
            .iter_mut()
            .find(|(index, _)| *index == query.polynomial)
        {
            Some((_, entries)) if entries.contains(&entry) => {}
            Some((_, entries)) => entries.push(entry),
            None => polynomials.push((query.polynomial, vec![entry])),
        }
    }
    let mut sets: Vec<(Vec<usize>, Set)> = Vec::new();
    for (polynomial, mut entries) in polynomials {
        entries.sort_by_key(|(rotation, ..)| *rotation);
        let rotations: Vec<usize> = entries.iter().map(|(rotation, ..)| *rotation).collect();
        let member = (polynomial, entries.iter().map(|(.., value)| *value).collect());
        match sets.iter_mut().find(|(of_set, _)| *of_set == rotations) {
            Some((_, set)) => set.members.push(member),
            None => {
                let points = entries.iter().map(|(_, point, _)| *point).collect();
                let members = vec![member];
                sets.push((rotations, Set { points, members }));
            }
        }
    }
    sets.into_iter().map(|(_, set)| set).collect()
}

/// `Σ y^i·Pᵢ` of a set, and `Σ y^i·Rᵢ` where Rᵢ takes Pᵢ's values at the set's points.
struct Combined {
    polynomial: Vec<Fr>,
    remainder: Vec<Fr>,
}

fn combine(set: &Set, polynomials: &[&[Fr]], y: Fr, rows: usize) -> Combined {
    let mut polynomial = vec![Fr::ZERO; rows];
    let mut remainder = vec![Fr::ZERO; set.points.len()];
    let mut power = Fr::ONE;
    for (member, values) in &set.members {
        add_scaled(&mut polynomial, polynomials[*member], power);
        add_scaled(&mut remainder, &lagrange_interpolate(&set.points, values), power);
        power *= y;
    }
    Combined {
        polynomial,
        remainder,
    }
}

/// Replaces p by `(p - p(z)) / (X - z)`; the highest coefficient becomes zero.
fn divide(polynomial: &mut [Fr], z: Fr) {
    let mut carry = Fr::ZERO;
    for coefficient in polynomial.iter_mut().rev() {
        let next = *coefficient + carry * z;
        *coefficient = std::mem::replace(&mut carry, next);
    }
}

impl<B: Backend> PreparedKey<B> {
    /// Writes the two commitments that open everything in `openings`.
    pub(super) fn open<E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
        &self,
        machine: &Machine<'_, B>,
        polynomials: &[&[Fr]],
        openings: &[Opened],
        transcript: &mut T,
    ) -> Result<(), ProverError> {
        let sets = sets(openings);
        let y = squeeze(transcript);
        let v = squeeze(transcript);
        let mut combined: Vec<Combined> = sets
            .par_iter()
            .map(|set| combine(set, polynomials, y, self.rows()))
            .collect();

        // h = Σ v^i · (Nᵢ - Rᵢ) / Zᵢ
        let quotients: Vec<Vec<Fr>> = sets
            .par_iter()
            .zip(&combined)
            .map(|(set, combined)| {
                let mut quotient = combined.polynomial.clone();
                // Dividing exactly drops the remainder.
                set.points.iter().for_each(|point| divide(&mut quotient, *point));
                quotient
            })
            .collect();
        let mut h = vec![Fr::ZERO; self.rows()];
        let mut power = Fr::ONE;
        for quotient in &quotients {
            add_scaled(&mut h, quotient, power);
            power *= v;
        }
        drop(quotients);
        transcript.write_point(machine.commit(&self.monomial, &[&h])?[0])?;
        let u = squeeze(transcript);

        // L = Σ v^i · Z(all but set i)(u) · (Nᵢ - Rᵢ(u)) - Z(all)(u) · h, which vanishes at u
        let mut all: Vec<Fr> = sets.iter().flat_map(|set| set.points.iter().copied()).collect();
        all.sort();
        all.dedup();
        scale(&mut h, -evaluate_vanishing_polynomial(&all, u));
        let mut linearised = h;
        let mut power = Fr::ONE;
        let mut first = None;
        for (set, combined) in sets.iter().zip(combined.drain(..)) {
            let others: Vec<Fr> = all.iter().filter(|p| !set.points.contains(p)).copied().collect();
            let others = evaluate_vanishing_polynomial(&others, u);
            first.get_or_insert(others);
            add_scaled(&mut linearised, &combined.polynomial, power * others);
            linearised[0] -= power * others * eval_polynomial(&combined.remainder, u);
            power *= v;
        }
        divide(&mut linearised, u);
        // Normalised by the first set's factor; it is zero only if u is one of the points, which is negligible.
        let inverse = first
            .and_then(|first| Option::from(first.invert()))
            .unwrap_or(Fr::ZERO);
        scale(&mut linearised, inverse);
        transcript.write_point(machine.commit(&self.monomial, &[&linearised])?[0])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_leaves_the_quotient() {
        let coefficients = [5, 8, 13, 21].map(Fr::from);
        let (z, x) = (Fr::from(3), Fr::from(10));
        let mut quotient = coefficients;
        divide(&mut quotient, z);
        assert_eq!(quotient[3], Fr::ZERO);
        assert_eq!(
            eval_polynomial(&quotient, x) * (x - z),
            eval_polynomial(&coefficients, x) - eval_polynomial(&coefficients, z)
        );
    }

    #[test]
    fn sets_follow_the_order_of_queries() {
        let open = |polynomial, rotation: usize| Opened {
            query: Query { polynomial, rotation },
            point: Fr::from(rotation as u64),
            value: Fr::from(polynomial as u64),
        };
        let openings = [
            open(4, 1),
            open(2, 0),
            open(4, 0),
            open(3, 0),
            open(1, 0),
            open(1, 1),
            open(2, 0),
        ];
        let found: Vec<_> = sets(&openings)
            .iter()
            .map(|set| {
                let members: Vec<_> = set.members.iter().map(|(member, _)| *member).collect();
                (set.points.len(), members)
            })
            .collect();
        assert_eq!(found, [(2, vec![4, 1]), (1, vec![2, 3])]);
    }
}
