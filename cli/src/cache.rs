//! Where circuits, keys and reference string come from, and the engine over them.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, ensure};
use ashlar_accel::BackendConfig;
use ashlar_engine::{WrapKit, wrap_k};
use ashlar_kzg::srs::{Srs, SrsKind};
use ashlar_payments::chunk::ChunkCircuit;
use ashlar_statement::Security;

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

/// Parameters and digest of the circuits that this program's contract is for: they are in the binary, and no file decides
/// them.
fn pinned() -> anyhow::Result<(Security, [u8; 32])> {
    let contract = ashlar_contracts::generated_verifier().context("verifier artifact")?;
    let damaged = "the generated verifier in this program is damaged";
    let security = contract.security.parse().context(damaged)?;
    Ok((security, fixed_hex(&contract.circuit_set).context(damaged)?))
}

impl Cache {
    /// The reference string: the ceremony's if it was stored, else (and never with `--production`) the development one.
    fn srs(&self, security: Security) -> anyhow::Result<Srs> {
        let k = wrap_k(security);
        let ceremony = Srs::path(&self.cache_dir, SrsKind::PowersOfTau, k);
        if let Some(srs) = Srs::load(&ceremony)? {
            return Ok(srs);
        }
        ensure!(
            !self.production,
            "no ceremony reference string in {}: run `ashlar setup --ptau FILE` first",
            self.cache_dir.display()
        );
        Ok(Srs::load_or_generate_insecure(&self.cache_dir, k)?)
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
        let (security, digest) = pinned()?;
        self.open_with(security, Some(digest))
    }

    /// An engine over circuits with parameters of one's own, if any are given: this program's contract may be for others.
    pub fn engine_with(&self, security: Option<Security>) -> anyhow::Result<Arc<Engine>> {
        let pinned = pinned()?;
        let security = security.unwrap_or(pinned.0);
        let digest = (pinned.0 == security).then_some(pinned.1);
        let (circuits, kit) = self.open_with(security, digest)?;
        Ok(Arc::new(Engine::new(circuits).with_wrap(kit)?))
    }

    fn open_with(
        &self,
        security: Security,
        digest: Option<[u8; 32]>,
    ) -> anyhow::Result<(CircuitSet, WrapKit)> {
        std::fs::create_dir_all(&self.cache_dir)
            .with_context(|| format!("cannot create {}", self.cache_dir.display()))?;
        let circuits = ashlar_engine::load_or_build(&self.cache_dir, security, digest)?;
        self.kit_of(circuits, security)
    }

    /// The parts of an engine over circuits that are built whatever the cache holds; a production setup starts from there,
    /// because what it makes decides which proofs L1 takes.
    pub fn made_anew(&self) -> anyhow::Result<(CircuitSet, WrapKit)> {
        std::fs::create_dir_all(&self.cache_dir)
            .with_context(|| format!("cannot create {}", self.cache_dir.display()))?;
        let (security, pinned) = pinned()?;
        let circuits: CircuitSet = ashlar_engine::build(&self.cache_dir, security)?;
        let built = circuits.digests().set();
        ensure!(
            built == pinned,
            "the circuits of this program have digest {}, its contract is for {}: it was built from changed sources; run `ashlar circuits verifier --out verifier-contracts/generated/wrap` and verifier-contracts/script/build",
            hex::encode(built),
            hex::encode(pinned)
        );
        self.kit_of(circuits, security)
    }

    /// Parameters of the circuits that this program's contract is for.
    pub fn security() -> anyhow::Result<Security> {
        Ok(pinned()?.0)
    }

    fn kit_of(&self, circuits: CircuitSet, security: Security) -> anyhow::Result<(CircuitSet, WrapKit)> {
        let srs = self.srs(security)?;
        if self.production {
            srs.require_production()?;
        }
        let kit = WrapKit::load_or_generate(&self.cache_dir, srs, &circuits.recursion)?;
        Ok((circuits, kit))
    }
}
