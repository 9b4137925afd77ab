//! The whole stack, end to end, through the binary: real processes, real proofs, a real EVM node.

mod isolated;
mod validium;

use std::{
    path::Path,
    process::{Command, Output},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

/// The workspace's root, where the binary finds anvil and keeps its cache.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// One demo at a time: each takes every core and gigabytes, and on a fresh machine both would make the same keys.
fn alone() -> MutexGuard<'static, ()> {
    static DEMO: Mutex<()> = Mutex::new(());
    DEMO.lock().unwrap_or_else(PoisonError::into_inner) // another test's failure says nothing about this one
}

fn ashlar(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
    command
        .current_dir(root())
        .env("ASHLAR_LOG", "warn")
        .args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    ashlar(arguments).output().expect("the binary runs")
}

fn report(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the demo failed: {errors}");
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

fn check_report(report: &Value, transactions: u64) {
    assert_eq!(report["verified"], true);
    assert_eq!(report["l1_state_root"], report["l2_state_root"]);
    assert_eq!(report["transactions"], transactions);
    let steps = report["steps"].as_array().expect("a list");
    let names: Vec<_> = steps.iter().filter_map(|step| step["name"].as_str()).collect();
    let expected = [
        "admit",
        "order",
        "execute",
        "seal",
        "commit",
        "prove_chunk",
        "fold",
        "compress",
        "wrap",
        "settle",
    ];
    assert_eq!(names, expected);
    let queue = report["queue"].as_array().expect("a list");
    let paid: Vec<_> = queue
        .iter()
        .map(|of| (of["kind"].as_str(), of["paid"].as_u64()))
        .collect();
    let expected = [
        (Some("forced withdrawal"), Some(150_000)),
        (Some("forced transfer"), Some(2_000)),
        (Some("set auth"), None),
    ];
    assert_eq!(paid, expected);
    for step in steps {
        assert!(
            step["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0),
            "{step}"
        );
    }
    let gas = |name: &str| report["gas"][name].as_f64().expect("a number");
    let batches = report["batches"].as_f64().expect("a number");
    let prove = gas("prove") / batches;
    assert!(prove > 100_000.0 && prove <= 400_000.0, "{prove}");
    assert!(gas("commit") / batches > 50_000.0);
}

#[test]
fn transfers_become_a_snark_on_anvil_and_the_snark_verifies_off_chain() {
    let _alone = alone();
    let anvil = root().join("verifier-contracts/node_modules/.bin/anvil");
    assert!(
        anvil.is_file(),
        "run scripts/test, which installs anvil into verifier-contracts/node_modules"
    );
    let folder = tempfile::tempdir().expect("folder");
    let work = folder.path().to_str().expect("UTF-8");
    let report = report(&run(&[
        "demo",
        "--json",
        "--transactions",
        "128",
        "--devnet",
        "anvil",
        "--work-dir",
        work,
    ]));
    check_report(&report, 128 + 5 + 1 + 3);
    assert_eq!(report["batches"], 1);
    assert_eq!(
        (&report["devnet"], &report["chunks"]),
        (&Value::from("anvil"), &Value::from(2)) // of 128 slots and of 32
    );

    let snark = folder.path().join("snark.json");
    let inputs = folder.path().join("public-inputs.json");
    let verify = |snark: &Path, inputs: &Path| {
        run(&[
            "verify",
            "--snark",
            snark.to_str().expect("UTF-8"),
            "--public-inputs",
            inputs.to_str().expect("UTF-8"),
        ])
    };
    let output = verify(&snark, &inputs);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    // One flipped byte of the proof, and one changed public input.
    let bent = folder.path().join("bent.json");
    let mut document: Value =
        serde_json::from_str(&std::fs::read_to_string(&snark).expect("saved")).expect("JSON");
    let mut proof = document["proof"].as_str().expect("hex").to_owned();
    let digit = if proof.ends_with('0') { "1" } else { "0" };
    proof.replace_range(proof.len() - 1.., digit);
    document["proof"] = proof.into();
    std::fs::write(&bent, document.to_string()).expect("written");
    let output = verify(&bent, &inputs);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("the SNARK is refused"));

    // A word more in the rollup stream than 128 transfers have. In the other are five deposits, a withdrawal, a forced one, a
    // forced transfer and a new auth.
    let bridge = 5 * 10 + 5 + 6 + 7 + 10;
    let words = |rollup| format!("\"{}\"", ashlar_statement::stream_words(bridge, rollup));
    let text = std::fs::read_to_string(&inputs).expect("saved");
    let other = text.replace(&words(128 * 2), &words(128 * 2 + 1));
    assert_ne!(text, other);
    std::fs::write(&bent, other).expect("written");
    let output = verify(&snark, &bent);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("other public inputs"));
}

mod slow {
    use super::*;

    /// With data in blobs: anvil checks each blob's cells.
    #[test]
    #[ignore = "slow: two batches, each with its link and its wrap"]
    fn what_one_batch_does_not_hold_makes_several_each_with_its_blob() {
        let _alone = alone();
        let report = report(&run(&[
            "demo",
            "--json",
            "--transactions",
            "34",
            "--batch-transactions",
            "32",
            "--devnet",
            "anvil",
            "--da",
            "blob",
        ]));
        check_report(&report, 34 + 5 + 1 + 3);
        assert_eq!(
            (&report["batches"], &report["chunks"]),
            (&Value::from(2), &Value::from(2))
        );
    }
}

#[test]
fn batches_that_l1_could_not_take_are_refused_at_the_start() {
    let zeros = ["0"; 64].concat();
    let folder = tempfile::tempdir().expect("folder");
    let refused = |flags: &[&str]| {
        let data = folder.path().join("data");
        let mut command = ashlar(&[
            "sequencer",
            "--l1-rpc",
            "http://127.0.0.1:1",
            "--rollup",
            &zeros[..40],
        ]);
        command
            .env("ASHLAR_OPERATOR_KEY", "11".repeat(32))
            .args(["--circuit-set", &zeros, "--data-dir"]);
        let output = command.arg(data).args(flags).output().expect("the binary runs");
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let error = refused(&["--max-transactions", "12000"]);
    assert!(error.contains("holds at most 8751; set at most that"), "{error}");
    let error = refused(&["--max-commit-bytes", "131072"]);
    assert!(
        error.contains("nodes relay no transaction above 131072 bytes"),
        "{error}"
    );
    let error = refused(&["--max-commit-gas", "17000000"]);
    assert!(
        error.contains("EIP-7825 allows a transaction 16777216"),
        "{error}"
    );
    let error = refused(&["--max-chunks", "1025"]);
    assert!(
        error.contains("set 1 to 1024, which is what the farm takes"),
        "{error}"
    );
    let error = refused(&["--min-fee", "0:5"]);
    assert!(error.contains("expected TOKEN=UNITS"), "{error}");
}

#[test]
fn production_refuses_the_development_reference_string() {
    let folder = tempfile::tempdir().expect("folder");
    let output = run(&[
        "setup",
        "--production",
        "--cache-dir",
        folder.path().to_str().expect("UTF-8"),
    ]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("ashlar setup --ptau"));
}

#[cfg(not(feature = "icicle"))]
#[test]
fn a_backend_that_was_not_built_ends_the_worker_with_a_remedy() {
    let output = run(&["worker", "--name", "w", "--backend", "icicle"]);
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("built without the Cargo feature `icicle`") && errors.contains("--backend cpu"),
        "{errors}"
    );
}
