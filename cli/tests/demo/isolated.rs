//! A worker that wraps in a child process. The child is killed in the middle of its proof and the batch settles all the
//! same; left alone, it makes the same batch's SNARK; and no child outlives its worker.

use std::{
    io::Read,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use ashlar_accel::BackendChoice;
use ashlar_engine::{
    JobKind, WrapKit,
    isolation::{ChildCommand, Policy},
};
use ashlar_kzg::srs::Srs;
use ashlar_payments_engine::{Engine, Job, load_or_build};
use ashlar_statement::Security;
use ashlar_wrap::circuit::WRAP_K;

use crate::{alone, ashlar, check_report, report, root};

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(600);

fn cache_dir() -> PathBuf {
    root().join("target/ashlar")
}

fn wait<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what} never happens");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn exists(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// What a failed demo leaves: its own last words and every log in its folder.
fn remains(folder: &Path, demo: &mut Child) -> String {
    let mut words = Vec::new();
    let stderr = demo.stderr.as_mut().expect("piped");
    stderr.read_to_end(&mut words).expect("readable");
    let mut text = String::from_utf8_lossy(&words).into_owned();
    for file in std::fs::read_dir(folder).expect("the demo's folder").flatten() {
        let path = file.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            let log = std::fs::read(&path).expect("readable");
            text += &format!("--- {}\n{}", path.display(), String::from_utf8_lossy(&log));
        }
    }
    text
}

/// Kills the worker's wrap process once it is at work on the job; gives its id.
fn kill_wrap_process(folder: &Path, demo: &mut Child) -> String {
    let log = folder.join("worker.log");
    wait("the wrap", || {
        if let Some(status) = demo.try_wait().expect("a child of this process") {
            let remains = remains(folder, demo);
            panic!("the demo ended with {status} before its wrap process was ready:\n{remains}");
        }
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        let is_ready = log.contains("wrap process ready");
        (is_ready && log.contains("kind=wrap")).then_some(())
    });
    std::thread::sleep(Duration::from_millis(300)); // into the proof, which takes seconds
    let text = std::fs::read_to_string(&log).expect("just read");
    let (_, pid) = text
        .split_once("wrap process started pid=")
        .expect("before it is ready");
    let pid: String = pid.chars().take_while(char::is_ascii_digit).collect();
    let kill = Command::new("kill").args(["-KILL", &pid]).status();
    assert!(kill.expect("kill runs").success());
    pid
}

mod slow {
    use super::*;

    #[test]
    #[ignore = "slow: a demo and another wrap, some two minutes"]
    fn a_batch_settles_though_its_wrap_process_is_killed() {
        let _alone = alone();
        let folder = tempfile::tempdir().expect("folder");
        let work = folder.path().to_str().expect("UTF-8");
        let mut demo = ashlar(&["demo", "--json", "--transactions", "3", "--devnet", "embedded"])
            .args(["--isolate", "always", "--backend", "cpu", "--work-dir", work])
            .args(["--da", "blob"])
            .env("ASHLAR_LOG", "info")
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let pid = kill_wrap_process(folder.path(), &mut demo);
        let report = report(&demo.wait_with_output().expect("it ends"));
        check_report(&report, 3 + 5 + 1 + 3);
        assert_eq!(
            (&report["devnet"], &report["chunks"]),
            (&"embedded".into(), &1.into())
        );
        assert!(!exists(&pid));
        let log = std::fs::read_to_string(folder.path().join("worker.log")).expect("kept");
        let wrapped = log
            .lines()
            .find(|line| line.contains("isolated=true"))
            .unwrap_or_default();
        for line in [log.as_str(), wrapped] {
            let reason = "cpu in a process of its own: it ended with signal: 9 (SIGKILL) while it proved";
            assert!(line.contains(reason), "{log}");
        }
        assert!(
            log.contains("proving on the CPU of this process instead"),
            "{log}"
        );
        let farm = std::fs::read_to_string(folder.path().join("farm.log")).expect("kept");
        let told = farm
            .lines()
            .find(|line| line.contains("proved elsewhere than meant"));
        assert!(told.is_some_and(|line| line.contains("SIGKILL")), "{farm}");

        let engine = engine();
        let job = wrap_job(&engine, &folder.path().join("farm/artifacts"));
        left_alone_it_proves(engine, &job);
    }
}

