//! Keys and proofs over a toy circuit with the wrap circuit's interface.

use std::sync::LazyLock;

use ashlar_kzg::{
    CircuitKeys, KeyError, ProveError, Snark, VerifierKey, VerifyError, fingerprint, prove, prove_stock,
    prover::ProverError,
    srs::{KnownSecret, NotForProduction, Srs, SrsKind},
    testing::{K, Toy, instances},
};
use halo2_proofs::{arithmetic::Field, circuit::Value, halo2curves::bn256::Fr, plonk::Circuit};

const SECRETS: [u64; 9] = [0, 1, 2, 3, 5, 8, 13, 21, 255];

static SRS: LazyLock<Srs> = LazyLock::new(|| Srs::insecure_development(K));
static KEYS: LazyLock<CircuitKeys> =
    LazyLock::new(|| CircuitKeys::generate(&SRS, &Toy::new([0; 9])).unwrap());
static PROOF: LazyLock<Snark> =
    LazyLock::new(|| prove(&KEYS, &SRS, Toy::new(SECRETS), instances(SECRETS)).unwrap());

#[test]
fn a_proof_verifies_and_every_changed_instance_is_refused() {
    KEYS.verifier().verify(&PROOF).unwrap();
    for row in 0..9 {
        let mut bad = PROOF.clone();
        bad.instances[row] += Fr::ONE;
        assert!(
            matches!(KEYS.verifier().verify(&bad), Err(VerifyError::Invalid(_))),
            "instance {row}"
        );
    }
}

#[test]
fn every_flipped_byte_is_refused() {
    for byte in 0..PROOF.proof.len() {
        let mut bad = PROOF.clone();
        bad.proof[byte] ^= 1 << (byte % 8);
        assert!(KEYS.verifier().verify(&bad).is_err(), "byte {byte}");
    }
}

#[test]
fn a_proof_of_another_length_is_refused() {
    let mut long = PROOF.clone();
    long.proof.push(0);
    let used = PROOF.proof.len();
    assert!(
        matches!(KEYS.verifier().verify(&long), Err(VerifyError::Length { used: u, actual }) if u == used && actual == used + 1)
    );
    let mut short = PROOF.clone();
    short.proof.pop();
    assert!(matches!(
        KEYS.verifier().verify(&short),
        Err(VerifyError::Invalid(_))
    ));
}

#[test]
fn a_bad_witness_gives_no_proof() {
    let mut other = instances(SECRETS);
    other[3] += Fr::ONE;
    let unsatisfied = prove(&KEYS, &SRS, Toy::new(SECRETS), other);
    assert!(matches!(unsatisfied, Err(ProveError::Unsatisfied(_))));

    let mut outside = Toy::new(SECRETS); // 256 is not in the table, though its power matches the instance
    outside.secrets[7] = Value::known(Fr::from(256));
    let mut instances = instances(SECRETS);
    instances[7] = Fr::from(256).pow_vartime([5]);
    assert!(matches!(
        prove_stock(&KEYS, &SRS, outside.clone(), instances),
        Err(ProveError::Unsatisfied(_))
    ));
    assert!(matches!(
        prove(&KEYS, &SRS, outside, instances),
        Err(ProveError::Prover(ProverError::NotInTable { lookup: 0, row: 7 }))
    ));
}

#[test]
fn keys_and_srs_of_different_sizes_are_refused() {
    let small = Srs::insecure_development(K - 1);
    let result = prove(&KEYS, &small, Toy::new(SECRETS), instances(SECRETS));
    assert!(matches!(result, Err(ProveError::Size { keys: K, srs }) if srs == K - 1));
}

#[test]
fn a_circuit_that_hides_its_degree_is_refused() {
    let circuit = Toy {
        state_degree: false,
        ..Toy::new([0; 9])
    };
    let result = CircuitKeys::generate(&SRS, &circuit);
    assert!(matches!(
        result,
        Err(KeyError::DegreeCapped { needed: 6, used: 5 })
    ));
}

#[test]
fn fingerprint_sees_the_circuit_and_not_the_witness() {
    let reference = fingerprint(&Toy::new([0; 9])).unwrap();
    assert_eq!(fingerprint(&Toy::new(SECRETS)).unwrap(), reference);
    let shifted = Toy {
        shift: Fr::ONE,
        ..Toy::new([0; 9])
    };
    assert_ne!(fingerprint(&shifted).unwrap(), reference);
    let other_degree = Toy {
        state_degree: false,
        ..Toy::new([0; 9])
    };
    assert_ne!(fingerprint(&other_degree).unwrap(), reference);
}

#[test]
fn cached_keys_prove_and_damaged_ones_are_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let circuit = Toy::new([0; 9]);
    let made = CircuitKeys::load_or_generate(dir.path(), &SRS, &circuit).unwrap();
    let files = || {
        std::fs::read_dir(dir.path())
            .unwrap()
            .map(|f| f.unwrap().path())
            .collect::<Vec<_>>()
    };
    let [file] = files().try_into().unwrap();
    let read = CircuitKeys::load_or_generate(dir.path(), &SRS, &circuit).unwrap();
    assert_eq!(read.verifier().digest(), made.verifier().digest());
    let proof = prove(&read, &SRS, Toy::new(SECRETS), instances(SECRETS)).unwrap();
    made.verifier().verify(&proof).unwrap();

    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    CircuitKeys::load_or_generate(dir.path(), &SRS, &circuit).unwrap();
    assert_eq!(files(), [file]);

    // Another circuit under the same directory gets keys of its own, and its proofs do not verify here.
    let other = Toy {
        shift: Fr::ONE,
        ..Toy::new(SECRETS)
    };
    let other_keys = CircuitKeys::load_or_generate(dir.path(), &SRS, &other).unwrap();
    assert_eq!(files().len(), 2);
    let other_instances = instances(SECRETS).map(|x| x + Fr::ONE);
    let proof = prove(&other_keys, &SRS, other, other_instances).unwrap();
    assert!(made.verifier().verify(&proof).is_err());
}

#[test]
fn verifier_key_round_trips_and_malformed_bytes_are_refused() {
    let read_bytes = |bytes: &[u8]| VerifierKey::from_bytes::<Toy>(bytes, Toy::new([0; 9]).params());
    let bytes = KEYS.verifier().to_bytes();
    let read = read_bytes(&bytes).unwrap();
    assert_eq!(read.digest(), KEYS.verifier().digest());
    read.verify(&PROOF).unwrap();

    let mut long = bytes.clone();
    long.push(0);
    assert!(read_bytes(&long).is_err());
    // After a flip in the points of the SRS there is either no such point or another key.
    for byte in 0..160 {
        let mut flipped = bytes.clone();
        flipped[byte] ^= 2;
        if let Ok(other) = read_bytes(&flipped) {
            assert_ne!(other.digest(), KEYS.verifier().digest(), "byte {byte}");
        }
    }
    let mut no_point = bytes.clone();
    no_point[..32].fill(0x3f); // a coordinate above the modulus
    assert!(read_bytes(&no_point).is_err());
}

#[test]
fn production_refuses_a_key_of_the_development_string_under_any_name() {
    let refused = |kind| KEYS.verifier().require_production(kind).unwrap_err();
    assert!(matches!(
        refused(SrsKind::InsecureDevelopment),
        NotForProduction::Development
    ));
    assert!(matches!(
        refused(SrsKind::PowersOfTau),
        NotForProduction::KnownSecret(KnownSecret::Development)
    ));
}
