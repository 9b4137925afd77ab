//! `ashlar bench-alone`: one prover without another beside it, told by `ashlar bench`. Not for users.

use std::{io, process::Command};

use anyhow::Context;
use ashlar_benches::operations::plonky2::alone::{self, Alone};

use crate::{cache::Cache, child};

/// What the process is told beside its task, which comes on standard input.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    cache: Cache,
}

/// How `ashlar bench` starts it.
pub fn program(cache: &Cache) -> anyhow::Result<Alone> {
    let program = std::env::current_exe().context("cannot find this program's file")?;
    let dir = cache.cache_dir.clone();
    Ok(Alone::new(move || {
        let mut command = Command::new(&program);
        command.args(child::bound());
        command.arg("bench-alone").arg("--cache-dir").arg(&dir);
        command
    }))
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let answer = child::claim_stdout()?;
    let circuits = args.cache.circuits()?;
    Ok(alone::serve(&circuits, io::stdin(), answer)?)
}
