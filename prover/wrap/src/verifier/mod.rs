//! The plonky2 verifier, once, over a [`Chip`]: run natively it is the oracle, in halo2 it is the wrap circuit.
//!
//! It is plonky2 1.1.0's verifier for proofs with [`Bn254Config`] over GF(p²), without lookup tables and zero knowledge.
//! The circuit (common data, digest, cap of the constants) is a constant of the verifier.

mod challenger;
mod challenges;
mod circuit;
mod error;
mod fri;
mod gates;
mod merkle;
mod native;
mod permutation;
mod poseidon_goldilocks;
mod proof;
mod shape;
#[cfg(test)]
pub(crate) mod tally;
#[cfg(test)]
pub(crate) mod tests;
mod vanishing;

use ashlar_bn254::Bn254Config;
use plonky2::plonk::{
    circuit_data::{CommonCircuitData, VerifierOnlyCircuitData},
    proof::ProofWithPublicInputs,
};

pub use self::{
    challenger::Challenger,
    error::VerifierError,
    gates::{Constraints, GateKind, GateVars},
    native::{Failure, NativeChip, Wide},
    poseidon_goldilocks::hash_no_pad,
    shape::zero_proof,
};
use self::{challenges::Challenges, circuit::Gates, proof::ProofValues};
use crate::chip::{Chip, F};

/// Verifies `proof`: the chip's assertions hold exactly if plonky2 accepts it, but for a ζ that falls in GF(p)
/// (probability 1/p), which is refused here. Returns the public inputs, canonical.
///
/// A circuit does not make the other elements of the proof canonical: a prover may present an element below 2³² − 1 by
/// its second representative, and leaves and transcript bind the representative. That gives it no more than a salt in
/// the transcript, which every prover has anyway; the public inputs, whose value alone matters, have one representative.
///
/// An error means that the circuit is not supported or the proof has another circuit's shape; a wrong proof is no error.
pub fn verify_plonky2<Ch: Chip>(
    chip: &mut Ch,
    common: &CommonCircuitData<F, 2>,
    verifier_only: &VerifierOnlyCircuitData<Bn254Config, 2>,
    proof: &ProofWithPublicInputs<F, Bn254Config, 2>,
) -> Result<Vec<Ch::Fe>, VerifierError> {
    let gates = Gates::of(common)?;
    shape::check_shape(common, proof)?;
    let proof = ProofValues::assign(chip, proof);

    chip.enter("public inputs");
    for input in &proof.public_inputs {
        chip.assert_canonical(input);
    }
    let public_inputs_hash = hash_no_pad(chip, &proof.public_inputs);

    let challenges = Challenges::derive(chip, common, verifier_only, &public_inputs_hash, &proof);
    vanishing::assert_identity(
        chip,
        common,
        &gates,
        &proof.openings,
        &public_inputs_hash,
        &challenges,
    );
    let constants_cap = verifier_only
        .constants_sigmas_cap
        .0
        .iter()
        .map(|digest| chip.constant_word(digest.0))
        .collect();
    fri::assert_openings(chip, common, &constants_cap, &proof, &challenges);
    Ok(proof.public_inputs)
}
