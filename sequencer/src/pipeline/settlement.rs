//! Commits batches and settles their proofs on L1, in order.
//!
//! A proof that is there before its batch is committed goes to L1 with the commit, which costs less than two transactions.
//!
//! What became of a batch is read from L1 at every step and never remembered instead: a commit that a reorganisation or
//! `revertBatches` took away is made again, one that somebody else made is taken over if it is ours.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::sol_types::{SolCall, SolValue};
use ashlar_contracts::{BatchHeader, Rollup};
use ashlar_protocol::{SnarkLayoutError, SnarkParts};
use ashlar_report::chain;
use tokio_util::sync::CancellationToken;

use super::{Publish, follow::Followed, update, wait};
use crate::{
    changes::Changes,
    config::{CommitWhen, fits_with_proof},
    l1::{BlockRef, Call, Expected, HeaderError, IdentityError, L1Client, L1Error, SendError, View},
    retry::Retry,
    store::{BatchRecord, Purpose, Store, StoreError},
};

/// First and longest pause before L1 is asked again for what it refused.
const REFUSED_PAUSE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(600));
/// Longest pause after L1 did not answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What settlement needs.
#[derive(Debug)]
pub struct Settlement {
    /// Batches and SNARKs.
    pub store: Arc<Store>,
    /// Who hears of it.
    pub changes: Changes,
    /// The contract.
    pub l1: L1Client,
    /// What L1, database and program must be.
    pub expected: Expected,
    /// Who publishes the batches' data.
    pub publish: Box<dyn Publish>,
    /// When batches are committed.
    pub commit_when: CommitWhen,
    /// Pause before L1 is looked at again.
    pub interval: Duration,
    /// What is known of the batches on L1.
    pub(super) followed: Followed,
    commit: Refusals,
    /// Of proofs, with a commit or without.
    prove: Refusals,
    /// Of commits with a proof, for another reason than the proof.
    both: Refusals,
}

/// When a refused call is tried again.
#[derive(Debug, Default)]
struct Refusals {
    count: u32,
    again_at: Option<Instant>,
}

impl Refusals {
    fn refused(&mut self) {
        let (first, longest) = REFUSED_PAUSE;
        let pause = first.saturating_mul(1 << self.count.min(16)).min(longest);
        self.count += 1;
        self.again_at = Some(Instant::now() + pause);
    }

    fn is_pausing(&self) -> bool {
        self.again_at.is_some_and(|at| Instant::now() < at)
    }
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
    /// L1, database and program do not belong together.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A stored batch has no header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// L1 holds another batch under this number than the one sealed here.
    #[error(
        "L1 holds another batch {number} (header {l1}) than the one sealed here ({ours}): another sequencer runs with this operator's key, or this database is of another history; if L1's batch is not proven, the operator can revert it with `ashlar batch revert --from {number}`"
    )]
    Diverged {
        /// Batch number.
        number: u64,
        /// Header hash on L1.
        l1: alloy::primitives::B256,
        /// Header hash here.
        ours: alloy::primitives::B256,
    },
    /// What the farm delivered as the batch's SNARK is none.
    #[error("batch {number}: the farm's SNARK is malformed; is the farm of this version?")]
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

impl From<SendError> for SettleError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::L1(error) => Self::L1(error),
            SendError::Store(error) => Self::Store(error),
        }
    }
}

impl SettleError {
    /// Whether it is about L1's answers, not about the batch.
    fn is_transient(&self) -> bool {
        match self {
            Self::L1(error) => error.is_transient(),
            Self::Identity(error) => error.is_transient(),
            Self::Store(_)
            | Self::Header(_)
            | Self::Diverged { .. }
            | Self::Snark { .. }
            | Self::Malformed { .. } => false,
        }
    }

    /// Whether the proof is refused, not what it is sent with.
    fn is_of_proof(&self) -> bool {
        matches!(
            self,
            Self::Snark { .. }
                | Self::L1(L1Error::Reverted {
                    by_verifier: true,
                    ..
                })
        )
    }
}

