//! `ashlar wallet history`

use ashlar_client::{BatchData, L1, Token, data::Record};

use super::Wallet;
use crate::output::OutputError;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// First batch to list.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    from_batch: u64,
}

pub async fn run(wallet: &Wallet, args: &Args) -> anyhow::Result<()> {
    let l1 = wallet.l1().await?;
    let state = l1.state().await?;
    let (batches, tokens) = (batches(&l1, 1).await?, l1.tokens().await?);
    let Some(account) = account(&batches, wallet) else {
        crate::say!("no operation of this wallet is on L1")?;
        return Ok(());
    };
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
    Ok(())
}

/// The public data of all committed batches from `first` on.
pub async fn batches(l1: &L1, first: u64) -> anyhow::Result<Vec<BatchData>> {
    let last = l1.state().await?.committed_batches;
    let mut batches = Vec::new();
    if first <= last {
        for batch in l1.committed(first, last).await?.values() {
            batches.push(l1.data(batch).await?);
        }
    }
    Ok(batches)
}

/// The wallet's account, from the deposit that opened it.
pub fn account(batches: &[BatchData], wallet: &Wallet) -> Option<u32> {
    let own = wallet.key_hash();
    let mut records = batches.iter().flat_map(|data| &data.records);
    records.find_map(|record| match record {
        Record::Deposit {
            account, key_hash, ..
        } if *key_hash == own => Some(*account),
        Record::Deposit { .. } | Record::Withdrawal { .. } | Record::Transfer { .. } => None,
    })
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
    let show = |token: &u8, units: u64| {
        let token = tokens.get(usize::from(*token));
        token.map_or_else(|| format!("{units} units"), |token| token.display(units))
    };
    match record {
        Record::Deposit { token, amount, .. } => format!("deposit   +{}", show(token, *amount)),
        Record::Withdrawal { withdrawal, fee, .. } => format!(
            "withdraw  -{} to {}, fee {}",
            show(&withdrawal.token, withdrawal.amount),
            withdrawal.to,
            show(&withdrawal.token, *fee)
        ),
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
