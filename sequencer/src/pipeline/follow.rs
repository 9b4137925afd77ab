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
    l1::{Before, BlockRef, IdentityError, L1Error, View, batch_header, header_hash},
    store::{BatchRecord, BatchStatus, L1Receipt, Purpose, StepRecord, Store, StoreError},
};

/// A batch as it is stored.
#[derive(Clone, Copy, Debug)]
struct Known {
    status: BatchStatus,
    /// L1 block in which its proof was seen first.
    proven_seen_at: Option<u64>,
    /// A receipt of ours was not to be had: a node that lags has it later.
    lacks_receipt: bool,
}

/// What settlement has seen of L1 in this process; L1 is the truth, this saves asking.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// Batches up to this one had our header at `head`.
    compared_to: u64,
    head: Option<BlockRef>,
    /// The batches that are not final.
    known: BTreeMap<u64, Known>,
    /// When calls were sent first.
    began: HashMap<Purpose, Instant>,
}

impl Followed {
    pub fn began(&mut self, purpose: Purpose) {
        self.began.entry(purpose).or_insert_with(Instant::now);
    }

    /// The steps that brought a batch here; one transaction that did both is measured as the settlement.
    fn steps(&mut self, batch: u64, target: BatchStatus, by_one: bool) -> Vec<StepRecord> {
        let mut steps = Vec::new();
        if target >= BatchStatus::Committed && !by_one {
            steps.extend(self.took(Purpose::Commit(batch), Step::Commit));
        }
        if target == BatchStatus::Proven {
            let settled_by = match by_one {
                true => [Purpose::CommitAndProve(batch); 2],
                false => [Purpose::Prove(batch), Purpose::Finalize(batch)],
            };
            let took = settled_by.into_iter().find_map(|by| self.took(by, Step::Settle));
            steps.extend(took);
            self.began.retain(|purpose, _| purpose.batch() != batch);
        }
        steps
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
            self.require_not_behind(last_final, view.head)?;
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
            let known = self.known(number)?;
            if known.status != target {
                self.moved(number, target, view).await?;
            } else if known.lacks_receipt {
                self.complete(number).await?;
            }
        }
        self.finalize(view, last_final).await
    }

    /// The same in exit mode. Batches that were not proven are taken back, and numbers behind the last one of ours are those
    /// of exits, which anybody makes.
    pub(super) async fn follow_in_exit_mode(&mut self, view: &View) -> Result<(), SettleError> {
        let sealed = self.store.next_batch()? - 1;
        let mut last = self.store.final_batch()?.min(view.proven);
        while last < sealed.min(view.proven) {
            let ours = header_hash(&self.header(last + 1)?);
            if self.l1.header_hash(last + 1, view.head).await? != ours {
                break;
            }
            last += 1;
        }
        let before_exits = View {
            committed: last,
            proven: last,
            ..*view
        };
        self.follow(&before_exits).await?;
        for number in last + 1..=sealed {
            self.note_refusal(&record(&self.store, number)?, &SettleError::ExitMode { number })?;
        }
        Ok(())
    }

    /// A node that has not seen the block that a batch's proof was seen in says nothing about that batch.
    fn require_not_behind(&self, proven: u64, head: BlockRef) -> Result<(), SettleError> {
        let seen_at = record(&self.store, proven)?.proven_seen_at;
        match seen_at.filter(|seen_at| *seen_at > head.number) {
            Some(read) => {
                let head = head.number;
                Err(L1Error::Behind { head, read }.into())
            }
            None => Ok(()),
        }
    }

    /// A reorganisation may have put other batches under numbers that were compared.
    async fn forget_what_moved(&mut self, view: &View, last_final: u64) -> Result<(), SettleError> {
        let is_same = match self.followed.head {
            None => false,
            Some(head) => head.number <= view.head.number && self.l1.block(head.number).await? == head,
        };
        if is_same {
            let compared_to = self.followed.compared_to;
            self.followed.compared_to = compared_to.clamp(last_final, view.committed.max(last_final));
        } else {
            self.followed.compared_to = last_final;
            self.proofs_seen_anew(view, last_final)?;
        }
        self.followed.head = Some(view.head);
        Ok(())
    }

    /// After a reorganisation a proof may stand in a later block than the one it was seen in: it is final later.
    fn proofs_seen_anew(&mut self, view: &View, last_final: u64) -> Result<(), SettleError> {
        let seen_at = Some(view.head.number);
        for number in last_final + 1..=view.proven {
            if self.known(number)?.status == BatchStatus::Proven {
                self.store
                    .update_batch(number, |batch| batch.proven_seen_at = seen_at)?;
                self.followed.known.remove(&number);
            }
        }
        Ok(())
    }

    /// L1's batch must be ours.
    async fn compare(&mut self, number: u64, view: &View) -> Result<(), SettleError> {
        let ours = header_hash(&self.header(number)?);
        let l1 = self.l1.header_hash(number, view.head).await?;
        if l1 != ours {
            self.require_still(view).await?;
            return Err(SettleError::Diverged { number, l1, ours });
        }
        Ok(())
    }

    /// The header of a sealed batch. Its L1 operations begin behind those of the last batch whose header is stored.
    fn header(&self, number: u64) -> Result<BatchHeader, SettleError> {
        let mut first = number;
        while first > 1 && stored_header(&self.store, first - 1)?.is_none() {
            first -= 1;
        }
        let mut before = match first {
            1 => Before::default(),
            _ => after(&self.store, first - 1)?,
        };
        for earlier in first..number {
            before = before.after(&record(&self.store, earlier)?)?;
        }
        Ok(batch_header(&record(&self.store, number)?, before)?)
    }

    fn known(&mut self, number: u64) -> Result<Known, SettleError> {
        if let Some(known) = self.followed.known.get(&number) {
            return Ok(*known);
        }
        let known = self.load(&record(&self.store, number)?)?;
        self.followed.known.insert(number, known);
        Ok(known)
    }

    fn load(&self, record: &BatchRecord) -> Result<Known, SettleError> {
        let number = record.number;
        let lacks =
            |has: bool, from: BatchStatus, does: fn(Purpose, u64) -> bool| -> Result<bool, StoreError> {
                let is_missing = !has && record.status >= from;
                Ok(is_missing && !self.store.sent_for(|purpose| does(purpose, number))?.is_empty())
            };
        let commit = lacks(record.commit.is_some(), BatchStatus::Committed, Purpose::commits)?;
        let prove = lacks(record.prove.is_some(), BatchStatus::Proven, Purpose::settles)?;
        Ok(Known {
            status: record.status,
            proven_seen_at: record.proven_seen_at,
            lacks_receipt: commit || prove,
        })
    }

    /// Asks again for the receipts that were not to be had.
    async fn complete(&mut self, number: u64) -> Result<(), SettleError> {
        let batch = record(&self.store, number)?;
        let commit = match &batch.commit {
            None => self.commit_receipt(number).await?,
            found => found.clone(),
        };
        let prove = match &batch.prove {
            None if batch.status == BatchStatus::Proven => self.prove_receipt(number).await?,
            found => found.clone(),
        };
        let is_news = (&commit, &prove) != (&batch.commit, &batch.prove);
        if is_news {
            let record = update(&self.store, &self.changes, number, |batch| {
                (batch.commit, batch.prove) = (commit, prove);
            })?;
            let known = self.load(&record)?;
            self.followed.known.insert(number, known);
        }
        Ok(())
    }

    async fn commit_receipt(&self, number: u64) -> Result<Option<L1Receipt>, SettleError> {
        let receipt = self.l1.receipt(&self.store, |purpose| purpose.commits(number));
        Ok(receipt.await?)
    }

    async fn prove_receipt(&self, number: u64) -> Result<Option<L1Receipt>, SettleError> {
        let receipt = self.l1.receipt(&self.store, |purpose| purpose.settles(number));
        Ok(receipt.await?)
    }

    async fn moved(&mut self, number: u64, target: BatchStatus, view: &View) -> Result<(), SettleError> {
        let before = self.known(number)?.status;
        if target < before && view.exit_mode {
            tracing::warn!(batch = number, ?before, now = ?target, "exit mode took the batch back: on L1 it has not happened");
        } else if target < before {
            tracing::warn!(batch = number, ?before, now = ?target, "L1 took the batch back: it is sent again");
        }
        let (mut commit, mut prove, mut header) = (None, None, None);
        if target >= BatchStatus::Committed {
            commit = self.commit_receipt(number).await?;
            header = Some(self.header(number)?.abi_encode());
        }
        if target == BatchStatus::Proven {
            prove = self.prove_receipt(number).await?;
        }
        let by_one = commit.is_some() && commit == prove;
        let steps = self.followed.steps(number, target, by_one);
        tracing::info!(
            batch = number,
            status = ?target,
            commit_gas = commit.as_ref().filter(|_| !by_one).map(|receipt| receipt.gas_used),
            prove_gas = prove.as_ref().map(|receipt| receipt.gas_used),
            "on L1"
        );
        let seen_at = (target == BatchStatus::Proven).then_some(view.head.number);
        let record = update(&self.store, &self.changes, number, |batch| {
            batch.status = target;
            batch.header = header.or(batch.header.take());
            batch.commit = commit;
            batch.prove = prove;
            batch.proven_seen_at = seen_at;
            batch.failure = None;
            batch.steps.extend(steps);
        })?;
        let known = self.load(&record)?;
        self.followed.known.insert(number, known);
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
            let known = self.known(now_final + 1)?;
            match known.proven_seen_at {
                Some(seen_at) if seen_at <= block.number => now_final += 1,
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

/// Where the batch behind one with a stored header begins.
fn after(store: &Store, number: u64) -> Result<Before, SettleError> {
    let first_operation = stored_header(store, number)?.map_or(0, |header| header.firstOperation);
    let own = Before {
        first_operation,
        time: 0,
    };
    Ok(own.after(&record(store, number)?)?)
}
