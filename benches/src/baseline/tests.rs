use super::*;
use crate::{
    Measurement,
    operations::{CPU, plonky2},
};

fn kernel(log_size: u32, seconds: f64) -> Measurement {
    Measurement {
        operation: "msm_bn254".to_owned(),
        backend: CPU.to_owned(),
        log_size,
        seconds,
        best_seconds: seconds,
        cold_seconds: seconds,
        runs: 3,
        peak_bytes: Some(1 << 30),
    }
}

fn chunk(seconds: f64, peak_mib: u64, degree_bits: usize) -> plonky2::Measurement {
    plonky2::Measurement {
        circuit: "chunk".to_owned(),
        prover: CPU.to_owned(),
        cpu_seconds: 2.0 * seconds,
        seconds,
        cpu_runs: vec![2.0 * seconds],
        runs: vec![seconds],
        prepare_seconds: 0.0,
        degree_bits,
        memory: Some(plonky2::alone::Memory {
            before_bytes: 1 << 20,
            peak_bytes: peak_mib << 20,
        }),
        steps: Vec::new(),
    }
}

fn pipeline(transfers: u32) -> plonky2::pipeline::Measurement {
    plonky2::pipeline::Measurement {
        prover: CPU.to_owned(),
        transfers,
        seconds: 8.0,
        cpu_seconds: 16.0,
        runs: vec![8.0],
        cpu_runs: vec![16.0],
        steps: Vec::new(),
        memory: None,
    }
}

fn report(commit: &str) -> Report {
    let mut report = Report::begin("ashlar bench".to_owned());
    report.machine.commit = Some(commit.to_owned());
    report
}

/// The baseline that a file with this report is.
fn stored(report: &Report) -> Baseline {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), serde_json::to_vec(report).unwrap()).unwrap();
    Baseline::read(file.path()).unwrap()
}

#[test]
fn a_report_that_is_written_and_read_is_the_same() {
    let mut before = report("aaaa");
    before.measurements.push(kernel(16, 0.5));
    before.plonky2.push(chunk(2.0, 400, 13));
    before.pipeline.push(pipeline(64));
    before.note = Some("quiet".to_owned());
    before.finish();
    let read = stored(&before).report;
    let json = |report: &Report| serde_json::to_value(report).unwrap();
    assert_eq!(json(&read), json(&before));
    assert_eq!(read.figures(), before.figures());
}

#[test]
fn reports_of_earlier_versions_are_read() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    for (name, id) in [
        ("2026-11-20-msm.json", "msm_bn254/ashlar/cpu/16"),
        ("2026-11-25-wrap.json", "wrap/ashlar/cpu"),
        ("2026-11-28-plonky2.json", "plonky2/stock/plonky2/fold"),
        ("2026-11-29-plonky2-lanes.json", "plonky2/ashlar/cpu/chunk"),
        ("2026-11-28-load.json", "load/stream/16x4"),
    ] {
        let baseline = Baseline::read(&results.join(name)).unwrap();
        baseline.require(|known| known == id).unwrap();
    }
}

#[test]
fn each_unit_has_its_before_its_now_and_how_many_times_as_fast() {
    let (mut before, mut now) = (report("aaaa"), report("aaaa"));
    before.measurements.push(kernel(16, 0.5));
    now.measurements.push(kernel(16, 0.25));
    before.plonky2.push(chunk(2.0, 600, 13));
    now.plonky2.push(chunk(4.0, 400, 13));
    before.pipeline.push(pipeline(64));
    now.pipeline.push(pipeline(64));
    let text = stored(&before).compare(&now);
    let line = |start: &str| {
        let mut lines = text.lines().map(str::trim);
        let found = lines.find(|line| line.starts_with(start));
        let words = found
            .unwrap_or_else(|| panic!("{start} in {text}"))
            .split_whitespace();
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        line("msm"),
        "msm_bn254/ashlar/cpu/16 500.00 ms before 250.00 ms now 2.00 x"
    );
    assert_eq!(
        line("plonky2/ashlar/cpu/chunk"),
        "plonky2/ashlar/cpu/chunk 2.000 s before 4.000 s now 0.50 x"
    );
    assert_eq!(line("CPU"), "CPU 4.000 s before 8.000 s now 0.50 x");
    assert_eq!(line("peak"), "peak memory 600 MiB before 400 MiB now 1.50 x");
    assert_eq!(
        line("plonky2/ashlar/cpu/pipeline"),
        "plonky2/ashlar/cpu/pipeline 125.00 ms before 125.00 ms now 1.00 x"
    );
    assert!(!text.contains("differs"), "the same commit and machine: {text}");
}

#[test]
fn what_differs_beside_the_time_is_said() {
    let (mut before, mut now) = (report("aaaa"), report("bbbb"));
    before.machine.processor = "Abacus".to_owned();
    (before.machine.load_before, now.machine.load_before) = (Some(0.25), Some(2.0));
    before.machine.threads = now.machine.threads + 1;
    before.plonky2.push(chunk(2.0, 400, 12));
    now.plonky2.push(chunk(4.0, 400, 13));
    before.pipeline.push(pipeline(64));
    now.pipeline.push(pipeline(128));
    now.measurements.push(kernel(16, 0.25));
    let text = stored(&before).compare(&now);
    for expected in [
        "commit differs: aaaa before, bbbb now",
        "processor differs: Abacus before",
        "number of threads differs",
        "load of the machine at the start: 0.25 before, 2.00 now",
        "chunk: not compared, log2 of the rows: 12 before, 13 now",
        "pipeline: not compared, transfers: 64 before, 128 now",
        "msm_bn254/ashlar/cpu/16: not in the file",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains(" x\n"), "nothing is comparable: {text}");
}

#[test]
fn other_sizes_are_not_compared_and_the_file_says_what_it_has() {
    let (mut before, mut now) = (report("aaaa"), report("aaaa"));
    before.measurements.push(kernel(16, 0.5));
    now.measurements.push(kernel(17, 0.25));
    let text = stored(&before).compare(&now);
    assert!(
        text.contains("Nothing that was measured is in the file, which has msm_bn254/ashlar/cpu/16."),
        "{text}"
    );
}

#[test]
fn files_that_are_no_baseline_are_refused_with_what_to_do() {
    let missing = Baseline::read(Path::new("/nonexistent/report.json")).unwrap_err();
    assert!(matches!(missing, BaselineError::Read { .. }));
    let file = tempfile::NamedTempFile::new().unwrap();
    for content in ["", "{\"command\":", "[]", "{\"transfers\": 64}"] {
        fs::write(file.path(), content).unwrap();
        let error = Baseline::read(file.path()).unwrap_err();
        assert!(
            matches!(error, BaselineError::NotAReport { .. }),
            "{content}: {error}"
        );
        assert!(error.to_string().contains("--out"), "{error}");
    }
    let mut other = report("aaaa");
    let empty = stored(&other).require(|_| true).unwrap_err().to_string();
    assert!(empty.contains("only an empty list"), "{empty}");
    other.measurements.push(kernel(16, 0.5));
    let error = stored(&other)
        .require(|id| id.starts_with("plonky2/"))
        .unwrap_err();
    assert!(
        matches!(&error, BaselineError::Nothing { has, .. } if has == &["msm_bn254/ashlar/cpu/16"]),
        "{error}"
    );
}
