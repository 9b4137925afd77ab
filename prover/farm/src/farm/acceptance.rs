//! Proofs that were verified are accepted together: whoever has the turn does it for all that wait.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turns, OwnedMutexGuard, oneshot};

use crate::{
    config::FarmConfig,
    error::FarmError,
    store::{
        Store,
        acceptance::{self, Accepted},
    },
};

/// The proofs that wait.
#[derive(Debug, Default, Clone)]
pub(super) struct Acceptance {
    waiting: Arc<Mutex<Vec<Waiting>>>,
    turn: Arc<Turns<()>>,
}

#[derive(Debug)]
struct Waiting {
    proof: Accepted,
    reply: oneshot::Sender<Result<bool, FarmError>>,
}

impl Acceptance {
    /// Takes a proof as its job's result, lastingly. False, and nothing changes, if the job is done already.
    ///
    /// # Errors
    /// [`FarmError::ArtifactGoes`], or what is wrong with the database.
    pub async fn accept(
        &self,
        proof: Accepted,
        store: &Store,
        config: &Arc<FarmConfig>,
    ) -> Result<bool, FarmError> {
        let (reply, mut answer) = oneshot::channel();
        self.lock().push(Waiting { proof, reply });
        tokio::select! {
            biased;
            answer = &mut answer => return answer.unwrap_or(Err(FarmError::ChangeLost)),
            turn = self.turn.clone().lock_owned() => {
                // On its own: a caller that goes away must not take the others' proofs with it.
                tokio::spawn(self.clone().serve(turn, store.clone(), config.clone())).await?;
            }
        }
        // By this turn, or by one before that still commits.
        answer.await.unwrap_or(Err(FarmError::ChangeLost))
    }

    /// Accepts all that wait.
    async fn serve(self, turn: OwnedMutexGuard<()>, store: Store, config: Arc<FarmConfig>) {
        if self.lock().is_empty() {
            return;
        }
        let change = store.begin().await; // the longer it takes, the more wait
        let waiting = std::mem::take(&mut *self.lock());
        let (proofs, replies): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .map(|waiting| (waiting.proof, waiting.reply))
            .unzip();
        let made = async {
            let mut tx = change?;
            let taken = acceptance::accept(&mut tx, &proofs, &config).await?;
            drop(turn); // the next may gather while this one is written to disk
            tx.commit().await?;
            Ok(taken)
        };
        match made.await {
            Ok(taken) => {
                for (reply, taken) in replies.into_iter().zip(taken) {
                    reply.send(taken).ok(); // whoever does not wait any more finds the job done
                }
            }
            Err(error) => {
                let mut replies = replies.into_iter();
                if let Some(first) = replies.next() {
                    first.send(Err(error)).ok();
                }
                replies.for_each(drop); // they hear that their change is lost, and repeat it
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
