//! `ashlar bench` as a user runs it, at sizes that take no time.

use std::process::Command;

fn bench(arguments: &[&str]) -> serde_json::Value {
    let output = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .arg("bench")
        .args(arguments)
        .args(["--rounds", "1", "--json"])
        .output()
        .expect("the binary runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("standard output is JSON and nothing else")
}

/// Backends measured for an operation at `log_size`, each with a time.
fn backends(list: &serde_json::Value, operation: &str, log_size: u64) -> Vec<String> {
    let own = list
        .as_array()
        .expect("a list")
        .iter()
        .filter(|entry| entry["operation"] == operation);
    own.map(|entry| {
        assert_eq!(entry["log_size"], log_size);
        assert!(entry["seconds"].as_f64().expect("a number") > 0.0);
        entry["backend"].as_str().expect("a name").to_owned()
    })
    .collect()
}

#[test]
fn kernels_are_measured_beside_their_peers() {
    let list = bench(&["msm", "--log-size", "6"]);
    for operation in ["msm_bn254", "msm_bn254_u64", "msm_bn254_u16"] {
        let backends = backends(&list, operation, 6);
        for name in ["ashlar/cpu", "halo2curves", "ark-ec"] {
            assert!(
                backends.iter().any(|backend| backend == name),
                "{name} in {backends:?}"
            );
        }
    }
    let list = bench(&["ntt", "--log-size", "7"]);
    for (operation, peer) in [
        ("ntt_bn254", "ark-poly"),
        ("ntt_bn254", "halo2curves"),
        ("ntt_goldilocks", "plonky2"),
    ] {
        let backends = backends(&list, operation, 7);
        for name in ["ashlar/cpu", peer] {
            assert!(
                backends.iter().any(|backend| backend == name),
                "{name} in {backends:?}"
            );
        }
    }
}

#[test]
fn a_report_and_a_drawing_are_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let (report, svg) = (dir.path().join("report.json"), dir.path().join("chart.svg"));
    let (report_text, svg_text) = (report.to_str().expect("utf-8"), svg.to_str().expect("utf-8"));
    bench(&[
        "msm",
        "--log-size",
        "4",
        "--log-size",
        "5",
        "--out",
        report_text,
        "--svg",
        svg_text,
    ]);
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(report).expect("written")).expect("JSON");
    assert!(report["machine"]["threads"].as_u64().expect("a number") > 0);
    assert!(report["command"].as_str().expect("text").contains("bench msm"));
    let drawing = std::fs::read_to_string(svg).expect("written");
    let measured = report["measurements"].as_array().expect("a list").len();
    assert_eq!(drawing.matches("<circle").count(), measured);
}

#[test]
fn the_load_on_a_sequencer_is_measured_one_by_one_and_as_streams() {
    let list = bench(&[
        "load",
        "--transactions",
        "100",
        "--connections",
        "3",
        "--in-flight",
        "2",
        "--batch-transactions",
        "40",
    ]);
    let runs = list.as_array().expect("a list");
    assert_eq!(
        runs.iter().map(|run| &run["mode"]).collect::<Vec<_>>(),
        ["unary", "stream"]
    );
    for run in runs {
        let figure = |name: &str| run[name].as_f64().expect("a number");
        assert_eq!((figure("transactions"), figure("accounts")), (100.0, 6.0));
        assert!(figure("batches_closed") >= 2.0);
        assert!(figure("p50_ms") <= figure("p99_ms") && figure("p99_ms") <= figure("max_ms"));
    }
}

/// The circuits are made if `target/ashlar` has none.
#[test]
#[ignore = "measures both provers, for more than a minute: CONTRIBUTING.md has the command"]
fn proofs_are_measured_beside_plonky2_s_own_with_time_and_memory() {
    let cache = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/ashlar");
    let list = bench(&["chunk", "--cache-dir", cache]);
    let measured = list.as_array().expect("a list");
    let provers: Vec<_> = measured.iter().map(|entry| &entry["prover"]).collect();
    assert_eq!(provers, ["ashlar/cpu", "stock/plonky2"]);
    for entry in measured {
        assert_eq!(entry["circuit"], "chunk", "no other circuit is measured");
        let runs = entry["runs"].as_array().expect("a list");
        assert_eq!(runs.len(), 1);
        assert_eq!(entry["seconds"], runs[0]);
        assert!(entry["cpu_seconds"].as_f64().expect("a number") > 0.0);
        if cfg!(target_os = "linux") {
            let bytes = |name: &str| entry["memory"][name].as_u64().expect("a number");
            assert!(bytes("before_bytes") < bytes("peak_bytes"));
        }
    }
    let steps = measured[0]["steps"].as_array().expect("a list");
    assert!(steps.iter().any(|step| step["name"] == "quotient"), "{steps:?}");
    assert!(measured[1]["steps"].is_null(), "ours alone has steps");
}

#[test]
fn a_later_run_is_compared_with_an_earlier_report() {
    let dir = tempfile::tempdir().expect("a directory");
    let report = dir.path().join("before.json");
    let report_text = report.to_str().expect("utf-8");
    bench(&["ntt", "--log-size", "5", "--out", report_text]);
    let text = std::fs::read_to_string(&report).expect("written");
    let mut before: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    before["machine"]["commit"] = "another".into();
    std::fs::write(&report, before.to_string()).expect("written again");
    let output = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args([
            "bench",
            "ntt",
            "--rounds",
            "1",
            "--log-size",
            "5",
            "--log-size",
            "6",
        ])
        .args(["--baseline", report_text])
        .output()
        .expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let (_, comparison) = text.split_once("Compared with").expect("a comparison");
    let line = |id: &str| {
        let found = comparison.lines().find(|line| line.contains(id));
        found.unwrap_or_else(|| panic!("{id} in {comparison}"))
    };
    assert!(line("commit differs").contains("another before"));
    let same = line("ntt_bn254/ashlar/cpu/5");
    assert!(
        same.contains("before") && same.contains("now") && same.ends_with(" x"),
        "{same}"
    );
    assert!(line("ntt_bn254/ashlar/cpu/6").ends_with("not in the file"));
}

#[test]
fn a_wrong_baseline_is_refused_before_anything_is_measured() {
    let dir = tempfile::tempdir().expect("a directory");
    let (report, other) = (dir.path().join("msm.json"), dir.path().join("other.json"));
    let [report, other] = [&report, &other].map(|path| path.to_str().expect("utf-8"));
    bench(&["msm", "--log-size", "4", "--out", report]);
    std::fs::write(other, "{\"transfers\": 64}").expect("written");
    for (file, reason) in [
        ("/nonexistent/report.json", "cannot read /nonexistent/report.json"),
        (other, "give a file that its --out has written"),
        (report, "has nothing to compare with, only msm_bn254/"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ashlar"))
            .args(["bench", "chunk", "--baseline", file])
            .output()
            .expect("the binary runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(reason), "{reason}: {text}");
        assert_eq!(text.lines().count(), 1, "nothing was begun: {text}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn arguments_that_mean_nothing_are_refused() {
    for (arguments, reason) in [
        (&["msm", "--log-size", "40"][..], "40 is not in 0..=24"),
        (&["pipeline", "--transfers", "0"], "0 is not in 1..=4096"),
        (
            &["chunk", "--json", "--baseline", "report.json"],
            "cannot be used with",
        ),
        (&["chunks"], "similar value exists: 'chunk'"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ashlar"))
            .arg("bench")
            .args(arguments)
            .output()
            .expect("the binary runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(reason), "{reason}: {text}");
    }
}
