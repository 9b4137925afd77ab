//! The executor's thread: groups of commands, one write to the log for each.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ashlar_statement::{
    Application,
    application::{ExecuteBothError, ExecuteError, Turn},
    state::StateError,
};
use tokio::sync::{mpsc, watch};

use super::{
    ExecutorError, SubmitError,
    handle::{Command, Look, Peek, Reply, Submission, Verified},
    open_batch::OpenBatch,
    sealer::Sealer,
    unsealed::Unsealed,
    view::View,
    waiting::Waiting,
};
use crate::{
    config::Sealing,
    exit_mode::Outlook,
    store::{Cut, LogItem, Store, StoreError},
};

/// Commands that share one write to the log, at most.
const GROUP: usize = 512;

/// What the thread is started with.
pub(super) struct Parts<A: Application> {
    pub store: Arc<Store>,
    pub application: A,
    pub sealing: Sealing,
    pub submitted: mpsc::Receiver<Submission<A>>,
    pub commands: mpsc::Receiver<Command<A>>,
    pub blocked_by: Arc<AtomicUsize>,
    pub executed_to: Arc<AtomicU64>,
    pub unsealed: Arc<Unsealed>,
    pub waiting: Waiting<A>,
    pub sealer: Sealer<A>,
    pub exit_mode: watch::Receiver<Outlook>,
}

/// Transactions that are executed and not durable yet, with those who wait to hear of it.
pub(super) struct Group<A: Application> {
    pub(super) ids: HashMap<[u8; 32], Vec<Reply<A>>>,
    pub(super) order: Vec<[u8; 32]>,
    pub(super) items: Vec<LogItem>,
}

/// The thread's state.
pub(super) struct Running<A: Application> {
    pub(super) parts: Parts<A>,
    pub(super) view: View,
    pub(super) open: OpenBatch<A>,
    /// Where a crash has left it to be closed.
    pub(super) cut: Option<Cut>,
    pub(super) group: Group<A>,
    /// Transactions that the batch has no room for, until a batch is sealed and this one can be closed; the next one last.
    pub(super) stalled: Vec<(Verified<A>, Vec<Reply<A>>)>,
    /// Log position behind the last executed item that is in the log.
    pub(super) next: u64,
    pub(super) log_end: u64,
}

enum Event<A: Application> {
    Submitted(Submission<A>),
    Command(Command<A>),
    Stored(Result<u64, ExecutorError>),
    Deadline,
    /// Exit mode began, or was taken back.
    ExitMode,
    Closed,
}

impl<A: Application> Running<A> {
    pub fn new(parts: Parts<A>) -> Result<Self, ExecutorError> {
        let store = &parts.store;
        let view = View::new(store)?;
        let number = store.next_batch()?;
        Ok(Self {
            open: OpenBatch::new(&view, &parts.application, number)?,
            cut: store.cut(number)?,
            group: Group::default(),
            stalled: Vec::new(),
            next: store.sealed_to()?,
            log_end: store.log_end()?,
            view,
            parts,
        })
    }

    /// Runs until the last handle is dropped.
    pub async fn run(mut self) -> Result<(), ExecutorError> {
        loop {
            self.catch_up()?;
            if self.next == self.log_end && !self.stalled.is_empty() {
                let stalled = std::mem::take(&mut self.stalled);
                self.execute(stalled)?;
                self.flush()?;
            }
            let closed = if self.is_blocked() {
                self.parts.sealer.in_flight()
            } else {
                0
            };
            self.parts.blocked_by.store(closed, Ordering::Relaxed);
            match self.event().await {
                Event::Submitted(submission) => {
                    self.submit(submission)?;
                    self.group(Vec::new())?;
                }
                Event::Command(command) => {
                    let mut looks = Vec::new();
                    self.command(command, &mut looks)?;
                    self.group(looks)?;
                }
                Event::Stored(outcome) => {
                    outcome?;
                    self.view.stored(&self.parts.store)?;
                }
                Event::Deadline => self.deadline()?,
                Event::ExitMode => self.refuse_in_exit_mode(),
                Event::Closed => return Ok(()),
            }
        }
    }

    /// Whether transactions must wait: for the log's, or for a batch to be sealed.
    fn is_blocked(&self) -> bool {
        !self.stalled.is_empty() || self.next < self.log_end
    }

