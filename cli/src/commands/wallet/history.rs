//! `ashlar wallet history`

use std::collections::BTreeMap;

use alloy::primitives::Address;
use anyhow::Context;
use ashlar_client::{
    BatchData, L1, Token,
    data::{self, Record},
    pb::{Operation, TransactionStatus, operation::Kind},
};

use ashlar_statement::hash::Hash;

use super::Wallet;
use crate::output::OutputError;

/// Operations that are asked for at once.
const PAGE: u32 = 100;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// First batch to list.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    from_batch: u64,
    /// Ask the sequencer, whose index is believed, instead of reading all of L1's data: the latest first.
    #[arg(long)]
    remote: bool,
    /// With --remote: another account than the wallet's.
    #[arg(long, value_name = "INDEX", requires = "remote")]
    account: Option<u32>,
    /// With --remote: at most so many operations.
    #[arg(long, requires = "remote", default_value_t = PAGE, value_parser = clap::value_parser!(u32).range(1..))]
    last: u32,
}

pub async fn run(wallet: &Wallet, args: &Args) -> anyhow::Result<()> {
    if args.remote {
        return remote(wallet, args).await;
    }
    let l1 = wallet.l1().await?;
    let state = l1.state().await?;
    let (batches, tokens) = (batches(&l1, 1).await?, l1.tokens().await?);
    let accounts = accounts(&batches, wallet);
    if accounts.is_empty() {
        crate::say!("no operation of this wallet is on L1")?;
    }
    for account in accounts.into_keys() {
        crate::say!("account {account}")?;
        for data in batches
            .iter()
            .filter(|data| data.header.number >= args.from_batch)
        {
            let proven = data.header.number <= state.proven_batches;
            print(
                data,
                account,
                &tokens,
                if proven { "proven" } else { "committed" },
            )?;
        }
    }
    Ok(())
}

/// What the sequencer's index has of an account.
async fn remote(wallet: &Wallet, args: &Args) -> anyhow::Result<()> {
    let (client, l1) = wallet.both().await?;
    let tokens = l1.tokens().await?;
    let account = match args.account {
        Some(account) => account,
        None => {
            let own = wallet.account(&client).await?;
            own.context("this wallet has no account yet; a deposit opens it")?
                .index
        }
    };
    crate::say!("account {account}")?;
    let (mut before, mut left) = (None, args.last);
    loop {
        let page = client.history(account, before, left.min(PAGE)).await?;
        for operation in &page.operations {
            if operation.batch_number < args.from_batch {
                return Ok(());
            }
            print_remote(operation, account, &tokens)?;
        }
        left = left.saturating_sub(u32::try_from(page.operations.len())?);
        before = page.next;
        if before.is_none() || left == 0 {
            return Ok(());
        }
    }
}

fn print_remote(operation: &Operation, account: u32, tokens: &[Token]) -> Result<(), OutputError> {
    let status = match operation.status() {
        TransactionStatus::Proven => "proven",
        TransactionStatus::Committed => "committed",
        _ => "sealed",
    };
    let show = |units| {
        show(
            tokens,
            usize::try_from(operation.token).unwrap_or(usize::MAX),
            units,
        )
    };
    let (amount, fee) = (show(operation.amount), show(operation.fee));
    let asked = || show(operation.requested.unwrap_or(operation.amount));
    let sender = || match &operation.l1_address {
        Some(address) => format!("0x{}", hex::encode(address)),
        None => "?".to_owned(),
    };
    let name = |account: Option<u32>| account.map_or_else(|| "?".to_owned(), |account| account.to_string());
    let text = match operation.kind() {
        Kind::Deposit => format!("deposit   +{amount}"),
        Kind::Withdrawal => {
            let claim = operation.withdrawal.as_ref();
            let to = claim.map_or_else(String::new, |claim| {
                format!(" to 0x{}", hex::encode(&claim.recipient))
            });
            format!("withdraw  -{amount}{to}, fee {fee}")
        }
        Kind::Transfer if operation.from == Some(account) => {
            format!("transfer  -{amount} to account {}, fee {fee}", name(operation.to))
        }
        Kind::Transfer => format!("transfer  +{amount} from account {}", name(operation.from)),
        Kind::SetAuth => format!("set-auth  by {}", sender()),
        Kind::ForcedWithdrawal => format!("force     -{amount} of {} to {}", asked(), sender()),
        Kind::ForcedTransfer if operation.from == Some(account) => {
            format!(
                "force     -{amount} of {} to account {}",
                asked(),
                name(operation.to)
            )
        }
        Kind::ForcedTransfer => format!("force     +{amount} from account {}", name(operation.from)),
        Kind::SetFlags => format!("set-flags {}", operation.flags.unwrap_or_default()),
        Kind::Unspecified => format!("an operation of another version, {amount}"),
    };
    crate::say!("batch {:<5} {status:<10} {text}", operation.batch_number)
}

