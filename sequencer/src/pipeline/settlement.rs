//! Commits batches and settles their proofs on L1, in order.
//!
//! A proof that is there before its batch is committed goes to L1 with the commit, which costs less than two transactions.
//!
//! What became of a batch is read from L1 at every step and never remembered instead: a commit that a reorganisation or
//! `revertBatches` took away is made again, one that somebody else made is taken over if it is ours. In exit mode nothing is
//! sent; if a reorganisation takes that back, it goes on.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::sol_types::{SolCall, SolValue};
use ashlar_contracts::{BatchHeader, Rollup};
use ashlar_protocol::SnarkParts;
use ashlar_report::chain;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::{
    Publish, SettleError,
    challenges::{Challenges, answer_call, finalize_call},
    follow::Followed,
    update, wait,
};
use crate::{
    changes::Changes,
    config::{CommitWhen, fits_with_proof},
    exit_mode::IN_EXIT_MODE,
    l1::{Call, Expected, L1Client, L1Error, View},
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
    pub publish: Arc<dyn Publish>,
    /// When batches are committed.
    pub commit_when: CommitWhen,
    /// Of an optimistic rollup.
    pub challenges: Option<Challenges>,
    /// Pause before L1 is looked at again.
    pub interval: Duration,
    /// What is known of the batches on L1.
    pub(super) followed: Followed,
    state: SettlementState,
    commit: Refusals,
    /// Of proofs, with a commit or without.
    prove: Refusals,
    /// Of commits with a proof, for another reason than the proof.
    both: Refusals,
    /// Of answers to challenges.
    answer: Refusals,
    /// Of what makes batches final by time.
    finalize: Refusals,
}

/// What settlement does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SettlementState {
    /// It commits and proves batches.
    #[default]
    Settling,
    /// The rollup is in exit mode: it sends nothing, and looks whether L1 takes that back.
    ExitMode,
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

