//! `ashlar key`: the rollup key of an Ethereum key, as `ashlar_client::rollup_key` derives it.

use alloy::signers::local::PrivateKeySigner;
use anyhow::Context;
use ashlar_ecgfp5::SecretKey;
use ashlar_statement::hash::hash_to_bytes32;

use super::wallet::Source;
use crate::say;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
}

/// The rollup key of an Ethereum key.
pub fn derive(ethereum: &PrivateKeySigner) -> anyhow::Result<SecretKey> {
    ashlar_client::rollup_key(ethereum).context("cannot sign")
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let public = derive(&args.source.signer()?)?.public_key();
    say!("public key  0x{}", hex::encode(public.to_bytes()))?;
    say!(
        "key hash    0x{}",
        hex::encode(hash_to_bytes32(&public.key_hash()))
    )?;
    Ok(())
}
