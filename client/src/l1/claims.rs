//! Claims: what L1 owes to recipients of withdrawals, one by one or several at once.

use std::collections::BTreeSet;

use alloy::{primitives::B256, rpc::types::TransactionReceipt, sol_types::SolEvent};
use ashlar_contracts::{Claim, Rollup, withdrawal};

use super::{BatchData, L1, L1Error, WithdrawalProof, error::refused};

/// Claims in one transaction: should every payee burn all of the gas that its payment may take, 250,000 each, it is still
/// below EIP-7825's limit of 16.7 million.
const MOST_AT_ONCE: usize = 64;

impl L1 {
    /// Claims a withdrawal for its recipient. Gives the receipt of the transaction.
    pub async fn claim(&self, proof: &WithdrawalProof) -> Result<TransactionReceipt, L1Error> {
        self.require_proven(proof.header.number).await?;
        let call = self.rollup.claimWithdrawal(
            proof.header.clone(),
            proof.index,
            proof.withdrawal.clone(),
            proof.siblings.clone(),
        );
        self.mine("claimWithdrawal", call).await
    }

    /// Whether a withdrawal was claimed.
    pub async fn is_claimed(&self, batch: u64, index: u32) -> Result<bool, L1Error> {
        let call = self.rollup.isClaimed(batch, index);
        call.call().await.map_err(refused("isClaimed"))
    }

    /// Claims withdrawals of a batch, several with one transaction; gives for each the transaction that paid it, or why
    /// it could not be paid: one that cannot holds up no other.
    pub async fn claim_all(&self, batch: &BatchData, indices: &[u32]) -> Vec<(u32, Result<B256, L1Error>)> {
        let mut outcomes = Vec::new();
        for some in indices.chunks(MOST_AT_ONCE) {
            let (mut paid, mut hash) = (BTreeSet::new(), B256::ZERO);
            // What goes wrong together is told one by one.
            if some.len() > 1
                && let Ok(receipt) = self.claim_several(batch, some).await
            {
                let claimed = |log: &alloy::rpc::types::Log| {
                    let event = Rollup::WithdrawalClaimed::decode_log(&log.inner).ok()?;
                    Some(event.data.index)
                };
                paid.extend(receipt.logs().iter().filter_map(claimed));
                hash = receipt.transaction_hash;
            }
            for index in some {
                let outcome = match paid.contains(index) {
                    true => Ok(hash),
                    false => self.claim_one(batch, *index).await,
                };
                outcomes.push((*index, outcome));
            }
        }
        outcomes
    }

    async fn claim_one(&self, batch: &BatchData, index: u32) -> Result<B256, L1Error> {
        let receipt = self.claim(&batch.withdrawal_proof(index)?).await?;
        Ok(receipt.transaction_hash)
    }

    /// Those that cannot be paid are passed over; refused if none can.
    async fn claim_several(&self, batch: &BatchData, indices: &[u32]) -> Result<TransactionReceipt, L1Error> {
        self.require_proven(batch.header.number).await?;
        let all = batch.withdrawals();
        let indices: BTreeSet<u32> = indices.iter().copied().collect();
        let claim = |index: &u32| {
            let paid = all.get(*index as usize)?;
            Some(Claim {
                index: *index,
                token: paid.token,
                amount: paid.amount,
                to: paid.to,
            })
        };
        let claims: Vec<Claim> = indices.iter().filter_map(claim).collect();
        let siblings = withdrawal::proof_of_several(&all, &indices).ok_or(L1Error::NoWithdrawal {
            number: batch.header.number,
            index: indices.last().copied().unwrap_or_default(),
            count: all.len() as u32,
        })?;
        let call = self
            .rollup
            .claimWithdrawals(batch.header.clone(), claims, siblings);
        self.mine("claimWithdrawals", call).await
    }

    async fn require_proven(&self, number: u64) -> Result<(), L1Error> {
        let last = self.proven_batches().await?;
        if number > last {
            return Err(L1Error::NotProven { number, last });
        }
        Ok(())
    }
}
