//! How a user's command reaches sequencer and L1.

use std::{path::PathBuf, time::Duration};

use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use anyhow::Context;
use ashlar_client::{Client, L1, L1Config, Options};
use ashlar_statement::Domain;

use crate::deployment::Deployment;

#[derive(Clone, Debug, clap::Args)]
pub struct Links {
    /// The sequencer's API.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        default_value = "http://127.0.0.1:7001"
    )]
    pub sequencer: String,
    /// JSON-RPC endpoint of L1.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        default_value = "http://127.0.0.1:8545"
    )]
    pub l1_rpc: String,
    /// Beacon API endpoint of a consensus node, or of an archive, that a rollup's blobs are read from; several with commas or
    /// by repeating the flag [default: the L1 endpoint itself, which has them if it is a node for development]
    #[arg(long, global = true, value_name = "URL", value_delimiter = ',')]
    l1_beacon: Vec<String>,
    /// Endpoint of a member of a validium's committee (`ashlar da`) that rollup streams are read from; several with commas or
    /// by repeating the flag.
    #[arg(long, global = true, value_name = "URL", value_delimiter = ',')]
    da_member: Vec<String>,
    /// The rollup, as `ashlar deploy` has written it down. Without it, the rollup is the one that the sequencer names.
    #[arg(long, global = true, value_name = "FILE")]
    pub deployment: Option<PathBuf>,
    /// Address of the rollup contract, in place of --deployment [default: as the deployment file or the sequencer says]
    #[arg(long, global = true, value_name = "ADDRESS")]
    rollup: Option<Address>,
    /// Limit for each request, in seconds.
    #[arg(long, global = true, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    request_timeout_secs: u64,
}

impl Links {
    /// The deployment file, if one was given.
    pub fn deployment(&self) -> anyhow::Result<Option<Deployment>> {
        self.deployment.as_deref().map(Deployment::load).transpose()
    }

    /// The rollup that keys are derived for: that of the deployment file, or else the one that the sequencer names.
    pub async fn domain(&self) -> anyhow::Result<Domain> {
        match (self.deployment()?, self.rollup) {
            (Some(deployment), _) => Ok(deployment.domain()),
            (None, Some(_)) => Ok(*self.l1(None).await?.domain()),
            (None, None) => Ok(*self.client().await?.domain()),
        }
    }

    /// Refuses to send money to a contract that only the sequencer names.
    pub fn require_rollup(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.deployment.is_some() || self.rollup.is_some(),
            "say which rollup is meant: --deployment FILE, or --rollup ADDRESS; money is not sent to what a sequencer names"
        );
        Ok(())
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_secs)
    }

    /// How patient a client of the sequencer is.
    pub fn options(&self) -> Options {
        Options {
            request_timeout: self.timeout(),
            ..Options::default()
        }
    }

    /// Connects to the sequencer, which must run the rollup of the deployment file.
    pub async fn client(&self) -> anyhow::Result<Client> {
        let client = Client::connect_with(&self.sequencer, self.options()).await?;
        if let Some(deployment) = self.deployment()? {
            deployment.require("the sequencer", client.domain())?;
        }
        Ok(client)
    }

    /// Connects to L1; the rollup is that of the deployment file, or else the one that the sequencer names.
    pub async fn l1(&self, signer: Option<PrivateKeySigner>) -> anyhow::Result<L1> {
        let deployment = self.deployment()?;
        let rollup: Address = match (&deployment, self.rollup) {
            (Some(deployment), given) => {
                anyhow::ensure!(
                    given.is_none_or(|given| given == deployment.rollup),
                    "--rollup is {}, the deployment file says {}: leave one of them away",
                    given.unwrap_or_default(),
                    deployment.rollup
                );
                deployment.rollup
            }
            (None, Some(rollup)) => rollup,
            (None, None) => {
                let client = self.client().await;
                let client = client.context(
                    "neither --deployment nor --rollup is given, and the sequencer cannot be asked",
                )?;
                client.domain().rollup.into()
            }
        };
        let config = L1Config {
            start_block: deployment.as_ref().map_or(0, |deployment| deployment.block),
            signer,
            beacons: self.l1_beacon.clone(),
            members: self.da_member.clone(),
            request_timeout: self.timeout(),
            ..L1Config::new(&self.l1_rpc, rollup)
        };
        let l1 = L1::connect(config).await?;
        if let Some(deployment) = deployment {
            deployment.require("L1", l1.domain())?;
        }
        Ok(l1)
    }

    /// Both, which must have the same chain and rollup.
    pub async fn both(&self, signer: Option<PrivateKeySigner>) -> anyhow::Result<(Client, L1)> {
        let client = self.client().await?;
        let l1 = self.l1(signer).await?;
        anyhow::ensure!(
            client.domain() == l1.domain(),
            "the sequencer runs rollup {} on chain {}, this L1 has rollup {} on chain {}: correct --l1-rpc or --sequencer",
            Address::from(client.domain().rollup),
            client.domain().chain_id,
            Address::from(l1.domain().rollup),
            l1.domain().chain_id
        );
        Ok((client, l1))
    }
}
