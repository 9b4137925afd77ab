//! `ashlar farm`

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use ashlar_farm::{Farm, FarmConfig, Listener};

use crate::{cache::Cache, roles::EngineVerifier};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Holds the job database and the artifacts.
    #[arg(long)]
    data_dir: PathBuf,
    /// Where the gRPC services listen (loopback only: plain text).
    #[arg(long, default_value = "127.0.0.1:7002")]
    listen: SocketAddr,
    #[command(flatten)]
    cache: Cache,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let engine = args.cache.engine()?;
    let circuit_set = engine.circuit_set_digest();
    crate::shutdown::runtime()?.block_on(async {
        let shutdown = crate::shutdown::token()?;
        let config = FarmConfig::new(&args.data_dir, ashlar_proto::Digest(circuit_set));
        let farm = Farm::open(config, Arc::new(EngineVerifier::new(engine))).await?;
        let listener = Listener::bind(args.listen).await?;
        Ok(ashlar_farm::serve(farm, listener, shutdown).await?)
    })
}
