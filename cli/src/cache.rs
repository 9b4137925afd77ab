//! Where circuits, keys and reference string come from, and what is opened over them: an engine, or a verifier alone.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, ensure};
use ashlar_accel::BackendConfig;
use ashlar_engine::{VerifierFile, VerifierFileError, WrapKit, wrap_k};
use ashlar_kzg::{
    CircuitFingerprint,
    srs::{Srs, SrsKind},
};
pub use ashlar_payments_engine::{CircuitSet, Engine, Verifier};
use ashlar_report::Chain;
use ashlar_statement::Security;

use crate::commands::fixed_hex;

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

/// What this program's contract is for: it is in the binary, and no file decides it.
struct Pinned {
    security: Security,
    circuit_set: [u8; 32],
    wrap_circuit: CircuitFingerprint,
    /// Under the reference string of kind `srs`.
    wrap_key: [u8; 32],
    srs: String,
}

fn pinned() -> anyhow::Result<Pinned> {
    let contract = ashlar_contracts::generated_verifier().context("verifier artifact")?;
    let damaged = "the generated verifier in this program is damaged";
    Ok(Pinned {
        security: contract.security.parse().context(damaged)?,
        circuit_set: fixed_hex(&contract.circuit_set).context(damaged)?,
        wrap_circuit: CircuitFingerprint(fixed_hex(&contract.circuit).context(damaged)?),
        wrap_key: fixed_hex(&contract.digest).context(damaged)?,
        srs: contract.srs,
    })
}

impl Cache {
    /// What kind of reference string is used: a ceremony's if it was stored, and always with `--production`.
    fn srs_kind(&self, security: Security) -> SrsKind {
        let ceremony = Srs::path(&self.cache_dir, SrsKind::PowersOfTau, wrap_k(security));
        if self.production || ceremony.exists() {
            SrsKind::PowersOfTau
        } else {
            SrsKind::InsecureDevelopment
        }
    }

    /// Before a minute is spent on circuits: in production there must be a ceremony's reference string.
    fn require_ceremony(&self, security: Security) -> anyhow::Result<()> {
        let ceremony = Srs::path(&self.cache_dir, SrsKind::PowersOfTau, wrap_k(security));
        ensure!(
            !self.production || ceremony.exists(),
            "no ceremony reference string in {}: run `ashlar setup --ptau FILE` first",
            self.cache_dir.display()
        );
        Ok(())
    }

