//! What one of the demo's owners orders through L1's queue: a withdrawal and a transfer that no sequencer can refuse, and
//! that no key signs for the account any more.

use anyhow::{Context, ensure};
use ashlar_client::{
    Client, L1,
    pb::{Receipt, TransactionStatus, operation::Kind},
};
use ashlar_statement::hash::ZERO_HASH;

use super::report::Queued;

/// Operations that [`order`] queues.
pub const OPERATIONS: u32 = 3;
/// Of these, those that end in a withdrawal to claim.
pub const WITHDRAWALS: u32 = 1;
/// Units (gwei) withdrawn.
pub const WITHDRAW_UNITS: u64 = 150_000;
const TRANSFER_UNITS: u64 = 2_000;

/// Queues them for this account, whose L1 owner signs; gives their indices.
pub async fn order(l1: &L1, account: u32, to: u32) -> anyhow::Result<[u64; OPERATIONS as usize]> {
    Ok([
        l1.force_withdrawal(account, 0, WITHDRAW_UNITS).await?,
        l1.force_transfer(account, to, 0, TRANSFER_UNITS).await?,
        l1.set_auth(account, &ZERO_HASH).await?,
    ])
}

/// What became of them once their batch is proven, and the receipt of the withdrawal.
pub async fn outcome(
    sequencer: &Client,
    queued: [u64; OPERATIONS as usize],
) -> anyhow::Result<(Vec<Queued>, Receipt)> {
    let (mut outcomes, mut withdrawal) = (Vec::new(), None);
    for queue_index in queued {
        let receipt = sequencer.l1_receipt(queue_index).await?;
        let receipt =
            receipt.with_context(|| format!("the sequencer has lost L1 operation {queue_index}"))?;
        ensure!(
            receipt.status() == TransactionStatus::Proven,
            "L1 operation {queue_index} is not proven"
        );
        let operation = receipt.operation.as_ref();
        let operation = operation
            .with_context(|| format!("the receipt of L1 operation {queue_index} does not say what it did"))?;
        outcomes.push(Queued {
            kind: match operation.kind() {
                Kind::ForcedWithdrawal => "forced withdrawal",
                Kind::ForcedTransfer => "forced transfer",
                Kind::SetAuth => "set auth",
                _ => "another operation",
            },
            queue_index,
            requested: operation.requested,
            paid: operation.requested.map(|_| operation.amount),
        });
        if operation.kind() == Kind::ForcedWithdrawal {
            withdrawal = Some(receipt);
        }
    }
    Ok((
        outcomes,
        withdrawal.context("the forced withdrawal is none any more")?,
    ))
}
