//! Deployment of a rollup: generated verifier, `VerifierRouter`, then `Rollup`.

use alloy::{
    contract::{self, RawCallBuilder},
    primitives::{Address, B256, Bytes, U256},
    providers::Provider,
};

use crate::{
    DataMode, MintableToken, Rollup, TokenListing, VerifierRouter, generated::IVerifierRouter::InitialRoute,
};

/// Seconds between the announcement of a circuit set and the earliest time it may prove: a week.
pub const DEFAULT_NOTICE_SECS: u64 = 7 * 24 * 3600;

/// What distinguishes one deployment from another.
#[derive(Clone, Debug)]
pub struct DeployConfig {
    /// Creation code of the generated Halo2 verifier.
    pub verifier_code: Bytes,
    /// What the router knows the verifier by: `GeneratedVerifier::route` of the generated one.
    pub circuit_set: B256,
    /// Seconds between the announcement of another circuit set and the earliest time it may prove.
    pub notice_secs: u64,
    /// State root before the first batch, as [`crate::encoding::hash_to_word`] encodes it.
    pub genesis_root: U256,
    /// Who may commit and revert batches, register tokens, set flags and announce circuit sets; owns the router, too.
    pub operator: Address,
    /// Where batches have their public data: each mode is a contract of its own.
    pub data: DataMode,
    /// ERC-20 tokens to register as numbers 1, 2, …; a unit of zero is chosen by the token's decimals.
    pub tokens: Vec<TokenListing>,
}

impl DeployConfig {
    /// Without tokens, with the usual notice and data in calldata.
    pub fn new(verifier_code: Bytes, circuit_set: B256, genesis_root: U256, operator: Address) -> Self {
        Self {
            verifier_code,
            circuit_set,
            notice_secs: DEFAULT_NOTICE_SECS,
            genesis_root,
            operator,
            data: DataMode::Calldata,
            tokens: Vec::new(),
        }
    }
}

/// Where a deployment's contracts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// `Rollup`.
    pub rollup: Address,
    /// The generated `Halo2Verifier` that checks the rollup's proofs.
    pub proof_verifier: Address,
    /// The `VerifierRouter` that names it to the rollup.
    pub router: Address,
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

/// Deploys the three contracts from the provider's default signer and waits until they are mined.
pub async fn deploy<P: Provider>(provider: P, config: DeployConfig) -> Result<Deployment, DeployError> {
    let failed = |contract| move |source| DeployError::Creation { contract, source };
    let proof_verifier = RawCallBuilder::new_raw_deploy(&provider, config.verifier_code)
        .deploy()
        .await
        .map_err(failed("Halo2Verifier"))?;
    let route = InitialRoute {
        digest: config.circuit_set,
        verifier: proof_verifier,
    };
    let router = VerifierRouter::deploy(&provider, config.operator, config.notice_secs, vec![route])
        .await
        .map_err(failed("VerifierRouter"))?;
    let deploying = match config.data {
        DataMode::Calldata => Rollup::deploy(
            &provider,
            *router.address(),
            config.circuit_set,
            config.genesis_root,
            config.operator,
            config.tokens,
        ),
    };
    let rollup = deploying.await.map_err(failed("Rollup"))?;
    Ok(Deployment {
        rollup: *rollup.address(),
        proof_verifier,
        router: *router.address(),
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