    /// The reference string: the ceremony's if it was stored, else (and never with `--production`) the development one.
    fn srs(&self, security: Security) -> anyhow::Result<Srs> {
        let k = wrap_k(security);
        self.require_ceremony(security)?;
        let ceremony = Srs::path(&self.cache_dir, SrsKind::PowersOfTau, k);
        if let Some(srs) = Srs::load(&ceremony)? {
            return Ok(srs);
        }
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

    /// Opens what checks proofs and makes none: verifying keys alone, in milliseconds. Where they are missing or unusable,
    /// all else is opened once, which leaves them behind.
    pub fn verifier(&self) -> anyhow::Result<Verifier> {
        match self.stored_verifier()? {
            Some(verifier) => Ok(verifier),
            None => self.verifier_of_all(),
        }
    }

    /// The same for who keeps it for long: if all else had to be opened, the program starts over in this process. The
    /// allocator holds most of the gigabyte that it is given back, and this is the way to return it.
    pub fn lasting_verifier(&self) -> anyhow::Result<Verifier> {
        if let Some(verifier) = self.stored_verifier()? {
            return Ok(verifier);
        }
        let verifier = self.verifier_of_all()?;
        // Not if the keys are not there now, as in a directory that cannot be written: it would never end.
        if self.stored_verifier()?.is_some() {
            let error = crate::child::start_over();
            tracing::warn!(error = %Chain(&error), "memory that was needed once is kept");
        }
        Ok(verifier)
    }

    /// The verifying keys in the cache, if they are what this program is for.
    fn stored_verifier(&self) -> anyhow::Result<Option<Verifier>> {
        let pinned = pinned()?;
        let srs = self.srs_kind(pinned.security);
        let file = VerifierFile {
            dir: &self.cache_dir,
            security: pinned.security,
            circuit_set: pinned.circuit_set,
            wrap_circuit: pinned.wrap_circuit,
            wrap_key: (pinned.srs == srs.to_string()).then_some(pinned.wrap_key),
            srs,
            production: self.production,
        };
        match Verifier::load(&file) {
            Ok(verifier) => Ok(verifier),
            Err(error @ VerifierFileError::Io { .. }) => Err(error.into()),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "replacing unusable verifying keys");
                Ok(None)
            }
        }
    }

    fn verifier_of_all(&self) -> anyhow::Result<Verifier> {
        tracing::info!("opening all circuits and keys once, for the verifying keys");
        let (circuits, kit) = self.open()?;
        Ok(Verifier::new(&circuits, &kit)?)
    }

    /// The parts of an engine.
    pub fn open(&self) -> anyhow::Result<(CircuitSet, WrapKit)> {
        let Pinned {
            security,
            circuit_set,
            ..
        } = pinned()?;
        self.open_with(security, Some(circuit_set))
    }

    /// The circuits alone, for who measures their provers.
    #[cfg(feature = "bench")]
    pub fn circuits(&self) -> anyhow::Result<CircuitSet> {
        let pinned = pinned()?;
        self.circuits_with(pinned.security, Some(pinned.circuit_set))
    }

    /// An engine over circuits with parameters of one's own, if any are given: this program's contract may be for others.
    pub fn engine_with(&self, security: Option<Security>) -> anyhow::Result<Arc<Engine>> {
        let pinned = pinned()?;
        let security = security.unwrap_or(pinned.security);
        let digest = (pinned.security == security).then_some(pinned.circuit_set);
        let (circuits, kit) = self.open_with(security, digest)?;
        Ok(Arc::new(Engine::new(circuits).with_wrap(kit)?))
    }

    fn open_with(
        &self,
        security: Security,
        digest: Option<[u8; 32]>,
    ) -> anyhow::Result<(CircuitSet, WrapKit)> {
        self.require_ceremony(security)?;
        let circuits = self.circuits_with(security, digest)?;
        self.kit_of(circuits, security)
    }

    fn circuits_with(&self, security: Security, digest: Option<[u8; 32]>) -> anyhow::Result<CircuitSet> {
        std::fs::create_dir_all(&self.cache_dir)
            .with_context(|| format!("cannot create {}", self.cache_dir.display()))?;
        Ok(ashlar_payments_engine::load_or_build(
            &self.cache_dir,
            security,
            digest,
        )?)
    }

    /// The parts of an engine over circuits that are built whatever the cache holds; a production setup starts from there,
    /// because what it makes decides which proofs L1 takes.
    pub fn made_anew(&self) -> anyhow::Result<(CircuitSet, WrapKit)> {
        std::fs::create_dir_all(&self.cache_dir)
            .with_context(|| format!("cannot create {}", self.cache_dir.display()))?;
        let Pinned {
            security,
            circuit_set: pinned,
            ..
        } = pinned()?;
        self.require_ceremony(security)?;
        let circuits = ashlar_payments_engine::build(&self.cache_dir, security)?;
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
        Ok(pinned()?.security)
    }

    fn kit_of(&self, circuits: CircuitSet, security: Security) -> anyhow::Result<(CircuitSet, WrapKit)> {
        let srs = self.srs(security)?;
        if self.production {
            srs.require_production()?;
        }
        let kit = WrapKit::load_or_generate(&self.cache_dir, srs, &circuits.recursion)?;
        // A directory that is complete may be read-only: then those who only verify open all of it, too.
        if let Err(error) = Verifier::new(&circuits, &kit)?.store(&self.cache_dir) {
            tracing::warn!(error = %Chain(&error), "verifying keys are not kept");
        }
        Ok((circuits, kit))
    }
}
