//! What processes do that this program starts of itself, or as which it starts over.
//!
//! Each is told this program's number (`--parent`), and ends with it however it ends: see [`bound`].

use std::{
    env,
    fs::File,
    io,
    os::{fd::AsFd, unix::process::CommandExt},
    process::Command,
};

use anyhow::Context;
use ashlar_process::children::{self, Signal};

/// Keeps standard output for this program alone: from here on, whatever a library prints there goes to standard error.
pub fn claim_stdout() -> anyhow::Result<File> {
    let own = io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .context("cannot use the standard output")?;
    rustix::stdio::dup2_stdout(io::stderr()).context("cannot redirect the standard output")?;
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

/// Starts this program over in this process, with its arguments, standard streams and number; only why it could not
/// returns.
pub fn start_over() -> io::Error {
    match env::current_exe() {
        Ok(program) => Command::new(program).args(env::args_os().skip(1)).exec(),
        Err(error) => error,
    }
}
