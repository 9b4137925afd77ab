//! `ashlar wallet passkey`: accounts whose L1 owner is a contract that obeys a passkey (`PasskeyOwner.sol`). The passkey is
//! with a device and its browser: what it shall sign goes there as a challenge, and comes back as an assertion in a file.

mod action;
mod request;
mod send;

use alloy::primitives::Address;
use ashlar_client::{L1, Passkey};
use base64::{Engine, engine::general_purpose};

use super::key::Source;
use crate::{commands::l1_address, links::Links};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Put a factory of owners on L1. It belongs to nobody, and one is enough for a chain.
    Deploy,
    /// Show where the owner of a passkey is, or will be: a deposit can name it before it is created. Needs no key.
    Address(Owner),
    /// Create the owner of a passkey, unless it is there.
    Create(Owner),
    /// Write to a file what an owner shall do, and show the challenge that its passkey has to sign for that. Needs no key.
    Ask(request::Ask),
    /// Bring L1 what a passkey has signed. The wallet's key pays for the gas, and may do nothing else.
    Send(send::Send),
}

/// A passkey, and who makes owners of passkeys.
#[derive(Debug, clap::Args)]
pub struct Owner {
    /// The factory that `ashlar wallet passkey deploy` has put on L1.
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
    owners: Address,
    /// The passkey's public key: what `AuthenticatorAttestationResponse.getPublicKey()` returns, in base64.
    #[arg(long, value_name = "BASE64", value_parser = passkey)]
    passkey: Passkey,
}

/// Bytes in base64, be it for URLs or not, with padding or without.
fn from_base64(text: &str) -> anyhow::Result<Vec<u8>> {
    let text = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    Ok(general_purpose::URL_SAFE_NO_PAD.decode(text)?)
}

/// Reads a public key.
fn passkey(text: &str) -> anyhow::Result<Passkey> {
    Ok(Passkey::from_spki(&from_base64(text)?)?)
}

pub async fn run(links: &Links, key: &Source, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Deploy => deploy(&paying(links, key).await?).await,
        Command::Address(args) => {
            let l1 = links.l1(None).await?;
            let owner = l1.passkey_owner_address(args.owners, &args.passkey).await?;
            Ok(crate::say!("owner {owner}")?)
        }
        Command::Create(args) => {
            let l1 = paying(links, key).await?;
            let owner = l1.create_passkey_owner(args.owners, &args.passkey).await?;
            Ok(crate::say!("owner {}", owner.address())?)
        }
        Command::Ask(args) => request::ask(&links.l1(None).await?, args).await,
        Command::Send(args) => {
            links.require_rollup()?;
            send::send(links, &paying(links, key).await?, &args).await
        }
    }
}

/// L1, with whose key pays for gas.
async fn paying(links: &Links, key: &Source) -> anyhow::Result<L1> {
    links.l1(Some(key.signer()?)).await
}

async fn deploy(l1: &L1) -> anyhow::Result<()> {
    let owners = l1.deploy_passkey_owners().await?;
    Ok(crate::say!("owners {owners}")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_in_each_of_its_forms() {
        let bytes = [0xfb, 0xff, 0xfe, 0x01];
        for text in ["-__-AQ", "-__-AQ==", "+//+AQ", "+//+AQ=="] {
            assert_eq!(from_base64(text).expect(text), bytes, "{text}");
        }
        for wrong in ["a", "ab cd", "Ä"] {
            assert!(from_base64(wrong).is_err(), "{wrong}");
        }
        let error = passkey("AAAA").expect_err("no key").to_string();
        assert!(error.contains("ES256"), "{error}");
    }
}
