//! Each step alone, under honest challenges: a corruption elsewhere in the transcript cannot hide a missing constraint.

use std::{collections::BTreeSet, sync::OnceLock};

use ashlar_recursion::testing::CompressedSample;
use plonky2::field::types::Field;

use super::{
    Failure, Gates, NativeChip, challenges::Challenges, fri, hash_no_pad, poseidon_goldilocks,
    proof::ProofValues, vanishing,
};
use crate::chip::{Chip, F, F2};

pub(crate) fn sample() -> &'static CompressedSample {
    static SAMPLE: OnceLock<CompressedSample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let path = std::env::temp_dir().join("ashlar-verifier-steps-sample.bin");
        CompressedSample::cached(&path, 27, 7).expect("sample proof")
    })
}

/// The honest proof with its honest challenges.
struct Honest {
    proof: ProofValues<NativeChip>,
    hash: [F; 4],
    challenges: Challenges<NativeChip>,
}

impl Honest {
    fn new() -> Self {
        let CompressedSample { verifier, proof } = sample();
        let chip = &mut NativeChip::new();
        let proof = ProofValues::assign(chip, proof);
        let hash = hash_no_pad(chip, &proof.public_inputs);
        let challenges = Challenges::derive(chip, &verifier.common, &verifier.verifier_only, &hash, &proof);
        Self {
            proof,
            hash,
            challenges,
        }
    }

    fn failing_identity_steps(&self) -> BTreeSet<&'static str> {
        let common = &sample().verifier.common;
        let chip = &mut NativeChip::new();
        let gates = Gates::of(common).expect("supported");
        vanishing::assert_identity(
            chip,
            common,
            &gates,
            &self.proof.openings,
            &self.hash,
            &self.challenges,
        );
        chip.failures().iter().map(|failure| failure.step).collect()
    }

    fn failing_fri_steps(&self) -> BTreeSet<&'static str> {
        self.fri_failures().iter().map(|failure| failure.step).collect()
    }

    fn fri_failures(&self) -> Vec<Failure> {
        let verifier = &sample().verifier;
        let chip = &mut NativeChip::new();
        let cap = &verifier.verifier_only.constants_sigmas_cap.0;
        let cap = cap.iter().map(|digest| digest.0).collect();
        fri::assert_openings(chip, &verifier.common, &cap, &self.proof, &self.challenges);
        chip.failures().to_vec()
    }
}

#[test]
fn challenges_agree_with_plonky2() {
    let CompressedSample { verifier, proof } = sample();
    let honest = Honest::new();
    let expected = proof
        .get_challenges(
            proof.get_public_inputs_hash(),
            &verifier.verifier_only.circuit_digest,
            &verifier.common,
        )
        .expect("challenges");
    let Challenges {
        betas,
        gammas,
        alphas,
        zeta,
        fri_alpha,
        fri_betas,
        pow_response,
        query_elements,
    } = honest.challenges;
    assert_eq!(honest.hash, proof.get_public_inputs_hash().elements);
    assert_eq!(betas, expected.plonk_betas);
    assert_eq!(gammas, expected.plonk_gammas);
    assert_eq!(alphas, expected.plonk_alphas);
    assert_eq!(zeta, expected.plonk_zeta);
    let expected = expected.fri_challenges;
    assert_eq!(fri_alpha, expected.fri_alpha);
    assert_eq!(fri_betas, expected.fri_betas);
    assert_eq!(pow_response, expected.fri_pow_response);
    let lde_bits = verifier.common.fri_params.lde_bits();
    let chip = &mut NativeChip::new();
    let indices = query_elements.iter().map(|element| {
        let bits = chip.bits(element);
        (0..lde_bits).map(|i| usize::from(bits[i]) << i).sum::<usize>()
    });
    assert_eq!(indices.collect::<Vec<_>>(), expected.fri_query_indices);
}

#[test]
fn honest_steps_hold() {
    let honest = Honest::new();
    assert_eq!(honest.failing_identity_steps(), BTreeSet::new());
    assert_eq!(honest.failing_fri_steps(), BTreeSet::new());
}

/// Every opening enters the identity at ζ.
#[test]
fn identity_depends_on_every_opening() {
    type Part = for<'a> fn(&'a mut ProofValues<NativeChip>) -> &'a mut Vec<F2>;
    let parts: [(&str, Part); 7] = [
        ("constants", |proof| &mut proof.openings.constants),
        ("sigmas", |proof| &mut proof.openings.sigmas),
        ("wires", |proof| &mut proof.openings.wires),
        ("zs", |proof| &mut proof.openings.zs),
        ("next zs", |proof| &mut proof.openings.zs_next),
        ("partial products", |proof| &mut proof.openings.partial_products),
        ("quotient", |proof| &mut proof.openings.quotient),
    ];
    let mut honest = Honest::new();
    for (name, part) in parts {
        for i in 0..part(&mut honest.proof).len() {
            part(&mut honest.proof)[i].0[i % 2] += F::ONE;
            assert_eq!(
                honest.failing_identity_steps(),
                BTreeSet::from(["quotient"]),
                "{name} {i}"
            );
            part(&mut honest.proof)[i].0[i % 2] -= F::ONE;
        }
    }
}

