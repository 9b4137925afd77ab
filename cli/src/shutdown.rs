//! The async runtime of a service, and how it is asked to stop.

use anyhow::Context;
use tokio_util::sync::CancellationToken;

/// A runtime for one service.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")
}

/// A token that SIGTERM or ctrl-c cancels. Must be called inside a runtime.
pub fn token() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    ashlar_report::signal::cancel_on_termination(token.clone()).context("cannot listen for signals")?;
    Ok(token)
}
