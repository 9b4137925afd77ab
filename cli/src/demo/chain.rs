//! The demo's L1: a devnet, and the contracts on it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use alloy::{
    network::EthereumWallet,
    primitives::{Address, B256},
    providers::{DynProvider, Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
};
use anyhow::Context;
use ashlar_client::{L1, L1Config};
use ashlar_contracts::{
    BatchHeader, DataMode, DeployConfig, Deployment, GeneratedVerifier, deploy, path_code,
};
use ashlar_devnet::DEV_ACCOUNTS;
use ashlar_payments::tree::empty_accounts_root;
use ashlar_statement::{Domain, hash::hash_to_bytes32};
use plonky2::field::types::PrimeField64;

use super::processes::{Process, free_address};

/// Cells that a validium's committee is asked for.
const SAMPLES: u32 = 20;
/// Time for a committee to make them.
const CELLS_LIMIT: Duration = Duration::from_secs(60);

/// Which devnet to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Devnet {
    /// anvil if it can be found, else the embedded one.
    Auto,
    /// anvil, from PATH or from `verifier-contracts/node_modules`.
    Anvil,
    /// The devnet inside this binary.
    Embedded,
}

/// The demo's L1.
#[derive(Debug)]
pub struct Chain {
    /// The devnet.
    pub process: Process,
    /// Its JSON-RPC endpoint.
    pub endpoint: String,
    /// "anvil" or "embedded".
    pub kind: &'static str,
}

impl Chain {
    /// Starts the devnet and waits until it answers.
    pub async fn start(devnet: Devnet, folder: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        let anvil = match devnet {
            Devnet::Embedded => None,
            Devnet::Auto => find_anvil(),
            Devnet::Anvil => Some(find_anvil().context(
                "anvil is neither on PATH nor in verifier-contracts/node_modules; install it with `npm ci` there, or use `--devnet embedded`",
            )?),
        };
        let (mut process, kind) = match anvil {
            Some(program) => (start_anvil(&program, address, folder)?, "anvil"),
            None => (start_embedded(address, folder)?, "embedded"),
        };
        process.wait_listening(address, Duration::from_secs(30)).await?;
        Ok(Self {
            process,
            endpoint: format!("http://{address}"),
            kind,
        })
    }

    /// A provider that signs for the operator.
    fn operator(&self) -> anyhow::Result<DynProvider> {
        let wallet = EthereumWallet::from(signer(0)?);
        let url = self.endpoint.parse().context("devnet endpoint")?;
        // A devnet includes a transaction at once: ask for its receipt without the usual pause.
        let provider = ProviderBuilder::new().wallet(wallet).connect_http(url);
        provider.client().set_poll_interval(Duration::from_millis(50));
        Ok(provider.erased())
    }

    /// The rollup's contract, paid by one of the funded accounts.
    pub async fn rollup(&self, account: usize, rollup: Address) -> anyhow::Result<L1> {
        let config = L1Config {
            signer: Some(signer(account)?),
            ..L1Config::new(&self.endpoint, rollup)
        };
        Ok(L1::connect(config).await?)
    }

    /// Samples the last batch with a rollup stream; gives the number of cells that its members gave.
    pub async fn sample(&self, rollup: Address, members: Vec<String>) -> anyhow::Result<usize> {
        let config = L1Config {
            members,
            ..L1Config::new(&self.endpoint, rollup)
        };
        let l1 = L1::connect(config).await?;
        let mut number = l1.state().await?.committed_batches;
        let batch = loop {
            let batch = l1.committed_batch(number).await?;
            if batch.header.rollupWords > 0 {
                break batch;
            }
            number -= 1; // the demo has sent transfers
        };
        let start = Instant::now();
        let sampled = loop {
            match l1.sample(&batch, SAMPLES).await {
                Ok(sampled) => break sampled,
                // Its cells are made after it was signed, as there is time.
                Err(error) if start.elapsed() > CELLS_LIMIT => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        };
        anyhow::ensure!(
            sampled.is_available(),
            "batch {number}: {} cells are with no member of the committee",
            sampled.missing.len()
        );
        Ok(sampled.found.len())
    }

    /// Deploys the generated verifier and the rollup with an empty state.
    pub async fn deploy(
        &self,
        verifier: GeneratedVerifier,
        data: DataMode,
        committee: Vec<Address>,
    ) -> anyhow::Result<Deployment> {
        let (genesis, operator) = (genesis_root().into(), signer(0)?.address());
        let config = DeployConfig {
            path_code: Some(path_code().context("path artifact")?),
            data,
            committee,
            ..DeployConfig::new(verifier.creation_code, verifier.route, genesis, operator)
        };
        Ok(deploy(self.operator()?, config).await?)
    }
}

/// Root of the empty state, as L1 has it.
pub fn genesis_root() -> B256 {
    hash_to_bytes32(&empty_accounts_root()).into()
}

/// A funded account's signer; number 0 is the operator's.
pub fn signer(account: usize) -> anyhow::Result<PrivateKeySigner> {
    PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[account].secret_key).context("devnet key")
}

/// The operator's key as hex, for the sequencer's environment.
pub fn operator_key() -> String {
    hex::encode(DEV_ACCOUNTS[0].secret_key)
}

/// Number of funded accounts that play users, the operator not counted.
pub const USERS: usize = 4;
/// Number of the funded account that triggers claims, whoever is paid.
pub const CLAIMER: usize = USERS + 1;

fn start_anvil(program: &Path, address: SocketAddr, folder: &Path) -> anyhow::Result<Process> {
    Process::start_other("anvil", program, folder, |command| {
        command.args([
            "--host",
            "127.0.0.1",
            "--port",
            &address.port().to_string(),
            "--silent",
        ]);
        command.args(["--hardfork", "osaka"]); // blobs with a proof for each cell
    })
}

fn start_embedded(address: SocketAddr, folder: &Path) -> anyhow::Result<Process> {
    Process::start("devnet", folder, |command| {
        command.args(["devnet", "--listen", &address.to_string()]);
    })
}

fn find_anvil() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = Path::new("verifier-contracts/node_modules/.bin/anvil").to_path_buf();
    std::env::split_paths(&path)
        .map(|folder| folder.join("anvil"))
        .chain([installed])
        .find(|file| file.is_file())
}

/// The public inputs that L1 checks the proof of this header against.
pub fn public_inputs(header: &BatchHeader, data: DataMode, domain: &Domain) -> Vec<u64> {
    let words = domain.words().map(|word| word.to_canonical_u64());
    ashlar_publication::public_inputs(header, data, words).to_vec()
}
