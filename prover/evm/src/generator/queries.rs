//! Which commitment is opened at which rows, grouped as SHPLONK groups them.

use std::collections::{BTreeMap, BTreeSet};

use halo2_proofs::{halo2curves::bn256::G1Affine, plonk::VerifyingKey, poly::Rotation};

use super::layout::Layout;

/// A commitment that the proof opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commitment {
    /// In the calldata, at this offset.
    Proof(u32),
    /// Of the key.
    Key(G1Affine),
    /// Σ xⁿⁱ·(piece i of the quotient).
    Quotient,
}

/// An evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Eval {
    /// In the calldata, at this offset.
    Proof(u32),
    /// What the constraints say that the quotient is.
    Quotient,
}

/// A commitment with its evaluations, in the order of its set's rotations.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) commitment: Commitment,
    pub(super) evals: Vec<Eval>,
}

/// Commitments that are opened at the same points `x·ωⁱ`.
#[derive(Clone, Debug)]
pub(super) struct RotationSet {
    /// Exponents of ω, from 0 to n - 1.
    pub(super) rotations: BTreeSet<u32>,
    pub(super) opened: Vec<Opened>,
}

/// Kind and index of a committed polynomial: two columns may have equal commitments and still differ here.
type Polynomial = (u8, usize);

/// A polynomial's commitment, and its evaluations by rotation.
struct Queried {
    polynomial: Polynomial,
    commitment: Commitment,
    evals: BTreeMap<u32, Eval>,
}

/// One commitment at one rotation.
struct Query {
    polynomial: Polynomial,
    commitment: Commitment,
    rotation: u32,
    eval: Eval,
}

/// The sets in SHPLONK's order: both sets and commitments by first appearance. `None` if two queries of one commitment
/// fall on one point, which makes halo2 refuse every proof.
pub(super) fn rotation_sets(vk: &VerifyingKey<G1Affine>, layout: &Layout) -> Option<Vec<RotationSet>> {
    let mut polynomials: Vec<Queried> = vec![];
    for query in queries(vk, layout) {
        let known = polynomials
            .iter_mut()
            .find(|queried| queried.polynomial == query.polynomial);
        let evals = match known {
            Some(queried) => &mut queried.evals,
            None => {
                polynomials.push(Queried {
                    polynomial: query.polynomial,
                    commitment: query.commitment,
                    evals: BTreeMap::new(),
                });
                &mut polynomials.last_mut()?.evals
            }
        };
        if evals.insert(query.rotation, query.eval).is_some() {
            return None;
        }
    }
    let mut sets: Vec<RotationSet> = vec![];
    for queried in polynomials {
        let rotations: BTreeSet<u32> = queried.evals.keys().copied().collect();
        let opened = Opened {
            commitment: queried.commitment,
            evals: queried.evals.into_values().collect(),
        };
        match sets.iter_mut().find(|set| set.rotations == rotations) {
            Some(set) => set.opened.push(opened),
            None => sets.push(RotationSet {
                rotations,
                opened: vec![opened],
            }),
        }
    }
    Some(sets)
}

/// All queries in halo2's order.
fn queries(vk: &VerifyingKey<G1Affine>, layout: &Layout) -> Vec<Query> {
    const ADVICE: u8 = 0;
    const PRODUCT: u8 = 1;
    const LOOKUP: u8 = 2;
    const FIXED: u8 = 3;
    const SIGMA: u8 = 4;
    const VANISHING: u8 = 5;
    let cs = vk.cs();
    let n = 1i64 << vk.get_domain().k();
    let mut queries = vec![];
    let mut push = |polynomial, commitment, rotation: Rotation, eval| {
        queries.push(Query {
            polynomial,
            commitment,
            rotation: i64::from(rotation.0).rem_euclid(n) as u32,
            eval,
        });
    };
    let (current, next, previous) = (Rotation::cur(), Rotation::next(), Rotation::prev());
    let last = Rotation(-(cs.blinding_factors() as i32 + 1));

    for ((column, rotation), eval) in cs.advice_queries().iter().zip(&layout.advice_evals) {
        let point = Commitment::Proof(layout.advice[column.index()]);
        push((ADVICE, column.index()), point, *rotation, Eval::Proof(*eval));
    }
    let products: Vec<_> = layout
        .products
        .iter()
        .zip(&layout.product_evals)
        .enumerate()
        .collect();
    for (i, (point, evals)) in &products {
        push(
            (PRODUCT, *i),
            Commitment::Proof(**point),
            current,
            Eval::Proof(evals.current),
        );
        push(
            (PRODUCT, *i),
            Commitment::Proof(**point),
            next,
            Eval::Proof(evals.next),
        );
    }
    for (i, (point, evals)) in products.iter().rev() {
        if let Some(eval) = evals.last {
            push((PRODUCT, *i), Commitment::Proof(**point), last, Eval::Proof(eval));
        }
    }
    for (i, (points, evals)) in layout.lookups.iter().zip(&layout.lookup_evals).enumerate() {
        let [product, input, table] = [3 * i, 3 * i + 1, 3 * i + 2].map(|index| (LOOKUP, index));
        push(
            product,
            Commitment::Proof(points.product),
            current,
            Eval::Proof(evals.product),
        );
        push(
            input,
            Commitment::Proof(points.input),
            current,
            Eval::Proof(evals.input),
        );
        push(
            table,
            Commitment::Proof(points.table),
            current,
            Eval::Proof(evals.table),
        );
        push(
            input,
            Commitment::Proof(points.input),
            previous,
            Eval::Proof(evals.input_prev),
        );
        push(
            product,
            Commitment::Proof(points.product),
            next,
            Eval::Proof(evals.product_next),
        );
    }
    for ((column, rotation), eval) in cs.fixed_queries().iter().zip(&layout.fixed_evals) {
        let point = Commitment::Key(vk.fixed_commitments()[column.index()]);
        push((FIXED, column.index()), point, *rotation, Eval::Proof(*eval));
    }
    let sigmas = vk.permutation().commitments().iter().zip(&layout.sigma_evals);
    for (i, (point, eval)) in sigmas.enumerate() {
        push((SIGMA, i), Commitment::Key(*point), current, Eval::Proof(*eval));
    }
    push((VANISHING, 0), Commitment::Quotient, current, Eval::Quotient);
    push(
        (VANISHING, 1),
        Commitment::Proof(layout.random),
        current,
        Eval::Proof(layout.random_eval),
    );
    queries
}
