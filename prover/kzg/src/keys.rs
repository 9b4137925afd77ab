//! Proving and verifying keys of the wrap circuit, and their cache on disk.

use std::{
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use ashlar_report::Chain;
use halo2_proofs::{
    SerdeFormat,
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine, G2Affine},
        group::{GroupEncoding, cofactor::CofactorGroup, prime::PrimeCurveAffine},
    },
    plonk::{Circuit, ConstraintSystem, Error, ProvingKey, VerifyingKey, keygen_pk2},
    poly::{
        commitment::{Params, ParamsProver},
        kzg::commitment::ParamsKZG,
    },
};
use sha3::{Digest, Keccak256};

use crate::{
    CircuitFingerprint,
    cache::{self, CacheError},
    fingerprint,
    srs::{self, Srs},
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

/// All that a verifier needs: the verifying key and the three SRS points in the pairing check.
#[derive(Clone, Debug)]
pub struct VerifierKey {
    vk: VerifyingKey<G1Affine>,
    /// An SRS holding nothing but `g`, `g2` and `s·g2`: neither stock `verify_proof` nor the Solidity generator reads
    /// more of it.
    params: ParamsKZG<Bn256>,
}

impl VerifierKey {
    pub(crate) fn new(vk: VerifyingKey<G1Affine>, srs: &ParamsKZG<Bn256>) -> Self {
        let g = srs.get_g()[0];
        Self {
            vk,
            params: srs::assemble(srs.k(), vec![g], vec![g], srs.g2(), srs.s_g2()),
        }
    }

    /// halo2's verifying key.
    pub fn vk(&self) -> &VerifyingKey<G1Affine> {
        &self.vk
    }

    /// The SRS cut down to the points of the pairing check; only `k`, `get_g()[0]`, `g2` and `s_g2` are meaningful.
    pub fn params(&self) -> &ParamsKZG<Bn256> {
        &self.params
    }

    /// Keccak-256 naming this verifier: circuit, size and SRS. The contract for it carries the same tag.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Keccak256::new();
        hasher.update(b"ashlar/wrap-vk/v1");
        hasher.update(crate::to_be_bytes(&self.vk.transcript_repr()));
        hasher.update(self.points());
        hasher.finalize().into()
    }

    /// `g (32 B) ‖ g2 (64 B) ‖ s·g2 (64 B) ‖ verifying key`, points compressed. Inverse of [`Self::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.points();
        self.vk
            .write(&mut out, SerdeFormat::Processed)
            .expect("writing to memory does not fail");
        out
    }

    /// Reads a key of `circuit`. A key from elsewhere must be compared with a trusted [`Self::digest`]: a wrong key
    /// verifies wrong statements.
    pub fn from_bytes<C: Circuit<Fr>>(mut bytes: &[u8], circuit: &C) -> io::Result<Self> {
        let invalid = |what: &'static str| io::Error::new(io::ErrorKind::InvalidData, what);
        let g: G1Affine = read_point(&mut bytes)?.ok_or_else(|| invalid("g is no point of G1"))?;
        let mut read_g2 = || -> io::Result<G2Affine> {
            let point: Option<G2Affine> = read_point(&mut bytes)?;
            let in_group = |p: &G2Affine| bool::from(p.to_curve().is_torsion_free());
            point
                .filter(in_group)
                .ok_or_else(|| invalid("g2 or s·g2 is no point of G2"))
        };
        let (g2, s_g2) = (read_g2()?, read_g2()?);
        // Compressed points: decompression checks the curve, which halo2's `RawBytes` promises but does not do.
        let vk = VerifyingKey::read::<_, C>(&mut bytes, SerdeFormat::Processed, circuit.params())?;
        if !bytes.is_empty() {
            return Err(invalid("bytes after the end of the verifier key"));
        }
        let params = srs::assemble(vk.get_domain().k(), vec![g], vec![g], g2, s_g2);
        Ok(Self { vk, params })
    }

    fn points(&self) -> Vec<u8> {
        let (g2, s_g2) = (self.params.g2().to_bytes(), self.params.s_g2().to_bytes());
        [
            self.params.get_g()[0].to_bytes().as_ref(),
            g2.as_ref(),
            s_g2.as_ref(),
        ]
        .concat()
    }
}

fn read_point<P: GroupEncoding>(bytes: &mut &[u8]) -> io::Result<Option<P>> {
    let mut repr = P::Repr::default();
    bytes.read_exact(repr.as_mut())?;
    Ok(Option::from(P::from_bytes(&repr)))
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
        Ok(Self::from_pk(pk, srs, fingerprint))
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
        Ok(Some(Self::from_pk(pk, srs, fingerprint)))
    }

    fn from_pk(pk: ProvingKey<G1Affine>, srs: &Srs, fingerprint: CircuitFingerprint) -> Self {
        let verifier = VerifierKey::new(pk.get_vk().clone(), srs.params());
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
    let mut instance_columns = 0;
    // The number of instance columns has no getter; the pinned form prints it.
    let pinned = format!("{:?}", cs.pinned());
    if let Some((_, rest)) = pinned.split_once("num_instance_columns: ") {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        instance_columns = digits.parse().unwrap_or(0);
    }
    if instance_columns != 1 {
        return Err(KeyError::InstanceColumns {
            actual: instance_columns,
        });
    }
    Ok(())
}
