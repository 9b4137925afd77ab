//! Commits batches and settles their proofs on L1, in order.

use std::{sync::Arc, time::Duration, time::Instant};

use alloy::sol_types::SolValue;
use ashlar_contracts::{BatchHeader, CommitData, encoding::hash_to_word};
use ashlar_protocol::{SnarkLayoutError, SnarkParts, Step};
use ashlar_report::Chain;
use tokio_util::sync::CancellationToken;

use super::{update, wait};
use crate::{
    changes::Changes,
    l1::{L1Client, L1Error},
    store::{BatchRecord, BatchStatus, L1Receipt, StepRecord, Store, StoreError},
};

/// What settlement needs.
#[derive(Debug)]
pub struct Settlement {
    /// Batches and SNARKs.
    pub store: Arc<Store>,
    /// Who hears of it.
    pub changes: Changes,
    /// The contract.
    pub l1: L1Client,
    /// Pause before L1 is looked at again.
    pub interval: Duration,
}

/// Why a batch did not move on L1.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// L1 failed or refused.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The state database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the farm delivered as the batch's SNARK is none.
    #[error("batch {number}: the stored SNARK is malformed")]
    Snark {
        /// The batch.
        number: u64,
        /// What is wrong with it.
        #[source]
        source: SnarkLayoutError,
    },
    /// A stored record is not what this program writes.
    #[error("batch {number}: stored {what} is malformed")]
    Malformed {
        /// The batch.
        number: u64,
        /// Which part.
        what: &'static str,
    },
}

impl Settlement {
    /// Runs until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut changes = self.changes.subscribe();
        loop {
            if let Err(error) = self.advance().await {
                tracing::warn!(error = %Chain(&error), "settlement: asking again");
            }
            if !wait(&mut changes, self.interval, &shutdown).await {
                return;
            }
        }
    }

    /// Commits everything sealed, then settles everything proven.
    pub async fn advance(&self) -> Result<(), SettleError> {
        for number in self.store.first_unproven()?..self.store.next_batch()? {
            if let Some(batch) = self
                .store
                .batch(number)?
                .filter(|batch| batch.status == BatchStatus::Sealed)
            {
                self.commit(&batch).await?;
            }
        }
        for number in self.store.first_unproven()?..self.store.next_batch()? {
            let Some(snark) = self.store.snark(number)? else {
                break;
            };
            self.settle(number, &snark).await?;
        }
        Ok(())
    }

    async fn commit(&self, batch: &BatchRecord) -> Result<(), SettleError> {
        let number = batch.number;
        let start = Instant::now();
        let inputs = batch.public_inputs()?;
        let (header, receipt) = if self.l1.committed_batches().await? >= number {
            // Sent before a crash, or by a predecessor: take what L1 holds, if it is ours.
            let (header, receipt) = self.l1.committed_header(number).await?;
            let our_root = hash_to_word(inputs.new_root);
            if header.newRoot != our_root {
                return Err(L1Error::Diverged {
                    number,
                    l1_root: header.newRoot,
                    our_root,
                }
                .into());
            }
            (header, receipt)
        } else {
            self.l1
                .commit(CommitData {
                    number,
                    newRoot: hash_to_word(inputs.new_root),
                    dataHash: hash_to_word(inputs.data_hash),
                    feeAccount: u32::try_from(inputs.fee_account).map_err(|_| SettleError::Malformed {
                        number,
                        what: "fee account",
                    })?,
                    bridge: batch.bridge.clone().into(),
                    rollup: batch.rollup.clone().into(),
                })
                .await?
        };
        tracing::info!(batch = number, gas = receipt.gas_used, "committed");
        let step = step(Step::Commit, start);
        update(&self.store, &self.changes, number, |batch| {
            batch.status = BatchStatus::Committed;
            batch.header = Some(header.abi_encode());
            batch.commit = Some(receipt);
            batch.steps.push(step);
        })?;
        Ok(())
    }

    async fn settle(&self, number: u64, snark: &[u8]) -> Result<(), SettleError> {
        let start = Instant::now();
        let batch = self.store.batch(number)?.ok_or(SettleError::Malformed {
            number,
            what: "record",
        })?;
        let header = batch
            .header
            .and_then(|bytes| BatchHeader::abi_decode(&bytes).ok())
            .ok_or(SettleError::Malformed {
                number,
                what: "header",
            })?;
        let receipt: Option<L1Receipt> = if self.l1.proven_batches().await? >= number {
            None // Sent before a crash, or by somebody else: anybody may prove.
        } else {
            let parts =
                SnarkParts::from_bytes(snark).map_err(|source| SettleError::Snark { number, source })?;
            Some(self.l1.prove(header, parts.proof.to_vec()).await?)
        };
        tracing::info!(
            batch = number,
            gas = receipt.as_ref().map(|receipt| receipt.gas_used),
            "settled"
        );
        let step = step(Step::Settle, start);
        update(&self.store, &self.changes, number, |batch| {
            batch.status = BatchStatus::Proven;
            batch.prove = receipt;
            batch.steps.push(step);
        })?;
        Ok(())
    }
}

fn step(step: Step, start: Instant) -> StepRecord {
    StepRecord {
        name: step.name().to_owned(),
        micros: start.elapsed().as_micros() as u64,
        peak_rss_bytes: ashlar_report::memory::peak_bytes().unwrap_or(0),
    }
}