    fn in_exit_mode(&self) -> bool {
        self.parts.exit_mode.borrow().is_entered()
    }

    /// Whether a batch may be closed: in exit mode only one that was closed there before a restart.
    pub(super) fn may_close(&self) -> bool {
        self.parts.sealer.has_room() && (!self.in_exit_mode() || self.was_closed())
    }

    /// Whoever waits for a turn that will not come is told.
    fn refuse_in_exit_mode(&mut self) {
        if !self.in_exit_mode() {
            return;
        }
        for (_, replies) in std::mem::take(&mut self.stalled) {
            refuse(replies, || SubmitError::ExitMode);
        }
        for held in self.parts.waiting.take_all() {
            refuse(held.replies, || SubmitError::ExitMode);
        }
    }

    async fn event(&mut self) -> Event<A> {
        let max_age = self.parts.sealing.max_age;
        let age = self
            .open
            .started()
            .and_then(|started| started.checked_add(max_age));
        let age = age.filter(|_| self.may_close());
        let deadline = [age, self.parts.waiting.deadline()].into_iter().flatten().min();
        let alarm = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        let is_blocked = self.is_blocked() && !self.in_exit_mode(); // there all are answered at once
        tokio::select! {
            biased;
            outcome = self.parts.sealer.stored() => Event::Stored(outcome),
            () = alarm => Event::Deadline,
            Ok(()) = self.parts.exit_mode.changed() => Event::ExitMode,
            taken = self.parts.submitted.recv(), if !is_blocked => taken.map_or(Event::Closed, Event::Submitted),
            command = self.parts.commands.recv() => command.map_or(Event::Closed, Event::Command),
        }
    }

    /// The batch is old enough, or somebody has waited long enough.
    fn deadline(&mut self) -> Result<(), ExecutorError> {
        let now = Instant::now();
        while let Some((turn, held)) = self.parts.waiting.give_up(now) {
            let Some(expected) = A::expected_nonce(self.open.state(), &held.verified.signed)? else {
                refuse(held.replies, || SubmitError::SignerReplaced);
                continue;
            };
            let Some(held) = self.parts.waiting.renew(held, expected) else {
                continue;
            };
            for reply in held.replies {
                reply.refuse(SubmitError::NotInTime {
                    given: turn.nonce,
                    expected,
                    waited: self.parts.waiting.patience(),
                });
            }
        }
        let is_old = |started: Instant| now.duration_since(started) >= self.parts.sealing.max_age;
        if self.open.started().is_some_and(is_old) && self.may_close() {
            self.close()?;
        }
        Ok(())
    }

    /// Takes what waits behind the first of a group, and ends the group.
    fn group(&mut self, mut looks: Vec<Look<A>>) -> Result<(), ExecutorError> {
        for _ in 0..GROUP {
            if self.is_blocked() {
                break;
            }
            let Ok(submission) = self.parts.submitted.try_recv() else {
                break;
            };
            self.submit(submission)?;
        }
        for _ in 0..GROUP {
            let Ok(command) = self.parts.commands.try_recv() else {
                break;
            };
            self.command(command, &mut looks)?;
        }
        self.flush()?;
        let number = self.open.number;
        let mut peek = Peek {
            open: self.open.state_mut(),
            waiting: &self.parts.waiting,
            number,
        };
        for look in looks {
            look(&mut peek)?;
        }
        Ok(())
    }

    fn command(&mut self, command: Command<A>, looks: &mut Vec<Look<A>>) -> Result<(), ExecutorError> {
        match command {
            Command::L1 { items, reply } => self.l1_operations(&items, reply)?,
            Command::Look(look) => looks.push(look),
        }
        Ok(())
    }

    fn submit(&mut self, (verified, reply): Submission<A>) -> Result<(), ExecutorError> {
        let id = verified.id;
        if let Some(replies) = self.group.ids.get_mut(&id) {
            replies.push(reply);
            return Ok(());
        }
        if self.parts.unsealed.position(id).is_some() || self.parts.store.receipt(id)?.is_some() {
            reply.accept(id); // sent again
            return Ok(());
        }
        if self.in_exit_mode() {
            reply.refuse(SubmitError::ExitMode);
            return Ok(());
        }
        if let Some(turn) = A::turn(&verified.signed) {
            let expected = A::expected_nonce(self.open.state(), &verified.signed)?;
            if let Some(expected) = expected.filter(|expected| turn.nonce > *expected) {
                self.parts.waiting.hold(turn, expected, verified, reply);
                return Ok(());
            }
        }
        self.execute(vec![(verified, vec![reply])])
    }

