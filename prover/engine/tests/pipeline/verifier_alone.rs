//! Verifying keys alone, read from their file, beside the engine that they are of.

use std::{fs, path::Path};

use ashlar_engine::{Foreign, Job, Proof, VerifierFile, VerifierFileError, VerifyError};
use ashlar_kzg::srs::{Srs, SrsKind};
use ashlar_payments::leaves::{PaymentCircuits, PaymentWitness};
use ashlar_recursion::{F, SpanKind};
use ashlar_statement::{Security, testing::Adder};
use blake2b_simd::blake2bp;
use plonky2::field::types::Field;

use crate::{
    common::{self, proofs, wrapped},
    jobs,
};

type Verifier = ashlar_engine::Verifier<PaymentCircuits>;

/// The file of the wrapping engine's keys, as its program expects it.
fn file(dir: &Path) -> VerifierFile<'_> {
    let (engine, _) = wrapped();
    let keys = engine.wrap_kit().expect("with keys").keys();
    VerifierFile {
        dir,
        security: Security::default(),
        circuit_set: engine.circuit_set_digest(),
        wrap_circuit: keys.fingerprint(),
        wrap_key: Some(keys.verifier().digest()),
        srs: SrsKind::InsecureDevelopment,
        production: false,
    }
}

fn load(file: VerifierFile<'_>) -> Result<Option<Verifier>, VerifierFileError> {
    file.load()
}

/// What is found wrong with it.
fn refused(file: VerifierFile<'_>) -> VerifierFileError {
    load(file).expect_err("refused")
}

fn is_foreign(error: &VerifierFileError, expected: Foreign) -> bool {
    matches!(error, VerifierFileError::Foreign { of, .. } if *of == expected)
}

/// Proofs with one thing changed, of any kind.
fn forged(proof: &Proof) -> Vec<Proof> {
    match proof.clone() {
        Proof::Span(proof) => {
            let (mut stated, mut opened, mut other) = (proof.clone(), proof.clone(), proof);
            stated.proof.public_inputs[0] += F::ONE;
            opened.proof.proof.openings.wires[0] += F::ONE.into();
            other.kind = match other.kind {
                SpanKind::Fold => SpanKind::Lift(0),
                SpanKind::Lift(_) => SpanKind::Fold,
            };
            [stated, opened, other].map(Proof::Span).into()
        }
        Proof::Compressed(proof) => {
            let (mut stated, mut opened) = (proof.clone(), proof);
            stated.public_inputs[0] += F::ONE;
            opened.proof.openings.wires[0] += F::ONE.into();
            [stated, opened].map(Proof::Compressed).into()
        }
        Proof::Snark(snark) => {
            let (mut stated, mut cut, mut changed) = (snark.clone(), snark.clone(), snark);
            stated.instances.swap(2, 3);
            cut.proof.pop();
            let last = changed.proof.last_mut().expect("not empty");
            *last ^= 1;
            [stated, cut, changed].map(Proof::Snark).into()
        }
    }
}

#[test]
fn a_verifier_from_a_file_agrees_with_the_engine_on_proofs_of_every_kind() {
    let (engine, snark) = wrapped();
    let dir = tempfile::tempdir().expect("temporary directory");
    assert!(load(file(dir.path())).expect("readable").is_none(), "no file yet");
    engine.verifier().store(dir.path()).expect("writable");
    let verifier = load(file(dir.path())).expect("whole").expect("a file");
    assert_eq!(verifier.circuit_set_digest(), engine.circuit_set_digest());

    let wrap: (Job<PaymentWitness>, _) = (
        Job::Wrap(proofs().compressed.clone()),
        Proof::Snark(snark.clone()),
    );
    let all: Vec<_> = jobs().into_iter().chain([wrap]).collect();
    for (i, (job, honest)) in all.iter().enumerate() {
        let others = all
            .iter()
            .enumerate()
            .map(|(j, (_, proof))| (i == j, proof.clone()));
        let forged = forged(honest).into_iter().map(|proof| (false, proof));
        for (is_valid, proof) in others.chain(forged) {
            let verdicts = [verifier.verify(job, &proof), engine.verify(job, &proof)];
            let [alone, with_engine] = verdicts.map(|verdict| format!("{verdict:?}"));
            assert_eq!(alone, with_engine, "job {i}");
            assert_eq!(alone == "Ok(())", is_valid, "job {i}: {alone}");
        }
        let read = verifier.decode_proof(job.kind(), &honest.to_bytes());
        assert_eq!(read.expect("own encoding"), *honest);
    }
    let without = common::engine().verifier();
    assert!(matches!(
        without.verify(&all[3].0, &all[3].1),
        Err(VerifyError::NoWrapKeys)
    ));
    let nothing = without.store(dir.path()).expect_err("no wrap key");
    assert!(matches!(nothing, VerifierFileError::NoWrapKeys), "{nothing:?}");
}

