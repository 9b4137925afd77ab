//! The rollup's own processes.

use std::{path::Path, time::Duration};

use alloy::primitives::Address;

use super::{
    Args,
    chain::{self, Chain},
    committee::Committee,
    free_address,
    processes::Process,
};

/// When the sequencer seals a batch.
pub struct Sealing {
    /// When it has so many operations.
    pub max_transactions: u32,
    /// When its first one is so old, in seconds.
    pub max_age_secs: u64,
}

/// The processes of the rollup: three, and a validium's committee.
pub struct Services {
    farm: Process,
    worker: Process,
    sequencer: Process,
    committee: Committee,
    /// The sequencer's.
    pub endpoint: String,
    /// The coordinator's.
    pub farm_endpoint: String,
}

impl Services {
    /// Starts them over folders of their own in `folder`.
    pub async fn start(
        args: &Args,
        folder: &Path,
        chain: &Chain,
        committee: Committee,
        (rollup, circuit_set): (Address, &str),
        sealing: &Sealing,
    ) -> anyhow::Result<Self> {
        let (farm_address, sequencer_address) = (free_address()?, free_address()?);
        let farm_endpoint = format!("http://{farm_address}");
        let mut farm = Process::start("farm", folder, |command| {
            command
                .args(["farm", "--listen", &farm_address.to_string(), "--data-dir"])
                .arg(folder.join("farm"));
            command.arg("--cache-dir").arg(&args.cache_dir);
        })?;
        farm.wait_listening(farm_address, Duration::from_secs(300))
            .await?;
        let worker = Process::start("worker", folder, |command| {
            command.args(["worker", "--name", "demo", "--farm", &farm_endpoint]);
            command.args(args.wrap.to_args());
            command.arg("--cache-dir").arg(&args.cache_dir);
        })?;
        let mut sequencer = Process::start("sequencer", folder, |command| {
            command
                .arg("sequencer")
                .arg("--data-dir")
                .arg(folder.join("sequencer"));
            command.args([
                "--listen",
                &sequencer_address.to_string(),
                "--farm",
                &farm_endpoint,
            ]);
            command.args(["--l1-rpc", &chain.endpoint, "--rollup", &rollup.to_string()]);
            command.args([
                "--circuit-set",
                circuit_set,
                "--confirmations",
                "0",
                "--poll-ms",
                "200",
            ]);
            command.args(["--max-transactions", &sealing.max_transactions.to_string()]);
            command.args(["--max-age-secs", &sealing.max_age_secs.to_string()]);
            command.args(["--max-unproven", &u32::MAX.to_string()]); // the demo's own traffic, however long it takes
            for member in committee.endpoints() {
                command.args(["--da-member", member]);
            }
            command.env("ASHLAR_OPERATOR_KEY", chain::operator_key());
        })?;
        sequencer
            .wait_listening(sequencer_address, Duration::from_secs(60))
            .await?;
        Ok(Self {
            farm,
            worker,
            sequencer,
            committee,
            endpoint: format!("http://{sequencer_address}"),
            farm_endpoint,
        })
    }

    /// Fails if one of them has ended.
    pub fn check(&mut self) -> anyhow::Result<()> {
        self.farm.check()?;
        self.worker.check()?;
        self.committee.check()?;
        self.sequencer.check()
    }

    /// Cells of the last batch with transfers that a validium's committee has given.
    pub async fn sample(&self, chain: &Chain, rollup: Address) -> anyhow::Result<Option<usize>> {
        match self.committee.endpoints() {
            [] => Ok(None),
            members => chain.sample(rollup, members.to_vec()).await.map(Some),
        }
    }

    /// Stops them.
    pub async fn stop(self) {
        let mut all = vec![self.sequencer, self.worker, self.farm];
        all.extend(self.committee.into_processes());
        Process::stop_all(all).await;
    }
}