    /// Executes transactions, the last one first, and those that have waited for them or for their sponsors.
    fn execute(&mut self, mut next: Vec<(Verified<A>, Vec<Reply<A>>)>) -> Result<(), ExecutorError> {
        while let Some((verified, replies)) = next.pop() {
            if !self.make_room(Some(verified.next()))? {
                next.push((verified, replies));
                self.stalled = next;
                return Ok(());
            }
            self.begin(false)?;
            // Where the group's write will put it: closing a batch, as `make_room` may, has written what was before.
            let position = self.log_end + self.group.order.len() as u64;
            match self.execute_at(position, &verified) {
                Ok(()) => {}
                Err(ExecuteBothError::State(error)) => return Err(error.into()),
                Err(ExecuteBothError::First(error)) => {
                    refuse(replies, || SubmitError::Refused(error.clone()));
                    continue;
                }
                Err(ExecuteBothError::Second(error)) => {
                    refuse(replies, || SubmitError::Sponsor(error.clone()));
                    continue;
                }
            }
            let both = [Some(&verified), verified.sponsor()].map(|of| of.and_then(|of| A::turn(&of.signed)));
            self.group.push(verified, replies, &mut self.open.steps.admit);
            if self.is_full() && self.may_close() {
                self.close()?;
            }
            for turn in both.into_iter().rev().flatten() {
                next.extend(self.successor(turn));
            }
        }
        Ok(())
    }

    /// Executes a transaction, and its sponsor if it has one.
    fn execute_at(
        &mut self,
        position: u64,
        verified: &Verified<A>,
    ) -> Result<(), ExecuteBothError<A::Refusal, StateError<StoreError>>> {
        let own = (verified.id, &verified.signed);
        if let Some(sponsor) = verified.sponsor() {
            let both = [own, (sponsor.id, &sponsor.signed)];
            return self.open.execute_both(position, both);
        }
        let executed = self.open.execute_signed(position, own.0, own.1);
        executed.map_err(|error| match error {
            ExecuteError::Refused(refusal) => ExecuteBothError::First(refusal),
            ExecuteError::State(error) => ExecuteBothError::State(error),
        })
    }

    /// What waits behind a transaction that was executed. Another one under its nonce has lost.
    fn successor(&mut self, Turn { account, nonce, .. }: Turn) -> Option<(Verified<A>, Vec<Reply<A>>)> {
        let waiting = &mut self.parts.waiting;
        if let Some(lost) = waiting.take(account, nonce) {
            refuse(lost.replies, || SubmitError::Overtaken {
                given: nonce,
                expected: nonce + 1,
            });
        }
        let held = waiting.take(account, nonce + 1)?;
        Some((held.verified, held.replies))
    }
}

impl<A: Application> Default for Group<A> {
    fn default() -> Self {
        Self {
            ids: HashMap::new(),
            order: Vec::new(),
            items: Vec::new(),
        }
    }
}

impl<A: Application> Group<A> {
    /// Adds a transaction, and its sponsor behind it, with the time that their admission took.
    fn push(&mut self, verified: Verified<A>, replies: Vec<Reply<A>>, admit: &mut Duration) {
        let Verified {
            id,
            encoding,
            admit: own,
            sponsor,
            ..
        } = verified;
        *admit += own;
        self.ids.insert(id, replies);
        self.order.push(id);
        match sponsor {
            None => self.items.push(LogItem::Signed(encoding)),
            Some(sponsor) => {
                self.items.push(LogItem::Sponsored(encoding));
                self.push(*sponsor, Vec::new(), admit);
            }
        }
    }
}

fn refuse<A: Application>(replies: Vec<Reply<A>>, error: impl Fn() -> SubmitError<A>) {
    for reply in replies {
        reply.refuse(error());
    }
}
