//! The link circuit against its native twin and the reference implementation of EIP-4844; its size and digest.

mod common;

use std::time::Instant;

use ark_ff::{One, Zero};
use ashlar_blob::{BLOB_WORDS, Fr, element, element_bytes, encode};
use ashlar_blob_link::{
    COEFFICIENTS as BLOB, GATES, LinkCircuit, LinkFault, LinkPublicInputs, LinkWitness,
    limbs::{integer, limbs, words},
    words_hash,
};
use ashlar_plonky2::{Kind, PreparedCircuit, Prover};
use ashlar_statement::{
    Security,
    hash::{Builder, C, D, F, hash_to_bytes32},
    prove::prove_stock,
    stream::{evaluate_bytes, words_to_bytes},
};
use common::{CIRCUIT, COEFFICIENTS, LARGEST, assignment, prove_assignment, proves, witness};
use plonky2::{
    field::{extension::quadratic::QuadraticExtension, types::Field},
    iop::generator::generate_partial_witness,
    plonk::{config::GenericConfig, proof::ProofWithPublicInputs, prover::prove_with_partition_witness},
    util::timing::TimingTree,
};

const ROOM: usize = 4 * COEFFICIENTS;

#[test]
fn random_words_prove_what_the_native_side_says() {
    for (seed, words) in (0..).zip([0, 1, 3, 4, 5, 63, 64, 65, 127, 200, ROOM - 1, ROOM]) {
        proves(&CIRCUIT, &witness(seed, words));
    }
}

#[test]
fn the_evaluation_is_the_batch_s_of_the_same_bytes() {
    for words in [0, 1, 77, ROOM] {
        let witness = witness(9, words);
        let claim = witness.statement(COEFFICIENTS).expect("valid");
        let z = QuadraticExtension(witness.z);
        let of_bytes = evaluate_bytes(&words_to_bytes(&witness.words), z);
        assert_eq!(of_bytes.map(|eval| eval.0), Some(claim.rollup_eval));
        // Zeros behind the last word change nothing but the count.
        let mut padded = witness.clone();
        padded.words.resize(ROOM, 0);
        let with_zeros = padded.statement(COEFFICIENTS).expect("valid");
        let expected = LinkPublicInputs {
            words: F::from_canonical_usize(ROOM),
            ..claim
        };
        assert_eq!(with_zeros, expected);
    }
}

#[test]
fn points_and_words_at_the_borders_prove() {
    let with = |zeta: Fr, words: Vec<u64>| LinkWitness {
        zeta,
        words,
        ..witness(1, 0)
    };
    let largest = vec![LARGEST; ROOM];
    for zeta in [Fr::zero(), Fr::one(), -Fr::one()] {
        proves(&CIRCUIT, &with(zeta, largest.clone()));
        proves(&CIRCUIT, &with(zeta, witness(3, 100).words));
        proves(&CIRCUIT, &with(zeta, Vec::new()));
    }
    // The largest limbs that a point below r has.
    proves(
        &CIRCUIT,
        &with(-Fr::one() - Fr::from(1u64 << 40), largest.clone()),
    );
    // z of zero and of p - 1.
    for z in [F::ZERO, F::NEG_ONE] {
        proves(
            &CIRCUIT,
            &LinkWitness {
                z: [z; 2],
                ..with(Fr::from(5), largest.clone())
            },
        );
    }
}

/// `c₀ + ζ` with ζ so that it is r - 1, or zero.
#[test]
fn sums_at_the_borders_of_the_field_prove() {
    for (place, target) in [
        (0, -Fr::one()),
        (0, Fr::zero()),
        (64, -Fr::one()),
        (64, Fr::zero()),
    ] {
        let c = 0x12_3456_789a;
        let mut words = vec![0; ROOM];
        (words[place], words[place + 4]) = (c, 1); // in the lowest block, and one above, which is multiplied on
        let witness = LinkWitness {
            zeta: target - Fr::from(c),
            words,
            ..witness(2, 0)
        };
        let claim = witness.statement(COEFFICIENTS).expect("valid");
        if place == 0 {
            let claimed: Vec<F> = claim.value.to_vec();
            assert_eq!(claimed, words_of(target));
        }
        proves(&CIRCUIT, &witness);
    }
}

fn words_of(value: Fr) -> Vec<F> {
    words(limbs(&integer(value))).to_vec()
}

#[test]
fn witnesses_that_fit_no_blob_are_refused_with_the_reason() {
    let refused = |words: Vec<u64>| {
        let witness = LinkWitness {
            words,
            ..witness(1, 0)
        };
        witness.statement(COEFFICIENTS).expect_err("no blob")
    };
    let (actual, room) = (ROOM + 1, ROOM);
    assert_eq!(refused(vec![0; actual]), LinkFault::TooMany { actual, room });
    let word = 1 << 56;
    assert_eq!(refused(vec![1, 2, word]), LinkFault::Word { index: 2, word });
}

