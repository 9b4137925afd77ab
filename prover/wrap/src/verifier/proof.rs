//! The proof as the chip's values: every element free, every Goldilocks element range-checked.

use ashlar_bn254::{Bn254Config, Bn254Hasher};
use plonky2::{
    hash::{merkle_proofs::MerkleProof, merkle_tree::MerkleCap},
    plonk::proof::{OpeningSet, ProofWithPublicInputs},
};

use crate::chip::{Chip, F, F2};

/// A Merkle cap.
pub(super) type Cap<Ch> = Vec<<Ch as Chip>::Word>;

/// Twin of [`ProofWithPublicInputs`].
pub(super) struct ProofValues<Ch: Chip> {
    pub(super) public_inputs: Vec<Ch::Fe>,
    pub(super) wires_cap: Cap<Ch>,
    pub(super) partial_products_cap: Cap<Ch>,
    pub(super) quotient_cap: Cap<Ch>,
    pub(super) openings: Openings<Ch>,
    pub(super) fri_caps: Vec<Cap<Ch>>,
    pub(super) final_polynomial: Vec<Ch::Ext>,
    pub(super) pow_witness: Ch::Fe,
    pub(super) queries: Vec<Query<Ch>>,
}

/// Claimed values at ζ (and of Z at g·ζ).
pub(super) struct Openings<Ch: Chip> {
    pub(super) constants: Vec<Ch::Ext>,
    pub(super) sigmas: Vec<Ch::Ext>,
    pub(super) wires: Vec<Ch::Ext>,
    pub(super) zs: Vec<Ch::Ext>,
    pub(super) zs_next: Vec<Ch::Ext>,
    pub(super) partial_products: Vec<Ch::Ext>,
    pub(super) quotient: Vec<Ch::Ext>,
}

/// One FRI query.
pub(super) struct Query<Ch: Chip> {
    /// Leaves of the four initial trees.
    pub(super) leaves: Vec<Opened<Ch, Ch::Fe>>,
    /// One coset per reduction.
    pub(super) steps: Vec<Opened<Ch, Ch::Ext>>,
}

/// A Merkle leaf with the siblings of its path, lowest first.
pub(super) struct Opened<Ch: Chip, T> {
    pub(super) values: Vec<T>,
    pub(super) siblings: Vec<Ch::Word>,
}

impl<Ch: Chip> ProofValues<Ch> {
    /// Introduces a proof of the right shape.
    pub(super) fn assign(chip: &mut Ch, proof: &ProofWithPublicInputs<F, Bn254Config, 2>) -> Self {
        chip.enter("proof");
        let fri = &proof.proof.opening_proof;
        let assigned = Self {
            public_inputs: elements(chip, &proof.public_inputs),
            wires_cap: cap(chip, &proof.proof.wires_cap),
            partial_products_cap: cap(chip, &proof.proof.plonk_zs_partial_products_cap),
            quotient_cap: cap(chip, &proof.proof.quotient_polys_cap),
            openings: Openings::assign(chip, &proof.proof.openings),
            fri_caps: fri
                .commit_phase_merkle_caps
                .iter()
                .map(|c| cap(chip, c))
                .collect(),
            final_polynomial: extensions(chip, &fri.final_poly.coeffs),
            pow_witness: chip.witness(fri.pow_witness),
            queries: Vec::new(),
        };
        chip.enter("query values");
        let queries = fri.query_round_proofs.iter().map(|query| Query {
            leaves: query
                .initial_trees_proof
                .evals_proofs
                .iter()
                .map(|(values, path)| Opened {
                    values: elements(chip, values),
                    siblings: siblings(chip, path),
                })
                .collect(),
            steps: query
                .steps
                .iter()
                .map(|step| Opened {
                    values: extensions(chip, &step.evals),
                    siblings: siblings(chip, &step.merkle_proof),
                })
                .collect(),
        });
        let queries = queries.collect();
        Self { queries, ..assigned }
    }
}

impl<Ch: Chip> Openings<Ch> {
    fn assign(chip: &mut Ch, openings: &OpeningSet<F, 2>) -> Self {
        Self {
            constants: extensions(chip, &openings.constants),
            sigmas: extensions(chip, &openings.plonk_sigmas),
            wires: extensions(chip, &openings.wires),
            zs: extensions(chip, &openings.plonk_zs),
            zs_next: extensions(chip, &openings.plonk_zs_next),
            partial_products: extensions(chip, &openings.partial_products),
            quotient: extensions(chip, &openings.quotient_polys),
        }
    }

    /// The values at ζ in the order of FRI's first batch.
    pub(super) fn at_zeta(&self) -> impl Iterator<Item = &Ch::Ext> {
        self.constants
            .iter()
            .chain(&self.sigmas)
            .chain(&self.wires)
            .chain(&self.zs)
            .chain(&self.partial_products)
            .chain(&self.quotient)
    }

    /// The values at g·ζ: FRI's second batch.
    pub(super) fn at_next(&self) -> impl Iterator<Item = &Ch::Ext> {
        self.zs_next.iter()
    }
}

fn elements<Ch: Chip>(chip: &mut Ch, values: &[F]) -> Vec<Ch::Fe> {
    values.iter().map(|value| chip.witness(*value)).collect()
}

fn extensions<Ch: Chip>(chip: &mut Ch, values: &[F2]) -> Vec<Ch::Ext> {
    values.iter().map(|value| chip.witness_ext(*value)).collect()
}

fn cap<Ch: Chip>(chip: &mut Ch, cap: &MerkleCap<F, Bn254Hasher>) -> Cap<Ch> {
    cap.0.iter().map(|digest| chip.witness_word(digest.0)).collect()
}

fn siblings<Ch: Chip>(chip: &mut Ch, path: &MerkleProof<F, Bn254Hasher>) -> Vec<Ch::Word> {
    path.siblings
        .iter()
        .map(|digest| chip.witness_word(digest.0))
        .collect()
}
