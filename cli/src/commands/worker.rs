//! `ashlar worker`

use std::sync::Arc;

use ashlar_worker::{Coordinator, WorkerConfig};

use crate::{cache::Cache, roles::EngineRunner};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Farm coordinator.
    #[arg(long, default_value = "http://127.0.0.1:7002")]
    farm: String,
    /// Name of this worker, unique in the farm.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    wrap: crate::wrap::Args,
    #[command(flatten)]
    cache: Cache,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let coordinator = Coordinator::new(&args.farm)?;
    let engine = args.wrap.engine(&args.cache)?;
    let mut config = WorkerConfig::new(
        coordinator,
        args.name,
        ashlar_proto::Digest(engine.circuit_set_digest()),
    );
    config.backend = args.wrap.backend_name().into();
    crate::shutdown::run(async |shutdown| {
        ashlar_worker::run(config, Arc::new(EngineRunner::new(engine)), shutdown).await?;
        Ok(())
    })
}
