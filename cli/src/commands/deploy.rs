//! `ashlar deploy`: the contracts on L1, and the file that says where they are.

use std::{path::PathBuf, time::Duration};

use alloy::{
    network::EthereumWallet,
    primitives::{Address, B256, U256},
    providers::{Provider, ProviderBuilder},
    transports::http::reqwest,
};
use anyhow::{Context, bail};
use ashlar_client::{L1, L1Config, auth_of};
use ashlar_contracts::{
    DEFAULT_EXIT_DEADLINE_SECS, DEFAULT_NOTICE_SECS, DataMode, DeployConfig, OptimisticTerms, SeatTerms,
    TokenListing,
};
use ashlar_payments::tree::empty_accounts_root;
use ashlar_report::file::require_writable;
use ashlar_statement::{
    Domain,
    hash::{ZERO_HASH, hash_to_bytes32},
};

use super::l1_address;
use crate::{cache::Cache, deployment::Deployment, keys::OperatorKey};

const WEI_PER_GWEI: u128 = 1_000_000_000;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// JSON-RPC endpoint of L1.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    l1_rpc: String,
    #[command(flatten)]
    operator: OperatorKey,
    /// Contracts of ERC-20 tokens to register as numbers 1, 2, …; behind a colon, how many of the token's base units make a
    /// unit of the rollup [default: by the token's decimals]. The rollup holds fewer than 2^62 units of a token.
    #[arg(long, value_name = "ADDRESS[:UNIT]", value_delimiter = ',', value_parser = listing)]
    tokens: Vec<TokenListing>,
    /// Where batches have their public data, for ever: `calldata`; `blob`, where transfers cost L1 next to nothing and nodes
    /// keep them for 18 days; or `validium`, where a committee keeps them and L1 has deposits and withdrawals alone.
    #[arg(long, value_name = "MODE", default_value_t = DataMode::Calldata)]
    data: DataMode,
    /// Members of a validium's committee, for ever: 4 to 32 addresses of the keys that `ashlar da` signs with. Two thirds
    /// must sign each batch; if all who signed withhold it, balances are frozen.
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', value_parser = l1_address)]
    committee: Vec<Address>,
    /// Seconds that an operation queued on L1 may wait for the proof of a batch with it, from 60 to 2592000. Whatever waits
    /// longer lets anybody end the rollup: from then on there are only exits.
    #[arg(long, value_name = "SECS", default_value_t = DEFAULT_EXIT_DEADLINE_SECS)]
    exit_deadline: u64,
    /// Makes batches final by time unless somebody challenges them within so many seconds of their commit, from 3600 to
    /// 604800 and less than half of the exit deadline: proofs are needed for challenges alone. Posts the operator's bond.
    #[arg(long, value_name = "SECS")]
    optimistic_window: Option<u64>,
    /// Seconds in which a challenge must be answered by a proof, from 600 to the window.
    #[arg(
        long,
        value_name = "SECS",
        default_value_t = 3_600,
        requires = "optimistic_window"
    )]
    answer_time: u64,
    /// Bond that the operator of an optimistic rollup loses to whose challenge is not answered, in gwei.
    #[arg(
        long,
        value_name = "GWEI",
        default_value_t = 1_000_000_000,
        requires = "optimistic_window"
    )]
    operator_bond_gwei: u64,
    /// Bond that a challenger loses to the operator if the challenge is answered, in gwei: what proof and gas cost, or more.
    #[arg(
        long,
        value_name = "GWEI",
        default_value_t = 100_000_000,
        requires = "optimistic_window"
    )]
    challenge_bond_gwei: u64,
    /// Makes the operator a seat whose keys can change: this address, best a contract of several parties, nominates who takes
    /// it after the operator's key. Without it, that key is the operator for ever. Also owns the verifiers' router.
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address, conflicts_with = "optimistic_window")]
    seat_owner: Option<Address>,
    /// Who can suspend whoever holds the operator's seat, at once [default: --seat-owner]
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address, requires = "seat_owner")]
    seat_guardian: Option<Address>,
    /// Seconds between a nomination for the operator's seat and its effect, from 3600 to 2592000.
    #[arg(long, value_name = "SECS", default_value_t = 86_400, requires = "seat_owner")]
    seat_notice: u64,
    /// Seconds between the announcement of another circuit set and the earliest time it may prove; more than the exit
    /// deadline.
    #[arg(long, default_value_t = DEFAULT_NOTICE_SECS, value_parser = clap::value_parser!(u64).range(..=31_536_000))]
    notice_secs: u64,
    /// L1 address whose first account earns the fees [default: the operator's]
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
    fee_owner: Option<Address>,
    /// Deposit so many gwei for --fee-owner, whose account earns the fees and exists from then on; 0 for none.
    #[arg(long, default_value_t = 1)]
    first_deposit_gwei: u64,
    /// Where the deployment is written down; must not exist.
    #[arg(long, value_name = "FILE", default_value = "deployment.toml")]
    deployment: PathBuf,
    #[command(flatten)]
    cache: Cache,
}

