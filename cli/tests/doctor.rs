//! `ashlar doctor`, against real neighbours.

use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

fn doctor(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(["doctor", "--json"])
        .args(arguments)
        .output()
        .expect("the binary runs")
}

fn findings(output: &Output) -> Vec<Value> {
    serde_json::from_slice(&output.stdout).expect("a JSON list")
}

fn status<'a>(findings: &'a [Value], check: &str) -> &'a str {
    let finding = findings.iter().find(|finding| finding["check"] == check);
    finding.unwrap_or_else(|| panic!("no check of {check}"))["status"]
        .as_str()
        .expect("a word")
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound")
}

/// Stops the devnet with the test.
struct Devnet(Child);

impl Drop for Devnet {
    fn drop(&mut self) {
        let _ = self.0.kill(); // it may have ended by itself
        let _ = self.0.wait();
    }
}

impl Devnet {
    /// On any free port; gives its URL.
    fn start() -> (Self, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
            .args(["devnet", "--listen", "127.0.0.1:0"])
            .env("ASHLAR_LOG", "info")
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let log = BufReader::new(child.stderr.take().expect("a pipe"));
        let devnet = Self(child);
        let told = log.lines().map_while(Result::ok).find_map(|line| {
            let (_, address) = line.split_once("devnet serving address=")?;
            Some(format!("http://{address}"))
        });
        (devnet, told.expect("it serves"))
    }
}

#[test]
fn a_machine_and_its_l1_are_examined() {
    let cache = tempfile::tempdir().expect("a folder");
    let cache = cache.path().to_str().expect("UTF-8");
    let free = free_address();
    let (_devnet, url) = Devnet::start();
    let output = doctor(&[
        "--cache-dir",
        cache,
        "--listen",
        &free.to_string(),
        "--l1-rpc",
        &url,
    ]);
    let findings = findings(&output);
    for (check, expected) in [
        ("port", "ok"),
        ("l1", "ok"),
        ("clock", "ok"),
        ("srs", "note"),
        ("circuits", "note"),
    ] {
        assert_eq!(status(&findings, check), expected, "{findings:?}");
    }
    for check in ["processor", "memory", "gpu", "disk"] {
        status(&findings, check);
    }
    let mended = |finding: &Value| finding["status"] == "ok" || finding["remedy"].is_string();
    assert!(findings.iter().all(mended), "every defect has a remedy");
    let failed = findings.iter().any(|finding| finding["status"] == "failed");
    assert_eq!(output.status.success(), !failed);
}

#[test]
fn what_is_missing_fails_the_command() {
    let cache = tempfile::tempdir().expect("a folder");
    let cache = cache.path().to_str().expect("UTF-8");
    let nobody = format!("http://{}", free_address());
    let output = doctor(&[
        "--cache-dir",
        cache,
        "--production",
        "--l1-rpc",
        &nobody,
        "--farm",
        &nobody,
    ]);
    let findings = findings(&output);
    for check in ["srs", "l1", "farm"] {
        assert_eq!(status(&findings, check), "failed", "{findings:?}");
    }
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("checks failed"), "{errors}");
}
