//! `ashlar key`: how a wallet derives its rollup key.
//!
//! The seed of the rollup key is the wallet's Ethereum signature (EIP-191, deterministic by RFC 6979) of one fixed
//! text. Whoever obtains that signature owns the rollup key, so the text says what it is for.

use alloy::signers::{SignerSync, local::PrivateKeySigner};
use anyhow::Context;
use ashlar_ecgfp5::SecretKey;
use ashlar_statement::hash::hash_to_bytes32;

use super::fixed_hex;
use crate::say;

/// What the wallet signs.
const MESSAGE: &str = "Ashlar rollup key, version 1.\n\nSign this only in a wallet of the rollup: the signature gives full control of your rollup account.";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The Ethereum private key; better given by the environment than on the command line.
    #[arg(long, env = "ASHLAR_ETHEREUM_KEY", hide_env_values = true)]
    ethereum_key: String,
}

/// The rollup key of an Ethereum key.
pub fn derive(ethereum: &PrivateKeySigner) -> anyhow::Result<SecretKey> {
    let signature = ethereum
        .sign_message_sync(MESSAGE.as_bytes())
        .context("cannot sign")?;
    Ok(SecretKey::from_seed(&signature.as_bytes()))
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