/// What all committed batches from `first` on have on L1 itself: deposits, orders, withdrawals.
pub async fn batches(l1: &L1, first: u64) -> anyhow::Result<Vec<BatchData>> {
    let last = l1.state().await?.committed_batches;
    let mut batches = Vec::new();
    if first <= last {
        for batch in l1.committed(first, last).await?.values() {
            batches.push(l1.bridge_data(batch).await?);
        }
    }
    Ok(batches)
}

/// The accounts of an L1 address and what signs for them, from all batches.
pub fn accounts_of(batches: &[BatchData], owner: Address) -> BTreeMap<u32, Hash> {
    data::accounts_of(owner, batches.iter().flat_map(|data| &data.records))
}

/// The wallet's.
pub fn accounts(batches: &[BatchData], wallet: &Wallet) -> BTreeMap<u32, Hash> {
    accounts_of(batches, wallet.owner())
}

/// Of these, the one that the wallet's key signs for, or else the first.
pub fn account(accounts: &BTreeMap<u32, Hash>, wallet: &Wallet) -> Option<(u32, Hash)> {
    let mut signed = accounts.iter().filter(|(_, auth)| **auth == wallet.auth());
    let found = signed.next().or(accounts.first_key_value());
    found.map(|(account, auth)| (*account, *auth))
}

/// One line for each operation of the account.
pub fn print(data: &BatchData, account: u32, tokens: &[Token], status: &str) -> Result<(), OutputError> {
    let number = data.header.number;
    for record in data.records.iter().filter(|record| record.concerns(account)) {
        crate::say!(
            "batch {number:<5} {status:<10} {}",
            describe(record, account, tokens)
        )?;
    }
    Ok(())
}

fn describe(record: &Record, account: u32, tokens: &[Token]) -> String {
    let show = |token: &u8, units: u64| show(tokens, usize::from(*token), units);
    match record {
        Record::Deposit { token, amount, .. } => format!("deposit   +{}", show(token, *amount)),
        Record::SetAuth { sender, .. } => format!("set-auth  by {sender}"),
        Record::SetFlags { flags, .. } => format!("set-flags {flags}"),
        Record::ForcedWithdrawal {
            requested,
            withdrawal,
            ..
        } => format!(
            "force     -{} of {} to {}",
            show(&withdrawal.token, withdrawal.amount),
            show(&withdrawal.token, *requested),
            withdrawal.to
        ),
        Record::ForcedTransfer {
            from,
            to,
            token,
            requested,
            paid,
            ..
        } => {
            let paid = show(token, *paid);
            if *from == account {
                format!("force     -{paid} of {} to account {to}", show(token, *requested))
            } else {
                format!("force     +{paid} from account {from}")
            }
        }
        Record::Withdrawal { withdrawal, fee, .. } => format!(
            "withdraw  -{} to {}, fee {}",
            show(&withdrawal.token, withdrawal.amount),
            withdrawal.to,
            show(&withdrawal.token, *fee)
        ),
        Record::Exit {
            withdrawal, had_left, ..
        } => {
            let held = show(&withdrawal.token, withdrawal.amount);
            match had_left {
                false => format!("exit      -{held} to {}", withdrawal.to),
                true => format!("exit      of {held}, which had left before"),
            }
        }
        Record::Transfer {
            from,
            to,
            token,
            amount,
            fee,
        } => {
            let amount = show(token, *amount);
            if *from == account {
                format!("transfer  -{amount} to account {to}, fee {}", show(token, *fee))
            } else {
                format!("transfer  +{amount} from account {from}")
            }
        }
    }
}

fn show(tokens: &[Token], token: usize, units: u64) -> String {
    let token = tokens.get(token);
    token.map_or_else(|| format!("{units} units"), |token| token.display(units))
}
