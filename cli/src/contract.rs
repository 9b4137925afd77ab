//! The generated verifier contract.

use anyhow::{Context, ensure};
use ashlar_contracts::GeneratedVerifier;

/// The generated verifier contract, if it is the one for the wrap verifying key with this digest.
pub fn verifier_contract(wrap_verifier: &str) -> anyhow::Result<GeneratedVerifier> {
    let contract = ashlar_contracts::generated_verifier().context("verifier artifact")?;
    ensure!(
        contract.digest == wrap_verifier,
        "the verifier contract in this build is for key {}, the circuits have key {wrap_verifier}: run `ashlar circuits verifier --out verifier-contracts/generated/wrap` and verifier-contracts/script/build",
        contract.digest
    );
    Ok(contract)
}
