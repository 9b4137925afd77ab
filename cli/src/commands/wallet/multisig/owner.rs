//! `ashlar wallet multisig auth`, and who may own a group's account on L1.
//!
//! The L1 owner is a second key to an account: it sets what signs for it and orders withdrawals, and no signature of the
//! group is asked for. If that is an address with a key, whoever has that key has everything. So it must be a contract, and
//! one that wants as many parties as the group does.

use alloy::{
    primitives::{Address, U256},
    providers::Provider,
    sol_types::SolCall,
};
use anyhow::{Context, bail, ensure};
use ashlar_client::{L1, auth_of};
use ashlar_contracts::Rollup;
use ashlar_statement::hash::hash_to_bytes32;

use super::Folder;
use crate::{commands::l1_address, links::Links};

/// The chain of development nodes, whose keys everybody knows.
const DEVELOPMENT_CHAIN: u64 = 31_337;
/// How the code of an address with a key begins that borrows a contract's (EIP-7702). The key goes on to work.
const DELEGATION: [u8; 3] = [0xef, 0x01, 0x00];

#[derive(Debug, clap::Args)]
pub struct OwnerCanTakeAll {
    /// Take an L1 owner that has a key and no code, which can take everything without the group. On development chains
    /// alone.
    #[arg(long)]
    owner_can_take_all: bool,
}

#[derive(Debug, clap::Args)]
pub struct Auth {
    #[command(flatten)]
    folder: Folder,
    /// L1 address that owns the account, or is to own it: a contract that asks as many parties as the group does.
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
    owner: Address,
    /// An account of this owner that exists, and is to be the group's.
    #[arg(long, value_name = "INDEX")]
    account: Option<u32>,
    #[command(flatten)]
    allowed: OwnerCanTakeAll,
}

/// What an address lacks to be a contract.
fn lack(code: &[u8]) -> Option<&'static str> {
    if code.is_empty() {
        Some("has no code")
    } else if code.starts_with(&DELEGATION) {
        Some("has a key, and only borrows its code (EIP-7702)")
    } else {
        None
    }
}

impl OwnerCanTakeAll {
    /// Refuses an L1 owner that can act by itself.
    pub async fn require_contract(&self, l1: &L1, owner: Address) -> anyhow::Result<()> {
        let code = l1.contract().provider().get_code_at(owner).await;
        let code = code.with_context(|| format!("L1 does not say what code {owner} has"))?;
        let Some(lack) = lack(&code) else {
            return Ok(());
        };
        let danger = format!(
            "{owner} {lack}: by order of L1, whoever has its key takes everything from its account alone, whatever the group signs"
        );
        if !self.owner_can_take_all {
            bail!(
                "{danger}. Let a contract own the account that asks as many parties as the group does; on a development chain, --owner-can-take-all takes it as it is"
            );
        }
        let chain_id = l1.domain().chain_id;
        ensure!(
            chain_id == DEVELOPMENT_CHAIN,
            "{danger}. --owner-can-take-all is for development chains ({DEVELOPMENT_CHAIN}), this is chain {chain_id}: let a contract own the account"
        );
        crate::say!("warning: {danger}")?;
        Ok(())
    }
}

pub async fn auth(links: &Links, args: &Auth) -> anyhow::Result<()> {
    links.require_rollup()?;
    let quorum = args.folder.quorum()?;
    let l1 = links.l1(None).await?;
    args.allowed.require_contract(&l1, args.owner).await?;
    let bytes = hash_to_bytes32(&auth_of(&quorum.public_key()));
    let auth = U256::from_be_bytes(bytes);
    let owner = args.owner;
    crate::say!("auth      0x{}", hex::encode(bytes))?;
    crate::say!("rollup    {}", l1.contract().address())?;
    match args.account {
        None => {
            let call = Rollup::depositETHCall { owner, auth }.abi_encode();
            crate::say!("deposit   0x{}", hex::encode(call))?;
            crate::say!(
                "{owner} calls the rollup with this data, and the first deposit in ETH as the value"
            )?;
        }
        Some(account) => {
            let call = Rollup::setAuthCall { account, auth }.abi_encode();
            crate::say!("set-auth  0x{}", hex::encode(call))?;
            crate::say!("{owner} calls the rollup with this data")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_key_is_no_contract_though_it_borrows_code() {
        assert_eq!(lack(&[]), Some("has no code"));
        let delegated = [&DELEGATION[..], &[7; 20]].concat();
        assert!(lack(&delegated).is_some_and(|lack| lack.contains("EIP-7702")));
        assert_eq!(lack(&[0x60, 0x80]), None);
    }
}
