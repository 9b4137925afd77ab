//! `ashlar farm`: the coordinator, and what its operator asks of a running one.

mod operate;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context;
use ashlar_farm::{Farm, FarmConfig, Listener};

use crate::{cache::Cache, roles::ResultVerifier};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    operate: Option<operate::Command>,
    /// Holds the job database and the artifacts.
    #[arg(long, required = true)]
    data_dir: Option<PathBuf>,
    /// Where the gRPC services listen (loopback only: plain text).
    #[arg(long, default_value = "127.0.0.1:7002")]
    listen: SocketAddr,
    #[command(flatten)]
    cache: Cache,
    #[command(flatten)]
    coordinator: operate::Coordinator,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    if let Some(command) = args.operate {
        return operate::run(command, &args.coordinator);
    }
    let data_dir = args.data_dir.context("--data-dir is required")?;
    let verifier = args.cache.lasting_verifier()?;
    let circuit_set = verifier.circuit_set_digest();
    crate::shutdown::run(async |shutdown| {
        let config = FarmConfig::new(data_dir, ashlar_proto::Digest(circuit_set));
        let farm = Farm::open(config, Arc::new(ResultVerifier::new(verifier))).await?;
        let listener = Listener::bind(args.listen).await?;
        Ok(ashlar_farm::serve(farm, listener, shutdown).await?)
    })
}
