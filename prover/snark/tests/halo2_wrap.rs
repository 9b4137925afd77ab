//! The whole wrap circuit on a real compressed proof.

use std::{path::Path, sync::OnceLock};

use ashlar_recursion::testing::CompressedSample;
use ashlar_snark::{
    chip::{F, F2},
    halo2::{WRAP_K, WrapCircuit, pack_public_inputs},
};
use halo2_proofs::{
    dev::MockProver,
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine},
        ff::Field as _,
    },
    plonk::{create_proof, keygen_pk, keygen_vk, verify_proof},
    poly::{
        commitment::ParamsProver,
        kzg::{
            commitment::{KZGCommitmentScheme, ParamsKZG},
            multiopen::{ProverSHPLONK, VerifierSHPLONK},
            strategy::SingleStrategy,
        },
    },
    transcript::{Blake2bRead, Blake2bWrite, Challenge255, TranscriptReadBuffer, TranscriptWriterBuffer},
};
use plonky2::field::types::Field;
use rand::{SeedableRng, rngs::StdRng};

const PUBLIC_INPUTS: usize = 24;

fn sample() -> &'static CompressedSample {
    static SAMPLE: OnceLock<CompressedSample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("halo2-wrap-sample.bin");
        CompressedSample::cached(&path, PUBLIC_INPUTS, 7).expect("a sample proof")
    })
}

fn wrap(sample: &CompressedSample) -> WrapCircuit {
    WrapCircuit::new(
        &sample.verifier.common,
        &sample.verifier.verifier_only,
        &sample.proof,
    )
    .expect("the verifier supports the circuit")
}

fn is_satisfied(circuit: &WrapCircuit, instances: Vec<Fr>) -> bool {
    MockProver::run(WRAP_K, circuit, vec![instances])
        .expect("k = 17 is enough")
        .verify_par()
        .is_ok()
}

#[test]
fn accepts_a_proof_and_only_its_public_inputs() {
    let circuit = wrap(sample());
    let stats = circuit.stats();
    println!("{stats:#?}");
    let usable = (1 << WRAP_K) - 8;
    assert!(stats.used.rows <= usable && stats.used.lookups <= usable);
    let mut instances = circuit.instances();
    assert_eq!(instances, pack_public_inputs(&sample().proof.public_inputs));
    assert!(is_satisfied(&circuit, instances.clone()));
    instances[5] += Fr::ONE;
    assert!(!is_satisfied(&circuit, instances));
}

#[test]
fn constraints_do_not_depend_on_the_proof() {
    let with_proof = wrap(sample());
    let verifier = &sample().verifier;
    let for_keys = WrapCircuit::without_proof(&verifier.common, &verifier.verifier_only).expect("supported");
    assert!(with_proof.layout().same_constraints(for_keys.layout()));
}

/// One wrong value in each part of the proof.
#[test]
fn refuses_corrupted_proofs() {
    type Corruption = (&'static str, fn(&mut CompressedSample));
    let corruptions: [Corruption; 4] = [
        ("public input", |s| s.proof.public_inputs[3] += F::ONE),
        ("opening", |s| s.proof.proof.openings.wires[7] += F2::ONE),
        ("leaf", |s| {
            let rounds = &mut s.proof.proof.opening_proof.query_round_proofs;
            rounds[11].initial_trees_proof.evals_proofs[1].0[4] += F::ONE;
        }),
        ("path", |s| {
            let rounds = &mut s.proof.proof.opening_proof.query_round_proofs;
            rounds[27].steps[0].merkle_proof.siblings[2].0 += Fr::ONE;
        }),
    ];
    for (part, corrupt) in corruptions {
        let mut bad = sample().clone();
        corrupt(&mut bad);
        assert!(bad.verifier.verify(bad.proof.clone()).is_err(), "{part}");
        let circuit = wrap(&bad);
        let instances = circuit.instances();
        assert!(!is_satisfied(&circuit, instances), "{part}");
    }
}

/// Stock keygen, prover and verifier. Prints seconds.
#[test]
#[ignore = "minutes and gigabytes: run by hand for measurements, the engine's tests prove too"]
fn stock_prover_proves() {
    let circuit = wrap(sample());
    let time =
        |what: &str, start: std::time::Instant| println!("{what}: {:.1} s", start.elapsed().as_secs_f64());
    let start = std::time::Instant::now();
    let params = ParamsKZG::<Bn256>::setup(WRAP_K, StdRng::seed_from_u64(1));
    time("insecure set-up", start);
    let verifier = &sample().verifier;
    let for_keys = WrapCircuit::without_proof(&verifier.common, &verifier.verifier_only).expect("supported");
    let start = std::time::Instant::now();
    let vk = keygen_vk(&params, &for_keys).expect("keys");
    let pk = keygen_pk(&params, vk, &for_keys).expect("keys");
    time("keygen", start);
    let instances = circuit.instances();
    let start = std::time::Instant::now();
    let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new());
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        &params,
        &pk,
        &[circuit],
        &[&[&instances]],
        StdRng::seed_from_u64(2),
        &mut transcript,
    )
    .expect("a proof");
    let proof = transcript.finalize();
    time("prove", start);
    println!("proof of {} bytes", proof.len());
    let verify = |instances: &[Fr]| {
        let mut transcript = Blake2bRead::<_, G1Affine, Challenge255<_>>::init(proof.as_slice());
        verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
            params.verifier_params(),
            pk.get_vk(),
            SingleStrategy::new(&params),
            &[&[instances]],
            &mut transcript,
        )
    };
    verify(&instances).expect("an accepted proof");
    let mut wrong = instances.clone();
    wrong[0] += Fr::ONE;
    assert!(verify(&wrong).is_err());
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!(
        "{}",
        peak.lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap_or_default()
    );
}
