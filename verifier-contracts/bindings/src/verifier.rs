//! The generated verifier of the wrap circuit, from the artifact in this build.

use alloy::primitives::{B256, Bytes, hex::FromHex, keccak256};
use serde::{Deserialize, de::Error as _};

const ARTIFACT: &str = include_str!("../../artifacts/Halo2Verifier.json");
const PATH_ARTIFACT: &str = include_str!("../../artifacts/PoseidonPath.json");
const TAG: &str = include_str!("../../generated/wrap/verifier.json");

/// The generated verifier, ready to deploy.
#[derive(Clone, Debug)]
pub struct GeneratedVerifier {
    /// Creation code.
    pub creation_code: Bytes,
    /// Digest of the wrap verifying key that it verifies for, hex.
    pub digest: String,
    /// Fingerprint of the wrap circuit, hex. Unlike the key it does not depend on a reference string.
    pub circuit: String,
    /// Digest of the circuit set whose proofs are wrapped, hex.
    pub circuit_set: String,
    /// What L1's router knows it by: `keccak256("ashlar/circuits/v1" ‖ circuit set ‖ wrap verifying key)`, so that it changes
    /// with any circuit from the leaves to the wrap.
    pub route: B256,
    /// Parameters of the circuits, as they are written in options.
    pub security: String,
    /// Kind of the reference string that the key was made with.
    pub srs: String,
    /// Bytes of a proof.
    pub proof_bytes: usize,
}

#[derive(Deserialize)]
struct Artifact {
    bytecode: Bytes,
}

#[derive(Deserialize)]
struct Tag {
    wrap_verifier: String,
    circuit: String,
    circuit_set: String,
    security: String,
    srs: String,
    proof_bytes: usize,
}

/// Creation code of the generated contract that computes the root of a path (`IPoseidonPath`). The error says that the
/// committed file was damaged.
pub fn path_code() -> Result<Bytes, serde_json::Error> {
    let Artifact { bytecode } = serde_json::from_str(PATH_ARTIFACT)?;
    Ok(bytecode)
}

/// The verifier contract that this build deploys. The error says that the committed files were damaged.
pub fn generated_verifier() -> Result<GeneratedVerifier, serde_json::Error> {
    let Artifact { bytecode } = serde_json::from_str(ARTIFACT)?;
    let Tag {
        wrap_verifier,
        circuit,
        circuit_set,
        security,
        srs,
        proof_bytes,
    } = serde_json::from_str(TAG)?;
    let digests = [&circuit_set, &wrap_verifier].map(B256::from_hex);
    let [circuits, key] = digests.map(|digest| digest.map_err(serde_json::Error::custom));
    let route = [b"ashlar/circuits/v1".as_slice(), &circuits?.0, &key?.0].concat();
    Ok(GeneratedVerifier {
        creation_code: bytecode,
        route: keccak256(route),
        digest: wrap_verifier,
        circuit,
        circuit_set,
        security,
        srs,
        proof_bytes,
    })
}
