//! `ashlar attend`: runs a program that cannot be told to end with its parent, such as anvil behind its launcher. Not for
//! users: `ashlar demo` starts them so.

use std::ffi::OsString;

use anyhow::Context;
use ashlar_process::children::{Signal, kill_own_group, lead_group};
use tokio::{process::Command, signal::unix};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// What the kernel sends when the parent ends. Not SIGKILL: the program is still to be ended.
pub const LAST_SIGNAL: Signal = Signal::TERM;

pub fn run(args: Args) -> anyhow::Result<()> {
    crate::shutdown::runtime()?.block_on(async {
        // Before the program starts: from then on no end of the parent may go unnoticed.
        let mut ended = unix::signal(unix::SignalKind::terminate()).context("cannot listen for signals")?;
        lead_group().context("cannot make a process group")?;
        let (program, arguments) = args.command.split_first().context("no program")?;
        let mut child = Command::new(program)
            .args(arguments)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        tokio::select! {
            status = child.wait() => {
                let status = status?;
                anyhow::ensure!(status.success(), "{} ended with {status}", program.display());
                Ok(())
            }
            _ = ended.recv() => {
                kill_own_group(); // the program, what it started, and this process
                Ok(())
            }
        }
    })
}
