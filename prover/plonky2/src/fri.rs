//! Openings of committed polynomials: FRI.

use ashlar_accel::AccelError;
use ashlar_statement::hash::{D, F};
use plonky2::{
    field::{
        extension::{FieldExtension, flatten, unflatten},
        polynomial::PolynomialCoeffs,
        types::{Field, PrimeField64},
    },
    fri::{
        FriParams,
        proof::{FriInitialTreeProof, FriProof, FriQueryRound, FriQueryStep},
    },
    hash::hashing::PlonkyPermutation,
    iop::challenger::Challenger,
    plonk::{config::Hasher, plonk_common::reduce_with_powers},
    util::reverse_index_bits_in_place,
};
use rayon::prelude::*;
use tracing::debug_span;

use crate::{
    FE, Kind, STEPS,
    combine::{Powers, sum},
    commit::Committer,
    grind::grind,
    hasher::ManyHasher,
    leaves::Leaves,
    prove::step,
    tree::{Oracle, Tree},
};

/// Polynomials that are opened at a point.
pub struct Opened<'a> {
    pub point: FE,
    pub polynomials: Vec<&'a [F]>,
}

/// What all openings of a circuit have in common.
pub struct Opener<'a> {
    pub kind: Kind,
    pub params: &'a FriParams,
    pub committer: &'a Committer,
}

impl Opener<'_> {
    /// Opens the polynomials that are the leaves of `oracles`.
    pub fn open<H: ManyHasher>(
        &self,
        opened: &[Opened<'_>],
        oracles: &[&dyn Oracle<H>],
        transcript: &mut Challenger<F, H>,
    ) -> Result<FriProof<F, H, D>, AccelError> {
        let params = self.params;
        let alpha = transcript.get_extension_challenge::<D>();
        let combined = step!("combine", self.combine(opened, alpha));
        let (trees, final_poly) = step!("fold", self.fold(combined, transcript))?;
        let (state, place) = before_nonce(transcript, &final_poly);
        let bits = params.config.proof_of_work_bits;
        let pow_witness = step!("grind", grind::<H>(self.kind, state, place, bits));
        let places = draw_queries(transcript, params, pow_witness).into_iter();
        Ok(FriProof {
            query_round_proofs: places
                .map(|place| answer(params, oracles, &trees, place))
                .collect(),
            commit_phase_merkle_caps: trees.into_iter().map(|tree| tree.cap).collect(),
            final_poly,
            pow_witness,
        })
    }

    /// `Σ αⁱ (fᵢ(X) - fᵢ(z)) / (X - z)` over all polynomials of all points: a polynomial if all are what they are said to
    /// be.
    fn combine(&self, opened: &[Opened<'_>], alpha: FE) -> PolynomialCoeffs<FE> {
        let mut combined = PolynomialCoeffs::empty();
        for Opened { point, polynomials } in opened {
            let count = polynomials.len();
            let sum = sum(self.kind, polynomials, &Powers::new(alpha, count));
            let mut quotient = PolynomialCoeffs::new(sum).divide_by_linear(*point);
            quotient.coeffs.push(FE::ZERO); // a power of two again
            combined *= alpha.exp_u64(count as u64);
            combined += quotient;
        }
        combined
    }

    /// Folds until the polynomial is small: the trees of the values before each fold, and what is left.
    fn fold<H: ManyHasher>(
        &self,
        mut polynomial: PolynomialCoeffs<FE>,
        transcript: &mut Challenger<F, H>,
    ) -> Result<(Vec<Tree<H>>, PolynomialCoeffs<FE>), AccelError> {
        let (config, mut shift) = (&self.params.config, F::coset_shift());
        let mut trees = Vec::new();
        for arity_bits in &self.params.reduction_arity_bits {
            let arity = 1 << arity_bits;
            let values = if trees.is_empty() {
                self.first_values(&polynomial)?
            } else {
                let extended = polynomial.lde(config.rate_bits);
                let mut values = extended
                    .coset_fft_with_options(shift.into(), Some(config.rate_bits), None)
                    .values;
                reverse_index_bits_in_place(&mut values);
                flatten::<F, D>(&values)
            };
            let leaves = Leaves::of_rows(arity * D, values.chunks_exact(arity * D));
            let tree = Tree::new(self.kind, leaves, config.cap_height);
            transcript.observe_cap(&tree.cap);
            trees.push(tree);
            let beta = transcript.get_extension_challenge::<D>();
            let folded = polynomial
                .coeffs
                .chunks_exact(arity)
                .map(|chunk| reduce_with_powers(chunk, beta));
            polynomial = PolynomialCoeffs::new(folded.collect());
            shift = shift.exp_u64(arity as u64);
        }
        Ok((trees, polynomial))
    }

    /// Values where the leaves of the other trees are, both parts of each in turn.
    fn first_values(&self, polynomial: &PolynomialCoeffs<FE>) -> Result<Vec<F>, AccelError> {
        let parts = polynomial.coeffs.iter().map(FE::to_basefield_array);
        let (first, second) = parts.map(|[first, second]| (first, second)).unzip();
        let values = self.committer.low_degree_extension(&[first, second])?;
        let [first, second] = &values[..] else {
            unreachable!("two columns in, two out")
        };
        let pairs = first.par_iter().zip(second);
        Ok(pairs.flat_map_iter(|(first, second)| [*first, *second]).collect())
    }
}

/// Observes what is left; the state that the nonce meets, and the place where it goes.
///
/// A challenge was drawn just before, so nothing waits to be absorbed: every whole rate is, and the rest overwrites the
/// beginning of the state together with the nonce.
pub fn before_nonce<H: Hasher<F>>(
    transcript: &mut Challenger<F, H>,
    final_poly: &PolynomialCoeffs<FE>,
) -> (H::Permutation, usize) {
    let (elements, rate) = (flatten::<F, D>(&final_poly.coeffs), H::Permutation::RATE);
    let (absorbed, rest) = elements.split_at(elements.len() / rate * rate);
    transcript.observe_elements(absorbed);
    let mut state = transcript.clone().compact();
    state.set_from_slice(rest, 0);
    transcript.observe_elements(rest);
    (state, rest.len())
}

/// Leaves of the first trees, after the proof of work.
pub fn draw_queries<H: Hasher<F>>(
    transcript: &mut Challenger<F, H>,
    params: &FriParams,
    pow_witness: F,
) -> Vec<usize> {
    transcript.observe_element(pow_witness);
    transcript.get_challenge(); // what the nonce is for
    let queries = transcript.get_n_challenges(params.config.num_query_rounds);
    let places = queries
        .into_iter()
        .map(|query| query.to_canonical_u64() as usize % params.lde_size());
    places.collect()
}

/// Leaves and paths at a place of every tree.
fn answer<H: ManyHasher>(
    params: &FriParams,
    oracles: &[&dyn Oracle<H>],
    trees: &[Tree<H>],
    mut place: usize,
) -> FriQueryRound<F, H, D> {
    let evals_proofs = oracles.iter().map(|oracle| oracle.answer(place)).collect();
    let steps = trees
        .iter()
        .zip(&params.reduction_arity_bits)
        .map(|(tree, arity_bits)| {
            place >>= arity_bits;
            let (evals, merkle_proof) = tree.answer(place);
            FriQueryStep {
                evals: unflatten::<F, D>(&evals),
                merkle_proof,
            }
        });
    FriQueryRound {
        steps: steps.collect(),
        initial_trees_proof: FriInitialTreeProof { evals_proofs },
    }
}
