//! `ashlar worker`

use std::sync::Arc;

use ashlar_identity::Role;
use ashlar_worker::WorkerConfig;

use crate::{cache::Cache, farm_link::FarmLink, roles::EngineRunner};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    farm: FarmLink,
    /// Name of this worker, unique in the farm [default: that of its certificate]
    #[arg(long, required_unless_present = "farm_tls")]
    name: Option<String>,
    #[command(flatten)]
    wrap: crate::wrap::Args,
    #[command(flatten)]
    cache: Cache,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let coordinator = args.farm.open(Role::Worker)?;
    let name = args.name.unwrap_or_default(); // over TLS the certificate's
    let engine = args.wrap.engine(&args.cache)?;
    let mut config = WorkerConfig::new(
        coordinator,
        name,
        ashlar_proto::Digest(engine.circuit_set_digest()),
    );
    config.backend = args.wrap.backend_name().into();
    crate::shutdown::run(async |shutdown| {
        ashlar_worker::run(config, Arc::new(EngineRunner::new(engine)), shutdown).await?;
        Ok(())
    })
}
