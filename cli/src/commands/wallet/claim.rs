//! `ashlar wallet claim`

use std::time::Duration;

use alloy::primitives::B256;
use anyhow::{Context, ensure};
use ashlar_client::{BatchData, L1, Milestone};
use ashlar_contracts::Withdrawal;

use super::{Wallet, history};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Claim this withdrawal alone, and wait until it is proven (default: all of this wallet that are proven).
    #[arg(value_name = "TRANSACTION")]
    transaction: Option<B256>,
    /// Give up waiting for the proof after so many seconds.
    #[arg(long, default_value_t = 1_800, value_parser = clap::value_parser!(u64).range(1..=604_800))]
    wait_secs: u64,
}

pub async fn run(wallet: &Wallet, args: &Args) -> anyhow::Result<()> {
    if let Some(id) = args.transaction {
        let (client, l1) = wallet.both().await?;
        let limit = Duration::from_secs(args.wait_secs);
        let receipt = client.wait(id, Milestone::Proven, limit).await?;
        let claim = receipt
            .withdrawal
            .with_context(|| format!("transaction {id} is no withdrawal"))?;
        let batch = l1.committed_batch(claim.batch_number).await?;
        let data = l1.bridge_data(&batch).await?;
        return pay(&l1, &data, claim.withdrawal_index).await;
    }
    let l1 = wallet.l1().await?;
    let state = l1.state().await?;
    let batches = history::batches(&l1, 1).await?;
    let accounts = history::accounts(&batches, wallet);
    let (mut claimed, mut failed) = (0, 0);
    for data in &batches {
        let number = data.header.number;
        let withdrawals = data.records.iter().filter_map(|record| {
            let paid = record.withdrawal()?;
            let is_from_us = accounts.keys().any(|account| record.concerns(*account));
            Some(is_from_us || paid.to == wallet.owner())
        });
        let mut due = Vec::new();
        for (index, ours) in (0..).zip(withdrawals) {
            if !ours || l1.is_claimed(number, index).await? {
                continue;
            }
            if number > state.proven_batches {
                crate::say!("batch {number}, withdrawal {index}: waits for the proof of its batch")?;
                continue;
            }
            due.push(index);
        }
        // One that L1 cannot pay, as to a contract that takes no ETH, holds up no other.
        for (index, outcome) in l1.claim_all(data, &due).await {
            match outcome {
                Ok(hash) => {
                    claimed += 1;
                    say_claimed(&l1, &data.withdrawals()[index as usize], hash).await?;
                }
                Err(error) => {
                    failed += 1;
                    crate::say!("batch {number}, withdrawal {index}: not paid: {error:#}")?;
                }
            }
        }
    }
    ensure!(
        failed == 0,
        "{failed} of {} withdrawals could not be claimed",
        claimed + failed
    );
    if claimed == 0 {
        crate::say!("nothing to claim")?;
    }
    Ok(())
}

async fn pay(l1: &L1, data: &BatchData, index: u32) -> anyhow::Result<()> {
    let proof = data.withdrawal_proof(index)?;
    let (number, withdrawal) = (data.header.number, &proof.withdrawal);
    if l1.is_claimed(number, index).await? {
        let paid = l1.token(withdrawal.token).await?.display(withdrawal.amount);
        crate::say!("batch {number}, withdrawal {index}: {paid} was claimed before")?;
        return Ok(());
    }
    let receipt = l1.claim(&proof).await?;
    say_claimed(l1, withdrawal, receipt.transaction_hash).await
}

async fn say_claimed(l1: &L1, withdrawal: &Withdrawal, transaction: B256) -> anyhow::Result<()> {
    let paid = l1.token(withdrawal.token).await?.display(withdrawal.amount);
    let to = withdrawal.to;
    crate::say!("claimed {paid} for {to}: L1 transaction {transaction}")?;
    Ok(())
}
