//! What anybody sees who keeps an eye on a rollup: whether each commit's public data lead to the root that it claims, for
//! which L1 is enough, and whether its payments were signed, which its sequencer has to show.

mod signatures;

use std::{collections::VecDeque, convert::Infallible};

use alloy::primitives::B256;
use ashlar_payments::{
    rebuild::RebuildError,
    state::{Changes, MemoryStore},
};

use signatures::Sequencer;
pub use signatures::{NotShown, Unshown};

use super::{CommittedBatch, L1, L1Error};
use crate::Options;

/// What has changed since the last look.
#[derive(Debug)]
pub enum Finding {
    /// A batch was committed, and its data lead to its root. Whether each payment was signed they do not show.
    Right {
        /// The batch.
        number: u64,
    },
    /// A batch was committed, and its data do not lead to its root: nothing can prove it. Batches behind it are not looked
    /// at until it is taken back.
    Wrong {
        /// The batch.
        number: u64,
        /// Why.
        error: RebuildError<Infallible>,
    },
    /// The sequencer has shown that each payment of a batch was signed and allowed.
    Signed {
        /// The batch.
        number: u64,
    },
    /// The sequencer has not, so far. Told once as long as it shows nothing, and once if it shows something wrong.
    NotShown {
        /// The batch.
        number: u64,
        /// Why.
        error: NotShown,
    },
    /// A batch is final: L1 has a proof for it, or, in an optimistic rollup, nobody has challenged it in time.
    Proven {
        /// The batch.
        number: u64,
    },
    /// Batches from this one on are not on L1 any more as they were.
    TakenBack {
        /// The first of them.
        first: u64,
    },
}

/// Follows a rollup on L1 from its first batch on. Holds its state twice: as proven, and as committed.
#[derive(Debug)]
pub struct Watcher {
    l1: L1,
    /// The last batch that L1 has proven, as far as it was followed; none before the first.
    proven: Option<Seen>,
    proven_state: MemoryStore,
    /// Batches behind it.
    pending: VecDeque<Pending>,
    /// State after the last of them.
    state: MemoryStore,
    /// The batch behind that leads elsewhere.
    wrong: Option<CommittedBatch>,
    /// Who shows signatures, if anybody is asked.
    sequencer: Option<Sequencer>,
}

/// A batch that is committed and not final.
#[derive(Debug)]
struct Pending {
    seen: Seen,
    changes: Changes,
    /// If its signatures were asked for and are not shown.
    unshown: Option<Unshown>,
}

/// A batch, with the hash of its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    number: u64,
    header: B256,
}

impl Watcher {
    /// Has seen nothing yet.
    pub fn new(l1: L1) -> Self {
        Self {
            l1,
            proven: None,
            proven_state: MemoryStore::new(),
            pending: VecDeque::new(),
            state: MemoryStore::new(),
            wrong: None,
            sequencer: None,
        }
    }

    /// The same, with the sequencer at this endpoint asked what each batch was made of. It may be away.
    pub fn with_sequencer(l1: L1, endpoint: String, options: Options) -> Self {
        Self {
            sequencer: Some(Sequencer::new(endpoint, options)),
            ..Self::new(l1)
        }
    }

    /// Batches that are not final and whose payments are not shown to be signed, in order.
    pub fn unshown(&self) -> impl Iterator<Item = &Unshown> {
        self.pending.iter().filter_map(|pending| pending.unshown.as_ref())
    }

    /// The batch on L1 that cannot be proven, if there is one.
    pub fn wrong(&self) -> Option<&CommittedBatch> {
        self.wrong.as_ref()
    }

    /// The last batch that was executed; 0 before the first.
    pub fn last(&self) -> u64 {
        let last = self.pending.back().map(|pending| pending.seen).or(self.proven);
        last.map_or(0, |seen| seen.number)
    }

    /// Looks at what L1 has now, and tells what has changed, each change once and in order.
    ///
    /// # Errors
    /// If the node does not answer, or does not show what the contract has bound: look again, or ask another node. What
    /// was found before is in `found`.
    pub async fn look(&mut self, found: &mut Vec<Finding>) -> Result<(), L1Error> {
        let l1 = self.l1.state().await?;
        self.retrace(l1.committed_batches, found).await?;
        self.finish(l1.proven_batches, found);
        let mut is_away = false;
        self.ask_again(&mut is_away, found).await?;
        if self.wrong.is_none() && self.last() < l1.committed_batches {
            let advanced = self
                .advance(l1.committed_batches, l1.proven_batches, &mut is_away, found)
                .await;
            advanced?;
        }
        self.finish(l1.proven_batches, found);
        Ok(())
    }

