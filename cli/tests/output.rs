//! What every command does with its outputs: readers that go away, full disks, colours, logs, flags out of range.

use std::{
    fs::File,
    io::Read,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// A command that answers at once.
const QUICK: [&str; 5] = [
    "key",
    "--chain-id",
    "1",
    "--rollup",
    "0x1111111111111111111111111111111111111111",
];
/// A development account's key.
const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

fn ashlar(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
    command
        .args(arguments)
        .env("ASHLAR_ETHEREUM_KEY", KEY)
        .env_remove("ASHLAR_LOG")
        .env_remove("ASHLAR_LOG_FORMAT");
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The writing end of a pipe that nobody reads.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn a_reader_who_is_gone_ends_a_command_quietly() {
    for arguments in [&QUICK[..], &["doctor"], &["doctor", "--json"]] {
        let output = ashlar(arguments).stdout(closed_pipe()).output().expect("runs");
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(141), "{arguments:?}: {text}");
        assert!(!text.contains("panicked") && !text.contains("error"), "{text}");
    }
}

#[test]
fn a_full_disk_is_told_in_one_line() {
    for arguments in [&QUICK[..], &["doctor"]] {
        let full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("Linux has it");
        let output = ashlar(arguments).stdout(full).output().expect("runs");
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("cannot write to the standard output"), "{text}");
        assert!(!text.contains("panicked"), "{text}");
    }
}

