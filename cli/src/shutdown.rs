//! The async runtime of a service, and how it is asked to stop.

use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

/// What still runs on blocking threads when a service has ended gets so long, and ends with the process then.
const LINGER: Duration = Duration::from_secs(2);

/// A runtime for one service.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")
}

/// Runs a service, which is given a token that SIGTERM or ctrl-c cancels, and leaves its runtime within a bound: dropping
/// a runtime waits for blocking threads for ever. A process that was asked to stop has little time after that, so the
/// caller does nothing long then. The service begins on this thread, so that children started there live
/// as long as the process.
pub fn run<T>(service: impl AsyncFnOnce(CancellationToken) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let runtime = runtime()?;
    let stop = CancellationToken::new();
    let outcome = runtime.block_on(async {
        ashlar_process::signal::cancel_on_termination(stop.clone()).context("cannot listen for signals")?;
        service(stop.clone()).await
    });
    runtime.shutdown_timeout(LINGER);
    if stop.is_cancelled() {
        ashlar_process::signal::limit_exit(); // only now: what lingered had its own time
    }
    outcome
}