#[test]
fn a_hash_is_of_all_the_words_that_there_is_room_for() {
    let words = witness(5, 20).words;
    let mut padded = words.clone();
    padded.push(0);
    assert_eq!(words_hash(&words, 64), words_hash(&padded, 64));
    assert_ne!(words_hash(&words, 64), words_hash(&words, 48));
    padded[3] ^= 1;
    assert_ne!(words_hash(&words, 64), words_hash(&padded, 64));
}

/// Takes out of a proof what depends on which nonce was found.
fn before_the_nonce<O: GenericConfig<D, F = F>>(mut proof: ProofWithPublicInputs<F, O, D>) -> Vec<u8> {
    proof.proof.opening_proof.pow_witness = F::ZERO;
    proof.proof.opening_proof.query_round_proofs.clear();
    proof.to_bytes()
}

#[test]
fn a_proof_is_plonky2_s_byte_for_byte_up_to_the_nonce() {
    let data = &CIRCUIT.data;
    let inputs = CIRCUIT
        .set(&assignment(&CIRCUIT, &witness(11, 250)))
        .expect("set once");
    let full = generate_partial_witness(inputs, &data.prover_only, &data.common).expect("satisfiable");
    for kind in Kind::detect_all() {
        let prover = Prover::new(kind).with_gates(GATES);
        let prepared = PreparedCircuit::new(&prover, &data.common).expect("a known circuit");
        let ours = prepared.prove(data, &full).expect("a proof");
        let mut timing = TimingTree::default();
        let stock = prove_with_partition_witness(&data.prover_only, &data.common, full.clone(), &mut timing)
            .expect("a proof");
        data.verify(ours.clone()).expect("ours verifies");
        assert_eq!(before_the_nonce(ours), before_the_nonce(stock), "{kind:?}");
    }
}

/// Digest of the circuit that is deployed, as 32 bytes.
const DIGEST: &str = "65258a2297cc770ffeb631c647b79a9b60846552866679ab61827f10bc49e5f6";

/// Rows that a circuit with the parameters of lift and fold spends on verifying a proof under a constant key.
fn rows_of_a_verifier(circuit: &LinkCircuit) -> usize {
    let common = &circuit.data.common;
    let mut builder = Builder::new(Security::default().fold());
    let proof = builder.add_virtual_proof_with_pis(common);
    let key = builder.constant_verifier_data(&circuit.data.verifier_only);
    builder.verify_proof::<C>(&proof, &key, common);
    builder.num_gates()
}

#[test]
fn the_full_size_circuit_is_pinned_and_states_what_a_kzg_proof_opens() {
    let circuit = LinkCircuit::of_coefficients(Security::default(), BLOB);
    let rows = circuit.rows();
    println!(
        "{rows:?}, {:.3} rows a coefficient",
        rows.used as f64 / BLOB as f64
    );
    assert_eq!(rows.padded, 1 << 13);
    let lift = rows_of_a_verifier(&circuit);
    println!("{lift} rows of a circuit that verifies it");
    assert!(lift < 1 << Security::default().fold_degree_bits());

    let settings = c_kzg::ethereum_kzg_settings(0);
    for (seed, count) in [(1, BLOB_WORDS), (2, 12_345)] {
        let witness = witness(seed, count);
        let claim = witness.statement(BLOB).expect("valid");
        let [blob] = &encode(&witness.words).expect("one blob")[..] else {
            panic!("one blob")
        };
        let blob = c_kzg::Blob::from_bytes(blob.as_slice()).expect("elements");
        let point = c_kzg::Bytes32::new(element_bytes(witness.zeta));
        let (proof, value) = settings.compute_kzg_proof(&blob, &point).expect("opened");
        let commitment = settings.blob_to_kzg_commitment(&blob).expect("committed");
        let holds = settings.verify_kzg_proof(&commitment.to_bytes(), &point, &value, &proof.to_bytes());
        assert!(holds.expect("well formed"));
        let opened = element(&value).expect("reduced");
        assert_eq!(words_of(opened), claim.value);

        let assignment = assignment(&circuit, &witness);
        let start = Instant::now();
        let proof = prove_assignment(&circuit, &assignment).expect("satisfied");
        println!(
            "proved in {:?}, {} bytes",
            start.elapsed(),
            proof.to_bytes().len()
        );
        assert_eq!(proof.public_inputs, claim.to_vec());
    }
    let digest = hash_to_bytes32(&circuit.digest());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, DIGEST);
}

#[test]
#[ignore = "measures: run it on a quiet machine, with --nocapture"]
fn how_long_a_full_blob_takes() {
    let circuit = LinkCircuit::of_coefficients(Security::default(), BLOB);
    let assignment = assignment(&circuit, &witness(1, BLOB_WORDS));
    for _ in 0..3 {
        let start = Instant::now();
        prove_assignment(&circuit, &assignment).expect("satisfied");
        println!("our prover: {:?}", start.elapsed());
    }
    for _ in 0..2 {
        let start = Instant::now();
        prove_stock("link", &circuit.data, || circuit.set(&assignment)).expect("satisfied");
        println!("plonky2's: {:?}", start.elapsed());
    }
}
