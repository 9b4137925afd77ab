//! How the batches of an optimistic rollup become final: by time, or by the answer to a challenge.
//!
//! Challenges are found by their events, each batch once; how it stands is then read from the contract at every look.

use std::collections::BTreeSet;

use alloy::sol_types::SolCall;
use ashlar_contracts::{BatchHeader, optimistic, optimistic::OptimisticRollup};

use super::{SettleError, Settlement};
use crate::{
    demand::Demand,
    l1::{BlockRef, Call, View},
    store::Purpose,
};

/// An optimistic rollup, and what was seen of its challenges.
#[derive(Debug)]
pub struct Challenges {
    window_secs: u64,
    /// Told which batches are to be proven; `None` if all are.
    demand: Option<Demand>,
    /// Events were read up to here.
    read_to: Option<BlockRef>,
    /// Batches that were challenged, and were not final at the last look.
    known: BTreeSet<u64>,
    /// Of them, those whose open challenges were told of.
    told: BTreeSet<u64>,
}

impl Challenges {
    /// Of a rollup whose batches can be challenged for so long; `demand` hears which batches need a proof.
    pub fn new(window_secs: u64, demand: Option<Demand>) -> Self {
        Self {
            window_secs,
            demand,
            read_to: None,
            known: BTreeSet::new(),
            told: BTreeSet::new(),
        }
    }
}

impl Settlement {
    /// What is to be sent because of challenges, or of their absence: answers, the most urgent one first, then what makes
    /// the next batch final by time. Nothing if the rollup is not optimistic.
    pub(super) async fn by_time_or_challenge(&mut self, view: &View) -> Result<Vec<Purpose>, SettleError> {
        let Some(mut challenges) = self.challenges.take() else {
            return Ok(Vec::new());
        };
        let purposes = self.look(&mut challenges, view).await;
        self.challenges = Some(challenges);
        purposes
    }

    async fn look(&self, challenges: &mut Challenges, view: &View) -> Result<Vec<Purpose>, SettleError> {
        self.read_events(challenges, view).await?;
        let next = view.proven + 1;
        challenges
            .known
            .retain(|number| (next..=view.committed).contains(number));
        let (_, now) = self.l1.block_and_time(view.head.number).await?;
        let mut open = Vec::new();
        for &number in &challenges.known {
            if let Some(answer_by) = self.l1.standing(number, view.head).await?.answer_by {
                open.push((answer_by, number));
            }
        }
        open.sort_unstable();
        let wanted: BTreeSet<u64> = open.iter().map(|(_, number)| *number).collect();
        for &(answer_by, batch) in &open {
            if challenges.told.insert(batch) {
                let secs_left = answer_by.saturating_sub(now);
                tracing::warn!(
                    batch,
                    secs_left,
                    "challenged: its proof must be on L1 in time, or the batch is taken back and the bond lost"
                );
            }
        }
        challenges.told.retain(|number| wanted.contains(number));
        if let Some(demand) = &challenges.demand {
            let is_news = wanted.iter().any(|number| !demand.wants(*number));
            demand.only(wanted);
            if is_news {
                self.changes.notify(); // proving begins at once
            }
        }
        let mut purposes = Vec::new();
        for (answer_by, number) in open {
            // Late ones are refused.
            if now < answer_by && self.store.snark(number)?.is_some() {
                purposes.push(match number == next {
                    true => Purpose::Prove(number),
                    false => Purpose::Answer(number),
                });
            }
        }
        if next <= view.committed {
            let standing = self.l1.standing(next, view.head).await?;
            let is_over = now >= standing.committed_at + challenges.window_secs;
            if standing.answered || (standing.answer_by.is_none() && is_over) {
                purposes.push(Purpose::Finalize(next));
            }
        }
        Ok(purposes)
    }

    async fn read_events(&self, challenges: &mut Challenges, view: &View) -> Result<(), SettleError> {
        let read_to = match challenges.read_to {
            // What a reorganisation brought into earlier blocks is read again.
            Some(block) if block.number <= view.head.number => {
                (self.l1.block(block.number).await? == block).then_some(block)
            }
            _ => None,
        };
        let first = match read_to {
            Some(block) => block.number + 1,
            None => self.l1.first_event_block(view.head).await,
        };
        challenges
            .known
            .extend(self.l1.challenged(first, view.head.number).await?);
        challenges.read_to = Some(view.head);
        Ok(())
    }
}

/// Makes a batch final that needs no proof any more.
pub(super) fn finalize_call(number: u64, header: &BatchHeader) -> Call {
    let header = optimistic::header(header);
    Call {
        name: "finalizeBatch",
        data: OptimisticRollup::finalizeBatchCall { header }.abi_encode().into(),
        purpose: Purpose::Finalize(number),
        blob: None,
    }
}

/// Answers the challenge of a batch that is not the next one to become final.
pub(super) fn answer_call(number: u64, header: &BatchHeader, proof: &[u8]) -> Call {
    let call = OptimisticRollup::answerChallengeCall {
        _0: optimistic::header(header),
        _1: proof.to_vec().into(),
    };
    Call {
        name: "answerChallenge",
        data: call.abi_encode().into(),
        purpose: Purpose::Answer(number),
        blob: None,
    }
}
