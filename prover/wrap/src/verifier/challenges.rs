//! The order of the transcript: what the challenger absorbs and when it speaks.

use ashlar_bn254::Bn254Config;
use plonky2::{
    field::types::Field,
    plonk::circuit_data::{CommonCircuitData, VerifierOnlyCircuitData},
};

use super::{challenger::Challenger, proof::ProofValues};
use crate::chip::{Chip, F};

/// Twin of plonky2's `ProofChallenges`; query indices still whole field elements.
pub(super) struct Challenges<Ch: Chip> {
    pub(super) betas: Vec<Ch::Fe>,
    pub(super) gammas: Vec<Ch::Fe>,
    pub(super) alphas: Vec<Ch::Fe>,
    pub(super) zeta: Ch::Ext,
    pub(super) fri_alpha: Ch::Ext,
    pub(super) fri_betas: Vec<Ch::Ext>,
    pub(super) pow_response: Ch::Fe,
    /// The index of a query is such an element modulo the size of the domain.
    pub(super) query_elements: Vec<Ch::Fe>,
}

impl<Ch: Chip> Challenges<Ch> {
    /// Replays the transcript.
    pub(super) fn derive(
        chip: &mut Ch,
        common: &CommonCircuitData<F, 2>,
        verifier_only: &VerifierOnlyCircuitData<Bn254Config, 2>,
        public_inputs_hash: &[Ch::Fe; 4],
        proof: &ProofValues<Ch>,
    ) -> Self {
        chip.enter("transcript");
        let num_challenges = common.config.num_challenges;
        let challenger = &mut Challenger::new(chip);

        for parameter in fri_parameters(common) {
            challenger.observe_constant(chip, parameter);
        }
        for piece in digest_pieces(&verifier_only.circuit_digest) {
            challenger.observe_constant(chip, piece);
        }
        challenger.observe_all(chip, public_inputs_hash);

        challenger.observe_digests(chip, &proof.wires_cap);
        let betas = challenger.challenges(chip, num_challenges);
        let gammas = challenger.challenges(chip, num_challenges);

        challenger.observe_digests(chip, &proof.partial_products_cap);
        let alphas = challenger.challenges(chip, num_challenges);

        challenger.observe_digests(chip, &proof.quotient_cap);
        let zeta = challenger.extension_challenge(chip);

        challenger.observe_extensions(chip, proof.openings.at_zeta());
        challenger.observe_extensions(chip, proof.openings.at_next());
        let fri_alpha = challenger.extension_challenge(chip);

        let mut fri_betas = Vec::with_capacity(proof.fri_caps.len());
        for cap in &proof.fri_caps {
            challenger.observe_digests(chip, cap);
            fri_betas.push(challenger.extension_challenge(chip));
        }

        challenger.observe_extensions(chip, &proof.final_polynomial);
        challenger.observe(chip, &proof.pow_witness);
        let pow_response = challenger.challenge(chip);
        let query_elements = challenger.challenges(chip, common.config.fri_config.num_query_rounds);

        Self {
            betas,
            gammas,
            alphas,
            zeta,
            fri_alpha,
            fri_betas,
            pow_response,
            query_elements,
        }
    }
}

/// What `FriParams::observe` absorbs.
fn fri_parameters(common: &CommonCircuitData<F, 2>) -> Vec<F> {
    let params = &common.fri_params;
    let config = &params.config;
    let mut parameters = vec![
        F::from_canonical_usize(config.rate_bits),
        F::from_canonical_usize(config.cap_height),
        F::from_canonical_u32(config.proof_of_work_bits),
    ];
    parameters.extend(config.reduction_strategy.serialize::<F>());
    parameters.push(F::from_canonical_usize(config.num_query_rounds));
    parameters.push(F::from_bool(params.hiding));
    parameters.push(F::from_canonical_usize(params.degree_bits));
    let arities = params.reduction_arity_bits.iter();
    parameters.extend(arities.map(|bits| F::from_canonical_usize(*bits)));
    parameters
}

fn digest_pieces(digest: &ashlar_bn254::Digest) -> Vec<F> {
    plonky2::plonk::config::GenericHashOut::<F>::to_vec(digest)
}
