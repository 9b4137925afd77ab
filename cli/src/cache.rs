//! Where circuits, keys and reference string come from, and the engine over them.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, ensure};
use ashlar_accel::BackendConfig;
use ashlar_engine::WrapKit;
use ashlar_kzg::srs::{Srs, SrsKind};
use ashlar_payments::chunk::ChunkCircuit;
use ashlar_wrap::circuit::WRAP_K;

use crate::commands::fixed_hex;

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

/// Digest of the circuits that this program's contract is for: it is in the binary, and no file decides it.
fn pinned_circuits() -> anyhow::Result<[u8; 32]> {
    let contract = ashlar_contracts::generated_verifier().context("verifier artifact")?;
    fixed_hex(&contract.circuit_set).context("the generated verifier in this program is damaged")
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
        let circuits = ashlar_engine::load_or_build(&self.cache_dir, Some(pinned_circuits()?))?;
        self.kit_of(circuits)
    }

    /// The parts of an engine over circuits that are built whatever the cache holds; a production setup starts from there,
    /// because what it makes decides which proofs L1 takes.
    pub fn made_anew(&self) -> anyhow::Result<(CircuitSet, WrapKit)> {
        std::fs::create_dir_all(&self.cache_dir)
            .with_context(|| format!("cannot create {}", self.cache_dir.display()))?;
        let circuits: CircuitSet = ashlar_engine::build(&self.cache_dir)?;
        let (built, pinned) = (circuits.digests().set(), pinned_circuits()?);
        ensure!(
            built == pinned,
            "the circuits of this program have digest {}, its contract is for {}: it was built from changed sources; run `ashlar circuits verifier --out verifier-contracts/generated/wrap` and verifier-contracts/script/build",
            hex::encode(built),
            hex::encode(pinned)
        );
        self.kit_of(circuits)
    }

    fn kit_of(&self, circuits: CircuitSet) -> anyhow::Result<(CircuitSet, WrapKit)> {
        let srs = self.srs()?;
        if self.production {
            srs.require_production()?;
        }
        let kit = WrapKit::load_or_generate(&self.cache_dir, srs, &circuits.recursion)?;
        Ok((circuits, kit))
    }
}
