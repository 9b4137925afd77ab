//! Where circuits, keys and reference string come from, and the engine over them.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, ensure};
use ashlar_accel::BackendConfig;
use ashlar_engine::WrapKit;
use ashlar_kzg::srs::{Srs, SrsKind};
use ashlar_payments::chunk::ChunkCircuit;
use ashlar_wrap::circuit::WRAP_K;

/// The application's circuits.
pub type CircuitSet = ashlar_recursion::CircuitSet<ChunkCircuit>;
/// The engine over them.
pub type Engine = ashlar_engine::Engine<ChunkCircuit>;

/// Where circuits and keys are kept unless told otherwise.
pub const DEFAULT_CACHE: &str = "target/ashlar";

/// Where circuits, keys and reference string come from.
#[derive(Clone, Debug, clap::Args)]
pub struct Cache {
    /// Circuits, keys and reference string are kept here.
    #[arg(long, default_value = DEFAULT_CACHE)]
    pub cache_dir: PathBuf,
    /// Refuse the insecure development reference string; use the one that `ashlar setup --ptau` has stored.
    #[arg(long)]
    pub production: bool,
}

impl Cache {
    /// The reference string: the ceremony's if it was stored, else (and never with `--production`) the development one.
    pub fn srs(&self) -> anyhow::Result<Srs> {
        let ceremony = Srs::path(&self.cache_dir, SrsKind::PowersOfTau, WRAP_K);
        if let Some(srs) = Srs::load(&ceremony)? {
            return Ok(srs);
        }
        ensure!(
            !self.production,
            "no ceremony reference string in {}: run `ashlar setup --ptau FILE` first",
            self.cache_dir.display()
        );
        Ok(Srs::load_or_generate_insecure(&self.cache_dir, WRAP_K)?)
    }

    /// Opens the engine; what the cache lacks is made and stored.
    pub fn engine(&self) -> anyhow::Result<Arc<Engine>> {
        self.engine_on(BackendConfig::default())
    }

    /// The same, for who wraps proofs in this process on a chosen backend.
    pub fn engine_on(&self, backend: BackendConfig) -> anyhow::Result<Arc<Engine>> {
        let (circuits, kit) = self.open()?;
        Ok(Arc::new(
            Engine::new(circuits).with_wrap(kit.with_backend(backend)?)?,
        ))
    }

    /// The parts of an engine.
    pub fn open(&self) -> anyhow::Result<(CircuitSet, WrapKit)> {
        std::fs::create_dir_all(&self.cache_dir)
            .with_context(|| format!("cannot create {}", self.cache_dir.display()))?;
        let circuits = ashlar_engine::load_or_build(&self.cache_dir)?;
        let srs = self.srs()?;
        if self.production {
            srs.require_production()?;
        }
        let kit = WrapKit::load_or_generate(&self.cache_dir, srs, &circuits.recursion)?;
        Ok((circuits, kit))
    }
}