/// An engine that wraps as that worker does.
fn engine() -> Engine {
    let circuits = load_or_build(&cache_dir(), Security::default(), None).expect("made by the demo");
    let srs = Srs::load_or_generate_insecure(&cache_dir(), WRAP_K).expect("made by the demo");
    let command = ChildCommand {
        program: env!("CARGO_BIN_EXE_ashlar").into(),
        args: ["wrap-child", "--backend", "cpu", "--cache-dir"]
            .map(Into::into)
            .into_iter()
            .chain([cache_dir().into()])
            .collect(),
    };
    let kit = WrapKit::load_or_generate(&cache_dir(), srs, &circuits.recursion).expect("made by the demo");
    let kit = kit.isolated(BackendChoice::Cpu, command, Policy::with_deadline(PATIENCE));
    Engine::new(circuits)
        .with_wrap(kit.expect("resources"))
        .expect("keys of these circuits")
}

/// The batch's wrap job: the farm keeps the inputs of all jobs, and only one of them is a compressed proof.
fn wrap_job(engine: &Engine, artifacts: &Path) -> Job {
    let files = std::fs::read_dir(artifacts).expect("the farm's folder");
    files
        .map(|file| std::fs::read(file.expect("readable").path()).expect("readable"))
        .find_map(|bytes| engine.decode_job(JobKind::Wrap, &[&bytes[..]]).ok())
        .expect("the compressed proof")
}

fn left_alone_it_proves(engine: Engine, job: &Job) {
    // As a worker does, on a thread that ends with the job: the child must not end with it.
    let proving = std::thread::scope(|scope| scope.spawn(|| engine.prove(job)).join());
    let proved = proving.expect("no panic").expect("a valid job");
    assert_eq!(proved.fallback, None, "the child made it");
    engine.verify(job, &proved.proof).expect("valid");
    let children = wrap_children();
    assert_eq!(children.len(), 1, "it waits for the next job");
    drop(engine);
    assert_eq!(wrap_children().len(), 0, "and ends with the engine");
}

/// Ids of the wrap processes that this process has started.
fn wrap_children() -> Vec<String> {
    let parent = std::process::id().to_string();
    let is_ours = |pid: &String| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        // After the name in parentheses: state, parent.
        let fields = stat.rsplit(") ").next().unwrap_or_default();
        fields.split(' ').nth(1) == Some(&parent) && line.contains("\0wrap-child\0")
    };
    let pids = std::fs::read_dir("/proc").expect("Linux").flatten();
    let names = pids.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(is_ours).collect()
}

/// `ashlar wrap-child` with an open input, at work on opening its keys.
fn wrap_child() -> Child {
    let parent = std::process::id().to_string();
    let mut command = ashlar(&["--parent", &parent, "wrap-child", "--backend", "cpu"]);
    let child = command
        .arg("--cache-dir")
        .arg(cache_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let output = |number: u32| std::fs::read_link(format!("/proc/{}/fd/{number}", child.id())).ok();
    // From then on it is bound to its parent, and what a library prints cannot spoil the frames.
    wait("the claim of the output", || {
        (output(1).is_some() && output(1) == output(2)).then_some(())
    });
    child
}

#[test]
fn a_wrap_process_ends_when_its_input_does() {
    let mut child = wrap_child();
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_wrap_process_dies_with_the_thread_that_started_it() {
    let started = std::thread::spawn(wrap_child);
    let mut child = started.join().expect("no panic");
    let input = child.stdin.take(); // waiting would close it
    let status = child.wait().expect("it ends");
    drop(input);
    assert_eq!(status.signal(), Some(9));
}
