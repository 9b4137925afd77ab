//! Over the library that stands in for a card, which can be made to lie, to hang and to die in a part.
//! `scripts/check-icicle` links it and sets `ASHLAR_ICICLE_STAND_IN`; without it every test says that it was skipped.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use crate::{Run, is_stand_in_linked};

/// The parts in which the stand-in misbehaves.
const PARTS: [&str; 4] = ["conformance", "wrap", "faults", "figures"];

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Option<Run> {
    if is_stand_in_linked() {
        Some(Run::new(arguments, environment))
    } else {
        println!("skipped: the stand-in is not linked, see scripts/check-icicle");
        None
    }
}

#[test]
fn everything_passes_and_the_split_is_stored_for_workers() {
    let Some(run) = run(&["--device", "0", "--minutes", "10", "--apply", "--html"], &[]) else {
        return;
    };
    assert!(run.output.status.success(), "{}", run.all());
    assert_eq!(run.report["target"], "stand_in");
    for part in ["facts", "conformance", "wrap", "faults", "figures"] {
        assert_eq!(run.status(part), "passed", "{}", run.all());
    }
    assert_eq!(run.report["card"]["name"], "stand-in on the CPU");
    assert!(
        run.page().contains("no card and no kernel was tested"),
        "{}",
        run.page()
    );
    let kernels = run.report["figures"]["kernels"].as_array().expect("a list");
    for backend in ["ashlar/cpu", "ashlar/icicle", "ashlar/icicle-transfers"] {
        let own = kernels.iter().filter(|kernel| kernel["backend"] == backend);
        assert!(own.count() >= 4, "{backend}");
    }
    let provers: Vec<_> = run.report["figures"]["wrap"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|wrap| wrap["prover"].as_str().expect("a name"))
        .collect();
    assert_eq!(provers, ["ashlar/cpu", "ashlar/icicle"]);
    let memory = &run.report["figures"]["memory"][0];
    let bytes = |name: &str| memory[name].as_u64().expect("a number");
    assert!(bytes("ready_bytes") < bytes("before_bytes"));
    assert_eq!(bytes("after_bytes"), bytes("before_bytes"));

    // Whoever opens the card reads what was stored.
    let cache = run.path("cache");
    let output = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(["doctor", "--cache-dir"])
        .arg(cache)
        .output()
        .expect("the binary runs");
    let findings = String::from_utf8_lossy(&output.stdout);
    assert!(findings.contains("as measured here"), "{findings}");
}

/// What each misbehaviour is called in the report.
fn is_told(how: &str, part: &str, run: &Run) {
    let reason = run.reason(part);
    let told = match how {
        "lie" => !reason.contains("hung") && !reason.contains("ended early"),
        "hang" => reason.contains("hung"),
        "die" => reason.contains("ended early, signal: 6"),
        _ => unreachable!(),
    };
    assert_eq!(run.status(part), "failed", "{how} in {part}\n{}", run.all());
    assert!(told && !reason.is_empty(), "{how} in {part}: {reason}");
}

fn misbehaves(how: [&str; 4], minutes: &str) {
    let pairs: Vec<String> = PARTS
        .iter()
        .zip(how)
        .map(|(part, how)| format!("{part}={how}"))
        .collect();
    let environment = [("ASHLAR_STAND_IN_MISBEHAVE", &*pairs.join(","))];
    let Some(run) = run(&["--minutes", minutes], &environment) else {
        return;
    };
    assert!(!run.output.status.success());
    assert_eq!(run.report["passed"], false);
    for (part, how) in PARTS.into_iter().zip(how) {
        is_told(how, part, &run);
    }
}

/// Each part meets each misbehaviour in one of three runs; that it is told there shows that it still ran.
#[test]
fn lies_hangs_and_deaths_are_told_and_the_later_parts_run() {
    misbehaves(["lie", "hang", "die", "lie"], "1");
    misbehaves(["hang", "die", "lie", "hang"], "1");
    misbehaves(["die", "lie", "hang", "die"], "1");
}

#[test]
fn a_death_in_one_part_is_no_other_s() {
    let environment = [("ASHLAR_STAND_IN_MISBEHAVE", "conformance=die")];
    let Some(run) = run(&["--minutes", "10"], &environment) else {
        return;
    };
    assert!(!run.output.status.success());
    is_told("die", "conformance", &run);
    for part in ["facts", "wrap", "faults", "figures"] {
        assert_eq!(run.status(part), "passed", "{}", run.all());
    }
    let errors = String::from_utf8_lossy(&run.output.stderr);
    assert!(errors.contains("the self-test failed: conformance\n"), "{errors}");
}

/// A device that is lost in the middle of a part fails the checks from there on, and the part reaches its end.
#[test]
fn a_lost_device_fails_check_by_check() {
    let Some(run) = run(&["--minutes", "10"], &[("ASHLAR_STAND_IN_LOSE_AT_CALL", "40")]) else {
        return;
    };
    assert!(!run.output.status.success());
    assert_eq!(run.status("conformance"), "failed");
    let checks = run.part("conformance")["checks"].as_array().expect("a list");
    let failed = checks.iter().filter(|check| check["status"] == "failed").count();
    assert!(failed > 10, "{checks:?}");
    assert!(run.all().contains("device lost"), "{}", run.all());
}

/// Programs in the place of NVIDIA's: what they would be started with, and what they would write.
#[test]
fn tools_are_used_where_they_are_installed() {
    const SANITIZER: &str = "#!/bin/sh\n\
        while [ \"$1\" != --log-file ]; do shift; done\n\
        log=$2 && shift 2 && \"$@\" && echo '========= ERROR SUMMARY: 0 errors' >\"$log\"\n";
    const PROFILER: &str = "#!/bin/sh\n\
        while [ \"$1\" != --log-file ]; do shift; done\n\
        log=$2 && shift 2 && \"$@\" || exit 1\n\
        { echo '\"ID\",\"Kernel Name\",\"gpu__time_duration.sum\"'; echo '\"\",\"\",\"us\"'\n\
        for kernel in a b c d; do echo \"\\\"0\\\",\\\"$kernel(int)\\\",\\\"1,000\\\"\"; done; } >\"$log\"\n";
    let folder = tempfile::tempdir().expect("a folder");
    for (name, script) in [("compute-sanitizer", SANITIZER), ("ncu", PROFILER)] {
        let file = folder.path().join(name);
        fs::write(&file, script).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a program");
    }
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let Some(run) = run(&["--minutes", "10"], &[("PATH", &path)]) else {
        return;
    };
    assert_eq!(run.status("tools"), "passed", "{}", run.all());
    let profile = run.report["figures"]["profile"].as_array().expect("a list");
    assert_eq!(profile.len(), 3, "the three longest");
    assert_eq!(profile[0]["launches"], 1);

    let finds = SANITIZER.replace("ERROR SUMMARY: 0 errors", "Invalid __global__ read of size 8");
    fs::write(folder.path().join("compute-sanitizer"), finds).expect("a file");
    let failed = Run::new(&["--minutes", "10"], &[("PATH", &path)]);
    assert_eq!(failed.status("tools"), "failed", "{}", failed.all());
    assert!(
        failed.reason("tools").contains("Invalid __global__ read"),
        "{}",
        failed.reason("tools")
    );
    assert!(!failed.output.status.success());
}
