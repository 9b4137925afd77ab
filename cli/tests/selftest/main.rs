//! `ashlar selftest` as a user runs it: without a card here, over the stand-in in `stand_in`.

#[cfg(feature = "icicle")]
mod stand_in;

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// A run with its report.
struct Run {
    folder: tempfile::TempDir,
    output: Output,
    report: Value,
}

impl Run {
    /// Runs a short self-test in a new folder; the cache is in `cache` of that folder.
    fn new(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let output = Command::new(env!("CARGO_BIN_EXE_ashlar"))
            .current_dir(&folder)
            .args(["selftest", "--short", "--out", "out", "--cache-dir", "cache"])
            .args(arguments)
            .envs(environment.iter().copied())
            .output()
            .expect("the binary runs");
        let report = std::fs::read(folder.path().join("out/selftest.json")).unwrap_or_else(|error| {
            panic!("no report: {error}\n{}", String::from_utf8_lossy(&output.stderr))
        });
        Self {
            report: serde_json::from_slice(&report).expect("JSON"),
            folder,
            output,
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        Path::new(self.folder.path()).join(name)
    }

    fn page(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).expect("UTF-8")
    }

    /// Everything, for a failure's message.
    fn all(&self) -> String {
        format!(
            "{}\n{}",
            self.page(),
            String::from_utf8_lossy(&self.output.stderr)
        )
    }

    fn part(&self, name: &str) -> &Value {
        let parts = self.report["parts"].as_array().expect("a list");
        let part = parts.iter().find(|part| part["part"] == name);
        part.unwrap_or_else(|| panic!("no part {name} in {parts:?}"))
    }

    fn status(&self, name: &str) -> &str {
        self.part(name)["status"].as_str().expect("a word")
    }

    fn reason(&self, name: &str) -> &str {
        self.part(name)["reason"].as_str().unwrap_or("")
    }
}

/// The library that stands in for a card is a card to these tests.
fn is_stand_in_linked() -> bool {
    std::env::var_os("ASHLAR_ICICLE_STAND_IN").is_some()
}

#[test]
fn a_device_that_was_asked_for_must_be_there() {
    let run = Run::new(
        &["--device", "7", "--minutes", "10", "--apply"],
        &[("CUDA_VISIBLE_DEVICES", "")],
    );
    if is_stand_in_linked() {
        return println!("skipped: the stand-in does not know CUDA_VISIBLE_DEVICES");
    }
    assert!(!run.output.status.success());
    assert_eq!(run.status("facts"), "failed");
    assert!(
        run.reason("facts").contains("--device was given"),
        "{}",
        run.reason("facts")
    );
    assert_eq!(run.status("conformance"), "passed", "what can be done is done");
    assert!(
        !run.path("cache/auto.json").exists(),
        "nothing is stored of a run that failed"
    );
}

/// A worker does not start on thresholds that it cannot read, and says what to do.
#[test]
fn a_worker_refuses_a_damaged_split() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("auto.json"), "half a fi").expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(["worker", "--name", "w", "--cache-dir"])
        .arg(folder.path())
        .output()
        .expect("the binary runs");
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("auto.json") && errors.contains("selftest --apply"),
        "{errors}"
    );
}

mod slow {
    use super::*;

    #[test]
    #[ignore = "slow: every part of the self-test on the CPU"]
    fn without_a_card_the_cpu_does_it_all_and_the_page_says_so() {
        if is_stand_in_linked() {
            return println!("skipped: the stand-in answers as a card");
        }
        let run = Run::new(&["--html", "--minutes", "10"], &[]);
        assert!(run.output.status.success(), "{}", run.all());
        assert_eq!(run.report["target"], "dry_run");
        assert_eq!(run.report["passed"], true);
        // The kernels of proofs run in their emulation, which tests of this package have.
        for part in ["conformance", "wrap", "proofs", "faults", "figures"] {
            assert_eq!(run.status(part), "passed", "{}", run.all());
        }
        for part in ["facts", "icicle-core", "tools"] {
            assert_eq!(run.status(part), "skipped", "{}", run.all());
            assert!(!run.reason(part).is_empty(), "{part} does not say why");
        }
        assert!(
            run.page().contains("DRY RUN, no card was tested"),
            "{}",
            run.page()
        );
        assert_eq!(run.report["binary_sha256"].as_str().expect("a digest").len(), 64);
        let kernels = run.report["figures"]["kernels"].as_array().expect("a list");
        assert!(kernels.iter().all(|kernel| kernel["backend"] == "ashlar/cpu"));
        assert_eq!(run.report["split"], Value::Null);

        let html = std::fs::read_to_string(run.path("out/selftest.html")).expect("written");
        assert_eq!(
            html.matches("<circle").count(),
            kernels.len(),
            "every figure is a point"
        );
        let loads = ["src=", "href=", "url(", "<script", "@import"];
        assert!(
            !loads.iter().any(|load| html.contains(load)),
            "the page loads something"
        );
    }

    #[test]
    #[ignore = "slow: every part of the self-test on the CPU"]
    fn figures_without_a_card_cannot_be_applied() {
        if is_stand_in_linked() {
            return println!("skipped: the stand-in answers as a card");
        }
        let run = Run::new(&["--apply", "--minutes", "10"], &[]);
        assert!(!run.output.status.success());
        let errors = String::from_utf8_lossy(&run.output.stderr);
        assert!(errors.contains("no figures of a card"), "{errors}");
        assert!(!run.path("cache/auto.json").exists());
    }
}
