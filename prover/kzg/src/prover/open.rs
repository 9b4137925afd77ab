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

use super::{PreparedKey, ProverError, machine::Machine, products::powers, transcript::squeeze};

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
    // Each polynomial's openings, without repetitions.
    let mut polynomials: Vec<Vec<Opened>> = Vec::new();
    for opening in openings {
        let Query { polynomial, rotation } = opening.query;
        match polynomials
            .iter_mut()
            .find(|of| of[0].query.polynomial == polynomial)
        {
            Some(of) if of.iter().any(|other| other.query.rotation == rotation) => {}
            Some(of) => of.push(*opening),
            None => polynomials.push(vec![*opening]),
        }
    }
    let mut rotations_of_sets: Vec<Vec<usize>> = Vec::new();
    let mut sets: Vec<Set> = Vec::new();
    for mut of in polynomials {
        of.sort_by_key(|opening| opening.query.rotation);
        let rotations: Vec<usize> = of.iter().map(|opening| opening.query.rotation).collect();
        let known = rotations_of_sets.iter().position(|set| *set == rotations);
        let set = known.unwrap_or_else(|| {
            rotations_of_sets.push(rotations);
            sets.push(Set {
                points: of.iter().map(|opening| opening.point).collect(),
                members: Vec::new(),
            });
            sets.len() - 1
        });
        let values = of.iter().map(|opening| opening.value).collect();
        sets[set].members.push((of[0].query.polynomial, values));
    }
    sets
}

/// `Σ y^i·Pᵢ` of a set, and `Σ y^i·Rᵢ` where Rᵢ takes Pᵢ's values at the set's points.
struct Combined {
    polynomial: Vec<Fr>,
    remainder: Vec<Fr>,
}

impl Set {
    fn combine<B: Backend>(
        &self,
        machine: &Machine<'_, B>,
        polynomials: &[&[Fr]],
        y: Fr,
    ) -> Result<Combined, ProverError> {
        let factors = powers(y, self.members.len());
        let members: Vec<&[Fr]> = self
            .members
            .iter()
            .map(|(member, _)| polynomials[*member])
            .collect();
        let mut remainder = vec![Fr::ZERO; self.points.len()];
        for ((_, values), factor) in self.members.iter().zip(&factors) {
            let interpolated = lagrange_interpolate(&self.points, values);
            remainder
                .iter_mut()
                .zip(interpolated)
                .for_each(|(sum, c)| *sum += c * factor);
        }
        Ok(Combined {
            polynomial: machine.combine(&members, &factors)?,
            remainder,
        })
    }
}

fn slices(columns: &[Vec<Fr>]) -> Vec<&[Fr]> {
    columns.iter().map(Vec::as_slice).collect()
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
        let combined = sets
            .iter()
            .map(|set| set.combine(machine, polynomials, y))
            .collect::<Result<Vec<_>, _>>()?;
        let powers_of_v = powers(v, sets.len());

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
        let h = machine.combine(&slices(&quotients), &powers_of_v)?;
        drop(quotients);
        transcript.write_point(machine.commit(&self.monomial, &[&h])?[0])?;
        let u = squeeze(transcript);

        // L = Σ v^i · Z(all but set i)(u) · (Nᵢ - Rᵢ(u)) - Z(all)(u) · h, which vanishes at u
        let mut all: Vec<Fr> = sets.iter().flat_map(|set| set.points.iter().copied()).collect();
        all.sort();
        all.dedup();
        let mut factors = Vec::with_capacity(sets.len() + 1);
        let mut constant = Fr::ZERO;
        for ((set, combined), power) in sets.iter().zip(&combined).zip(&powers_of_v) {
            let others: Vec<Fr> = all.iter().filter(|p| !set.points.contains(p)).copied().collect();
            let factor = *power * evaluate_vanishing_polynomial(&others, u);
            constant += factor * eval_polynomial(&combined.remainder, u);
            factors.push(factor);
        }
        // Normalised by the first set's factor; it is zero only if u is one of the points, which is negligible.
        let inverse = Option::from(factors[0].invert()).unwrap_or(Fr::ZERO);
        factors.push(-evaluate_vanishing_polynomial(&all, u));
        factors.iter_mut().for_each(|factor| *factor *= inverse);
        let mut columns: Vec<&[Fr]> = combined.iter().map(|c| c.polynomial.as_slice()).collect();
        columns.push(&h);
        let mut linearised = machine.combine(&columns, &factors)?;
        linearised[0] -= constant * inverse;
        divide(&mut linearised, u);
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
