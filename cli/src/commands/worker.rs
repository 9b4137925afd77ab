//! `ashlar worker`

use std::sync::Arc;

use anyhow::Context;
use ashlar_identity::Role;
use ashlar_traces::otlp::Exporter;
use ashlar_worker::{JobKind, WorkerConfig};

use crate::{cache::Cache, farm_link::FarmLink, roles::EngineRunner};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    farm: FarmLink,
    /// Name of this worker, unique in the farm [default: that of its certificate]
    #[arg(long, required_unless_present = "farm_tls")]
    name: Option<String>,
    /// Kinds of job that it takes: chunk, fold, compress, wrap [default: all]
    #[arg(long, value_delimiter = ',', value_parser = job_kind)]
    kinds: Vec<JobKind>,
    /// Jobs that are leased and fetched while another is proved, to be begun at once after it. The farm gives them only
    /// while there are enough for workers that are idle. 0: a job is leased when the one before is delivered.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=16))]
    prefetch: u8,
    #[command(flatten)]
    wrap: crate::wrap::Args,
    #[command(flatten)]
    metrics: crate::metrics::MetricsArgs,
    #[command(flatten)]
    cache: Cache,
}

fn job_kind(text: &str) -> anyhow::Result<JobKind> {
    let named = JobKind::ALL.into_iter().find(|kind| kind.name() == text);
    named.with_context(|| {
        format!(
            "`{text}` is none of {}",
            JobKind::ALL.map(JobKind::name).join(", ")
        )
    })
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
    if !args.kinds.is_empty() {
        config.kinds = args.kinds;
    }
    config.prefetch = args.prefetch.into();
    config.backend = args.wrap.backend_name().into();
    let counted = config.metrics.clone();
    crate::shutdown::run(async |shutdown| {
        let exporter = crate::traces::exporter("worker")?;
        config.traces = exporter.as_ref().map(Exporter::traces).unwrap_or_default();
        let _endpoint = args
            .metrics
            .serve("worker", &counted, counted.readiness(), &shutdown)
            .await?;
        ashlar_worker::run(config, Arc::new(EngineRunner::new(engine)), shutdown).await?;
        Ok(())
    })
}
