//! Children that are shell scripts, and what they say.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use ashlar_engine::isolation::{ChildCommand, HEADER_BYTES, Policy, Supervisor, Unserved, encode_frame};

pub const GREETING: &[u8] = b"ready";
pub const REQUEST: &[u8] = b"please";
pub const ANSWER: &[u8] = b"done";

/// Never reached, unless the test is about a deadline.
const PATIENCE: Duration = Duration::from_secs(60);

/// The folder that scripts run in: what they say lies there, and what they leave.
pub struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    /// With the frames `greeting` and `answer`, to be said by `cat greeting`.
    pub fn new() -> Self {
        let stage = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        stage.frame("greeting", GREETING);
        stage.frame("answer", ANSWER);
        stage
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub fn frame(&self, name: &str, payload: &[u8]) {
        self.file(name, &encode_frame(payload).expect("short"));
    }

    pub fn file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("written");
    }

    pub fn lines(&self, name: &str) -> usize {
        std::fs::read_to_string(self.path(name)).map_or(0, |text| text.lines().count())
    }

    /// A shell that runs the script. Every run leaves a line in `starts` and its process id in `pid`; `hear` reads one
    /// request.
    pub fn command(&self, script: &str) -> ChildCommand {
        let hear = format!("hear() {{ head -c {} > heard; }}", HEADER_BYTES + REQUEST.len());
        let script = format!("cd \"$0\"; echo . >> starts; echo $$ > pid; {hear}; {script}");
        let folder = self.folder.path().into();
        ChildCommand {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into(), folder],
        }
    }

    pub fn supervisor(&self, script: &str) -> Supervisor {
        self.supervisor_with(script, patient())
    }

    pub fn supervisor_with(&self, script: &str, policy: Policy) -> Supervisor {
        Supervisor::start(self.command(script), GREETING.to_vec(), policy).expect("resources")
    }

    /// Whether the process whose id the script left in this file is gone (or dead and waiting for init).
    pub fn is_gone(&self, name: &str) -> bool {
        let pid = std::fs::read_to_string(self.path(name)).expect("the script has run");
        let stat = std::fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat"));
        stat.map_or(true, |stat| {
            stat.rsplit(") ")
                .next()
                .is_some_and(|state| state.starts_with('Z'))
        })
    }

    /// Waits for what another process does.
    pub fn wait(&self, what: &str, done: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !done(self) {
            assert!(start.elapsed() < PATIENCE, "{what} never happens");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

pub fn patient() -> Policy {
    Policy::with_deadline(PATIENCE)
}

/// The fault of one request, in words with its causes. It must not have taken a deadline.
pub fn fault(supervisor: &Supervisor) -> String {
    fault_of(supervisor, REQUEST)
}

pub fn fault_of(supervisor: &Supervisor, request: &[u8]) -> String {
    let start = Instant::now();
    let text = match supervisor.ask(request) {
        Err(Unserved::Fault(fault)) => format!("{:#}", anyhow::Error::new(fault)),
        other => panic!("a fault was expected, not {other:?}"),
    };
    assert!(start.elapsed() < PATIENCE, "{text}");
    text
}
