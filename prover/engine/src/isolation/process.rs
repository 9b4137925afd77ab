//! One running child.

use std::{
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::{ChildCommand, Fault, FrameError, HEADER_BYTES, Phase, frame::receive_frame};

/// How long a child that was asked to end, or that closed its output, has to do so.
const END_GRACE: Duration = Duration::from_secs(2);
/// How long a killed child is waited for. One that is stuck inside a driver ends only when the driver lets go of it.
const REAP_LIMIT: Duration = Duration::from_secs(10);

/// A child that has greeted. Whoever gets a fault from it has lost it: it is killed and reaped before the fault is
/// returned.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
}

impl Process {
    /// Starts a child and waits for its greeting. Its standard error is this process's.
    pub async fn start(command: &ChildCommand, greeting: &[u8], limit: Duration) -> Result<Self, Fault> {
        let start = |source| Fault::Start {
            program: command.program.clone(),
            source,
        };
        let mut child = Command::new(&command.program)
            .args(&command.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A group of its own: ctrl-c is for the worker, which drains, and what the child starts dies with it.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(start)?;
        let (stdin, stdout) = child
            .stdin
            .take()
            .zip(child.stdout.take())
            .expect("both are piped");
        tracing::info!(pid = child.id(), "wrap process started");
        let mut process = Self { child, stdin, stdout };
        let received = timeout(limit, next_frame(&mut process.stdout)).await;
        let (process, found) = process.judge(received.ok(), Phase::Starting, limit).await?;
        if found == greeting {
            return Ok(process);
        }
        process.kill().await;
        Err(Fault::Foreign)
    }

    /// Sends a request's frame and waits for the answer.
    pub async fn ask(mut self, frame: &[u8], limit: Duration) -> Result<(Self, Vec<u8>), Fault> {
        let (stdin, stdout) = (&mut self.stdin, &mut self.stdout);
        let send = async {
            stdin.write_all(frame).await?;
            Ok(stdin.flush().await?)
        };
        // A child may write nonsense or end instead of reading: neither side waits for the other.
        let exchange = async { tokio::try_join!(next_frame(stdout), send) };
        let received = timeout(limit, exchange).await;
        let answer = received
            .ok()
            .map(|exchanged| exchanged.map(|(answer, ())| answer));
        self.judge(answer, Phase::Proving, limit).await
    }

    /// Keeps the child after a whole frame; else ends it and says what was wrong. `None` is a deadline that passed.
    async fn judge(
        mut self,
        received: Option<Result<Vec<u8>, FrameError>>,
        phase: Phase,
        limit: Duration,
    ) -> Result<(Self, Vec<u8>), Fault> {
        let fault = match received {
            Some(Ok(payload)) => return Ok((self, payload)),
            None => Fault::Deadline { limit, phase },
            // A broken pipe or half a frame usually means that the child has died: its status says more.
            Some(Err(FrameError::Io(_) | FrameError::Truncated { .. })) => {
                match timeout(END_GRACE, self.child.wait()).await {
                    Ok(Ok(status)) => Fault::Ended { status, phase },
                    Ok(Err(_)) | Err(_) => Fault::Closed { phase },
                }
            }
            Some(Err(source)) => Fault::Frame { phase, source },
        };
        self.kill().await;
        Err(fault)
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Closes its input, which asks it to end, and kills it if it does not.
    pub async fn end(self) {
        let Self {
            mut child,
            stdin,
            stdout,
        } = self;
        drop(stdin);
        if !matches!(timeout(END_GRACE, child.wait()).await, Ok(Ok(_))) {
            kill(&mut child).await;
        }
        drop(stdout); // open until now, so that a last word does not end it by a broken pipe
    }

    async fn kill(mut self) {
        kill(&mut self.child).await;
    }
}

/// The next frame of a child that owes one.
async fn next_frame(stdout: &mut ChildStdout) -> Result<Vec<u8>, FrameError> {
    let frame = receive_frame(stdout).await?;
    frame.ok_or(FrameError::Truncated {
        missing: HEADER_BYTES,
    })
}

/// Kills a child with all that it started, and reaps it. Does nothing to one that was reaped before.
async fn kill(child: &mut Child) {
    let Some(pid) = child.id() else { return };
    let group = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // Failure means that nobody is left in the group.
    let _ = group.map(|group| kill_process_group(group, Signal::KILL));
    if timeout(REAP_LIMIT, child.wait()).await.is_err() {
        tracing::error!(
            pid,
            "the killed wrap process does not end: it is stuck in the kernel, perhaps in a driver"
        );
    }
}
