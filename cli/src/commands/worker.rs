//! `ashlar worker`

use std::sync::Arc;

use anyhow::Context;
use ashlar_engine::{Found, WrapKit};
use ashlar_identity::Role;
use ashlar_traces::otlp::Exporter;
use ashlar_worker::{Backend, Device, JobKind, WorkerConfig};
use tokio::sync::watch;

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
    /// Jobs that are leased and fetched while another is proved; the first of them is made ready beside it. The farm gives
    /// them only while there are enough for workers that are idle. 0: a job is leased when the one before is delivered.
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
    let wraps = config.kinds.contains(&JobKind::Wrap);
    let kit = engine.wrap_kit().filter(|_| wraps);
    // Nobody has a job yet: what fails now fails no proof.
    let found = kit.map(WrapKit::find).transpose()?.unwrap_or_else(Found::cpu);
    let (backend, is_backend) = watch::channel(as_registered(found));
    config.backend = is_backend;
    let changes = kit.and_then(WrapKit::changes);
    let counted = config.metrics.clone();
    crate::shutdown::run(async |shutdown| {
        let exporter = crate::traces::exporter("worker")?;
        config.traces = exporter.as_ref().map(Exporter::traces).unwrap_or_default();
        let _endpoint = args
            .metrics
            .serve("worker", &counted, counted.readiness(), &shutdown)
            .await?;
        if let Some(changes) = changes {
            tokio::spawn(follow(changes, backend)); // ends with the runtime
        }
        ashlar_worker::run(config, Arc::new(EngineRunner::new(engine)), shutdown).await?;
        Ok(())
    })
}

/// What the farm lists of what was found.
fn as_registered(found: Found) -> Backend {
    Backend {
        name: found.backend,
        device: found.device.map(|device| Device {
            name: device.name,
            memory_total_bytes: device.memory_total_bytes,
            memory_free_bytes: device.memory_free_bytes,
            msm_scalars_per_second: device.msm_scalars_per_second,
            ntt_elements_per_second: device.ntt_elements_per_second,
        }),
        fallback: found.fault.unwrap_or_default(),
    }
}

/// Passes on what changes, until nothing can any more.
async fn follow(mut changes: watch::Receiver<Found>, backend: watch::Sender<Backend>) {
    while changes.changed().await.is_ok() {
        let found = changes.borrow_and_update().clone();
        if let Some(fault) = &found.fault {
            tracing::error!(fault, "the device is not used for now: wraps are made on the CPU");
        } else {
            tracing::info!(backend = found.backend, "wraps are made as told again");
        }
        backend.send_replace(as_registered(found));
    }
}
