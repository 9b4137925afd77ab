//! Stopping on the signals that ask for it.

use std::io;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Cancels `stop` on SIGTERM or ctrl-c. A second signal ends the process at once, as a user who repeats it expects.
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
        std::process::exit(130);
    }))
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
