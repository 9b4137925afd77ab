//! Openings of a batch: FRI.

use ashlar_plonky2_cuda::{
    Words,
    kernels::{columns::Polynomials, fri, grind::grind, openings::Powers, tree::Source},
};
use ashlar_statement::hash::{D, F};
use plonky2::{
    field::{
        extension::{quadratic::QuadraticExtension, unflatten},
        goldilocks_field::GoldilocksField,
        polynomial::PolynomialCoeffs,
        types::Field,
    },
    fri::{
        FriParams,
        proof::{FriInitialTreeProof, FriProof, FriQueryRound, FriQueryStep},
    },
    hash::{
        merkle_proofs::MerkleProof,
        merkle_tree::{MerkleCap, MerkleTree},
    },
    iop::challenger::Challenger,
};
use tracing::debug_span;

use super::{
    CardCircuit, CardError, CardHasher,
    error::Context,
    trees::{Answers, Batch, Committed},
};
use crate::{
    FE, STEPS,
    fri::{before_nonce, draw_queries},
    prove::step,
};

/// Polynomials that are opened at a point of each proof.
pub struct Opened<'a> {
    pub points: Vec<FE>,
    pub parts: Vec<Polynomials<'a>>,
}

/// What the openings of a batch have in common.
pub struct Opening<'a, H: CardHasher> {
    pub resident: &'a CardCircuit,
    pub params: &'a FriParams,
    /// Its leaves are the same for all proofs.
    pub constants: &'a MerkleTree<F, H>,
    pub batches: [&'a Batch; 3],
}

/// The trees of FRI and their caps, and what is left of each polynomial.
struct Folded<H: CardHasher> {
    trees: Vec<Committed>,
    /// Of each proof those of each tree.
    caps: Vec<Vec<MerkleCap<F, H>>>,
    last: Vec<PolynomialCoeffs<FE>>,
}

