//! What processes do that this program starts of itself.
//!
//! Each is told this program's number (`--parent`), and ends with it however it ends: see [`bound`].

use std::{fs::File, os::fd::AsFd};

use anyhow::Context;
use ashlar_process::children::{self, Signal};

/// Keeps standard output for this program alone: from here on, whatever a library prints there goes to standard error.
pub fn claim_stdout() -> anyhow::Result<File> {
    let own = std::io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .context("cannot use the standard output")?;
    rustix::stdio::dup2_stdout(std::io::stderr()).context("cannot redirect the standard output")?;
    Ok(own.into())
}

/// Arguments that bind a child which is this same program to this process. They come first.
pub fn bound() -> [String; 2] {
    ["--parent".into(), std::process::id().to_string()]
}

/// What a child does with [`bound`]: the kernel sends it `signal` when its parent ends.
pub fn end_with_parent(parent: u32, signal: Signal) -> anyhow::Result<()> {
    children::end_with_parent(Some(parent), signal).context("cannot be bound to the parent's life")
}
