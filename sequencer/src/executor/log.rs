//! What the executor's thread does with the log: what is appended and replayed, and where batches end.

use std::{sync::atomic::Ordering, time::Instant};

use ashlar_statement::{Application, TIME_BITS, application::Next};
use tokio::sync::oneshot;

use super::{
    ExecutorError, SubmitError,
    open_batch::{Item, OpenBatch},
    turn::{Group, Running},
    unsealed::{PAGE, item_id},
};
use crate::store::{Cut, LogItem, StoreError};

impl<A: Application> Running<A> {
    /// Puts operations of L1's queue into the log, and executes what a batch has room for.
    pub(super) fn l1_operations(
        &mut self,
        items: &[LogItem],
        reply: oneshot::Sender<Result<(), SubmitError<A>>>,
    ) -> Result<(), ExecutorError> {
        self.flush()?;
        let start = Instant::now();
        let outcome = match self.parts.store.append_l1(items) {
            Ok(end) => {
                self.open.steps.order += start.elapsed();
                self.parts.unsealed.insert(
                    self.parts
                        .store
                        .log_items(self.log_end, (end - self.log_end) as usize)?
                        .iter()
                        .map(|(position, item)| (item_id::<A>(item), *position)),
                );
                self.log_end = end;
                self.catch_up()?;
                Ok(())
            }
            Err(StoreError::OperationGap { expected, given }) => {
                Err(SubmitError::OperationGap { expected, given })
            }
            Err(error) => return Err(error.into()),
        };
        let _ = reply.send(outcome); // a dropped receiver: its caller went away
        Ok(())
    }

    /// Executes what is in the log and was not executed, as far as batches can be closed.
    pub(super) fn catch_up(&mut self) -> Result<(), ExecutorError> {
        loop {
            if self.must_close() {
                if !self.may_close() {
                    return Ok(());
                }
                self.close()?;
            }
            if self.next == self.log_end {
                return Ok(());
            }
            let items = self.parts.store.log_items(self.next, PAGE)?;
            for (at, (position, item)) in items.iter().enumerate() {
                let position = *position;
                if position < self.next {
                    continue; // executed with the one before it
                }
                let behind = items.get(at + 1).map(|(_, item)| item);
                if matches!(item, LogItem::Sponsored(_)) && behind.is_none() && at > 0 {
                    break; // its sponsor is on the next page
                }
                let item = Item::read(item, behind)?;
                let behind = position + item.len();
                if self.must_close() {
                    break;
                }
                if !self.make_room(item.next())? {
                    return Ok(());
                }
                self.begin(true)?;
                for dropped in self.open.replay(position, item)? {
                    tracing::error!(position, reason = %dropped.reason, "an accepted transaction cannot be executed any more");
                    self.parts.store.refuse(dropped.id, &dropped.reason)?;
                    self.parts.unsealed.remove([&dropped.id]);
                }
                self.executed_to(behind);
            }
        }
    }

    fn executed_to(&mut self, position: u64) {
        self.next = position;
        self.parts.executed_to.store(position, Ordering::Release);
    }

    pub(super) fn is_full(&self) -> bool {
        self.open.len() >= self.parts.sealing.max_transactions as usize
    }

    /// Whether the batch is full, or was closed here before a restart.
    fn must_close(&self) -> bool {
        self.is_full() || self.was_closed() && !self.open.is_empty()
    }

    pub(super) fn was_closed(&self) -> bool {
        self.cut.is_some_and(|cut| cut.position <= self.next)
    }

    /// Closes the batch if `next` does not fit; false if it would have to, and cannot be closed now.
    pub(super) fn make_room(&mut self, next: Option<Next<'_, A::Signed>>) -> Result<bool, ExecutorError> {
        let is_last = self.open.len() + 1 == self.parts.sealing.max_transactions as usize;
        let is_too_many = is_last && matches!(next, Some(Next::Both(_)));
        if self.open.is_empty() || !is_too_many && self.parts.sealing.allows(&self.open.size(next)) {
            return Ok(true);
        }
        if !self.may_close() {
            return Ok(false);
        }
        self.close()?;
        Ok(true)
    }

    /// Settles the time of a batch that nothing was executed in, in minutes since 1970: at a `replay` the recorded one, else
    /// that of the newest L1 block that was read, which L1 will not find in the future. Never before the last batch's: that
    /// may be later than what was recorded for this one, where batches were taken back.
    pub(super) fn begin(&mut self, replay: bool) -> Result<(), ExecutorError> {
        if !self.open.is_empty() {
            return Ok(());
        }
        let (store, number) = (&self.parts.store, self.open.number);
        let recorded = store.batch_time(number)?;
        let last = store.batch_time(number - 1)?.unwrap_or(0);
        let now = match recorded.filter(|_| replay) {
            Some(time) => time,
            None => {
                let read = store.l1_cursor()?.map_or(0, |cursor| cursor.time / 60);
                read.min((1 << TIME_BITS) - 1) as u32
            }
        };
        let time = now.max(last);
        if recorded != Some(time) {
            store.set_batch_time(number, time)?;
        }
        if self.open.time() != Some(time) {
            self.open.set_time(time);
        }
        Ok(())
    }

    /// Makes what was executed durable, and answers.
    pub(super) fn flush(&mut self) -> Result<(), ExecutorError> {
        if self.group.order.is_empty() {
            return Ok(());
        }
        let start = Instant::now();
        let Group {
            mut ids,
            order,
            items,
        } = std::mem::take(&mut self.group);
        let first = self.parts.store.append_signed(&items)?;
        self.parts.unsealed.insert(order.iter().copied().zip(first..));
        self.log_end = first + order.len() as u64;
        self.executed_to(self.log_end);
        self.open.steps.order += start.elapsed();
        for id in order {
            for reply in ids.remove(&id).into_iter().flatten() {
                reply.accept(id);
            }
        }
        Ok(())
    }

    /// Closes the batch and opens the next one on top of it.
    pub(super) fn close(&mut self) -> Result<(), ExecutorError> {
        self.flush()?;
        let cut = Cut {
            batch: self.open.number,
            position: self.next,
        };
        if self.cut != Some(cut) {
            self.parts.store.append_cut(cut)?;
        }
        let number = cut.batch + 1;
        self.cut = self.parts.store.cut(number)?;
        // Stands in until the state beneath the next one is known.
        let empty = OpenBatch::new(&self.view, &self.parts.application, number)?;
        let job = std::mem::replace(&mut self.open, empty).close(cut.position)?;
        self.view.push(job.changes.clone());
        self.open = OpenBatch::new(&self.view, &self.parts.application, number)?;
        self.parts.sealer.push(job);
        Ok(())
    }
}
