//! How a process wraps proofs: the backend, and whether a child process computes.

use std::{ffi::OsString, sync::Arc, time::Duration};

use anyhow::Context;
use ashlar_engine::{
    Engine,
    isolation::{ChildCommand, Policy},
};
use ashlar_snark::snark::BackendChoice;

use crate::engine::Cache;

/// Thirty times what a wrap takes on two cores (4 s), or the start of its process with it (another 4 s, more while the
/// machine is busy): a slow machine is not cut off, and a hung device holds a job for two minutes at most before the CPU
/// proves it. It is also what a worker has for draining.
const DEFAULT_DEADLINE_SECS: u64 = 120;

/// When wraps run in a child process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Isolate {
    /// When the backend is a device, whose driver may abort or hang the process.
    Auto,
    /// On the CPU too: a crash, or the kernel's memory limit, then costs one attempt; holds keys and circuits twice.
    Always,
    /// Never: a device fault may end this process.
    Never,
}

impl Isolate {
    fn applies_to(self, backend: BackendChoice) -> bool {
        match self {
            Self::Auto => backend.uses_device(),
            Self::Always => true,
            Self::Never => false,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What computes the MSMs and NTTs of wrap jobs: `cpu`, `icicle` (a CUDA device; needs a binary built with the
    /// Cargo feature of that name) or `auto` (the CPU). A backend that fails or computes wrong values is replaced by
    /// the CPU for that job, and the log says why.
    #[arg(long, default_value_t)]
    backend: BackendChoice,
    /// Wrap in a child process, which may die or hang without harm to this one: it is killed, this process proves the
    /// job on its CPU, and the next job gets a new child. After three faults in a row no child is started for ten
    /// minutes.
    #[arg(long, value_enum, default_value = "auto")]
    isolate: Isolate,
    /// Seconds that the child has for getting ready, and again for each job, before it is killed.
    #[arg(long, default_value_t = DEFAULT_DEADLINE_SECS, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    wrap_deadline_secs: u64,
}

impl Args {
    /// Opens the engine; wraps are made as these arguments say.
    pub fn engine(&self, cache: &Cache) -> anyhow::Result<Arc<Engine>> {
        self.backend.require_built().context("--backend")?;
        let (circuits, kit) = cache.open()?;
        let kit = if self.isolate.applies_to(self.backend) {
            let policy = Policy::with_deadline(Duration::from_secs(self.wrap_deadline_secs));
            kit.isolated(self.backend, self.child(cache)?, policy)?
        } else {
            kit.with_backend(self.backend)?
        };
        Ok(Arc::new(Engine::new(circuits).with_wrap(kit)?))
    }

    /// This program again, as `ashlar wrap-child`.
    fn child(&self, cache: &Cache) -> anyhow::Result<ChildCommand> {
        let mut args: Vec<OsString> = ["wrap-child", "--backend", self.backend.name(), "--cache-dir"]
            .map(OsString::from)
            .into();
        args.push(cache.cache_dir.clone().into());
        if cache.production {
            args.push("--production".into());
        }
        Ok(ChildCommand {
            program: std::env::current_exe().context("cannot find this program's file")?,
            args,
        })
    }

    /// The same arguments for another process of this program.
    pub fn to_args(&self) -> [String; 6] {
        [
            "--backend".into(),
            self.backend.name().into(),
            "--isolate".into(),
            self.isolate.name().into(),
            "--wrap-deadline-secs".into(),
            self.wrap_deadline_secs.to_string(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        wrap: Args,
    }

    #[test]
    fn devices_are_isolated_unless_told_otherwise() {
        use BackendChoice::{Auto, Cpu, Icicle};
        let isolated = |isolate: Isolate| [Auto, Cpu, Icicle].map(|backend| isolate.applies_to(backend));
        assert_eq!(isolated(Isolate::Auto), [false, false, true]);
        assert_eq!(isolated(Isolate::Always), [true; 3]);
        assert_eq!(isolated(Isolate::Never), [false; 3]);
    }

    #[test]
    fn arguments_reach_another_process_unchanged() {
        let given = [
            "--backend",
            "icicle",
            "--isolate",
            "never",
            "--wrap-deadline-secs",
            "7",
        ];
        let parsed = Command::try_parse_from(["ashlar"].iter().chain(&given)).expect("valid");
        assert_eq!(parsed.wrap.to_args(), given);
        let defaults = Command::try_parse_from(["ashlar"]).expect("valid").wrap;
        let again = Command::try_parse_from(["ashlar".to_owned()].into_iter().chain(defaults.to_args()));
        assert_eq!(again.expect("valid").wrap.to_args(), defaults.to_args());
        for wrong in [
            ["--wrap-deadline-secs", "0"],
            ["--isolate", "maybe"],
            ["--backend", "gpu"],
        ] {
            assert!(
                Command::try_parse_from(["ashlar"].iter().chain(&wrong)).is_err(),
                "{wrong:?}"
            );
        }
    }
}
