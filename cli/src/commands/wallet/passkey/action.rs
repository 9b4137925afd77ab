//! What an owner can be asked for, as it is written on the command line and in a file.

use alloy::primitives::{Address, B256, U256, utils::parse_ether};
use anyhow::{Context, bail};
use ashlar_client::{L1, OwnerAction, Passkey};
use ashlar_statement::hash::{ZERO_HASH, hash_from_bytes32, hash_to_bytes32};
use serde::{Deserialize, Serialize};

use super::{super::pay::Amount, passkey};
use crate::commands::{fixed_hex, l1_address};

#[derive(Debug, clap::Subcommand)]
pub enum Wanted {
    /// What signs for an account of the owner from now on: say this wallet's key, which `ashlar wallet address` shows.
    SetAuth {
        /// The account.
        #[arg(long, value_name = "INDEX")]
        account: u32,
        /// What signs.
        #[arg(long, value_name = "AUTH", value_parser = fixed_hex::<32>, required_unless_present = "lock")]
        auth: Option<[u8; 32]>,
        /// Let no key sign from now on.
        #[arg(long, conflicts_with = "auth")]
        lock: bool,
    },
    /// Withdraw to the owner on L1. Once its batch is proven, `claim` says where the money goes.
    ForceWithdraw {
        #[command(flatten)]
        amount: Amount,
        /// The account that pays.
        #[arg(long, value_name = "INDEX")]
        account: u32,
    },
    /// Pay another account.
    ForceTransfer {
        #[command(flatten)]
        amount: Amount,
        /// The account that pays.
        #[arg(long, value_name = "INDEX")]
        account: u32,
        /// The account that is paid.
        #[arg(long, value_name = "INDEX")]
        to: u32,
    },
    /// Have a proven withdrawal of the owner paid to somebody.
    Claim {
        /// Its batch.
        #[arg(long, value_name = "NUMBER")]
        batch: u64,
        /// Its place among the batch's withdrawals.
        #[arg(long, value_name = "INDEX")]
        index: u32,
        /// Whom.
        #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
        to: Address,
    },
    /// Pay out ether that the owner holds on L1.
    Pay {
        /// How much, in ETH.
        #[arg(value_name = "ETH", value_parser = ether)]
        wei: U256,
        /// Whom.
        #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
        to: Address,
    },
    /// Obey another passkey from now on.
    ReplaceKey {
        /// Its public key, as `address` takes it.
        #[arg(value_name = "BASE64", value_parser = passkey)]
        by: Passkey,
    },
}

fn ether(text: &str) -> anyhow::Result<U256> {
    let wei = parse_ether(text).with_context(|| format!("`{text}` is no amount of ETH"))?;
    if wei.is_zero() {
        bail!("the amount is zero");
    }
    Ok(wei)
}

/// The same in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    SetAuth {
        account: u32,
        auth: B256,
    },
    ForceWithdraw {
        account: u32,
        token: u8,
        units: u64,
    },
    ForceTransfer {
        account: u32,
        to: u32,
        token: u8,
        units: u64,
    },
    Claim {
        batch: u64,
        index: u32,
        to: Address,
    },
    Pay {
        to: Address,
        wei: U256,
    },
    ReplaceKey {
        x: B256,
        y: B256,
    },
}

impl Wanted {
    pub async fn resolve(self, l1: &L1) -> anyhow::Result<Action> {
        Ok(match self {
            Self::SetAuth { account, auth, .. } => Action::SetAuth {
                account,
                auth: auth.unwrap_or(hash_to_bytes32(&ZERO_HASH)).into(),
            },
            Self::ForceWithdraw { amount, account } => {
                let (token, units) = amount.resolve(l1).await?;
                let token = token.id;
                Action::ForceWithdraw {
                    account,
                    token,
                    units,
                }
            }
            Self::ForceTransfer { amount, account, to } => {
                let (token, units) = amount.resolve(l1).await?;
                let token = token.id;
                Action::ForceTransfer {
                    account,
                    to,
                    token,
                    units,
                }
            }
            Self::Claim { batch, index, to } => Action::Claim { batch, index, to },
            Self::Pay { wei, to } => Action::Pay { to, wei },
            Self::ReplaceKey { by } => Action::ReplaceKey { x: by.x, y: by.y },
        })
    }
}

impl Action {
    /// What the client takes; a claim needs its proof, which L1's data have.
    pub async fn for_owner(&self, l1: &L1) -> anyhow::Result<OwnerAction> {
        Ok(match *self {
            Self::SetAuth { account, auth } => OwnerAction::SetAuth {
                account,
                auth: hash_from_bytes32(&auth.0)
                    .context("the auth has a limb that is not below the field's order")?,
            },
            Self::ForceWithdraw {
                account,
                token,
                units,
            } => OwnerAction::ForceWithdrawal {
                account,
                token,
                units,
            },
            Self::ForceTransfer {
                account,
                to,
                token,
                units,
            } => OwnerAction::ForceTransfer {
                account,
                to,
                token,
                units,
            },
            Self::Claim { batch, index, to } => OwnerAction::Claim {
                withdrawal: Box::new(l1.withdrawal_proof(batch, index).await?),
                to,
            },
            Self::Pay { to, wei } => OwnerAction::Pay { to, wei },
            Self::ReplaceKey { x, y } => OwnerAction::ReplaceKey(Passkey { x, y }),
        })
    }

    /// In words, for whoever is to sign or to send it.
    pub async fn describe(&self, l1: &L1) -> anyhow::Result<String> {
        let amount = async |token: u8, units: u64| anyhow::Ok(l1.token(token).await?.display(units));
        Ok(match *self {
            Self::SetAuth { account, auth } if auth.is_zero() => {
                format!("no key signs for account {account}")
            }
            Self::SetAuth { account, auth } => format!("auth of account {account} to be {auth}"),
            Self::ForceWithdraw {
                account,
                token,
                units,
            } => {
                let amount = amount(token, units).await?;
                format!("up to {amount} from account {account} to the owner on L1")
            }
            Self::ForceTransfer {
                account,
                to,
                token,
                units,
            } => {
                let amount = amount(token, units).await?;
                format!("up to {amount} from account {account} to account {to}")
            }
            Self::Claim { batch, index, to } => {
                format!("withdrawal {index} of batch {batch}, paid to {to}")
            }
            Self::Pay { to, wei } => {
                format!("{} ETH to {to}", alloy::primitives::utils::format_ether(wei))
            }
            Self::ReplaceKey { x, y } => format!("another passkey, at the point {x}, {y}"),
        })
    }
}
