//! Transactions whose turn has not come: their account's earlier ones are on their way.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use ashlar_statement::{Application, application::Turn};

use super::{
    SubmitError,
    handle::{Reply, Verified},
};
use crate::config::Limits;

/// A transaction that waits, with those who wait for it.
pub(super) struct Held<A: Application> {
    pub verified: Verified<A>,
    pub replies: Vec<Reply<A>>,
    turn: Turn,
    /// The account's nonce when its patience began.
    expected: u64,
    /// Which of the holds under this nonce it is.
    hold: u64,
}

/// The place of a hold: account, nonce, and the hold's number.
type Place = (u64, u64, u64);

/// Transactions ahead of their account's nonce, in memory: bounded in number and in time.
pub(super) struct Waiting<A: Application> {
    window: u64,
    limit: usize,
    patience: Duration,
    held: HashMap<(u64, u64), Held<A>>,
    per_account: HashMap<u64, u32>,
    /// All are equally patient, so the oldest gives up first.
    deadlines: VecDeque<(Instant, Place)>,
    holds: u64,
    replies: usize,
}

impl<A: Application> Waiting<A> {
    pub fn new(limits: &Limits) -> Self {
        Self {
            window: limits.nonce_window.into(),
            limit: limits.waiting as usize,
            patience: limits.patience,
            held: HashMap::new(),
            per_account: HashMap::new(),
            deadlines: VecDeque::new(),
            holds: 0,
            replies: 0,
        }
    }

    /// Transactions of an account that wait.
    pub fn of(&self, account: u64) -> u32 {
        self.per_account.get(&account).copied().unwrap_or(0)
    }

    /// How long a transaction waits while its account stands still.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Keeps a transaction that is ahead of `expected` until its turn comes, or answers why not.
    pub fn hold(&mut self, turn: Turn, expected: u64, verified: Verified<A>, reply: Reply<A>) {
        let Turn { account, nonce, .. } = turn;
        if nonce - expected > self.window {
            return reply.refuse(SubmitError::TooFarAhead {
                given: nonce,
                expected,
                window: self.window,
            });
        }
        if self.replies >= self.limit {
            return reply.refuse(SubmitError::TooManyWaiting { limit: self.limit });
        }
        if let Some(held) = self.held.get_mut(&(account, nonce)) {
            if held.verified.id() == verified.id() {
                held.replies.push(reply);
                self.replies += 1;
                return;
            }
            let (offered, waiting) = (turn.fee, held.turn.fee);
            if turn.fee_token != held.turn.fee_token || offered <= waiting {
                return reply.refuse(SubmitError::NotReplaced { offered, waiting });
            }
            for reply in self.take(account, nonce).into_iter().flat_map(|old| old.replies) {
                reply.refuse(SubmitError::Replaced { fee: offered });
            }
        }
        self.insert(Held {
            verified,
            replies: vec![reply],
            turn,
            expected,
            hold: 0,
        });
    }

    /// Lets it wait once more if its account has moved while it did: those before it are still coming.
    pub fn renew(&mut self, mut held: Held<A>, expected: u64) -> Option<Held<A>> {
        if held.expected == expected {
            return Some(held);
        }
        held.expected = expected;
        self.insert(held);
        None
    }

    fn insert(&mut self, mut held: Held<A>) {
        let Turn { account, nonce, .. } = held.turn;
        self.holds += 1;
        held.hold = self.holds;
        if let Some(deadline) = Instant::now().checked_add(self.patience) {
            self.deadlines.push_back((deadline, (account, nonce, held.hold)));
        }
        *self.per_account.entry(account).or_default() += 1;
        self.replies += held.replies.len();
        self.held.insert((account, nonce), held);
    }

    /// The transaction that waits under this nonce; it waits no longer.
    pub fn take(&mut self, account: u64, nonce: u64) -> Option<Held<A>> {
        let held = self.held.remove(&(account, nonce))?;
        self.replies -= held.replies.len();
        if let Some(count) = self.per_account.get_mut(&account) {
            *count -= 1;
            if *count == 0 {
                self.per_account.remove(&account);
            }
        }
        Some(held)
    }

    /// All of them; none waits any longer.
    pub fn take_all(&mut self) -> Vec<Held<A>> {
        self.deadlines.clear();
        let places: Vec<_> = self.held.keys().copied().collect();
        let all = places
            .into_iter()
            .filter_map(|(account, nonce)| self.take(account, nonce));
        all.collect()
    }

    /// When the next one gives up.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadlines.front().map(|(deadline, _)| *deadline)
    }

    /// One whose patience is at an end, with its turn.
    pub fn give_up(&mut self, now: Instant) -> Option<(Turn, Held<A>)> {
        while let Some((_, (account, nonce, hold))) =
            self.deadlines.pop_front_if(|(deadline, _)| *deadline <= now)
        {
            let is_same = |held: &Held<A>| held.hold == hold;
            if self.held.get(&(account, nonce)).is_some_and(is_same) {
                return self.take(account, nonce).map(|held| (held.turn, held));
            }
        }
        None
    }
}
