//! What L1 pays in exit mode without a proof: balances by their paths, deposits that were never executed, withdrawals of proven
//! batches. Each function gives the number of those that it could not pay.

use ashlar_client::{L1, ProvenState, account_path};

use super::Whose;

/// Has balances paid by their paths.
pub(super) async fn leave_by_paths(
    l1: &L1,
    state: &ProvenState,
    pairs: &[(u32, u8)],
) -> anyhow::Result<usize> {
    let mut failed = 0;
    for (account, token) in pairs {
        let path = account_path(state, *account, *token)?;
        let (held, owner) = (l1.token(*token).await?.display(path.balance), path.owner);
        match l1.exit_by_path(path).await {
            Ok(()) => crate::say!("account {account}: {held} paid to {owner} by its path")?,
            Err(error) => {
                failed += 1;
                crate::say!("account {account}: {held} not paid to {owner}: {error:#}")?;
            }
        }
    }
    Ok(failed)
}

/// Has unproven deposits paid back to who made them.
pub(super) async fn refund(l1: &L1, whose: &Whose) -> anyhow::Result<usize> {
    let mut failed = 0;
    for deposit in l1.unproven_deposits().await? {
        if !whose.includes(deposit.sender) {
            continue;
        }
        let paid = l1.token(deposit.token).await?.display(deposit.units);
        let (index, sender) = (deposit.index, deposit.sender);
        match l1.refund(&deposit).await {
            Ok(()) => crate::say!("deposit {index}: {paid} paid back to {sender}")?,
            Err(error) => {
                failed += 1;
                crate::say!("deposit {index}: not paid back to {sender}: {error:#}")?;
            }
        }
    }
    Ok(failed)
}

/// Claims the withdrawals of all proven batches that are not claimed yet, exits among them.
pub(super) async fn claim(l1: &L1, whose: &Whose) -> anyhow::Result<usize> {
    let last = l1.state().await?.proven_batches;
    if last == 0 {
        return Ok(0);
    }
    let mut failed = 0;
    for batch in l1.committed(1, last).await?.values() {
        let data = l1.bridge_data(batch).await?;
        let (number, withdrawals) = (data.header.number, data.withdrawals());
        let mut due = Vec::new();
        for (index, withdrawal) in (0..).zip(&withdrawals) {
            if whose.includes(withdrawal.to) && !l1.is_claimed(number, index).await? {
                due.push(index);
            }
        }
        for (index, outcome) in l1.claim_all(&data, &due).await {
            let withdrawal = &withdrawals[index as usize];
            let paid = l1.token(withdrawal.token).await?.display(withdrawal.amount);
            let to = withdrawal.to;
            match outcome {
                Ok(_) => crate::say!("batch {number}, withdrawal {index}: {paid} paid to {to}")?,
                Err(error) => {
                    failed += 1;
                    crate::say!("batch {number}, withdrawal {index}: not paid to {to}: {error:#}")?;
                }
            }
        }
    }
    Ok(failed)
}
