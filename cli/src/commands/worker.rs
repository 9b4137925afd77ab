//! `ashlar worker`

use std::sync::Arc;

use ashlar_snark::snark::BackendChoice;
use ashlar_worker::{Coordinator, WorkerConfig};

use crate::engine::{Cache, EngineRunner};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Farm coordinator.
    #[arg(long, default_value = "http://127.0.0.1:7002")]
    farm: String,
    /// Name of this worker, unique in the farm.
    #[arg(long)]
    name: String,
    /// What computes the MSMs and NTTs of wrap jobs: `auto` (the fastest that this machine has) or `cpu`. A backend that
    /// fails or computes wrong values is replaced by the CPU, and the log says why.
    #[arg(long, default_value_t)]
    backend: BackendChoice,
    #[command(flatten)]
    cache: Cache,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let coordinator = Coordinator::new(&args.farm)?;
    let engine = args.cache.engine_on(args.backend)?;
    let config = WorkerConfig::new(
        coordinator,
        args.name,
        ashlar_proto::Digest(engine.circuit_set_digest()),
    );
    crate::shutdown::runtime()?.block_on(async {
        let shutdown = crate::shutdown::token()?;
        ashlar_worker::run(config, Arc::new(EngineRunner::new(engine)), shutdown).await?;
        Ok(())
    })
}
