//! The processes of a demo: started with their log in a file, stopped with the demo.

use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

/// A running process with its children. Dropping it kills them.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program`; both of its outputs go to `<folder>/<name>.log`.
    pub fn start(
        name: &'static str,
        program: &Path,
        folder: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new(program);
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
        Ok(Self { name, child, log })
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
    pub fn wait_listening(&mut self, address: SocketAddr, limit: Duration) -> anyhow::Result<()> {
        let start = Instant::now();
        while TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_err() {
            self.check()?;
            if start.elapsed() > limit {
                bail!(
                    "{} does not listen on {address} after {} s; see {}",
                    self.name,
                    limit.as_secs(),
                    self.log.display()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Asks it to stop with SIGTERM, waits, and kills it if it does not.
    pub fn stop(mut self) {
        self.signal("-TERM");
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Process {
    /// Signals the whole group. Failure means that nobody is left to hear it.
    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill")
            .args([signal, "--", &group])
            .stderr(Stdio::null())
            .status();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal("-KILL");
        let _ = self.child.wait();
    }
}

/// A loopback address that is free now.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free loopback port")?;
    Ok(listener.local_addr()?)
}
