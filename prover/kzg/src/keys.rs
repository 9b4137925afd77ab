//! Proving and verifying keys of the wrap circuit, and their cache on disk.

use std::{io, path::Path, sync::Arc};

use ashlar_report::Chain;
use halo2_proofs::{
    SerdeFormat,
    halo2curves::bn256::{Fr, G1Affine},
    plonk::{Circuit, ConstraintSystem, Error, ProvingKey, keygen_pk2},
    poly::commitment::Params,
};
use sha3::{Digest, Keccak256};

use crate::{
    CircuitFingerprint, VerifierKey,
    cache::{self, CacheError},
    fingerprint,
    srs::Srs,
};

const KEYS_MAGIC: &[u8; 8] = b"ASHWPK01";

/// Why keys could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The circuit forgot `set_minimum_degree`: halo2-axiom caps the degree at `MAX_DEGREE` (5 unless the environment
    /// says otherwise), and proofs made under a lower degree than the gates have do not verify.
    #[error("the circuit has degree {needed} but halo2 would use {used}: call set_minimum_degree({needed})")]
    DegreeCapped {
        /// Degree of the gates, lookups and permutation.
        needed: usize,
        /// Degree in force.
        used: usize,
    },
    /// The circuit must have exactly one instance column.
    #[error("the circuit has {actual} instance columns, expected 1")]
    InstanceColumns {
        /// Columns found.
        actual: usize,
    },
    /// The circuit does not fit, or breaks halo2's rules.
    #[error("halo2 refuses the circuit")]
    Circuit(#[source] Error),
    /// The disk cache.
    #[error("key cache")]
    Cache(#[from] CacheError),
}

/// The keys of one circuit under one SRS.
#[derive(Debug)]
pub struct CircuitKeys {
    pk: Arc<ProvingKey<G1Affine>>,
    verifier: VerifierKey,
    fingerprint: CircuitFingerprint,
}

impl CircuitKeys {
    /// Makes the keys (seconds at k = 18).
    pub fn generate<C: Circuit<Fr>>(srs: &Srs, circuit: &C) -> Result<Self, KeyError> {
        check_constraint_system(circuit)?;
        let fingerprint = fingerprint(circuit).map_err(KeyError::Circuit)?;
        Self::generate_for(srs, circuit, fingerprint)
    }

    /// Reads the keys from `dir`, or makes them and stores them there. The file name holds the circuit's fingerprint
    /// and the SRS checksum, so a changed circuit or SRS never meets an old key. A damaged file is replaced.
    pub fn load_or_generate<C: Circuit<Fr>>(dir: &Path, srs: &Srs, circuit: &C) -> Result<Self, KeyError> {
        check_constraint_system(circuit)?;
        let fingerprint = fingerprint(circuit).map_err(KeyError::Circuit)?;
        let path = dir.join(format!("wrap-{}.keys", cache_name(fingerprint, srs)));
        match Self::load(&path, srs, circuit, fingerprint) {
            Ok(Some(keys)) => return Ok(keys),
            Ok(None) => {}
            Err(CacheError::Io { path, source }) => return Err(CacheError::Io { path, source }.into()),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), path = %path.display(), "replacing unusable keys")
            }
        }
        let keys = Self::generate_for(srs, circuit, fingerprint)?;
        let payload = keys.pk.to_bytes(SerdeFormat::RawBytesUnchecked);
        cache::write(&path, KEYS_MAGIC, &payload)?;
        Ok(keys)
    }

    fn generate_for<C: Circuit<Fr>>(
        srs: &Srs,
        circuit: &C,
        fingerprint: CircuitFingerprint,
    ) -> Result<Self, KeyError> {
        // Compressed selectors: fewer fixed columns, hence a smaller and cheaper contract.
        let pk = keygen_pk2(srs.params(), circuit, true).map_err(KeyError::Circuit)?;
        Ok(Self::from_pk::<C>(pk, circuit.params(), srs, fingerprint))
    }

    fn load<C: Circuit<Fr>>(
        path: &Path,
        srs: &Srs,
        circuit: &C,
        fingerprint: CircuitFingerprint,
    ) -> Result<Option<Self>, CacheError> {
        let Some(payload) = cache::read(path, KEYS_MAGIC)? else {
            return Ok(None);
        };
        let mut bytes = payload.bytes();
        // Unchecked is safe here: the checksum matched, so these are bytes that this program wrote.
        let pk = ProvingKey::read::<_, C>(&mut bytes, SerdeFormat::RawBytesUnchecked, circuit.params())
            .map_err(|source| CacheError::Content {
                path: path.into(),
                source,
            })?;
        if pk.get_vk().get_domain().k() != srs.params().k() || !bytes.is_empty() {
            let source = io::Error::new(io::ErrorKind::InvalidData, "key of another size");
            return Err(CacheError::Content {
                path: path.into(),
                source,
            });
        }
        Ok(Some(Self::from_pk::<C>(pk, circuit.params(), srs, fingerprint)))
    }

    fn from_pk<C: Circuit<Fr>>(
        pk: ProvingKey<G1Affine>,
        params: C::Params,
        srs: &Srs,
        fingerprint: CircuitFingerprint,
    ) -> Self {
        let verifier = VerifierKey::new::<C>(pk.get_vk(), params, srs.params());
        Self {
            pk: Arc::new(pk),
            verifier,
            fingerprint,
        }
    }

    /// halo2's proving key.
    pub fn proving_key(&self) -> &Arc<ProvingKey<G1Affine>> {
        &self.pk
    }

    /// What verifies the proofs made with these keys.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The circuit these keys belong to.
    pub fn fingerprint(&self) -> CircuitFingerprint {
        self.fingerprint
    }
}

fn cache_name(fingerprint: CircuitFingerprint, srs: &Srs) -> String {
    let mut hasher = Keccak256::new();
    hasher.update(fingerprint.0);
    hasher.update(srs.checksum());
    hasher.update(srs.params().k().to_le_bytes());
    hasher.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Refuses the two mistakes that keygen does not notice.
fn check_constraint_system<C: Circuit<Fr>>(circuit: &C) -> Result<(), KeyError> {
    let mut cs = ConstraintSystem::<Fr>::default();
    C::configure_with_params(&mut cs, circuit.params());
    let gates = cs
        .gates()
        .iter()
        .flat_map(|gate| gate.polynomials())
        .map(|poly| poly.degree());
    let lookups = cs.lookups().iter().map(|lookup| {
        let degree = |expressions: &[_]| {
            expressions
                .iter()
                .map(halo2_proofs::plonk::Expression::degree)
                .max()
                .unwrap_or(1)
        };
        2 + degree(lookup.input_expressions()).max(1) + degree(lookup.table_expressions()).max(1)
    });
    let needed = gates.chain(lookups).max().unwrap_or(0);
    if needed > cs.degree() {
        return Err(KeyError::DegreeCapped {
            needed,
            used: cs.degree(),
        });
    }
    let instance_columns = pinned_number(&cs, "num_instance_columns");
    if instance_columns != 1 {
        return Err(KeyError::InstanceColumns {
            actual: instance_columns,
        });
    }
    Ok(())
}

/// A number of a constraint system that has no getter; the pinned form prints it.
pub(crate) fn pinned_number(cs: &ConstraintSystem<Fr>, name: &str) -> usize {
    let pinned = format!("{:?}", cs.pinned());
    let rest = pinned.split_once(&format!("{name}: "));
    let digits = rest.map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
