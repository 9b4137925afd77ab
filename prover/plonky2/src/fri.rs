//! Openings of committed polynomials: FRI.

use ashlar_poseidon::State;
use ashlar_statement::hash::{D, F};
use plonky2::{
    field::{
        extension::{flatten, unflatten},
        polynomial::PolynomialCoeffs,
        types::{Field, PrimeField64},
    },
    fri::{
        FriParams,
        proof::{FriInitialTreeProof, FriProof, FriQueryRound, FriQueryStep},
    },
    hash::{
        merkle_tree::MerkleTree,
        poseidon::{PoseidonHash, SPONGE_RATE, SPONGE_WIDTH},
    },
    iop::challenger::Challenger,
    plonk::plonk_common::reduce_with_powers,
    util::{reducing::ReducingFactor, reverse_index_bits_in_place},
};
use rayon::prelude::*;

use crate::{Arithmetic, FE, grind::grind, tree::merkle_tree};

type Transcript = Challenger<F, PoseidonHash>;
type Tree = MerkleTree<F, PoseidonHash>;

/// Polynomials that are opened at a point.
pub struct Opened<'a> {
    pub point: FE,
    pub polynomials: Vec<&'a PolynomialCoeffs<F>>,
}

/// Opens the polynomials that are the leaves of `oracles`.
pub fn open(
    arithmetic: Arithmetic,
    params: &FriParams,
    opened: &[Opened<'_>],
    oracles: &[&Tree],
    transcript: &mut Transcript,
) -> FriProof<F, PoseidonHash, D> {
    let combined = combine(opened, transcript.get_extension_challenge::<D>());
    let (trees, final_poly) = fold(arithmetic, params, combined, transcript);
    let (state, place) = before_nonce(transcript, &final_poly);
    let pow_witness = grind(arithmetic, &state, place, params.config.proof_of_work_bits);
    transcript.observe_element(pow_witness);
    transcript.get_challenge(); // what the nonce is for
    let queries = transcript.get_n_challenges(params.config.num_query_rounds);
    let query_round_proofs = queries
        .into_iter()
        .map(|query| {
            answer(
                params,
                oracles,
                &trees,
                query.to_canonical_u64() as usize % params.lde_size(),
            )
        })
        .collect();
    FriProof {
        commit_phase_merkle_caps: trees.into_iter().map(|tree| tree.cap).collect(),
        query_round_proofs,
        final_poly,
        pow_witness,
    }
}

/// `Σ αⁱ (fᵢ(X) - fᵢ(z)) / (X - z)` over all polynomials of all points: a polynomial if all are what they are said to be.
fn combine(opened: &[Opened<'_>], alpha: FE) -> PolynomialCoeffs<FE> {
    let mut alpha = ReducingFactor::new(alpha);
    let mut combined = PolynomialCoeffs::empty();
    for Opened { point, polynomials } in opened {
        let sum = alpha.reduce_polys_base::<F, D>(polynomials.iter().copied());
        let mut quotient = sum.divide_by_linear(*point);
        quotient.coeffs.push(FE::ZERO); // a power of two again
        alpha.shift_poly(&mut combined);
        combined += quotient;
    }
    combined
}

/// Folds until the polynomial is small: the trees of the values before each fold, and what is left.
fn fold(
    arithmetic: Arithmetic,
    params: &FriParams,
    combined: PolynomialCoeffs<FE>,
    transcript: &mut Transcript,
) -> (Vec<Tree>, PolynomialCoeffs<FE>) {
    let rate_bits = params.config.rate_bits;
    let mut shift = F::coset_shift();
    let mut polynomial = combined;
    let trees = params.reduction_arity_bits.iter().map(|arity_bits| {
        let arity = 1 << arity_bits;
        let extended = polynomial.lde(rate_bits);
        let mut values = extended
            .coset_fft_with_options(shift.into(), Some(rate_bits), None)
            .values;
        reverse_index_bits_in_place(&mut values);
        let leaves = values.par_chunks_exact(arity).map(flatten::<F, D>).collect();
        let tree = merkle_tree(arithmetic, leaves, params.config.cap_height);
        transcript.observe_cap::<PoseidonHash>(&tree.cap);
        let beta = transcript.get_extension_challenge::<D>();
        let folded = polynomial
            .coeffs
            .chunks_exact(arity)
            .map(|chunk| reduce_with_powers(chunk, beta));
        polynomial = PolynomialCoeffs::new(folded.collect());
        shift = shift.exp_u64(arity as u64);
        tree
    });
    (trees.collect(), polynomial)
}

/// Observes what is left; the state that the nonce meets, and the place where it goes.
///
/// A challenge was drawn just before, so nothing waits to be absorbed: every eight elements are, and the rest overwrites
/// the beginning of the state together with the nonce.
fn before_nonce(transcript: &mut Transcript, final_poly: &PolynomialCoeffs<FE>) -> (State, usize) {
    let elements = flatten::<F, D>(&final_poly.coeffs);
    let (absorbed, rest) = elements.split_at(elements.len() / SPONGE_RATE * SPONGE_RATE);
    transcript.observe_elements(absorbed);
    let permuted = transcript.clone().compact();
    let mut state = [F::ZERO; SPONGE_WIDTH];
    state.copy_from_slice(permuted.as_ref());
    state[..rest.len()].copy_from_slice(rest);
    transcript.observe_elements(rest);
    (state, rest.len())
}

/// Leaves and paths at a place of every tree.
fn answer(
    params: &FriParams,
    oracles: &[&Tree],
    trees: &[Tree],
    mut place: usize,
) -> FriQueryRound<F, PoseidonHash, D> {
    let evals_proofs = oracles
        .iter()
        .map(|tree| (tree.get(place).to_vec(), tree.prove(place)))
        .collect();
    let steps = trees
        .iter()
        .zip(&params.reduction_arity_bits)
        .map(|(tree, arity_bits)| {
            place >>= arity_bits;
            FriQueryStep {
                evals: unflatten::<F, D>(tree.get(place)),
                merkle_proof: tree.prove(place),
            }
        });
    FriQueryRound {
        steps: steps.collect(),
        initial_trees_proof: FriInitialTreeProof { evals_proofs },
    }
}
