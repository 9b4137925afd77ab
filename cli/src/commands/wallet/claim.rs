//! `ashlar wallet claim`

use std::time::Duration;

use alloy::primitives::B256;
use anyhow::{Context, ensure};
use ashlar_client::{BatchData, L1, Milestone};

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
        let data = l1.batch_data(claim.batch_number).await?;
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
        for (index, ours) in (0..).zip(withdrawals) {
            if !ours || l1.is_claimed(number, index).await? {
                continue;
            }
            if number > state.proven_batches {
                crate::say!("batch {number}, withdrawal {index}: waits for the proof of its batch")?;
                continue;
            }
            // One that L1 cannot pay, as to a contract that takes no ETH, holds up no other.
            match pay(&l1, data, index).await {
                Ok(()) => claimed += 1,
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
    let number = data.header.number;
    let (token, to) = (l1.token(proof.withdrawal.token).await?, proof.withdrawal.to);
    let paid = token.display(proof.withdrawal.amount);
    if l1.is_claimed(number, index).await? {
        crate::say!("batch {number}, withdrawal {index}: {paid} was claimed before")?;
        return Ok(());
    }
    let receipt = l1.claim(&proof).await?;
    crate::say!(
        "claimed {paid} for {to}: L1 transaction {}",
        receipt.transaction_hash
    )?;
    Ok(())
}
