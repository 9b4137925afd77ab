//! What each room of the workspace must not know, checked against `cargo metadata` and the sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Dependencies of a package of this workspace, in a build without dev-dependencies.
struct Package {
    folder: PathBuf,
    /// Those that no feature must ask for.
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    features: Vec<String>,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

fn packages() -> BTreeMap<String, Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let dependency = |value: &Value| Dependency {
        name: text(&value["name"]),
        features: list(&value["features"]).iter().map(text).collect(),
    };
    let package = |package: &Value| {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let linked = |value: &&Value| value["kind"].is_null() && value["optional"] == false;
        let entry = Package {
            folder: manifest.parent().expect("a folder").to_owned(),
            dependencies: list(&package["dependencies"])
                .iter()
                .filter(linked)
                .map(dependency)
                .collect(),
        };
        (text(&package["name"]), entry)
    };
    list(&metadata["packages"]).iter().map(package).collect()
}

/// Everything of the workspace, and directly beneath it, that `name` links, itself included.
fn linked<'a>(packages: &'a BTreeMap<String, Package>, name: &'a str) -> BTreeSet<&'a str> {
    let (mut found, mut open) = (BTreeSet::new(), vec![name]);
    while let Some(name) = open.pop() {
        if found.insert(name)
            && let Some(package) = packages.get(name)
        {
            open.extend(
                package
                    .dependencies
                    .iter()
                    .map(|dependency| dependency.name.as_str()),
            );
        }
    }
    found
}

#[test]
fn provers_know_no_application() {
    let packages = packages();
    let under_prover = packages
        .iter()
        .filter(|(_, package)| package.folder.starts_with(workspace().join("prover")));
    let mut count = 0;
    for (name, _) in under_prover {
        let linked = linked(&packages, name);
        assert!(!linked.contains("ashlar-payments"), "{name} links payments");
        count += 1;
    }
    assert!(count >= 10, "{count} packages under prover/");
    for name in [
        "ashlar-statement",
        "ashlar-recursion",
        "ashlar-protocol",
        "ashlar-contracts",
        "ashlar-proto",
    ] {
        assert!(
            !linked(&packages, name).contains("ashlar-payments"),
            "{name} links payments"
        );
    }
}

#[test]
fn the_statement_s_parts_lie_below_everything() {
    let packages = packages();
    let of = |name: &str| -> BTreeSet<String> {
        let linked = linked(&packages, name);
        linked
            .into_iter()
            .filter(|found| found.starts_with("ashlar-"))
            .map(str::to_owned)
            .collect()
    };
    let expected = |names: &[&str]| names.iter().map(|name| format!("ashlar-{name}")).collect();
    assert_eq!(of("ashlar-protocol"), expected(&["protocol"]));
    assert_eq!(of("ashlar-process"), expected(&["process"]));
    assert_eq!(of("ashlar-metrics"), expected(&["metrics", "report"]));
    assert_eq!(of("ashlar-traces"), expected(&["traces"]));
    assert_eq!(of("ashlar-blob"), expected(&["blob"]));
    let blob = linked(&packages, "ashlar-blob");
    assert!(!blob.contains("alloy") && !blob.contains("plonky2"), "{blob:?}");
    assert_eq!(of("ashlar-identity"), expected(&["identity", "report"]));
    assert_eq!(of("ashlar-report"), expected(&["report"]));
    assert_eq!(
        of("ashlar-statement"),
        expected(&["statement", "lanes", "poseidon", "protocol", "report"])
    );
    assert_eq!(
        of("ashlar-kzg"),
        expected(&["kzg", "accel", "protocol", "report"])
    );
    assert_eq!(of("ashlar-wrap"), expected(&["wrap", "bn254"]));
    assert_eq!(
        of("ashlar-plonky2"),
        expected(&[
            "plonky2",
            "plonky2-cuda",
            "accel",
            "bn254",
            "lanes",
            "poseidon",
            "protocol",
            "report",
            "statement"
        ])
    );
    assert_eq!(
        of("ashlar-farm"),
        expected(&[
            "farm", "identity", "metrics", "process", "proto", "protocol", "report", "traces"
        ])
    );
    assert_eq!(
        of("ashlar-worker"),
        expected(&[
            "worker", "identity", "metrics", "proto", "protocol", "report", "traces"
        ])
    );
    assert_eq!(
        of("ashlar-client"),
        expected(&[
            "client",
            "beacon",
            "blob",
            "blob-link",
            "client-core",
            "committee",
            "contracts",
            "ecgfp5",
            "fixed",
            "gates",
            "lanes",
            "payments",
            "poseidon",
            "process",
            "proto",
            "protocol",
            "publication",
            "report",
            "statement"
        ])
    );
    assert_eq!(
        of("ashlar-publication"),
        expected(&[
            "publication",
            "blob",
            "blob-link",
            "contracts",
            "fixed",
            "gates",
            "lanes",
            "poseidon",
            "protocol",
            "report",
            "statement"
        ])
    );
    assert_eq!(
        of("ashlar-frost"),
        expected(&["frost", "ecgfp5", "lanes", "poseidon"])
    );
    for name in ["ashlar-farm", "ashlar-worker", "ashlar-sequencer"] {
        assert!(!of(name).contains("ashlar-engine"), "{name} links the engine");
    }
}

