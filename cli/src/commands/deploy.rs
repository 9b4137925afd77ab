//! `ashlar deploy`: the contracts on L1, and the file that says where they are.

use std::{path::PathBuf, time::Duration};

use alloy::{
    network::EthereumWallet,
    primitives::{Address, B256, U256},
    providers::{Provider, ProviderBuilder},
    transports::http::reqwest,
};
use anyhow::{Context, bail, ensure};
use ashlar_client::{L1, L1Config};
use ashlar_contracts::DeployConfig;
use ashlar_payments::tree::empty_accounts_root;
use ashlar_report::file::require_writable;
use ashlar_statement::hash::hash_to_bytes32;

use crate::{cache::Cache, deployment::Deployment, keys::OperatorKey};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// JSON-RPC endpoint of L1.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    l1_rpc: String,
    #[command(flatten)]
    operator: OperatorKey,
    /// Contracts of ERC-20 tokens to register as numbers 1, 2, …
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    tokens: Vec<Address>,
    /// Deposit so many gwei for the operator first, so that account 0, which earns the fees, is the operator's; 0 for
    /// none.
    #[arg(long, default_value_t = 1)]
    first_deposit_gwei: u64,
    /// Where the deployment is written down; must not exist.
    #[arg(long, value_name = "FILE", default_value = "deployment.toml")]
    deployment: PathBuf,
    #[command(flatten)]
    cache: Cache,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    if args.deployment.exists() {
        bail!(
            "{} exists: this rollup is deployed. Name another file with --deployment for another rollup",
            args.deployment.display()
        );
    }
    let signer = args.operator.signer()?;
    require_writable(&args.deployment)?;
    // The contract that is deployed is for one verifying key, which must be that of the circuits here.
    let engine = args.cache.engine()?;
    let kit = engine.wrap_kit().context("the engine has no wrap keys")?;
    let verifier_digest = hex::encode(kit.keys().verifier().digest());
    let code = crate::contract::verifier_contract(&verifier_digest)?;
    let circuit_set = B256::from(engine.circuit_set_digest());
    drop(engine);

    let deployment = crate::shutdown::run(async |interrupted| {
        let deploying = async {
            let url: reqwest::Url = args
                .l1_rpc
                .parse()
                .with_context(|| format!("L1 endpoint `{}` is not a URL", args.l1_rpc))?;
            let http = reqwest::Client::builder()
                .timeout(Duration::from_secs(60))
                .build()?;
            let provider = ProviderBuilder::new()
                .with_simple_nonce_management()
                .wallet(EthereumWallet::from(signer.clone()))
                .connect_reqwest(http, url);
            provider.client().set_poll_interval(Duration::from_millis(250));
            let unreachable = || format!("cannot reach L1 at {}", args.l1_rpc);
            let chain_id = provider.get_chain_id().await.with_context(unreachable)?;
            let block = provider.get_block_number().await.with_context(unreachable)?;
            let genesis_root = hash_to_bytes32(&empty_accounts_root());
            let config = DeployConfig {
                verifier_code: code.into(),
                genesis_root: U256::from_be_bytes(genesis_root),
                operator: signer.address(),
                tokens: args.tokens.clone(),
            };
            let deployed = ashlar_contracts::deploy(&provider, config).await?;
            let deployment = Deployment {
                chain_id,
                rollup: deployed.rollup,
                verifier: deployed.proof_verifier,
                verifier_digest,
                circuit_set,
                genesis_root: genesis_root.into(),
                block,
            };
            deployment.store(&args.deployment)?; // before anything else can fail
            if args.first_deposit_gwei > 0 {
                let key = super::key::derive(&signer)?;
                let l1 = L1::connect(L1Config {
                    signer: Some(signer),
                    ..L1Config::new(&args.l1_rpc, deployment.rollup)
                })
                .await?;
                let owner = key.public_key().key_hash();
                let number = l1
                    .deposit(&l1.token(0).await?, args.first_deposit_gwei, &owner)
                    .await?;
                ensure!(
                    number == 0,
                    "somebody else made the first deposit, so account 0, which earns the fees by default, is not yours: name yours with `ashlar sequencer --fee-account`, or deploy again"
                );
            }
            anyhow::Ok(deployment)
        };
        tokio::select! {
            deployed = deploying => deployed,
            () = interrupted.cancelled() => bail!("interrupted"),
        }
    })?;
    crate::output::write(format_args!("{}", deployment.to_toml()?))?;
    Ok(())
}