#[test]
fn identity_depends_on_every_challenge_and_the_public_inputs() {
    let mutations: [fn(&mut Honest); 8] = [
        |honest| honest.challenges.betas[0] += F::ONE,
        |honest| honest.challenges.betas[1] += F::ONE,
        |honest| honest.challenges.gammas[0] += F::ONE,
        |honest| honest.challenges.gammas[1] += F::ONE,
        |honest| honest.challenges.alphas[0] += F::ONE,
        |honest| honest.challenges.alphas[1] += F::ONE,
        |honest| honest.challenges.zeta += F2::ONE,
        |honest| honest.hash[3] += F::ONE,
    ];
    for (i, mutate) in mutations.iter().enumerate() {
        let mut honest = Honest::new();
        mutate(&mut honest);
        assert_eq!(
            honest.failing_identity_steps(),
            BTreeSet::from(["quotient"]),
            "mutation {i}"
        );
    }
}

#[test]
fn batched_openings_notice_every_opening() {
    let mut honest = Honest::new();
    for i in 0..honest.proof.openings.wires.len() {
        honest.proof.openings.wires[i] += F2::ONE;
        assert_eq!(
            honest.failing_fri_steps(),
            BTreeSet::from(["batched openings"]),
            "wire {i}"
        );
        honest.proof.openings.wires[i] -= F2::ONE;
    }
    honest.proof.openings.zs_next[1] += F2::ONE;
    assert_eq!(honest.failing_fri_steps(), BTreeSet::from(["batched openings"]));
}

/// A value moved in a leaf breaks its path and the relation it enters, whichever place it has in its coset.
#[test]
fn queries_notice_their_values() {
    let tree = BTreeSet::from(["Merkle paths", "batched openings"]);
    let chip = &mut NativeChip::new();
    for (query, element) in Honest::new().challenges.query_elements.iter().enumerate() {
        let index = chip.bits(element);
        let places = [0, 4].map(|first| (0..4).map(|i| usize::from(index[first + i]) << i).sum::<usize>());

        let mut honest = Honest::new();
        let leaf = &mut honest.proof.queries[query].leaves[query % 4].values;
        let place = query % leaf.len();
        leaf[place] += F::ONE;
        assert_eq!(honest.failing_fri_steps(), tree, "query {query}");

        for (step, next) in [(0, "folds"), (1, "final polynomial")] {
            let mut honest = Honest::new();
            let value = query % 16;
            honest.proof.queries[query].steps[step].values[value] += F2::ONE;
            let mut expected = BTreeSet::from(["Merkle paths", next]);
            if value == places[step] {
                expected.insert(["batched openings", "folds"][step]);
            }
            assert_eq!(
                honest.failing_fri_steps(),
                expected,
                "query {query}, step {step}, value {value}"
            );
        }
    }
}

#[test]
fn queries_notice_the_final_polynomial_and_their_challenges() {
    type Mutation = fn(&mut Honest);
    let mutations: [(&str, Mutation); 6] = [
        ("final polynomial", |honest| {
            honest.proof.final_polynomial[15] += F2::ONE
        }),
        ("final polynomial", |honest| {
            honest.challenges.fri_betas[1] += F2::ONE
        }),
        ("folds", |honest| honest.challenges.fri_betas[0] += F2::ONE),
        ("batched openings", |honest| {
            honest.challenges.fri_alpha += F2::ONE
        }),
        ("batched openings", |honest| honest.challenges.zeta += F2::ONE),
        ("proof of work", |honest| {
            honest.challenges.pow_response += F::from_canonical_u64(1 << 48)
        }),
    ];
    for (i, (step, mutate)) in mutations.iter().enumerate() {
        let mut honest = Honest::new();
        mutate(&mut honest);
        assert_eq!(
            honest.failing_fri_steps(),
            BTreeSet::from([*step]),
            "mutation {i}"
        );
    }
}

/// In GF(p) the opening point could meet the domain, where the quotients say nothing. Wrong openings are not the reason.
#[test]
fn opening_points_in_the_base_field_are_refused() {
    let divisor = Failure {
        step: "batched openings",
        assertion: "a non-zero divisor",
    };
    let mut honest = Honest::new();
    assert!(!honest.fri_failures().contains(&divisor));
    honest.challenges.zeta.0[1] = F::ZERO;
    assert!(honest.fri_failures().contains(&divisor));
}

#[test]
fn caps_bind_the_paths() {
    let mut honest = Honest::new();
    for element in &mut honest.proof.wires_cap {
        *element += halo2_proofs::halo2curves::bn256::Fr::one();
    }
    assert_eq!(honest.failing_fri_steps(), BTreeSet::from(["Merkle paths"]));
}

/// A zero divisor is an assertion, not a panic.
#[test]
fn opening_points_in_the_domain_are_refused() {
    let mut honest = Honest::new();
    honest.challenges.zeta = F2::ONE;
    assert!(honest.failing_identity_steps().contains("permutation argument"));
}

#[test]
fn mds_matrix_is_that_of_plonky2() {
    use plonky2::hash::poseidon::Poseidon;
    for column in 0..poseidon_goldilocks::WIDTH {
        let mut unit = [F::ZERO; poseidon_goldilocks::WIDTH];
        unit[column] = F::ONE;
        let image = F::mds_layer(&unit);
        for (row, entry) in image.iter().enumerate() {
            let expected = poseidon_goldilocks::mds_entry(row, column);
            assert_eq!(*entry, F::from_canonical_u64(expected));
        }
    }
}