#[test]
fn a_log_that_nobody_reads_ends_nothing() {
    let output = ashlar(&["doctor", "--json"])
        .env("ASHLAR_LOG", "trace")
        .stderr(closed_pipe())
        .output()
        .expect("runs");
    assert!(matches!(output.status.code(), Some(0 | 1)), "{:?}", output.status);
    serde_json::from_slice::<Value>(&output.stdout).expect("a JSON list");
    let unknown = ashlar(&["sequencer"])
        .stderr(closed_pipe())
        .output()
        .expect("runs");
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn the_log_is_text_without_colours_or_json() {
    // The port is refused after the log has started.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    // Setting up says what it does before it fails over the file.
    let file = folder.path().join("file.ptau");
    std::fs::write(&file, b"no ceremony").expect("written");
    let cache = folder.path().join("cache");
    let arguments = [
        "setup",
        "--ptau",
        file.to_str().expect("text"),
        "--cache-dir",
        cache.to_str().expect("text"),
    ];
    let plain = ashlar(&arguments).output().expect("runs");
    assert_eq!(plain.status.code(), Some(1));
    assert!(
        stderr(&plain).contains("compare it with the published ones"),
        "{}",
        stderr(&plain)
    );
    assert!(!stderr(&plain).contains('\x1b'), "colours in a pipe");
    for json in [
        ashlar(&["--log-format", "json"]).args(arguments).output(),
        ashlar(&arguments).env("ASHLAR_LOG_FORMAT", "json").output(),
    ] {
        let text = stderr(&json.expect("runs"));
        let lines = json_lines(&text);
        let last = lines.last().expect("the error");
        assert_eq!(last["level"], "ERROR", "{text}");
        let message = last["fields"]["message"].as_str().expect("a text");
        assert!(message.contains("file.ptau"), "{message}");
        let digest = lines.iter().find_map(|line| line["fields"]["blake2b"].as_str());
        assert_eq!(digest.map(str::len), Some(128), "{text}");
    }
    let off = ashlar(&arguments)
        .env("ASHLAR_LOG", "off")
        .output()
        .expect("runs");
    assert_eq!(
        stderr(&off).lines().count(),
        1,
        "the error alone: {}",
        stderr(&off)
    );
    let wrong = ashlar(&["devnet", "--listen", &address])
        .env("ASHLAR_LOG", "a=b=c")
        .output();
    let text = stderr(&wrong.expect("runs"));
    assert!(text.contains("ASHLAR_LOG is `a=b=c`"), "{text}");
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn errors_before_the_log_and_beyond_its_filter_are_json_too() {
    for (arguments, code, part) in [
        (&["--log-format=json", "sequencer"][..], 2, "required"),
        (&["--log-format", "json", "--nonsense"], 2, "--nonsense"),
        (
            &["--config", "/nowhere/ashlar.toml", "--log-format", "json", "key"],
            1,
            "/nowhere/ashlar.toml",
        ),
        (
            &["--log-format", "json", "devnet", "--listen", "192.0.2.1:1"],
            1,
            "not a loopback address",
        ),
    ] {
        let output = ashlar(arguments).env("ASHLAR_LOG", "off").output().expect("runs");
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        let lines = json_lines(&text);
        assert_eq!(lines.len(), 1, "{text}");
        let message = lines[0]["fields"]["message"].as_str().expect("a text");
        assert!(
            message.contains(part) && !message.starts_with("error"),
            "{message}"
        );
    }
}

#[test]
fn a_binary_that_was_built_in_a_checkout_knows_its_commit() {
    let git = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let head = git.ok().filter(|git| git.status.success());
    let output = ashlar(&["--version"]).output().expect("runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let commit = text.lines().find_map(|line| line.strip_prefix("commit         "));
    let commit = commit.expect("a line of the commit");
    match (option_env!("ASHLAR_COMMIT"), head) {
        (Some(packaged), _) => assert_eq!(commit, packaged),
        (None, Some(head)) => {
            let head = String::from_utf8(head.stdout).expect("text");
            assert!(commit.starts_with(head.trim()), "{commit} is not {head}");
        }
        (None, None) => assert!(commit.starts_with("unknown"), "{commit}"),
    }
}

#[test]
fn the_long_version_tells_what_must_agree_between_machines() {
    let output = ashlar(&["--version"]).output().expect("runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let verifier = ashlar_contracts::generated_verifier().expect("committed artifact");
    for part in [
        env!("CARGO_PKG_VERSION"),
        "commit",
        &verifier.circuit_set,
        &verifier.digest,
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let output = ashlar(&["-V"]).output().expect("runs");
    assert_eq!(
        output.stdout,
        format!("ashlar {}\n", env!("CARGO_PKG_VERSION")).into_bytes()
    );
    let output = ashlar(&["--help"]).output().expect("runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("ASHLAR_LOG"));
}

#[test]
fn durations_that_no_clock_can_add_are_refused_with_the_flags() {
    let most = u64::MAX.to_string();
    let sequencer = [
        "sequencer",
        "--data-dir",
        "/nonexistent",
        "--l1-rpc",
        "http://127.0.0.1:1",
    ];
    let of_sequencer = |flag: &'static str, value: &str| {
        let zeros = |count: usize| "00".repeat(count);
        let mut command = ashlar(&sequencer);
        command.args(["--rollup", &zeros(20), "--circuit-set", &zeros(32)]);
        command.env("ASHLAR_OPERATOR_KEY", zeros(32));
        command.args([flag, value]);
        command
    };
    let of_worker = |flag: &'static str, value: &str| {
        let mut command = ashlar(&["worker", "--name", "w"]);
        command.args([flag, value]);
        command
    };
    for (flag, mut command) in [
        ("--max-age-secs", of_sequencer("--max-age-secs", &most)),
        ("--poll-ms", of_sequencer("--poll-ms", &most)),
        ("--poll-ms", of_sequencer("--poll-ms", "0")),
        ("--wrap-deadline-secs", of_worker("--wrap-deadline-secs", &most)),
        ("--block-time", ashlar(&["devnet", "--block-time", &most])),
    ] {
        let output = command.stdin(Stdio::null()).output().expect("runs");
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{flag}: {text}");
        assert!(text.contains(flag), "{text}");
    }
}

#[test]
fn destinations_are_checked_before_the_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, b"").expect("written");
    let below = file.join("below");
    let below = below.to_str().expect("text");
    let cache = folder.path().join("cache"); // empty: whoever builds circuits takes a while, and says so
    let cache = cache.to_str().expect("text");
    for arguments in [
        &["setup", "--cache-dir", below][..],
        &["circuits", "verifier", "--cache-dir", cache, "--out", below],
        &["demo", "--cache-dir", cache, "--work-dir", below],
        #[cfg(feature = "bench")]
        &["bench", "msm", "--log-size", "4", "--rounds", "1", "--out", below],
        #[cfg(feature = "bench")]
        &[
            "bench",
            "msm",
            "--log-size",
            "4",
            "--rounds",
            "1",
            "--svg",
            "/nonexistent/plot.svg",
        ],
        #[cfg(feature = "bench")]
        &["selftest", "--cache-dir", cache, "--out", below],
    ] {
        let output = ashlar(arguments).output().expect("runs");
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
        assert!(text.contains("error: cannot write"), "{arguments:?}: {text}");
        assert_eq!(text.lines().count(), 1, "nothing was begun: {text}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn output_goes_on_while_it_is_read() {
    let mut child = ashlar(&QUICK).stdout(Stdio::piped()).spawn().expect("runs");
    let mut text = String::new();
    child
        .stdout
        .take()
        .expect("piped")
        .read_to_string(&mut text)
        .expect("text");
    assert!(child.wait().expect("ends").success());
    assert_eq!(text.lines().count(), 2);
}
