//! What is wrapped: the real circuit, or a small one of its kind.

use std::sync::Arc;

use anyhow::Context as _;
use ashlar_accel::BackendChoice;
use ashlar_benches::operations::wrap::{self, SampleError};
use ashlar_kzg::{
    CircuitKeys, INSTANCES,
    srs::Srs,
    testing::{Toy, instances},
};
use ashlar_recursion::CompressedProof;
use ashlar_wrap::circuit::WrapCircuit;
use halo2curves::bn256::Fr;

use crate::{
    cache::{Cache, Engine},
    selftest::part::{Scale, Target},
};

/// Secrets of the small circuit.
const SECRETS: [u64; INSTANCES] = [0, 1, 2, 3, 5, 8, 13, 21, 255];

/// A circuit with keys and a witness.
pub enum Subject {
    /// The small circuit.
    Small {
        /// Its size.
        k: u32,
        /// Its keys.
        keys: Box<CircuitKeys>,
        /// Its string.
        srs: Box<Srs>,
    },
    /// The wrap circuit over a batch of one deposit.
    Wrap {
        /// With its keys.
        engine: Arc<Engine>,
        /// What is wrapped.
        proof: Box<CompressedProof>,
    },
}

impl Subject {
    /// Makes it; the real one's circuits, keys and proof are kept in the cache.
    pub fn new(target: Target, scale: Scale, cache: &Cache) -> anyhow::Result<Self> {
        if scale == Scale::Short {
            let k = match target {
                Target::Card => 14,
                Target::StandIn | Target::DryRun => 10,
            };
            let srs = Box::new(Srs::insecure_development(k));
            let keys = Box::new(CircuitKeys::generate(&srs, &Toy::filling(k, SECRETS))?);
            return Ok(Self::Small { k, keys, srs });
        }
        let engine = cache.engine_on(BackendChoice::Cpu.into())?;
        let proof = Box::new(wrap::sample(&engine, &cache.cache_dir)?);
        Ok(Self::Wrap { engine, proof })
    }

    /// What was made, for people.
    pub fn name(&self) -> String {
        match self {
            Self::Small { k, .. } => format!("a small circuit of the wrap's kind, k = {k}"),
            Self::Wrap { .. } => "the wrap circuit".to_owned(),
        }
    }

    /// Keys and string.
    pub fn keys(&self) -> anyhow::Result<(&CircuitKeys, &Srs)> {
        match self {
            Self::Small { keys, srs, .. } => Ok((keys, srs)),
            Self::Wrap { engine, .. } => {
                let kit = engine.wrap_kit().context("the engine has no wrap keys")?;
                Ok((kit.keys(), kit.srs()))
            }
        }
    }

    /// The small circuit with its instances.
    pub fn toy(k: u32) -> (Toy, [Fr; INSTANCES]) {
        (Toy::filling(k, SECRETS), instances(SECRETS))
    }

    /// The wrap circuit with its instances.
    pub fn wrap_circuit(
        engine: &Engine,
        proof: &CompressedProof,
    ) -> Result<(WrapCircuit, [Fr; INSTANCES]), SampleError> {
        let compress = &engine.circuits().recursion.compress.data;
        let circuit = WrapCircuit::new(&compress.common, &compress.verifier_only, proof)?;
        let instances = circuit
            .instances()
            .try_into()
            .expect("27 public inputs make nine instances");
        Ok((circuit, instances))
    }
}
