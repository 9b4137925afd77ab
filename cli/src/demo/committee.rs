//! A validium's committee: four members, each a process of its own.

use std::{path::Path, time::Duration};

use alloy::{
    hex,
    primitives::{Address, B256, keccak256},
    signers::local::PrivateKeySigner,
};
use anyhow::Context;
use ashlar_contracts::{DataMode, Deployment as Contracts};

use super::{
    chain::{self, Chain},
    free_address,
    processes::Process,
};
use crate::{commands::setup::Summary, deployment::Deployment};

/// Of the processes, too.
const NAMES: [&str; 4] = ["da-1", "da-2", "da-3", "da-4"];

/// For this demo alone: anybody can compute it.
fn key(member: &str) -> B256 {
    keccak256(format!("ashlar demo, committee member {member}"))
}

/// Who the members are; nobody if L1 has all data.
pub fn addresses(data: DataMode) -> anyhow::Result<Vec<Address>> {
    if data != DataMode::Validium {
        return Ok(Vec::new());
    }
    let address = |name: &&str| {
        let signer = PrivateKeySigner::from_bytes(&key(name)).context("a member's key")?;
        Ok(signer.address())
    };
    NAMES.iter().map(address).collect()
}

/// The members, or nobody.
#[derive(Debug, Default)]
pub struct Committee {
    processes: Vec<Process>,
    endpoints: Vec<String>,
}

impl Committee {
    /// Writes the deployment down, from which members read whose batches they sign, and starts them.
    pub async fn start(
        data: DataMode,
        folder: &Path,
        chain: &Chain,
        contracts: &Contracts,
        setup: &Summary,
    ) -> anyhow::Result<Self> {
        let mut started = Self::default();
        if data != DataMode::Validium {
            return Ok(started);
        }
        let file = folder.join("deployment.toml");
        let operator = chain::signer(0)?.address();
        let mut committee = addresses(data)?;
        committee.sort_unstable();
        let deployment = Deployment {
            chain_id: chain.rollup(0, contracts.rollup).await?.domain().chain_id,
            rollup: contracts.rollup,
            verifier: contracts.proof_verifier,
            router: contracts.router,
            path: contracts.path,
            exit_deadline_secs: ashlar_contracts::DEFAULT_EXIT_DEADLINE_SECS,
            verifier_digest: setup.wrap_verifier.clone(),
            circuit_set: setup.circuit_set.parse().context("the circuit set")?,
            data,
            operator,
            holder: None,
            committee,
            genesis_root: chain::genesis_root(),
            fee_owner: operator,
            block: 0,
        };
        deployment.store(&file)?;
        for name in NAMES {
            let address = free_address()?;
            let mut process = Process::start(name, folder, |command| {
                command.args(["da", "--listen", &address.to_string(), "--deployment"]);
                command.arg(&file).arg("--data-dir").arg(folder.join(name));
                command.env("ASHLAR_MEMBER_KEY", hex::encode(key(name)));
            })?;
            process.wait_listening(address, Duration::from_secs(60)).await?;
            started.processes.push(process);
            started.endpoints.push(format!("http://{address}"));
        }
        Ok(started)
    }

    /// Where they serve.
    pub fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    /// Fails if one of them has ended.
    pub fn check(&mut self) -> anyhow::Result<()> {
        self.processes.iter_mut().try_for_each(Process::check)
    }

    /// To be stopped with the others.
    pub fn into_processes(self) -> Vec<Process> {
        self.processes
    }
}
