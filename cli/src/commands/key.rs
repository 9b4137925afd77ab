//! `ashlar key`: the rollup key of an Ethereum key for one rollup, as `ashlar_client::rollup_key` derives it.

use std::path::PathBuf;

use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use anyhow::{Context, bail};
use ashlar_ecgfp5::SecretKey;
use ashlar_statement::{Domain, hash::hash_to_bytes32};

use super::wallet::Source;
use crate::{deployment::Deployment, say};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The rollup, as `ashlar deploy` has written it down.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["chain_id", "rollup"])]
    deployment: Option<PathBuf>,
    /// Id of the rollup's L1 chain, in place of --deployment.
    #[arg(long, requires = "rollup")]
    chain_id: Option<u64>,
    /// Address of the rollup contract, in place of --deployment.
    #[arg(long, value_name = "ADDRESS", requires = "chain_id")]
    rollup: Option<Address>,
    #[command(flatten)]
    source: Source,
}

impl Args {
    fn domain(&self) -> anyhow::Result<Domain> {
        match (&self.deployment, self.chain_id, self.rollup) {
            (Some(path), ..) => Ok(Deployment::load(path)?.domain()),
            (None, Some(chain_id), Some(rollup)) => Ok(Domain {
                chain_id,
                rollup: rollup.into_array(),
            }),
            _ => bail!("a key is good for one rollup: give --deployment FILE, or --chain-id and --rollup"),
        }
    }
}

/// The rollup key of an Ethereum key.
pub fn derive(ethereum: &PrivateKeySigner, domain: &Domain) -> anyhow::Result<SecretKey> {
    ashlar_client::rollup_key(ethereum, domain).context("cannot sign")
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let domain = args.domain()?;
    let public = derive(&args.source.signer()?, &domain)?.public_key();
    say!("public key  0x{}", hex::encode(public.to_bytes()))?;
    say!(
        "auth        0x{}",
        hex::encode(hash_to_bytes32(&ashlar_client::auth_of(&public)))
    )?;
    Ok(())
}
