//! What workers deliver: proofs, failures, and leases handed back.

use ashlar_traces::Context;
use tokio::{task::spawn_blocking, time::Instant};

use super::{Farm, truncate};
use crate::{
    error::FarmError,
    metrics::Operation,
    model::{Completion, CompletionOutcome, Cost, LeaseClaim, LeaseEnding, LeaseKey},
    store::{
        acceptance::Accepted,
        faults::{self, Fault},
        leases, outcomes,
    },
    verifier::Refusal,
};

impl Farm {
    /// Takes a proof: verified first, then accepted unless the job is done by now. A late proof is as good as one
    /// in time.
    ///
    /// # Errors
    /// [`FarmError::UnknownLease`]; [`FarmError::ArtifactDamaged`] if an input to check it against is lost;
    /// [`FarmError::CannotVerify`] if the fault is this coordinator's, to be delivered again; [`FarmError::ArtifactGoes`] if
    /// the same proof, needed by nobody before, is being deleted, to be delivered again too.
    pub async fn complete(&self, completion: Completion) -> Result<CompletionOutcome, FarmError> {
        let Completion {
            claim,
            proof,
            steps,
            fallback,
        } = completion;
        let fallback = truncate(fallback);
        let review = outcomes::review(&mut self.store.glance().await?, &claim).await?;
        let (key, attempt, arrived) = (review.key, review.attempt, Instant::now());
        if review.done {
            return Ok(CompletionOutcome::Ignored);
        }
        if review.inputs_missing {
            self.release(&claim).await?;
            return Ok(CompletionOutcome::Rejected(
                "an input of the job was lost and is made again".into(),
            ));
        }
        let mut inputs = Vec::with_capacity(review.inputs.len());
        for digest in review.inputs {
            inputs.push(self.artifact(digest).await?);
        }
        let (verifier, bytes) = (self.verifier.clone(), proof.clone());
        let verifying = self.config.traces.is_on().then(|| {
            let context = Context::root(&attempt.content.0).child(key.token.0);
            self.config.traces.span("verify", context)
        });
        let verdict =
            spawn_blocking(move || verifier.verify(review.circuit_set, review.kind, &inputs, &bytes))
                .await
                .unwrap_or_else(|panic| Err(Refusal::CannotTell(format!("the verifier panicked: {panic}"))));
        drop(verifying);
        match verdict {
            Ok(()) => {}
            Err(Refusal::CannotTell(reason)) => {
                let reason = truncate(reason);
                return Err(FarmError::CannotVerify { job: key.job, reason });
            }
            Err(Refusal::Rejected(reason)) => {
                let reason = truncate(format!("the proof does not verify: {reason}"));
                let mut tx = self.store.begin().await?;
                let ended = faults::rejected(&mut tx, Fault { key, reason: &reason }, &self.config).await?;
                tx.commit().await?;
                if ended {
                    self.attempt_over(&attempt, LeaseEnding::Rejected, Some(&reason));
                }
                self.attempt_ended(key, &reason);
                return Ok(CompletionOutcome::Rejected(reason));
            }
        }
        let output_bytes = proof.len() as u64;
        let output = self.keep(proof).await?;
        let timed = self.config.metrics.time(Operation::Accept);
        let cost = Cost::of(&steps);
        let verified = Accepted {
            key,
            output,
            output_bytes,
            steps,
            fallback: fallback.clone(),
        };
        let accepted = (self.acceptance)
            .accept(verified, &self.store, &self.config)
            .await?;
        drop(timed);
        if accepted {
            self.config
                .metrics
                .accepted(review.kind, attempt.age + arrived.elapsed());
            self.config.metrics.cost(&review.tenant, review.kind, cost);
            self.attempt_over(&attempt, LeaseEnding::Completed, None);
        }
        self.changes.send_replace(());
        tracing::info!(job = key.job.0, kind = %review.kind, token = key.token.0, accepted, "proof delivered");
        if accepted && !fallback.is_empty() {
            tracing::warn!(job = key.job.0, kind = %review.kind, fallback, "proved elsewhere than meant: see to the worker");
        }
        Ok(if accepted {
            CompletionOutcome::Accepted
        } else {
            CompletionOutcome::Ignored
        })
    }

    /// Ends an attempt that gave no proof, unless the lease is not current. `retryable` is a fault of the machine, else it
    /// is a verdict on the job, which a second attempt must confirm. Returns whether it counted.
    pub async fn fail(&self, claim: &LeaseClaim, reason: String, retryable: bool) -> Result<bool, FarmError> {
        let reason = truncate(reason);
        let _timed = self.config.metrics.time(Operation::Fail);
        let mut tx = self.store.begin().await?;
        let key = leases::claimed(&mut tx, claim).await?;
        let fault = Fault { key, reason: &reason };
        let attempt = outcomes::attempt(&mut tx, key).await?;
        let (counted, ending) = if retryable {
            let counted = faults::failed(&mut tx, fault, &self.config).await?;
            (counted, LeaseEnding::Failed)
        } else {
            let counted = faults::condemned(&mut tx, fault, &self.config).await?;
            (counted, LeaseEnding::Condemned)
        };
        tx.commit().await?;
        if counted {
            self.attempt_over(&attempt, ending, Some(&reason));
            self.attempt_ended(key, &reason);
        }
        Ok(counted)
    }

    pub(super) fn attempt_ended(&self, key: LeaseKey, reason: &str) {
        tracing::warn!(job = key.job.0, token = key.token.0, reason, "attempt failed");
        self.changes.send_replace(());
    }

    /// Takes a lease back from a worker that drains. Returns whether it was current.
    pub async fn release(&self, claim: &LeaseClaim) -> Result<bool, FarmError> {
        let _timed = self.config.metrics.time(Operation::Release);
        let mut tx = self.store.begin().await?;
        let key = leases::claimed(&mut tx, claim).await?;
        let attempt = outcomes::attempt(&mut tx, key).await?;
        let released = outcomes::hand_back(&mut tx, key).await?;
        tx.commit().await?;
        if released {
            self.attempt_over(&attempt, LeaseEnding::HandedBack, None);
        }
        self.changes.send_replace(());
        Ok(released)
    }
}
