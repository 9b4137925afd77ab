//! The life of the children, one after the other.

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::runtime::{self, Runtime};

use super::{Fault, Phase, Unserved, breaker::Breaker, encode_frame, process::Process};

/// How a child is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// How much patience a child is met with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// For opening the keys and preparing the prover.
    pub start_deadline: Duration,
    /// For one request.
    pub job_deadline: Duration,
    /// So many faults without a success between them, and no child is started for [`Self::rest`].
    pub max_faults: u32,
    /// How long that lasts. One more fault after it starts it again.
    pub rest: Duration,
}

impl Policy {
    /// The same deadline for a start and for a job; three faults in a row are followed by ten minutes of rest: long
    /// enough that a broken device costs a deadline now and then, not one for every job, and short enough that a device
    /// that was reset is soon used again.
    pub fn with_deadline(deadline: Duration) -> Self {
        Self {
            start_deadline: deadline,
            job_deadline: deadline,
            max_faults: 3,
            rest: Duration::from_secs(600),
        }
    }
}

/// Keeps a child ready: starts it when it is first needed, and a new one after each that failed. It decides by form
/// only; who can judge an answer's content says so with [`Self::approve`] or [`Self::condemn`]. Dropping it ends the
/// child.
///
/// A thread of its own does all of it: Linux ties a child's parent-death signal to the thread that started the child,
/// and the threads that prove come and go.
#[derive(Debug)]
pub struct Supervisor {
    /// `None` only while dropping.
    commands: Option<SyncSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

enum Command {
    Ask {
        frame: Vec<u8>,
        answer: SyncSender<Result<Vec<u8>, Unserved>>,
    },
    Approve,
    Condemn(Fault),
}

impl Supervisor {
    /// Starts the thread, but no child yet. A child must begin with `greeting`.
    ///
    /// # Errors
    /// If the system has no resources left.
    pub fn start(command: ChildCommand, greeting: Vec<u8>, policy: Policy) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let keeper = Keeper {
            command,
            greeting,
            policy,
            breaker: Breaker::new(policy.max_faults, policy.rest),
            process: None,
        };
        let (commands, received) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("wrap-supervisor".into())
            .spawn(move || keep(&runtime, keeper, &received))?;
        Ok(Self {
            commands: Some(commands),
            thread: Some(thread),
        })
    }

    /// The answer to one request, within the start's and the job's deadline.
    ///
    /// # Errors
    /// [`Unserved`]; a fault in it is counted already.
    pub fn ask(&self, request: &[u8]) -> Result<Vec<u8>, Unserved> {
        let frame = encode_frame(request).map_err(Unserved::Request)?;
        let (answer, answered) = sync_channel(1);
        self.send(Command::Ask { frame, answer });
        answered.recv().unwrap_or(Err(Unserved::Unsupervised))
    }

    /// The last answer was right.
    pub fn approve(&self) {
        self.send(Command::Approve);
    }

    /// The last answer was wrong: ends the child and counts the fault.
    pub fn condemn(&self, fault: Fault) {
        self.send(Command::Condemn(fault));
    }

    fn send(&self, command: Command) {
        if let Some(commands) = &self.commands {
            commands.send(command).ok(); // nobody listens only after a panic there: `ask` reports it
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            thread.join().ok(); // within the limits of ending one child
        }
    }
}

fn keep(runtime: &Runtime, mut keeper: Keeper, commands: &Receiver<Command>) {
    while let Ok(command) = commands.recv() {
        match command {
            Command::Ask { frame, answer } => {
                let result = runtime.block_on(keeper.ask(&frame));
                answer.send(result).ok(); // the caller waits for nothing else
            }
            Command::Approve => keeper.breaker.success(),
            Command::Condemn(fault) => {
                if let Some(process) = keeper.process.take() {
                    runtime.block_on(process.end());
                }
                keeper.fault(&fault);
            }
        }
    }
    if let Some(process) = keeper.process.take() {
        runtime.block_on(process.end());
    }
}

/// What the thread knows.
struct Keeper {
    command: ChildCommand,
    greeting: Vec<u8>,
    policy: Policy,
    breaker: Breaker,
    process: Option<Process>,
}

impl Keeper {
    async fn ask(&mut self, frame: &[u8]) -> Result<Vec<u8>, Unserved> {
        if let Some(status) = self.process.as_mut().and_then(Process::ended) {
            self.process = None;
            let phase = Phase::Idle;
            self.fault(&Fault::Ended { status, phase }); // costs this job nothing but the new child's start
        }
        if let Some(remaining) = self.breaker.open_for(Instant::now()) {
            let faults = self.breaker.faults();
            return Err(Unserved::Resting { faults, remaining });
        }
        let asked = async {
            let process = match self.process.take() {
                Some(process) => process,
                None => self.start().await?,
            };
            process.ask(frame, self.policy.job_deadline).await
        };
        match asked.await {
            Ok((process, answer)) => {
                self.process = Some(process);
                Ok(answer)
            }
            Err(fault) => {
                self.fault(&fault);
                Err(Unserved::Fault(fault))
            }
        }
    }

    async fn start(&self) -> Result<Process, Fault> {
        let start = Instant::now();
        let process = Process::start(&self.command, &self.greeting, self.policy.start_deadline).await?;
        tracing::info!(seconds = start.elapsed().as_secs_f64(), "wrap process ready");
        Ok(process)
    }

    fn fault(&mut self, fault: &Fault) {
        self.breaker.fault(Instant::now());
        let (faults, reason) = (self.breaker.faults(), ashlar_report::chain(fault));
        tracing::warn!(faults_in_a_row = faults, reason, "the wrap process failed");
        if faults >= self.policy.max_faults {
            let rest_secs = self.policy.rest.as_secs();
            tracing::warn!(
                rest_secs,
                "no wrap process for a while: wraps stay on the CPU of this process"
            );
        }
    }
}
