//! The processes of a demo: started with their log in a file, stopped with the demo.

use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use ashlar_process::children::{Group, Signal};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

/// Longer than the services' own bounds. A worker in the middle of a proof is not waited for: the farm gives its job
/// to another.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A running process with its children. Dropping it kills them, and so does this process's own end.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    group: Group,
    log: PathBuf,
}

impl Process {
    /// Starts a command of this program; both of its outputs go to `<folder>/<name>.log`.
    pub fn start(
        name: &'static str,
        folder: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find this program's file")?;
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new(&program);
        command.args(crate::child::bound());
        // A group of its own: a launcher script and what it launched are stopped together.
        command.process_group(0);
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        configure(&mut command);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {} ({})", name, program.display()))?;
        let group = Group::of(&child);
        Ok(Self {
            name,
            child,
            group,
            log,
        })
    }

    /// Starts another program, which `ashlar attend` ends with this one.
    pub fn start_other(
        name: &'static str,
        program: &Path,
        folder: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Self> {
        Self::start(name, folder, |command| {
            command.args(["attend", "--"]).arg(program);
            configure(command);
        })
    }

    /// Fails with the end of its log if the process has ended.
    pub fn check(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(15)..].join("\n");
            bail!(
                "{} ended with {status}; the end of {}:\n{tail}",
                self.name,
                self.log.display()
            );
        }
        Ok(())
    }

    /// Waits until it listens on `address`.
    pub async fn wait_listening(&mut self, address: SocketAddr, limit: Duration) -> anyhow::Result<()> {
        let start = Instant::now();
        while !accepts(address).await {
            self.check()?;
            if start.elapsed() > limit {
                bail!(
                    "{} does not listen on {address} after {} s; see {}",
                    self.name,
                    limit.as_secs(),
                    self.log.display()
                );
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// What it was started as.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Asks them to stop with SIGTERM, waits for all, and kills those that do not.
    pub async fn stop_all(mut processes: Vec<Self>) {
        for process in &processes {
            process.group.signal(Signal::TERM);
        }
        let end = Instant::now() + STOP_LIMIT;
        while Instant::now() < end {
            processes.retain_mut(|process| matches!(process.child.try_wait(), Ok(None)));
            if processes.is_empty() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        for process in &processes {
            tracing::warn!(name = process.name, "does not stop in time and is killed");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.group.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Whether somebody listens there. Where nobody does, a connection to a port of this machine may be given that very port
/// as its own end, and so reach itself.
pub async fn accepts(address: SocketAddr) -> bool {
    let attempt = timeout(Duration::from_secs(1), TcpStream::connect(address));
    matches!(attempt.await, Ok(Ok(stream)) if stream.local_addr().is_ok_and(|own| own != address))
}

/// A loopback address that is free now.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free loopback port")?;
    Ok(listener.local_addr()?)
}
