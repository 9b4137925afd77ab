//! What an optimistic rollup's contract says of batches that are not final.

use std::collections::BTreeSet;

use alloy::{providers::Provider, rpc::types::Filter, sol_types::SolEvent};
use ashlar_contracts::optimistic::OptimisticRollup;

use super::{BlockRef, L1Client, L1Error, ranges::Ranges};

/// What the contract keeps of a committed batch until it is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// When it was committed, in seconds since 1970.
    pub committed_at: u64,
    /// By when its open challenge must be answered, in seconds since 1970; `None` if none is open.
    pub answer_by: Option<u64>,
    /// A challenge was answered by its proof: it waits for those before it alone.
    pub answered: bool,
}

impl L1Client {
    /// Seconds from a batch's commit in which it can be challenged, if the rollup is optimistic.
    pub async fn window(&self, at: BlockRef) -> Result<Option<u64>, L1Error> {
        match self.read("WINDOW", OptimisticRollup::WINDOWCall {}, at).await {
            Ok(window) => Ok(Some(window)),
            Err(L1Error::Reverted { .. }) => Ok(None), // there is no such method
            Err(error) => Err(error),
        }
    }

    /// What an optimistic rollup keeps of a committed batch.
    pub async fn standing(&self, number: u64, at: BlockRef) -> Result<Standing, L1Error> {
        let call = OptimisticRollup::pendingCall { number };
        let kept = self.read("pending", call, at).await?;
        Ok(Standing {
            committed_at: kept.committedAt.to(),
            answer_by: (!kept.challenger.is_zero()).then(|| kept.answerBy.to()),
            answered: kept.answered,
        })
    }

    /// Numbers of the batches that were challenged in these blocks, whatever became of it.
    pub async fn challenged(&self, first: u64, last: u64) -> Result<BTreeSet<u64>, L1Error> {
        let (mut found, mut ranges) = (BTreeSet::new(), Ranges::new(first, last));
        while let Some((from, to)) = ranges.piece() {
            match self.challenged_in(from, to).await {
                Ok(numbers) => {
                    found.extend(numbers);
                    ranges.answered();
                }
                Err(L1Error::Request(_)) if ranges.refused() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn challenged_in(&self, from: u64, to: u64) -> Result<Vec<u64>, L1Error> {
        let filter = &Filter::new()
            .address(self.rollup)
            .event_signature(OptimisticRollup::BatchChallenged::SIGNATURE_HASH)
            .from_block(from)
            .to_block(to);
        self.endpoints
            .agree("eth_getLogs", |node| async move {
                let logs = node.get_logs(filter).await?;
                let events = logs
                    .iter()
                    .filter_map(|log| OptimisticRollup::BatchChallenged::decode_log(&log.inner).ok());
                Ok(events.map(|event| event.number).collect())
            })
            .await
    }
}
