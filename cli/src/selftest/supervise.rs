//! A part as a process: with a deadline, and believed only as far as it got.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{
    event::Event,
    part::Part,
    report::{Check, PartReport, Status},
};

/// How long a killed process is waited for: one that is stuck inside a driver may never end.
pub const REAP_LIMIT: Duration = Duration::from_secs(5);
/// Lines of a failed part's log in the report.
const LOG_LINES: usize = 15;

/// How a part ended.
enum Ending {
    /// By itself, after its last line.
    Finished,
    /// By itself or by a signal, before it.
    Early(ExitStatus),
    /// It was killed at its limit.
    Overran,
    /// It could not be started.
    NotStarted(std::io::Error),
    /// It wrote something else than events.
    Babbled(String),
}

/// Runs `part` as `command` for `limit` at most, its log in `log`. Events go to `hear`, those of checks into the report.
pub fn run(
    part: Part,
    mut command: Command,
    limit: Duration,
    log: &Path,
    mut hear: impl FnMut(Event),
) -> PartReport {
    let start = Instant::now();
    let mut checks = Vec::new();
    let mut finished = false;
    let mut listen = |event| match event {
        Event::Finished => finished = true,
        event => take(&mut checks, event, &mut hear),
    };
    let spawned = File::create(log).and_then(|file| {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .process_group(0) // what it starts dies with it
            .spawn()
    });
    let ending = match spawned {
        Err(error) => Ending::NotStarted(error),
        Ok(mut child) => {
            let lines = read(&mut child);
            let ending = follow(&mut child, &lines, start + limit, &mut listen);
            kill(&mut child);
            match ending {
                Ending::Early(status) if finished && status.success() => Ending::Finished,
                ending => ending,
            }
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    let report = judge(part, ending, checks, seconds, limit.as_secs_f64(), log);
    if fs::metadata(log).is_ok_and(|log| log.len() == 0) {
        let _ = fs::remove_file(log); // an empty log is only in the way
    }
    report
}

/// Its lines, from a thread of their own.
fn read(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
    }
    receiver
}

fn follow(
    child: &mut Child,
    lines: &Receiver<String>,
    deadline: Instant,
    listen: &mut impl FnMut(Event),
) -> Ending {
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => match serde_json::from_str(&line) {
                Ok(event) => listen(event),
                Err(_) => return Ending::Babbled(line),
            },
            Err(RecvTimeoutError::Timeout) => return Ending::Overran,
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    match wait(child, deadline) {
        Some(status) => Ending::Early(status),
        None => Ending::Overran,
    }
}

fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Ends the whole group. Failure means that nobody is left in it.
fn kill(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    if wait(child, Instant::now() + REAP_LIMIT).is_none() {
        tracing::error!(
            pid = child.id(),
            "a killed part does not end: it is stuck in the kernel, perhaps in a driver"
        );
    }
}

/// Keeps what is said of checks, and passes the rest on.
fn take(checks: &mut Vec<Check>, event: Event, hear: &mut impl FnMut(Event)) {
    let mut end = |check: String, status, seconds, reason| {
        let ended = Check {
            check,
            status,
            seconds,
            reason,
        };
        match checks.last_mut() {
            Some(last) if last.status == Status::Running && last.check == ended.check => *last = ended,
            _ => checks.push(ended),
        }
    };
    match event {
        Event::Started { check } => end(check, Status::Running, 0.0, None),
        Event::Passed { check, seconds } => end(check, Status::Passed, seconds, None),
        Event::Failed {
            check,
            seconds,
            reason,
        } => end(check, Status::Failed, seconds, Some(reason)),
        Event::Skipped { check, reason } => end(check, Status::Skipped, 0.0, Some(reason)),
        other => hear(other),
    }
}

impl Ending {
    /// What went wrong with the process, if anything did.
    fn fault(self, limit_seconds: f64) -> Option<String> {
        Some(match self {
            Self::Finished => return None,
            Self::Early(status) => format!("ended early, {status}"),
            Self::Overran => format!("hung: not at its end after {limit_seconds:.1} s, and killed"),
            Self::NotStarted(error) => format!("cannot be started: {error}"),
            Self::Babbled(line) => format!("wrote what is no event: {line}"),
        })
    }
}

fn judge(
    part: Part,
    ending: Ending,
    mut checks: Vec<Check>,
    seconds: f64,
    limit_seconds: f64,
    log: &Path,
) -> PartReport {
    let what = ending.fault(limit_seconds);
    for check in checks.iter_mut().filter(|check| check.status == Status::Running) {
        check.status = Status::Failed;
        let how = what.as_deref().unwrap_or("did not tell the outcome");
        check.reason = Some(format!("the process {how}"));
    }
    let of = |status| checks.iter().filter(move |check| check.status == status);
    let reason = match (&what, of(Status::Failed).next(), of(Status::Skipped).next()) {
        (Some(what), Some(check), _) => Some(format!("{what}, in: {}", check.check)),
        (Some(what), None, _) => Some(what.clone()),
        (None, Some(check), _) => Some(format!(
            "{}: {}",
            check.check,
            check.reason.as_deref().unwrap_or("failed")
        )),
        (None, None, Some(check)) if of(Status::Passed).next().is_none() => check.reason.clone(),
        _ => None,
    };
    let status = if what.is_some() || of(Status::Failed).next().is_some() {
        Status::Failed
    } else if of(Status::Passed).next().is_some() {
        Status::Passed
    } else {
        Status::Skipped
    };
    let log_tail = if status == Status::Failed {
        tail(log)
    } else {
        Vec::new()
    };
    PartReport {
        part,
        status,
        seconds,
        limit_seconds,
        reason,
        checks,
        log_tail,
    }
}

fn tail(log: &Path) -> Vec<String> {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..]
        .iter()
        .map(|line| (*line).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell in the place of a part.
    fn shell(script: &str, limit: Duration) -> PartReport {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(Part::Wrap, command, limit, &folder.path().join("log"), |_| ())
    }

    const STARTED: &str = r#"echo '{"event":"started","check":"sum"}'"#;
    const PASSED: &str = r#"echo '{"event":"passed","check":"sum","seconds":1.5}'"#;
    const FINISHED: &str = r#"echo '{"event":"finished"}'"#;
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_part_that_finishes_is_believed() {
        let report = shell(&format!("{STARTED}; {PASSED}; {FINISHED}"), MINUTE);
        assert_eq!((report.status, report.reason), (Status::Passed, None));
        assert_eq!(report.checks.len(), 1);
        assert_eq!(report.checks[0].seconds, 1.5);
    }

    #[test]
    fn a_failed_check_fails_the_part_and_the_rest_is_kept() {
        let failed = r#"echo '{"event":"failed","check":"ntt","seconds":0.1,"reason":"2^5 differs"}'"#;
        let report = shell(
            &format!("echo said >&2; {STARTED}; {PASSED}; {failed}; {FINISHED}"),
            MINUTE,
        );
        assert_eq!(report.status, Status::Failed);
        assert_eq!(report.reason.as_deref(), Some("ntt: 2^5 differs"));
        assert_eq!(report.checks[0].status, Status::Passed);
        assert_eq!(report.log_tail, ["said"]);
    }

    #[test]
    fn a_part_that_dies_is_told_with_the_check_it_was_at() {
        let report = shell(&format!("{STARTED}; kill -ABRT $$"), MINUTE);
        assert_eq!(report.status, Status::Failed);
        let reason = report.reason.unwrap();
        assert!(
            reason.contains("signal: 6") && reason.ends_with("in: sum"),
            "{reason}"
        );
        assert_eq!(report.checks[0].status, Status::Failed);
    }

    #[test]
    fn an_end_without_the_last_line_is_early() {
        let report = shell(&format!("{STARTED}; {PASSED}"), MINUTE);
        assert_eq!(report.status, Status::Failed);
        assert!(report.reason.unwrap().starts_with("ended early"));
    }

    #[test]
    fn a_part_that_hangs_is_killed_with_what_it_started() {
        let start = Instant::now();
        let report = shell(
            &format!("{STARTED}; sleep 1000 & sleep 1000"),
            Duration::from_millis(500),
        );
        assert!(start.elapsed() < MINUTE);
        assert_eq!(report.status, Status::Failed);
        assert!(report.reason.unwrap().starts_with("hung"));
        assert!(report.checks[0].reason.as_deref().unwrap().contains("hung"));
    }

    #[test]
    fn a_part_that_babbles_is_told() {
        let report = shell("echo hello; sleep 1000", MINUTE);
        assert_eq!(report.reason.as_deref(), Some("wrote what is no event: hello"));
    }

    #[test]
    fn nothing_but_skipped_checks_is_skipped() {
        let skipped = r#"echo '{"event":"skipped","check":"memcheck","reason":"not installed"}'"#;
        let report = shell(&format!("{skipped}; {FINISHED}"), MINUTE);
        assert_eq!(
            (report.status, report.reason.as_deref()),
            (Status::Skipped, Some("not installed"))
        );
    }
}