#[test]
fn the_operator_s_binary_has_no_contenders_and_no_suites() {
    let packages = packages();
    let linked = linked(&packages, "ashlar-cli");
    assert!(linked.contains("ashlar-accel") && linked.contains("ashlar-sequencer"));
    assert!(!linked.contains("ashlar-benches"));
    let arkworks: Vec<_> = linked
        .iter()
        .copied()
        .filter(|name| name.starts_with("ark-"))
        .collect();
    assert_eq!(
        arkworks,
        ["ark-bls12-381", "ark-ff", "ark-poly"],
        "what blobs hold, and no contender"
    );
    for name in &linked {
        let dependencies = packages
            .get(*name)
            .map_or(&[][..], |package| &package.dependencies);
        for Dependency { name: of, features } in dependencies {
            assert!(
                !features.iter().any(|feature| feature == "testing"),
                "{name} turns on {of}/testing"
            );
        }
    }
}

/// Lines of `cargo tree` over what the binary links for this machine: depth, then name and version.
fn tree() -> Vec<(usize, String)> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "-p",
            "ashlar-cli",
            "-e",
            "normal",
            "--prefix",
            "depth",
        ])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("text");
    let line = |line: &str| {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        (
            line[..digits].parse().expect("a depth"),
            line[digits..].to_owned(),
        )
    };
    text.lines().map(line).collect()
}

/// The embedded EVM's precompiles are written with arkworks, which revm has no switch for, and so is BLS12-381's scalar field
/// in what a blob holds. Nothing else brings it, and no other peer is there.
#[test]
fn arkworks_comes_with_the_embedded_evm_and_with_blobs_alone() {
    let (mut path, mut bring) = (Vec::<String>::new(), BTreeSet::new());
    for (depth, package) in tree() {
        path.truncate(depth);
        let is_arkworks = |package: &String| package.starts_with("ark-");
        if is_arkworks(&package) && !path.last().is_some_and(is_arkworks) {
            let by = path.last().expect("it is not ours");
            bring.insert(by.split(' ').next().expect("a name").to_owned());
        }
        assert!(!package.starts_with("halo2curves v"), "{package}");
        path.push(package);
    }
    let expected = ["ashlar-blob", "ashlar-blob-link", "revm-precompile"];
    assert_eq!(bring, expected.map(str::to_owned).into());
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Files under `folders` with one of `words` in a line.
fn naming(folders: &[&str], words: &[&str]) -> Vec<String> {
    let mut files = Vec::new();
    for folder in folders {
        sources(&workspace().join(folder), &mut files);
    }
    assert!(!files.is_empty());
    let lines = files.iter().flat_map(|file| {
        let text = fs::read_to_string(file).expect("text");
        let lines = text.lines().map(str::to_lowercase).collect::<Vec<_>>();
        lines
            .into_iter()
            .map(move |line| format!("{}: {line}", file.display()))
    });
    lines
        .filter(|line| words.iter().any(|word| line.contains(word)))
        .collect()
}

#[test]
fn only_payments_and_who_runs_them_name_a_transfer() {
    let elsewhere = [
        "circuits/bn254/src",
        "circuits/ecgfp5/src",
        "circuits/recursion/src",
        "circuits/statement/src",
        "prover/engine/src",
        "prover/evm/src",
        "prover/farm/src",
        "prover/kzg/src",
        "prover/plonky2/src",
        "prover/worker/src",
        "prover/wrap/src",
        "identity/src",
        "metrics/src",
        "process/src",
        "proto/src",
        "protocol/src",
        "report/src",
        "traces/src",
        "verifier-contracts/bindings/src",
    ];
    // The contract's queue orders one whatever the application makes of it; its record has these places alone.
    let of_the_queue = ["statement/src/queue.rs:", "bindings/src/bridge/"];
    let named: Vec<_> = naming(&elsewhere, &["transfer"])
        .into_iter()
        .filter(|line| !of_the_queue.iter().any(|place| line.contains(place)))
        .collect();
    assert_eq!(named, Vec::<String>::new());
}

#[test]
fn only_backends_and_the_engine_name_a_device() {
    let elsewhere = [
        "circuits/bn254/src",
        "circuits/payments/src",
        "circuits/recursion/src",
        "circuits/statement/src",
        "prover/evm/src",
        "prover/kzg/src",
        "prover/plonky2/src",
        "prover/wrap/src",
    ];
    // Proofs on a card, and what of a circuit is brought there.
    let of_the_card = ["plonky2/src/card/", "plonky2/src/rows"];
    let named: Vec<_> = naming(&elsewhere, &["cuda", "icicle", "nvidia"])
        .into_iter()
        .filter(|line| !of_the_card.iter().any(|place| line.contains(place)))
        .collect();
    assert_eq!(named, Vec::<String>::new());
}

#[test]
fn plonky2_s_prover_is_called_in_one_place() {
    let all = [
        "circuits",
        "prover/engine",
        "prover/plonky2/src",
        "cli/src",
        "benches/src",
    ];
    let calls = ["circuit.prove(", "data.prove(", "prove_with_partition_witness("];
    let calls: Vec<_> = naming(&all, &calls)
        .into_iter()
        .filter(|line| !line.contains("/test") && !line.contains("engine.prove("))
        .filter(|line| !line.contains("circuit.prove(&")) // plonky2's takes a witness, and not by reference
        .collect();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0].contains("statement/src/prove.rs"), "{calls:?}");
}
