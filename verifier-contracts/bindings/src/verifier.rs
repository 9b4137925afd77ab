//! The generated verifier of the wrap circuit, from the artifact in this build.

use alloy::primitives::Bytes;
use serde::Deserialize;

const ARTIFACT: &str = include_str!("../../artifacts/Halo2Verifier.json");
const TAG: &str = include_str!("../../generated/wrap/verifier.json");

/// The generated verifier, ready to deploy.
#[derive(Clone, Debug)]
pub struct GeneratedVerifier {
    /// Creation code.
    pub creation_code: Bytes,
    /// Digest of the wrap verifying key that it verifies for, hex.
    pub digest: String,
    /// Digest of the circuit set whose proofs are wrapped, hex.
    pub circuit_set: String,
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
    circuit_set: String,
    srs: String,
    proof_bytes: usize,
}

/// The verifier contract that this build deploys. The error says that the committed files were damaged.
pub fn generated_verifier() -> Result<GeneratedVerifier, serde_json::Error> {
    let Artifact { bytecode } = serde_json::from_str(ARTIFACT)?;
    let Tag {
        wrap_verifier,
        circuit_set,
        srs,
        proof_bytes,
    } = serde_json::from_str(TAG)?;
    Ok(GeneratedVerifier {
        creation_code: bytecode,
        digest: wrap_verifier,
        circuit_set,
        srs,
        proof_bytes,
    })
}