    /// Takes over what is final.
    fn finish(&mut self, proven: u64, found: &mut Vec<Finding>) {
        while let Some(Pending { seen, .. }) = self.pending.front()
            && seen.number <= proven
            && let Some(Pending { seen, changes, .. }) = self.pending.pop_front()
        {
            found.push(Finding::Proven { number: seen.number });
            self.proven = Some(seen);
            self.proven_state.apply(changes);
        }
    }

    async fn is_on_l1(&self, seen: Seen, committed: u64) -> Result<bool, L1Error> {
        // The contract keeps hashes of batches that were taken back.
        Ok(seen.number <= committed && self.l1.header_hash(seen.number).await? == seen.header)
    }

    /// Forgets what is not on L1 any more.
    async fn retrace(&mut self, committed: u64, found: &mut Vec<Finding>) -> Result<(), L1Error> {
        if let Some(proven) = self.proven
            && !self.is_on_l1(proven, committed).await?
        {
            // A reorganisation so deep is rare enough to begin again.
            *self = Self {
                sequencer: self.sequencer.take(),
                ..Self::new(self.l1.clone())
            };
            found.push(Finding::TakenBack { first: 1 });
            return Ok(());
        }
        let mut kept = 0;
        for pending in &self.pending {
            if !self.is_on_l1(pending.seen, committed).await? {
                break;
            }
            kept += 1;
        }
        if kept < self.pending.len() {
            let first = self.pending[kept].seen.number;
            self.pending.truncate(kept);
            self.state = self.proven_state.clone();
            for pending in &self.pending {
                self.state.apply(pending.changes.clone());
            }
            self.wrong = None;
            found.push(Finding::TakenBack { first });
        }
        if let Some(wrong) = &self.wrong {
            let (number, header) = (wrong.header.number, wrong.header_hash());
            if !self.is_on_l1(Seen { number, header }, committed).await? {
                self.wrong = None;
                found.push(Finding::TakenBack { first: number });
            }
        }
        Ok(())
    }

    /// Executes what is new, and asks for the signatures of what is not final.
    async fn advance(
        &mut self,
        committed: u64,
        proven: u64,
        is_away: &mut bool,
        found: &mut Vec<Finding>,
    ) -> Result<(), L1Error> {
        for (number, batch) in self.l1.committed(self.last() + 1, committed).await? {
            let header = batch.header_hash();
            let seen = Seen { number, header };
            let (data, outcome) = self.l1.look_through(&batch, &self.state).await?;
            let changes = match outcome {
                Ok(changes) => changes,
                Err(error) => {
                    self.wrong = Some(batch);
                    found.push(Finding::Wrong { number, error });
                    break;
                }
            };
            found.push(Finding::Right { number });
            let unshown = match &mut self.sequencer {
                Some(sequencer) if number > proven => {
                    let shown = match *is_away {
                        true => Err(NotShown::NotAsked),
                        false => {
                            let state = (&self.state, &changes);
                            sequencer.check(&self.l1, &batch, &data, state).await?
                        }
                    };
                    note(shown, batch, None, is_away, found)
                }
                _ => None,
            };
            self.state.apply(changes.clone());
            self.pending.push_back(Pending {
                seen,
                changes,
                unshown,
            });
        }
        Ok(())
    }

    /// Asks again for what was not shown, on the state before it.
    async fn ask_again(&mut self, is_away: &mut bool, found: &mut Vec<Finding>) -> Result<(), L1Error> {
        let Some(sequencer) = &mut self.sequencer else {
            return Ok(());
        };
        let Some(last) = self.pending.iter().rposition(|pending| pending.unshown.is_some()) else {
            return Ok(());
        };
        let mut before = self.proven_state.clone();
        for Pending { changes, unshown, .. } in self.pending.iter_mut().take(last + 1) {
            if let Some(Unshown { batch, is_wrong }) = unshown.clone()
                && !*is_away
            {
                let (data, _) = self.l1.look_through(&batch, &before).await?;
                let state = (&before, &*changes);
                let shown = sequencer.check(&self.l1, &batch, &data, state).await?;
                *unshown = note(shown, batch, Some(is_wrong), is_away, found);
            }
            before.apply(changes.clone());
        }
        Ok(())
    }
}

/// Tells what came of a question, if it is news: `before` is whether it was wrong, if it was asked before.
fn note(
    shown: Result<(), NotShown>,
    batch: CommittedBatch,
    before: Option<bool>,
    is_away: &mut bool,
    found: &mut Vec<Finding>,
) -> Option<Unshown> {
    let number = batch.header.number;
    let Err(error) = shown else {
        found.push(Finding::Signed { number });
        return None;
    };
    *is_away |= match &error {
        NotShown::Sequencer(error) => error.is_retryable(),
        NotShown::OtherRollup { .. } => true,
        NotShown::NotAsked | NotShown::Wrong(_) => false,
    };
    let is_wrong = error.is_wrong();
    if before != Some(is_wrong) {
        found.push(Finding::NotShown { number, error });
    }
    Some(Unshown { batch, is_wrong })
}
