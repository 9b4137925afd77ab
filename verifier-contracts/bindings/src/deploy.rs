//! Deployment of a rollup: generated verifier, then `Rollup`.

use alloy::{
    contract::{self, RawCallBuilder},
    primitives::{Address, Bytes, U256},
    providers::Provider,
};

use crate::{MintableToken, Rollup};

/// What distinguishes one deployment from another.
#[derive(Clone, Debug)]
pub struct DeployConfig {
    /// Creation code of the generated Halo2 verifier.
    pub verifier_code: Bytes,
    /// State root before the first batch, as [`crate::encoding::hash_to_word`] encodes it.
    pub genesis_root: U256,
    /// Who may commit and revert batches and register tokens.
    pub operator: Address,
    /// ERC-20 tokens to register as numbers 1, 2, ….
    pub tokens: Vec<Address>,
}

/// Where a deployment's contracts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// `Rollup`.
    pub rollup: Address,
    /// The generated `Halo2Verifier` that the rollup calls.
    pub proof_verifier: Address,
}

/// A deployment that stopped; contracts that were deployed before it stay unused on the chain.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The chain refused a creation transaction, or the connection to it failed.
    #[error("cannot deploy {contract}")]
    Creation {
        /// Which of the contracts.
        contract: &'static str,
        /// What the node said.
        #[source]
        source: contract::Error,
    },
}

/// Deploys both contracts from the provider's default signer and waits until they are mined.
pub async fn deploy<P: Provider>(provider: P, config: DeployConfig) -> Result<Deployment, DeployError> {
    let failed = |contract| move |source| DeployError::Creation { contract, source };
    let proof_verifier = RawCallBuilder::new_raw_deploy(&provider, config.verifier_code)
        .deploy()
        .await
        .map_err(failed("Halo2Verifier"))?;
    let rollup = Rollup::deploy(
        &provider,
        proof_verifier,
        config.genesis_root,
        config.operator,
        config.tokens,
    )
    .await
    .map_err(failed("Rollup"))?;
    Ok(Deployment {
        rollup: *rollup.address(),
        proof_verifier,
    })
}

/// Deploys an ERC-20 that anybody can mint; for demonstrations and tests.
pub async fn deploy_token<P: Provider>(
    provider: P,
    name: &str,
    symbol: &str,
    decimals: u8,
) -> Result<Address, DeployError> {
    let token = MintableToken::deploy(provider, name.to_owned(), symbol.to_owned(), decimals)
        .await
        .map_err(|source| DeployError::Creation {
            contract: "MintableToken",
            source,
        })?;
    Ok(*token.address())
}
