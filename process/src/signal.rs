//! Stopping on the signals that ask for it.

use std::{io, time::Duration};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::children;

/// How long leaving by `exit` may take: a library's own clean-up may hang, as a driver's does over a hung card.
const EXIT_LIMIT: Duration = Duration::from_secs(1);

/// Cancels `stop` on SIGTERM or ctrl-c. A second signal ends the process at once, as a user who repeats it expects, with
/// the groups of its children ([`children::Group`]).
///
/// # Errors
/// If the signals cannot be listened to.
pub fn cancel_on_termination(stop: CancellationToken) -> io::Result<JoinHandle<()>> {
    let mut signals = Signals::new()?;
    Ok(tokio::spawn(async move {
        signals.next().await;
        tracing::info!("stopping; repeat the signal to stop at once");
        stop.cancel();
        signals.next().await;
        children::kill_groups();
        exit_at_once(130);
    }))
}

fn exit_at_once(code: i32) -> ! {
    limit_exit();
    std::process::exit(code)
}

/// From here on the process has a moment to leave, and is killed then. To be called last: when all that it must do is
/// done, the clean-up of libraries must not keep it.
pub fn limit_exit() {
    // If no thread can be started, nothing guards the exit, which happens all the same.
    let _ = std::thread::Builder::new().name("exit-limit".into()).spawn(|| {
        std::thread::sleep(EXIT_LIMIT);
        // Failure is impossible: a process may always signal itself.
        let _ = rustix::process::kill_process(rustix::process::getpid(), children::Signal::KILL);
    });
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
