//! `ashlar key`: the rollup key of an Ethereum key, as `ashlar_client::rollup_key` derives it.

use alloy::signers::local::PrivateKeySigner;
use anyhow::Context;
use ashlar_ecgfp5::SecretKey;
use ashlar_statement::hash::hash_to_bytes32;

use super::fixed_hex;
use crate::say;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The Ethereum private key; better given by the environment than on the command line.
    #[arg(long, env = "ASHLAR_ETHEREUM_KEY", hide_env_values = true)]
    ethereum_key: String,
}

/// The rollup key of an Ethereum key.
pub fn derive(ethereum: &PrivateKeySigner) -> anyhow::Result<SecretKey> {
    ashlar_client::rollup_key(ethereum).context("cannot sign")
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let key: [u8; 32] = fixed_hex(&args.ethereum_key).context("Ethereum key")?;
    let signer = PrivateKeySigner::from_slice(&key).context("Ethereum key")?;
    let public = derive(&signer)?.public_key();
    say!("public key  0x{}", hex::encode(public.to_bytes()))?;
    say!(
        "key hash    0x{}",
        hex::encode(hash_to_bytes32(&public.key_hash()))
    )?;
    Ok(())
}
