//! `ashlar setup`

use std::path::PathBuf;

use anyhow::Context;
use ashlar_kzg::srs;
use ashlar_wrap::circuit::WRAP_K;
use serde::{Deserialize, Serialize};

use crate::cache::Cache;

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
    if let Some(path) = &args.ptau {
        let loaded = srs::load_ptau(path, WRAP_K).with_context(|| path.display().to_string())?;
        let stored = loaded.store(&args.cache.cache_dir)?;
        tracing::info!(path = %stored.display(), "reference string of the ceremony stored");
    }
    let engine = args.cache.engine()?;
    let kit = engine.wrap_kit().context("the engine has no wrap keys")?;
    let summary = Summary {
        circuit_set: hex::encode(engine.circuit_set_digest()),
        wrap_verifier: hex::encode(kit.keys().verifier().digest()),
        srs: kit.srs().kind().to_string(),
    };
    if args.json {
        println!("{}", serde_json::to_string(&summary)?);
    } else {
        println!("circuit set    {}", summary.circuit_set);
        println!("wrap verifier  {}", summary.wrap_verifier);
        println!("SRS            {}", summary.srs);
    }
    Ok(())
}
