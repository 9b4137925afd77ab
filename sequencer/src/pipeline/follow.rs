//! What became of batches on L1.

use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use alloy::sol_types::SolValue;
use ashlar_contracts::BatchHeader;
use ashlar_protocol::Step;

use super::{SettleError, Settlement, update};
use crate::{
    l1::{BlockRef, IdentityError, View, batch_header, header_hash},
    store::{BatchRecord, BatchStatus, Purpose, StepRecord, Store},
};

/// What settlement has seen of L1 in this process; L1 is the truth, this saves asking.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// Batches up to this one had our header at `head`.
    compared_to: u64,
    head: Option<BlockRef>,
    /// Status and first sight of the proof of each batch that is not final, as stored.
    known: BTreeMap<u64, (BatchStatus, Option<u64>)>,
    /// When calls were sent first.
    began: HashMap<Purpose, Instant>,
}

impl Followed {
    pub fn began(&mut self, purpose: Purpose) {
        self.began.entry(purpose).or_insert_with(Instant::now);
    }

    fn took(&mut self, purpose: Purpose, step: Step) -> Option<StepRecord> {
        let began = self.began.remove(&purpose)?;
        Some(StepRecord {
            name: step.name().to_owned(),
            micros: began.elapsed().as_micros() as u64,
            peak_rss_bytes: ashlar_report::memory::peak_bytes().unwrap_or(0),
        })
    }
}

impl Settlement {
    /// Brings the stored status of every batch that is not final in line with L1.
    pub(super) async fn follow(&mut self, view: &View) -> Result<(), SettleError> {
        let sealed = self.store.next_batch()? - 1;
        if view.committed > sealed {
            let on_l1 = view.committed;
            return Err(IdentityError::Outdated { on_l1, sealed }.into());
        }
        let mut last_final = self.store.final_batch()?;
        if view.proven < last_final {
            tracing::error!(
                proven = view.proven,
                last_final,
                "L1 lost batches that were final: it was reorganised below the configured finality"
            );
            self.store.finalize(view.proven)?;
            last_final = view.proven;
        }
        self.forget_what_moved(view, last_final).await?;
        for number in last_final + 1..=sealed {
            let target = match number {
                n if n <= view.proven => BatchStatus::Proven,
                n if n <= view.committed => BatchStatus::Committed,
                _ => BatchStatus::Sealed,
            };
            if target != BatchStatus::Sealed && number > self.followed.compared_to {
                self.compare(number, view).await?;
                self.followed.compared_to = number;
            }
            if self.known(number)?.0 != target {
                self.moved(number, target, view).await?;
            }
        }
        self.finalize(view, last_final).await
    }

    /// A reorganisation may have put other batches under numbers that were compared.
    async fn forget_what_moved(&mut self, view: &View, last_final: u64) -> Result<(), SettleError> {
        let is_same = match self.followed.head {
            None => true,
            Some(head) => head.number <= view.head.number && self.l1.block(head.number).await? == head,
        };
        let compared_to = &mut self.followed.compared_to;
        *compared_to = if is_same {
            (*compared_to).clamp(last_final, view.committed.max(last_final))
        } else {
            last_final
        };
        self.followed.head = Some(view.head);
        Ok(())
    }

    /// L1's batch must be ours.
    async fn compare(&mut self, number: u64, view: &View) -> Result<(), SettleError> {
        let ours = header_hash(&self.header(number)?);
        let l1 = self.l1.header_hash(number, view.head).await?;
        if l1 != ours {
            return Err(SettleError::Diverged { number, l1, ours });
        }
        Ok(())
    }

    /// The header of a sealed batch; it is stored, so that the next one finds where its deposits begin.
    fn header(&self, number: u64) -> Result<BatchHeader, SettleError> {
        let mut first = number;
        while first > 1 && stored_header(&self.store, first - 1)?.is_none() {
            first -= 1;
        }
        let mut first_deposit = match first {
            1 => 0,
            _ => stored_header(&self.store, first - 1)?.map_or(0, |header| after(&header)),
        };
        for earlier in first..number {
            let header = batch_header(&record(&self.store, earlier)?, first_deposit)?;
            first_deposit = after(&header);
        }
        Ok(batch_header(&record(&self.store, number)?, first_deposit)?)
    }

    fn known(&mut self, number: u64) -> Result<(BatchStatus, Option<u64>), SettleError> {
        if let Some(known) = self.followed.known.get(&number) {
            return Ok(*known);
        }
        let record = record(&self.store, number)?;
        let known = (record.status, record.proven_seen_at);
        self.followed.known.insert(number, known);
        Ok(known)
    }

    async fn moved(&mut self, number: u64, target: BatchStatus, view: &View) -> Result<(), SettleError> {
        let (before, _) = self.known(number)?;
        if target < before {
            tracing::warn!(batch = number, ?before, now = ?target, "L1 took the batch back: it is sent again");
        }
        let (commit_of, proof_of) = (Purpose::Commit(number), Purpose::Prove(number));
        let (mut commit, mut prove, mut steps, mut header) = (None, None, Vec::new(), None);
        if target >= BatchStatus::Committed {
            commit = self.l1.receipt(&self.store, commit_of).await?;
            header = Some(self.header(number)?.abi_encode());
            steps.extend(self.followed.took(commit_of, Step::Commit));
        }
        if target == BatchStatus::Proven {
            prove = self.l1.receipt(&self.store, proof_of).await?;
            steps.extend(self.followed.took(proof_of, Step::Settle));
        }
        tracing::info!(
            batch = number,
            status = ?target,
            commit_gas = commit.as_ref().map(|receipt| receipt.gas_used),
            prove_gas = prove.as_ref().map(|receipt| receipt.gas_used),
            "on L1"
        );
        let seen_at = (target == BatchStatus::Proven).then_some(view.head.number);
        update(&self.store, &self.changes, number, |batch| {
            batch.status = target;
            batch.header = header.or(batch.header.take());
            batch.commit = commit;
            batch.prove = prove;
            batch.proven_seen_at = seen_at;
            batch.failure = None;
            batch.steps.extend(steps);
        })?;
        self.followed.known.insert(number, (target, seen_at));
        Ok(())
    }

    /// Batches that were proven in a block that is final now are not looked at again.
    async fn finalize(&mut self, view: &View, last_final: u64) -> Result<(), SettleError> {
        if view.proven <= last_final {
            return Ok(());
        }
        let Some(block) = self.l1.final_block(view.head).await? else {
            return Ok(());
        };
        let mut now_final = last_final;
        while now_final < view.proven {
            match self.known(now_final + 1)? {
                (BatchStatus::Proven, Some(seen_at)) if seen_at <= block.number => now_final += 1,
                _ => break,
            }
        }
        if now_final > last_final {
            self.store.finalize(now_final)?;
            self.followed.known = self.followed.known.split_off(&(now_final + 1));
        }
        Ok(())
    }
}

fn record(store: &Store, number: u64) -> Result<BatchRecord, SettleError> {
    store.batch(number)?.ok_or(SettleError::Malformed {
        number,
        what: "record",
    })
}

fn stored_header(store: &Store, number: u64) -> Result<Option<BatchHeader>, SettleError> {
    let bytes = record(store, number)?.header;
    bytes
        .map(|bytes| {
            BatchHeader::abi_decode(&bytes).map_err(|_| SettleError::Malformed {
                number,
                what: "header",
            })
        })
        .transpose()
}

/// Number of the first deposit behind a batch.
fn after(header: &BatchHeader) -> u64 {
    header.firstDeposit + u64::from(header.depositCount)
}
