//! How a process wraps proofs: the backend, and whether a child process computes.

use std::{ffi::OsString, sync::Arc, time::Duration};

use anyhow::Context;
use ashlar_accel::{BackendChoice, BackendConfig, DeviceOptions};
use ashlar_engine::isolation::{ChildCommand, Policy};

use crate::{
    auto,
    cache::{Cache, Engine},
};

/// Over thirty times what a wrap takes on two cores (3.6 s), and sixteen times the start of its process (7 s beside
/// other work): a slow machine is not cut off, and a hung device holds a job for two minutes at most before the CPU
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

/// What computes.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Backend {
    /// What computes the MSMs and NTTs of wrap jobs: `cpu`, `icicle` (a CUDA device; needs a binary built with the
    /// Cargo feature of that name) or `auto` (a device for large inputs where this binary has that feature and a device
    /// answers, else the CPU). A backend that fails or computes wrong values is replaced by the CPU for that job, and
    /// the log says why.
    #[arg(long, default_value_t)]
    backend: BackendChoice,
    /// Which CUDA device, counted from 0 among those that this process sees (`CUDA_VISIBLE_DEVICES`).
    #[arg(long, value_name = "N", default_value_t = 0)]
    device: usize,
    /// Most memory to hold on the device, in MiB. Default: what is free, less half a GiB.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 24))]
    device_memory_mib: Option<u64>,
}

impl Backend {
    /// As the prover takes it, for who opens the device in this process: `auto` splits work as a self-test has measured it
    /// for this machine, if one has.
    pub fn config(&self, cache: &Cache) -> anyhow::Result<BackendConfig> {
        let thresholds = match self.backend {
            BackendChoice::Auto => auto::thresholds(&cache.cache_dir, self.device)?,
            BackendChoice::Cpu | BackendChoice::Icicle => None,
        };
        Ok(BackendConfig {
            choice: self.backend,
            device: DeviceOptions {
                index: self.device,
                memory_budget_bytes: self.device_memory_mib.map(|mib| mib << 20),
                thresholds,
            },
        })
    }

    /// The same arguments for another process of this program.
    fn to_args(self) -> Vec<String> {
        let mut args = vec![
            "--backend".into(),
            self.backend.name().into(),
            "--device".into(),
            self.device.to_string(),
        ];
        if let Some(mib) = self.device_memory_mib {
            args.extend(["--device-memory-mib".into(), mib.to_string()]);
        }
        args
    }
}

#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    backend: Backend,
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
        let choice = self.backend.backend;
        choice.require_built().context("--backend")?;
        auto::load(&cache.cache_dir)?; // the child would fail over a damaged file at each of its starts
        let (circuits, kit) = cache.open()?;
        let kit = if self.isolate.applies_to(choice) {
            let policy = Policy::with_deadline(Duration::from_secs(self.wrap_deadline_secs));
            kit.isolated(choice, self.child(cache)?, policy)?
        } else {
            kit.with_backend(self.backend.config(cache)?)?
        };
        Ok(Arc::new(Engine::new(circuits).with_wrap(kit)?))
    }

    /// This program again, as `ashlar wrap-child`.
    fn child(&self, cache: &Cache) -> anyhow::Result<ChildCommand> {
        let mut args: Vec<OsString> = crate::child::bound().map(Into::into).to_vec();
        args.push("wrap-child".into());
        args.extend(self.backend.to_args().into_iter().map(OsString::from));
        args.extend(["--cache-dir".into(), cache.cache_dir.clone().into()]);
        if cache.production {
            args.push("--production".into());
        }
        Ok(ChildCommand {
            program: std::env::current_exe().context("cannot find this program's file")?,
            args,
        })
    }

    /// The same arguments for another process of this program.
    pub fn to_args(&self) -> Vec<String> {
        let mut args = self.backend.to_args();
        args.extend([
            "--isolate".into(),
            self.isolate.name().into(),
            "--wrap-deadline-secs".into(),
            self.wrap_deadline_secs.to_string(),
        ]);
        args
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
        assert_eq!(isolated(Isolate::Auto), [cfg!(feature = "icicle"), false, true]);
        assert_eq!(isolated(Isolate::Always), [true; 3]);
        assert_eq!(isolated(Isolate::Never), [false; 3]);
    }

    #[test]
    fn arguments_reach_another_process_unchanged() {
        let given = [
            "--backend",
            "icicle",
            "--device",
            "3",
            "--device-memory-mib",
            "2048",
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
            ["--device", "first"],
            ["--device-memory-mib", "0"],
        ] {
            assert!(
                Command::try_parse_from(["ashlar"].iter().chain(&wrong)).is_err(),
                "{wrong:?}"
            );
        }
    }
}