#[test]
fn a_damaged_file_is_told_and_written_anew() {
    let (engine, _) = wrapped();
    let dir = tempfile::tempdir().expect("temporary directory");
    let file = file(dir.path());
    let path = VerifierFile::path(dir.path(), &file.circuit_set, file.srs);
    let store = || engine.verifier().store(dir.path()).expect("writable");
    store();
    let bytes = fs::read(&path).expect("written");
    println!("{} bytes", bytes.len());
    for place in [0, 8, 40, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        for damaged in [&damaged, &bytes[..place]] {
            fs::write(&path, damaged).expect("writable");
            let error = refused(file);
            assert!(
                matches!(error, VerifierFileError::Damaged { .. }),
                "byte {place}: {error:?}"
            );
        }
    }
    store();
    assert!(fs::read(&path).expect("written") == bytes);
    let modified = || fs::metadata(&path).and_then(|of| of.modified()).expect("a time");
    let before = modified();
    store();
    assert_eq!(modified(), before, "what is there already is left alone");
}

#[test]
fn a_file_of_anything_else_is_refused() {
    let (engine, _) = wrapped();
    let dir = tempfile::tempdir().expect("temporary directory");
    let file = file(dir.path());
    let path = |set: &[u8; 32], srs| VerifierFile::path(dir.path(), set, srs);
    engine.verifier().store(dir.path()).expect("writable");
    let own = path(&file.circuit_set, file.srs);

    let mut other = file;
    other.circuit_set[31] ^= 1; // the name has the first half
    assert!(is_foreign(&refused(other), Foreign::Circuits));
    other = file;
    other.wrap_circuit.0[0] ^= 1;
    assert!(is_foreign(&refused(other), Foreign::WrapCircuit));
    other = file;
    other.wrap_key = Some([7; 32]);
    assert!(is_foreign(&refused(other), Foreign::WrapKey));
    other = file;
    other.security = Security::Proven100;
    let error = refused(other);
    assert!(matches!(error, VerifierFileError::Circuits { .. }), "{error:?}");
    let error = file.load::<Adder>().expect_err("another application");
    assert!(is_foreign(&error, Foreign::Sources));

    // A string of this kind that came later: workers wrap with it.
    let string = Srs::insecure_development(3).store(dir.path()).expect("writable");
    let replaced = Srs::path(
        dir.path(),
        SrsKind::InsecureDevelopment,
        engine.wrap_kit().expect("keys").srs().k(),
    );
    fs::rename(string, &replaced).expect("one folder");
    assert!(is_foreign(&refused(file), Foreign::ReferenceString));
    fs::remove_file(replaced).expect("there");
    load(file).expect("whole").expect("a file");

    // Keys of the development string under a ceremony's name, and with a ceremony's name inside.
    let production = VerifierFile {
        srs: SrsKind::PowersOfTau,
        wrap_key: None,
        production: true,
        ..file
    };
    assert!(load(production).expect("readable").is_none());
    let ceremony = path(&file.circuit_set, SrsKind::PowersOfTau);
    fs::copy(&own, &ceremony).expect("writable");
    assert!(is_foreign(&refused(production), Foreign::ReferenceString));
    fs::write(&ceremony, renamed(&fs::read(own).expect("written"))).expect("writable");
    let error = refused(production);
    assert!(
        matches!(error, VerifierFileError::NotForProduction { .. }),
        "{error:?}"
    );
}

/// A file that says that its string is a ceremony's, with the right checksum.
fn renamed(file: &[u8]) -> Vec<u8> {
    let text = |kind: SrsKind| {
        let name = kind.to_string();
        [&[name.len() as u8], name.as_bytes()].concat()
    };
    let (old, new) = (text(SrsKind::InsecureDevelopment), text(SrsKind::PowersOfTau));
    let (magic, payload) = (&file[..8], &file[40..]);
    let place = payload
        .windows(old.len())
        .position(|window| window == old)
        .expect("it has a kind");
    let payload = [&payload[..place], &new, &payload[place + old.len()..]].concat();
    let checksum = blake2bp::Params::new().hash_length(32).hash(&payload);
    [magic, checksum.as_bytes(), &payload].concat()
}