impl<H: CardHasher> Opening<'_, H> {
    /// Opens everything for each proof.
    pub fn open(
        &self,
        opened: &[Opened<'_>; 2],
        transcripts: &mut [Challenger<F, H>],
    ) -> Result<Vec<FriProof<F, H, D>>, CardError> {
        let alphas: Vec<FE> = transcripts
            .iter_mut()
            .map(Challenger::get_extension_challenge::<D>)
            .collect();
        let combined = step!("combine", self.combine(opened, &alphas))?;
        let Folded { trees, caps, last } = step!("fold", self.fold(combined, transcripts))?;
        let nonces = step!("grind", self.grind(&last, transcripts))?;
        let mut places = Vec::new();
        for (nonce, transcript) in nonces.iter().zip(transcripts) {
            places.extend(draw_queries(transcript, self.params, *nonce));
        }
        let mut rounds = step!("answer", self.answer(&trees, &places))?.into_iter();
        let queries = self.params.config.num_query_rounds;
        let parts = caps.into_iter().zip(last).zip(nonces);
        let proofs = parts.map(|((commit_phase_merkle_caps, final_poly), pow_witness)| FriProof {
            commit_phase_merkle_caps,
            query_round_proofs: rounds.by_ref().take(queries).collect(),
            final_poly,
            pow_witness,
        });
        Ok(proofs.collect())
    }

    /// `Σ αⁱ (fᵢ(X) - fᵢ(z)) / (X - z)` over all polynomials of both points.
    fn combine(&self, opened: &[Opened<'_>; 2], alphas: &[FE]) -> Result<Words, CardError> {
        const STEP: &str = "combine";
        let mut combined = None;
        for Opened { points, parts } in opened {
            let count: usize = parts.iter().map(|part| part.count).sum();
            let powers = Powers::new(self.device(), alphas, count).context(STEP)?;
            let sum = fri::sum(parts, self.degree(), &powers).context(STEP)?;
            let factors: Vec<FE> = alphas.iter().map(|alpha| alpha.exp_u64(count as u64)).collect();
            let before = combined.take().map(|before| (before, &factors[..]));
            combined = Some(fri::quotient(&sum, points, before).context(STEP)?);
        }
        Ok(combined.expect("two points"))
    }

    /// Folds until the polynomials are small.
    fn fold(
        &self,
        mut polynomials: Words,
        transcripts: &mut [Challenger<F, H>],
    ) -> Result<Folded<H>, CardError> {
        const STEP: &str = "fold";
        let (config, batch) = (&self.params.config, transcripts.len());
        let (mut trees, mut caps) = (Vec::new(), vec![Vec::new(); batch]);
        let extenders = std::iter::once(&self.resident.extender).chain(&self.resident.folds);
        for (arity_bits, extender) in self.params.reduction_arity_bits.iter().zip(extenders) {
            let values = extender.extend(&polynomials).context(STEP)?;
            let width = D << arity_bits;
            let tree = Committed::new::<H>(values, Source::Neighbours, batch, width, config.cap_height);
            let tree = tree.context(STEP)?;
            for (caps, cap) in caps.iter_mut().zip(tree.caps(transcripts).context(STEP)?) {
                caps.push(cap);
            }
            trees.push(tree);
            let betas: Vec<FE> = transcripts
                .iter_mut()
                .map(Challenger::get_extension_challenge::<D>)
                .collect();
            polynomials = fri::fold(&polynomials, *arity_bits, &betas).context(STEP)?;
        }
        let words = polynomials.read_all().context(STEP)?;
        let length = words.len() / (D * batch);
        let last = words.chunks_exact(D * length).map(|columns| {
            let (first, second) = columns.split_at(length);
            let pairs = first.iter().zip(second);
            let coefficients = pairs.map(|(a, b)| QuadraticExtension([*a, *b].map(GoldilocksField)));
            PolynomialCoeffs::new(coefficients.collect())
        });
        let last = last.collect();
        Ok(Folded { trees, caps, last })
    }

    fn grind(
        &self,
        last: &[PolynomialCoeffs<FE>],
        transcripts: &mut [Challenger<F, H>],
    ) -> Result<Vec<F>, CardError> {
        let (mut states, mut place) = (Vec::new(), 0);
        for (polynomial, transcript) in last.iter().zip(transcripts) {
            let (state, of_nonce) = before_nonce(transcript, polynomial);
            states.push(H::state(&state));
            place = of_nonce; // the same for all: that of the polynomials' length
        }
        let bits = self.params.config.proof_of_work_bits;
        let nonces = grind(self.device(), H::HASH, &states, place, bits);
        let nonces = nonces.context("grind")?.into_iter();
        Ok(nonces.map(F::from_canonical_u64).collect())
    }

    /// Leaves and paths at the places of all proofs, as many of each, in every tree.
    fn answer(
        &self,
        trees: &[Committed],
        places: &[usize],
    ) -> Result<Vec<FriQueryRound<F, H, D>>, CardError> {
        let mut queried: Vec<u64> = places.iter().map(|place| *place as u64).collect();
        let batches = self.batches.map(|batch| batch.committed.answers(&queried));
        let batches: Vec<Answers> = batches
            .into_iter()
            .collect::<Result<_, _>>()
            .context("answer queries")?;
        let mut steps = Vec::new();
        for (tree, arity_bits) in trees.iter().zip(&self.params.reduction_arity_bits) {
            queried.iter_mut().for_each(|place| *place >>= arity_bits);
            steps.push(tree.answers(&queried).context("answer queries")?);
        }
        let rounds = places.iter().enumerate().map(|(query, place)| {
            let steps = steps.iter().map(|answers| {
                let (evals, merkle_proof): (_, MerkleProof<F, H>) = answers.get(query);
                FriQueryStep {
                    evals: unflatten::<F, D>(&evals),
                    merkle_proof,
                }
            });
            let constants = (self.constants.get(*place).to_vec(), self.constants.prove(*place));
            let committed = batches.iter().map(|answers| answers.get(query));
            FriQueryRound {
                steps: steps.collect(),
                initial_trees_proof: FriInitialTreeProof {
                    evals_proofs: std::iter::once(constants).chain(committed).collect(),
                },
            }
        });
        Ok(rounds.collect())
    }

    fn device(&self) -> &std::sync::Arc<ashlar_plonky2_cuda::Device> {
        self.resident.constants.device()
    }

    fn degree(&self) -> usize {
        1 << self.params.degree_bits
    }
}