impl Args {
    fn seat(&self) -> Option<SeatTerms> {
        let owner = self.seat_owner?;
        Some(SeatTerms {
            owner,
            guardian: self.seat_guardian.unwrap_or(owner),
            notice_secs: self.seat_notice,
        })
    }

    fn optimistic(&self) -> Option<OptimisticTerms> {
        Some(OptimisticTerms {
            window_secs: self.optimistic_window?,
            answer_secs: self.answer_time,
            operator_bond_wei: u128::from(self.operator_bond_gwei) * WEI_PER_GWEI,
            challenge_bond_wei: u128::from(self.challenge_bond_gwei) * WEI_PER_GWEI,
        })
    }
}

fn listing(text: &str) -> anyhow::Result<TokenListing> {
    let (token, unit) = text.split_once(':').unwrap_or((text, "0"));
    Ok(TokenListing {
        token: token.parse().context("not an address")?,
        unit: unit.parse().context("the unit is not a number")?,
    })
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
    let verifier = crate::contract::verifier_contract(&verifier_digest)?;
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
            let genesis = U256::from_be_bytes(genesis_root);
            let config = DeployConfig {
                notice_secs: args.notice_secs,
                exit_deadline_secs: args.exit_deadline,
                path_code: Some(ashlar_contracts::path_code().context("path artifact")?),
                tokens: args.tokens.clone(),
                data: args.data,
                committee: args.committee.clone(),
                optimistic: args.optimistic(),
                seat: args.seat(),
                ..DeployConfig::new(verifier.creation_code, verifier.route, genesis, signer.address())
            };
            let (data, mut committee) = (config.data, config.committee.clone());
            committee.sort_unstable();
            let deployed = ashlar_contracts::deploy(&provider, config).await?;
            let domain = Domain {
                chain_id,
                rollup: deployed.rollup.into_array(),
            };
            let owner = args.fee_owner.unwrap_or(signer.address());
            let deployment = Deployment {
                chain_id,
                rollup: deployed.rollup,
                verifier: deployed.proof_verifier,
                router: deployed.router,
                path: deployed.path,
                exit_deadline_secs: args.exit_deadline,
                verifier_digest,
                circuit_set,
                data,
                operator: deployed.operator,
                holder: args.seat_owner.map(|_| signer.address()),
                committee,
                genesis_root: genesis_root.into(),
                fee_owner: owner,
                block,
            };
            deployment.store(&args.deployment)?; // before anything else can fail
            let l1 = L1::connect(L1Config {
                signer: Some(signer.clone()),
                ..L1Config::new(&args.l1_rpc, deployment.rollup)
            })
            .await?;
            if let Some(terms) = args.optimistic() {
                l1.post_bond(&terms).await.context("the operator's bond")?;
            }
            if args.first_deposit_gwei > 0 {
                // What signs for somebody else's account is for its owner to say.
                let auth = if owner == signer.address() {
                    auth_of(&super::key::derive(&signer, &domain)?.public_key())
                } else {
                    ZERO_HASH
                };
                let eth = l1.token(0).await?;
                l1.deposit(&eth, args.first_deposit_gwei, owner, &auth).await?;
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