impl Settlement {
    /// Settles the batches of `store` through `l1`.
    pub fn new(
        store: Arc<Store>,
        changes: Changes,
        l1: L1Client,
        expected: Expected,
        publish: Box<dyn Publish>,
        commit_when: CommitWhen,
        interval: Duration,
    ) -> Self {
        Self {
            store,
            changes,
            l1,
            expected,
            publish,
            commit_when,
            interval,
            followed: Followed::default(),
            commit: Refusals::default(),
            prove: Refusals::default(),
            both: Refusals::default(),
        }
    }

    /// Runs until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut changes = self.changes.subscribe();
        let mut retry = Retry::new("settlement", (self.interval, LONGEST_PAUSE.max(self.interval)));
        let mut was_away = false;
        loop {
            let step = tokio::select! {
                () = shutdown.cancelled() => return,
                step = self.step(was_away) => step,
            };
            let pause;
            (pause, was_away) = match step {
                Ok(()) => {
                    retry.succeeded();
                    (self.interval, false)
                }
                Err(error) => (retry.failed(&chain(&error)), error.is_transient()),
            };
            if !wait(&mut changes, pause, &shutdown).await {
                return;
            }
        }
    }

    /// One look at L1; after it was away, a look at whether it is still the same.
    async fn step(&mut self, was_away: bool) -> Result<(), SettleError> {
        if was_away {
            self.l1.identify(&self.store, self.expected).await?;
        }
        self.advance().await
    }

    /// Reads from L1 what became of the batches, then sends what is to be sent next, if anything is.
    ///
    /// # Errors
    /// If L1 fails or refuses; what it refuses is tried again after a pause, and holds up nothing that does not need it.
    pub async fn advance(&mut self) -> Result<(), SettleError> {
        let view = self.l1.view().await?;
        self.follow(&view).await?;
        match self.next(&view).await? {
            Some(purpose) => self.act(purpose, view.head).await,
            None => Ok(()),
        }
    }

    /// What to send: what is under way already, else a proof, with its commit if that is still to come, else a commit.
    async fn next(&self, view: &View) -> Result<Option<Purpose>, SettleError> {
        let (next_commit, next_proof) = (view.committed + 1, view.proven + 1);
        let is_sealed = next_proof < self.store.next_batch()?;
        let snark = match is_sealed {
            true => self.store.snark(next_proof)?,
            false => None,
        };
        let may_prove = snark.is_some() && !self.prove.is_pausing();
        // Nothing is unproven before the next commit, so its proof can go with it, unless the two do not go together.
        let is_alone = next_commit == next_proof;
        let is_apart = match &snark {
            Some(snark) if is_alone => self.both.is_pausing() || !self.fits_one(next_commit, snark)?,
            _ => false,
        };
        let proof = match (is_alone, is_apart) {
            (true, true) => None,
            (true, false) => Some(Purpose::CommitAndProve(next_commit)),
            (false, _) => Some(Purpose::Prove(next_proof)),
        };
        let proof = proof.filter(|_| may_prove);
        let may_commit = match self.commit_when {
            CommitWhen::AtOnce => true,
            CommitWhen::WithProof => is_apart,
        };
        let commit = (next_commit < self.store.next_batch()? && !self.commit.is_pausing())
            .then_some(Purpose::Commit(next_commit));
        // What was sent before is not replaced by another call, not even one that would be preferred now: either could
        // be included, and the journal knows one of a nonce.
        let alternatives = [proof, commit];
        if alternatives.iter().all(Option::is_some) {
            let in_flight = self.l1.in_flight(&self.store, view.head).await?;
            if alternatives.contains(&in_flight) {
                return Ok(in_flight);
            }
        }
        Ok(proof.or(commit.filter(|_| may_commit)))
    }

    async fn act(&mut self, purpose: Purpose, head: BlockRef) -> Result<(), SettleError> {
        let number = purpose.batch();
        let batch = self.store.batch(number)?.ok_or(SettleError::Malformed {
            number,
            what: "record",
        })?;
        self.followed.began(purpose);
        let sent = match self.call(purpose, &batch) {
            Ok(call) => self
                .l1
                .send(&self.store, &call, head)
                .await
                .map_err(SettleError::from),
            Err(error) => Err(error),
        };
        match &sent {
            Ok(()) => self.taken(purpose),
            Err(error) if error.is_transient() => {}
            Err(error) => self.refused(purpose, &batch, error)?,
        }
        sent
    }

    fn taken(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::Commit(_) => self.commit = Refusals::default(),
            Purpose::Prove(_) => self.prove = Refusals::default(),
            Purpose::CommitAndProve(_) => {
                (self.prove, self.both) = (Refusals::default(), Refusals::default());
            }
        }
    }

    fn refused(
        &mut self,
        purpose: Purpose,
        batch: &BatchRecord,
        error: &SettleError,
    ) -> Result<(), SettleError> {
        self.note_refusal(batch, error)?;
        match purpose {
            Purpose::Commit(_) => self.commit.refused(),
            // While it pauses, commit and proof are sent apart: which of them is refused, that shows.
            Purpose::CommitAndProve(_) if !error.is_of_proof() => self.both.refused(),
            Purpose::Prove(_) | Purpose::CommitAndProve(_) => {
                self.prove.refused();
                self.store.drop_snark(batch.number)?; // the farm is asked again: it may have been mended
            }
        }
        Ok(())
    }

    /// Whether one transaction can commit and prove a batch.
    fn fits_one(&self, number: u64, snark: &[u8]) -> Result<bool, SettleError> {
        let batch = self.store.batch(number)?.ok_or(SettleError::Malformed {
            number,
            what: "record",
        })?;
        Ok(fits_with_proof(&batch.size(), snark.len() as u64))
    }

    fn call(&self, purpose: Purpose, batch: &BatchRecord) -> Result<Call, SettleError> {
        match purpose {
            Purpose::Commit(_) => self.publish.commit(batch, None),
            Purpose::Prove(number) => prove_call(batch, proof(number, &self.snark(number)?)?),
            Purpose::CommitAndProve(number) => {
                let snark = self.snark(number)?;
                self.publish.commit(batch, Some(proof(number, &snark)?))
            }
        }
    }

    fn snark(&self, number: u64) -> Result<Vec<u8>, SettleError> {
        let what = "SNARK";
        self.store
            .snark(number)?
            .ok_or(SettleError::Malformed { number, what })
    }

    fn note_refusal(&self, batch: &BatchRecord, error: &SettleError) -> Result<(), StoreError> {
        let reason = chain(error);
        if batch.failure.as_ref() != Some(&reason) {
            update(&self.store, &self.changes, batch.number, |batch| {
                batch.failure = Some(reason)
            })?;
        }
        Ok(())
    }
}

/// What L1's verifier reads of a SNARK.
fn proof(number: u64, snark: &[u8]) -> Result<&[u8], SettleError> {
    match SnarkParts::from_bytes(snark) {
        Ok(parts) => Ok(parts.proof),
        Err(source) => Err(SettleError::Snark { number, source }),
    }
}

fn prove_call(batch: &BatchRecord, proof: &[u8]) -> Result<Call, SettleError> {
    let number = batch.number;
    let header = batch
        .header
        .as_ref()
        .and_then(|bytes| BatchHeader::abi_decode(bytes).ok())
        .ok_or(SettleError::Malformed {
            number,
            what: "header",
        })?;
    let call = Rollup::proveBatchCall {
        header,
        proof: proof.to_vec().into(),
    };
    Ok(Call {
        name: "proveBatch",
        data: call.abi_encode().into(),
        purpose: Purpose::Prove(number),
    })
}
