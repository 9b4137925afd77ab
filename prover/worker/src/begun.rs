//! A job that is begun, between whoever runs it and the loop that begins the next.

use std::sync::Arc;

use tokio::sync::watch;

/// A job that is begun: whether it has had its turn on the machine's cores, and whether it is still wanted.
#[derive(Debug, Clone)]
pub struct Begun(Arc<watch::Sender<Stage>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is made ready, or waits behind another.
    Waits,
    /// It has had a turn: what it costs from now on is worth finishing.
    Entered,
    /// It was handed back before that.
    Withdrawn,
}

impl Default for Begun {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Stage::Waits)))
    }
}

impl Begun {
    /// Whether the job is still wanted. To be asked whenever its turn has come to compute on all cores, or on the card: from
    /// the first time on the worker begins the next job beside it, and does not take this one back.
    pub fn enters(&self) -> bool {
        self.leave(Stage::Entered);
        *self.0.borrow() == Stage::Entered
    }

    /// Takes the job back, unless it has had a turn.
    pub(crate) fn withdraw(&self) {
        self.leave(Stage::Withdrawn);
    }

    fn leave(&self, to: Stage) {
        self.0.send_if_modified(|stage| {
            let waits = *stage == Stage::Waits;
            if waits {
                *stage = to;
            }
            waits
        });
    }

    pub(crate) fn waits(&self) -> bool {
        *self.0.borrow() == Stage::Waits
    }

    pub(crate) fn has_entered(&self) -> bool {
        *self.0.borrow() == Stage::Entered
    }

    /// Ready when it does not wait any more.
    pub(crate) async fn has_left(&self) {
        self.reaches(|stage| stage != Stage::Waits).await;
    }

    /// Ready when it is taken back.
    pub(crate) async fn is_withdrawn(&self) {
        self.reaches(|stage| stage == Stage::Withdrawn).await;
    }

    async fn reaches(&self, is_there: impl Fn(Stage) -> bool) {
        let mut stage = self.0.subscribe();
        let reached = stage.wait_for(|stage| is_there(*stage)).await;
        reached.expect("the sender is here");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_has_entered_is_not_withdrawn_and_what_is_withdrawn_does_not_enter() {
        let entered = Begun::default();
        assert!(entered.waits() && !entered.has_entered());
        assert!(entered.enters());
        entered.withdraw();
        assert!(entered.enters() && entered.has_entered() && !entered.waits());
        entered.has_left().await;

        let withdrawn = Begun::default();
        withdrawn.clone().withdraw();
        assert!(!withdrawn.enters() && !withdrawn.has_entered() && !withdrawn.waits());
        withdrawn.is_withdrawn().await;
        withdrawn.has_left().await;
    }
}
