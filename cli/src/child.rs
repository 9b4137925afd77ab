//! What processes do that this program starts of itself.

use std::{fs::File, os::fd::AsFd};

use anyhow::Context;

/// Keeps standard output for this program alone: from here on, whatever a library prints there goes to standard error.
pub fn claim_stdout() -> anyhow::Result<File> {
    let own = std::io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .context("cannot use the standard output")?;
    rustix::stdio::dup2_stdout(std::io::stderr()).context("cannot redirect the standard output")?;
    Ok(own.into())
}

/// The kernel ends this process when the thread that started it ends, even where a hung driver keeps it from noticing
/// anything. A parent that died before this call closed the child's pipes too.
#[cfg(target_os = "linux")]
pub fn die_with_parent() -> anyhow::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .context("cannot ask for a signal at the parent's death")
}

/// Other systems have no such signal.
#[cfg(not(target_os = "linux"))]
pub fn die_with_parent() -> anyhow::Result<()> {
    Ok(())
}
