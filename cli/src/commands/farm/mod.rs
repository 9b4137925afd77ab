//! `ashlar farm`: the coordinator, and what its operator asks of a running one.

mod operate;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use ashlar_farm::{ArtifactsAt, Dashboard, Database, Farm, FarmConfig, Listener, Services};
use ashlar_identity::{Folder, ServerTls};
use ashlar_metrics::Readiness;
use ashlar_traces::otlp::Exporter;

use crate::{cache::Cache, farm_link::FarmLink, roles::ResultVerifier};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    operate: Option<operate::Command>,
    /// Holds the job database and the artifacts, unless --store and --artifacts say others.
    #[arg(long, required = true)]
    data_dir: Option<PathBuf>,
    /// The database of jobs: postgres://USER@HOST/NAME, which several coordinators may share, or sqlite:FILE [default: a file
    /// in --data-dir]
    #[arg(long, value_name = "URL")]
    store: Option<Database>,
    /// Serve only tenants that were named by `ashlar farm tenant`; else whoever submits first for a rollup has it.
    #[arg(long)]
    known_tenants: bool,
    /// Where witnesses and proofs are kept: a folder, or s3://BUCKET/PREFIX, reached as the AWS_* variables say [default:
    /// `artifacts` in --data-dir]
    #[arg(long, value_name = "URL")]
    artifacts: Option<ArtifactsAt>,
    /// Keep a batch's jobs, witnesses and proofs for so long after it was settled or given up, in seconds.
    #[arg(long, default_value_t = 86_400, value_parser = clap::value_parser!(u64).range(..=31_536_000))]
    retention_secs: u64,
    /// Where sequencers submit batches, and workers and operators come too unless these have an address of their own. Plain
    /// text is for loopback only.
    #[arg(long, default_value = "127.0.0.1:7002")]
    listen: SocketAddr,
    /// Where workers take jobs [default: as --listen]
    #[arg(long, value_name = "ADDRESS")]
    listen_work: Option<SocketAddr>,
    /// Where operators look and repair [default: as --listen]
    #[arg(long, value_name = "ADDRESS")]
    listen_admin: Option<SocketAddr>,
    /// Show the farm to browsers of this machine: a page that is read-only, in plain text, for loopback addresses alone
    /// [default: none]
    #[arg(long, value_name = "ADDRESS")]
    listen_dashboard: Option<SocketAddr>,
    /// Folder with the coordinator's certificate, as `ashlar certs issue` makes it: everybody speaks TLS, and shows one too.
    #[arg(long, value_name = "FOLDER")]
    tls: Option<PathBuf>,
    #[command(flatten)]
    metrics: crate::metrics::MetricsArgs,
    #[command(flatten)]
    cache: Cache,
    #[command(flatten)]
    link: FarmLink,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    if let Some(command) = args.operate {
        return operate::run(command, &args.link);
    }
    let data_dir = args.data_dir.context("--data-dir is required")?;
    let tls = args
        .tls
        .map(Folder::new)
        .as_ref()
        .map(ServerTls::open)
        .transpose()?;
    let addresses = addresses(args.listen, args.listen_work, args.listen_admin);
    let verifier = args.cache.lasting_verifier()?;
    let circuit_set = verifier.circuit_set_digest();
    crate::shutdown::run(async |shutdown| {
        let mut config = FarmConfig::new(data_dir, ashlar_proto::Digest(circuit_set));
        config.admits_tenants = !args.known_tenants;
        if let Some(store) = args.store {
            config.database = store;
        }
        config.retention = Duration::from_secs(args.retention_secs);
        config.artifacts = args.artifacts.unwrap_or(config.artifacts);
        let exporter = crate::traces::exporter("farm")?;
        config.traces = exporter.as_ref().map(Exporter::traces).unwrap_or_default();
        let farm = Farm::open(config, Arc::new(ResultVerifier::new(verifier))).await?;
        let mut listeners = Vec::new();
        for (address, services) in addresses {
            listeners.push(Listener::bind(address, tls.clone()).await?.offering(services));
        }
        let readiness = Readiness::default();
        let counted = farm.config().metrics.clone();
        let _endpoint = args
            .metrics
            .serve("farm", &counted, &readiness, &shutdown)
            .await?;
        readiness.set(true); // whoever connects now is served
        let Some(dashboard) = args.listen_dashboard else {
            return Ok(ashlar_farm::serve(farm, listeners, shutdown).await?);
        };
        let dashboard = Dashboard::bind(dashboard).await?;
        tokio::try_join!(
            ashlar_farm::serve(farm.clone(), listeners, shutdown.clone()),
            dashboard.serve(farm, shutdown),
        )?;
        Ok(())
    })
}

/// What each address offers: what shares one is served there together.
fn addresses(
    batch: SocketAddr,
    work: Option<SocketAddr>,
    admin: Option<SocketAddr>,
) -> Vec<(SocketAddr, Services)> {
    let (work, admin) = (work.unwrap_or(batch), admin.unwrap_or(batch));
    let mut distinct = vec![batch];
    for address in [work, admin] {
        if !distinct.contains(&address) {
            distinct.push(address);
        }
    }
    let offered = |address| Services {
        batch: address == batch,
        work: address == work,
        admin: address == admin,
    };
    distinct
        .into_iter()
        .map(|address| (address, offered(address)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shares_an_address_is_served_there_together() {
        let [a, b, c] = [1, 2, 3].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        assert_eq!(addresses(a, None, None), [(a, Services::ALL)]);
        let only = |batch, work, admin| Services { batch, work, admin };
        assert_eq!(
            addresses(a, Some(b), Some(b)),
            [(a, only(true, false, false)), (b, only(false, true, true))]
        );
        assert_eq!(
            addresses(a, Some(b), Some(c)),
            [
                (a, only(true, false, false)),
                (b, only(false, true, false)),
                (c, only(false, false, true))
            ]
        );
    }
}