impl Settlement {
    /// Settles the batches of `store` through `l1`.
    pub fn new(
        store: Arc<Store>,
        changes: Changes,
        l1: L1Client,
        expected: Expected,
        publish: Arc<dyn Publish>,
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
            challenges: None,
            interval,
            followed: Followed::default(),
            state: SettlementState::default(),
            commit: Refusals::default(),
            prove: Refusals::default(),
            both: Refusals::default(),
            answer: Refusals::default(),
            finalize: Refusals::default(),
        }
    }

    /// The same for an optimistic rollup.
    pub fn with_challenges(mut self, challenges: Option<Challenges>) -> Self {
        self.challenges = challenges;
        self
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
    /// In exit mode nothing is sent, which is no error: [`Self::state`] says so.
    ///
    /// # Errors
    /// If L1 fails or refuses; what it refuses is tried again after a pause, and holds up nothing that does not need it.
    pub async fn advance(&mut self) -> Result<(), SettleError> {
        let view = self.l1.view().await?;
        self.note_state(&view);
        if view.exit_mode {
            return self.follow_in_exit_mode(&view).await;
        }
        self.follow(&view).await?;
        let by_time = self.by_time_or_challenge(&view).await?;
        match self.next(&view, by_time).await? {
            Some(purpose) => self.act(purpose, &view).await,
            None => Ok(()),
        }
    }

    /// What it does, as L1 said at the last look.
    pub fn state(&self) -> SettlementState {
        self.state
    }

    fn note_state(&mut self, view: &View) {
        let now = match view.exit_mode {
            true => SettlementState::ExitMode,
            false => SettlementState::Settling,
        };
        match (std::mem::replace(&mut self.state, now), now) {
            (SettlementState::Settling, SettlementState::ExitMode) => tracing::error!(
                block = view.head.number,
                "settlement stands still: {IN_EXIT_MODE}. Batches that are not proven have not happened on L1; nothing is sent for them any more"
            ),
            (SettlementState::ExitMode, SettlementState::Settling) => tracing::warn!(
                block = view.head.number,
                "settlement goes on: L1 took exit mode back"
            ),
            _ => {}
        }
    }

    /// What to send: what is under way already, else what challenges or their absence ask for, else a proof, with its commit
    /// if that is still to come, else a commit.
    async fn next(&self, view: &View, by_time: Vec<Purpose>) -> Result<Option<Purpose>, SettleError> {
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
        let by_time = by_time.into_iter().filter(|purpose| !self.is_pausing(*purpose));
        let mut alternatives: Vec<Purpose> = by_time.chain(proof).collect();
        let first = alternatives.first().copied();
        alternatives.extend(commit);
        if alternatives.len() > 1 {
            let in_flight = self.l1.in_flight(&self.store, view.head).await?;
            if in_flight.is_some_and(|purpose| alternatives.contains(&purpose)) {
                return Ok(in_flight);
            }
        }
        Ok(first.or(commit.filter(|_| may_commit)))
    }

    async fn act(&mut self, purpose: Purpose, view: &View) -> Result<(), SettleError> {
        let number = purpose.batch();
        let batch = self.store.batch(number)?.ok_or(SettleError::Malformed {
            number,
            what: "record",
        })?;
        self.followed.began(purpose);
        let sent = match self.call(purpose, &batch).await {
            Ok(call) => self
                .l1
                .send(&self.store, &call, view.head)
                .await
                .map_err(SettleError::from),
            Err(error) => Err(error),
        };
        if let Err(SettleError::L1(L1Error::Reverted { .. })) = &sent {
            self.require_still(view).await?;
        }
        match &sent {
            Ok(()) => self.taken(purpose),
            Err(error) if error.is_transient() => {}
            // Entered since the look: the next one tells it. The batch and its proof are not at fault.
            Err(SettleError::L1(L1Error::ExitMode { .. })) => {}
            Err(error) => self.refused(purpose, &batch, error)?,
        }
        sent
    }

    /// What contradicts this view counts only if L1 still shows it: a node that makes a block meanwhile may answer for the
    /// one before with the state of either.
    ///
    /// # Errors
    /// [`L1Error::Moved`] if the view does not hold any more, or never did.
    pub(super) async fn require_still(&self, view: &View) -> Result<(), SettleError> {
        let (again, newest) = tokio::try_join!(self.l1.view_at(view.head), self.l1.view())?;
        let head = view.head;
        if again == *view && (View { head, ..newest }) == *view {
            Ok(())
        } else {
            Err(L1Error::Moved { block: head.number }.into())
        }
    }

    fn is_pausing(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Commit(_) => self.commit.is_pausing(),
            Purpose::Prove(_) => self.prove.is_pausing(),
            Purpose::CommitAndProve(_) => self.both.is_pausing(),
            Purpose::Finalize(_) => self.finalize.is_pausing(),
            Purpose::Answer(_) => self.answer.is_pausing(),
        }
    }

    fn taken(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::Commit(_) => self.commit = Refusals::default(),
            Purpose::Prove(_) => self.prove = Refusals::default(),
            Purpose::Finalize(_) => self.finalize = Refusals::default(),
            Purpose::Answer(_) => self.answer = Refusals::default(),
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
            Purpose::Finalize(_) => self.finalize.refused(),
            Purpose::Answer(_) if !error.is_of_proof() => self.answer.refused(),
            // While it pauses, commit and proof are sent apart: which of them is refused, that shows.
            Purpose::CommitAndProve(_) if !error.is_of_proof() => self.both.refused(),
            Purpose::Prove(_) if !error.is_of_proof() => self.prove.refused(),
            Purpose::Prove(_) | Purpose::CommitAndProve(_) | Purpose::Answer(_) => {
                self.prove.refused();
                self.answer.refused();
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
        let data = self.publish.mode();
        Ok(fits_with_proof(&batch.size(), data, snark.len() as u64))
    }

    async fn call(&self, purpose: Purpose, batch: &BatchRecord) -> Result<Call, SettleError> {
        match purpose {
            Purpose::Commit(_) => self.commit_call(batch, None).await,
            Purpose::Prove(number) => prove_call(batch, proof(number, &self.snark(number)?)?),
            Purpose::Finalize(number) => Ok(finalize_call(number, &header(batch)?)),
            Purpose::Answer(number) => {
                let snark = self.snark(number)?;
                Ok(answer_call(number, &header(batch)?, proof(number, &snark)?))
            }
            Purpose::CommitAndProve(number) => {
                let snark = self.snark(number)?;
                let proof = proof(number, &snark)?.to_vec();
                self.commit_call(batch, Some(proof)).await
            }
        }
    }

    /// Beside the other tasks: a blob takes its time, and a committee.
    async fn commit_call(&self, batch: &BatchRecord, proof: Option<Vec<u8>>) -> Result<Call, SettleError> {
        let (publish, batch) = (self.publish.clone(), batch.clone());
        let number = batch.number;
        let making = spawn_blocking(move || publish.commit(&batch, proof.as_deref()));
        making.await.unwrap_or(Err(SettleError::Panicked { number }))
    }

    fn snark(&self, number: u64) -> Result<Vec<u8>, SettleError> {
        let what = "SNARK";
        self.store
            .snark(number)?
            .ok_or(SettleError::Malformed { number, what })
    }

    pub(super) fn note_refusal(&self, batch: &BatchRecord, error: &SettleError) -> Result<(), StoreError> {
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

/// Of a committed batch.
fn header(batch: &BatchRecord) -> Result<BatchHeader, SettleError> {
    let (number, what) = (batch.number, "header");
    let header = batch
        .header
        .as_ref()
        .and_then(|bytes| BatchHeader::abi_decode(bytes).ok());
    header.ok_or(SettleError::Malformed { number, what })
}

fn prove_call(batch: &BatchRecord, proof: &[u8]) -> Result<Call, SettleError> {
    let number = batch.number;
    let header = header(batch)?;
    let call = Rollup::proveBatchCall {
        header,
        proof: proof.to_vec().into(),
    };
    Ok(Call {
        name: "proveBatch",
        data: call.abi_encode().into(),
        purpose: Purpose::Prove(number),
        blob: None,
    })
}
