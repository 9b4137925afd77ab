//! `ashlar setup`

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

use anyhow::Context;
use ashlar_engine::wrap_k;
use ashlar_kzg::srs;
use ashlar_report::file::require_writable_folder;
use serde::{Deserialize, Serialize};

use crate::{cache::Cache, say};

/// How often a long step is told to go on.
const TICK: Duration = Duration::from_secs(15);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    cache: Cache,
    /// Load the reference string from a Perpetual Powers of Tau file (`.ptau`), check it by pairings and store it.
    #[arg(long)]
    ptau: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What was set up.
#[derive(Debug, Serialize, Deserialize)]
pub struct Summary {
    /// Digest of the circuit set, hex.
    pub circuit_set: String,
    /// Digest of the wrap verifying key (it depends on the reference string), hex.
    pub wrap_verifier: String,
    /// Kind of the reference string.
    pub srs: String,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    require_writable_folder(&args.cache.cache_dir)?;
    if let Some(path) = &args.ptau {
        let k = wrap_k(Cache::security()?);
        tell_digest(path).with_context(|| path.display().to_string())?;
        let loaded = ticking(|| srs::load_ptau(path, k)).with_context(|| path.display().to_string())?;
        let stored = loaded.store(&args.cache.cache_dir)?;
        tracing::info!(path = %stored.display(), "reference string of the ceremony stored");
    }
    let (circuits, kit) = if args.cache.production {
        args.cache.made_anew()?
    } else {
        args.cache.open()?
    };
    let summary = Summary {
        circuit_set: hex::encode(circuits.digests().set()),
        wrap_verifier: hex::encode(kit.keys().verifier().digest()),
        srs: kit.srs().kind().to_string(),
    };
    if args.json {
        say!("{}", serde_json::to_string(&summary)?)?;
    } else {
        say!("circuit set    {}", summary.circuit_set)?;
        say!("wrap verifier  {}", summary.wrap_verifier)?;
        say!("SRS            {}", summary.srs)?;
    }
    Ok(())
}

/// Logs the file's digest and whether a ceremony is known to have published it. No other check can tell whether the file
/// is a ceremony's.
fn tell_digest(path: &Path) -> std::io::Result<()> {
    let mut told_tenths = 0;
    let digest = srs::ptau_digest(path, |done, total| {
        let tenths = done.saturating_mul(10) / total.max(1);
        if tenths > told_tenths {
            told_tenths = tenths;
            tracing::info!("digest of the file: {} % done", 10 * tenths);
        }
    })?;
    let blake2b = hex::encode(digest);
    match srs::published_name(&digest) {
        Some(name) => tracing::info!(
            blake2b,
            published = name,
            "the file is one that a ceremony has published"
        ),
        None => {
            tracing::warn!(
                blake2b,
                "this program knows no ceremony that has published this digest: compare it with the published ones yourself"
            );
            for (name, blake2b) in srs::published() {
                tracing::warn!(blake2b, name, "published, and not the file's");
            }
        }
    }
    Ok(())
}

/// Says every so often that `run` still runs: the Lagrange basis takes minutes and does not tell how far it is.
fn ticking<T: Send>(run: impl FnOnce() -> T) -> T {
    let (running, ended) = mpsc::channel::<()>();
    std::thread::scope(move |scope| {
        let _running = running; // gone when `run` has ended, however
        scope.spawn(move || {
            let start = Instant::now();
            while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                tracing::info!(
                    secs = start.elapsed().as_secs(),
                    "still loading the ceremony's points"
                );
            }
        });
        run()
    })
}
