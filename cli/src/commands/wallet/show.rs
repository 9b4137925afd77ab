//! `ashlar wallet address` and `balance`

use alloy::{providers::Provider, signers::local::PrivateKeySigner};
use ashlar_client::Standing;
use ashlar_statement::hash::{Hash, ZERO_HASH, hash_to_bytes32};

use super::Wallet;
use crate::output::OutputError;

#[derive(Debug, clap::Args)]
pub struct Balance {
    /// Check the balance against the root that L1 holds, instead of taking the sequencer's word. This is the balance
    /// after the last sealed batch.
    #[arg(long)]
    verify: bool,
}

pub fn identity(ethereum: &PrivateKeySigner, auth: &Hash) -> Result<(), OutputError> {
    crate::say!("address   {}", ethereum.address())?;
    crate::say!("auth      0x{}", hex::encode(hash_to_bytes32(auth)))
}

pub fn address(wallet: &Wallet) -> Result<(), OutputError> {
    identity(&wallet.ethereum, &wallet.auth())
}

pub async fn balance(wallet: &Wallet, args: &Balance) -> anyhow::Result<()> {
    let (client, l1) = wallet.both().await?;
    let tokens = l1.tokens().await?;
    let account = wallet.account(&client).await?;
    let mut shown = account.clone();
    if let (Some(account), true) = (&account, args.verify) {
        let included = client.inclusion(account.index).await??;
        let standing = match l1.standing(included.batch, &included.root).await? {
            Standing::NotOnL1 => "not on L1 yet: only the sequencer's word",
            Standing::Committed => "the root is committed on L1, its proof is to come",
            Standing::Proven => "the root is proven on L1",
        };
        crate::say!("after batch {}: {standing}", included.batch)?;
        anyhow::ensure!(
            included
                .account
                .as_ref()
                .is_none_or(|of| of.l1_owner == wallet.owner()),
            "the sequencer proves the balance of somebody else's account"
        );
        shown = included.account;
    }
    match shown {
        None if account.is_some() => crate::say!("account   opened after that batch")?,
        None => crate::say!("account   none yet: a deposit opens one")?,
        Some(account) => {
            let signs = match account.auth {
                auth if auth == wallet.auth() => "",
                auth if auth == ZERO_HASH => {
                    ", which no key signs for: `ashlar wallet set-auth` gives it the wallet's"
                }
                _ => {
                    ", which is signed for otherwise: name its policy with --policy, or `ashlar wallet set-auth` gives it the wallet's key"
                }
            };
            crate::say!("account   {}{signs}", account.index)?;
            for (token, units) in &account.balances {
                let token = tokens.get(usize::from(*token));
                let text = token.map_or_else(|| format!("{units} units"), |token| token.display(*units));
                crate::say!("rollup    {text}")?;
            }
        }
    }
    let provider = l1.contract().provider();
    let wei = provider.get_balance(wallet.owner()).await?;
    crate::say!("L1        {} ETH", alloy::primitives::utils::format_ether(wei))?;
    Ok(())
}
