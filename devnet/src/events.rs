//! What happened, for filters and subscriptions.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alloy::rpc::types::{Filter, Log};
use tokio::sync::watch;

use crate::{
    block::{Block, Transaction},
    chain::MAX_MINED,
};

/// Events that filters and subscribers can still be told. The blocks in them are the chain's own, so most cost a pointer.
const KEPT: usize = 1 << 17;
/// What one request mines is told to everybody who keeps up.
const _: () = assert!(KEPT as u64 > MAX_MINED);
/// Events that a listener takes at a time.
const AT_A_TIME: usize = 256;

/// Something that a client may wait for.
#[derive(Clone)]
pub(crate) enum Event {
    /// A block was mined.
    Added(Arc<Block>),
    /// A block was taken away.
    Removed(Arc<Block>),
    /// A transaction was taken.
    Pending(Arc<Transaction>),
}

/// The newest events, and who listens.
pub(crate) struct Events {
    published: Arc<Mutex<Published>>,
    unpublished: Vec<Event>,
    /// Number of the event to come.
    next: watch::Sender<u64>,
}

#[derive(Default)]
struct Published {
    kept: VecDeque<Event>,
    /// Number of the first event kept.
    first: u64,
}

impl Published {
    fn next(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    /// The events from number `from` on; `None` if some are no longer kept.
    fn since(&self, from: u64) -> Option<impl Iterator<Item = &Event>> {
        let skip = from.checked_sub(self.first)?;
        Some(self.kept.iter().skip(usize::try_from(skip).ok()?))
    }
}

fn lock(published: &Mutex<Published>) -> MutexGuard<'_, Published> {
    published.lock().unwrap_or_else(PoisonError::into_inner) // whole events are pushed and drained
}

impl Events {
    pub(crate) fn new() -> Self {
        Self {
            published: Arc::default(),
            unpublished: Vec::new(),
            next: watch::Sender::new(0),
        }
    }

    pub(crate) fn push(&mut self, event: Event) {
        self.unpublished.push(event);
    }

    /// Takes back the last push.
    pub(crate) fn discard_last(&mut self) {
        self.unpublished.pop();
    }

    /// Forgets what was not published: it happened before anybody could listen.
    pub(crate) fn discard(&mut self) {
        self.unpublished.clear();
    }

    /// Tells everybody, once what happened is durable.
    pub(crate) fn publish(&mut self) {
        let mut published = lock(&self.published);
        published.kept.extend(self.unpublished.drain(..));
        let excess = published.kept.len().saturating_sub(KEPT);
        published.kept.drain(..excess);
        published.first += excess as u64;
        self.next.send_replace(published.next());
    }

    /// Number of the event to come.
    pub(crate) fn next(&self) -> u64 {
        *self.next.borrow()
    }

    /// The events from number `from` on; `None` if some are no longer kept.
    pub(crate) fn since(&self, from: u64) -> Option<Vec<Event>> {
        Some(lock(&self.published).since(from)?.cloned().collect())
    }

    /// Somebody who is told what happens from now on.
    pub(crate) fn listen(&self) -> Listener {
        Listener {
            published: self.published.clone(),
            newest: self.next.subscribe(),
            next: self.next(),
        }
    }
}

/// Somebody who is told every event, as fast as they take them.
pub(crate) struct Listener {
    published: Arc<Mutex<Published>>,
    newest: watch::Receiver<u64>,
    /// Number of the next event to tell.
    next: u64,
}

/// Why a listener is told nothing more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Deaf {
    /// The chain is gone.
    Ended,
    /// It fell so far behind that the next event is no longer kept.
    Behind,
}

impl Listener {
    /// The next events, with their numbers; waits until there are some. None is lost if the wait is given up.
    pub(crate) async fn take(&mut self) -> Result<Vec<(u64, Event)>, Deaf> {
        let next = self.next;
        let newest = self.newest.wait_for(|newest| *newest > next);
        newest.await.map_err(|_| Deaf::Ended)?;
        let published = lock(&self.published);
        let events = published.since(next).ok_or(Deaf::Behind)?.take(AT_A_TIME);
        let events: Vec<(u64, Event)> = (next..).zip(events.cloned()).collect();
        self.next += events.len() as u64;
        Ok(events)
    }
}

impl Event {
    /// What a log filter sees of this: new logs, or those of a block that was taken away.
    pub(crate) fn logs(&self, filter: &Filter) -> Vec<Log> {
        let (block, removed) = match self {
            Self::Added(block) => (block, false),
            Self::Removed(block) => (block, true),
            Self::Pending(_) => return vec![],
        };
        if !filter.matches_block_range(block.number()) {
            return vec![];
        }
        let logs = block.logs().filter(|log| filter.matches(&log.inner));
        logs.map(|log| Log {
            removed,
            ..log.clone()
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;

    use super::*;
    use crate::block::Fields;

    fn block() -> Event {
        let fields = Fields {
            parent_hash: Default::default(),
            number: 1,
            timestamp: 1,
            gas_limit: 1,
            base_fee: 1,
            excess_blob_gas: 0,
            beneficiary: Address::ZERO,
            mix_hash: Default::default(),
        };
        Event::Added(Arc::new(Block::new(&fields, vec![], 0)))
    }

    #[tokio::test]
    async fn a_listener_is_told_everything_in_order_or_that_it_is_too_late() {
        let mut events = Events::new();
        let (mut listener, block) = (events.listen(), block());
        (0..1000).for_each(|_| events.push(block.clone()));
        events.publish();
        let mut told = vec![];
        while told.len() < 1000 {
            told.extend(
                listener
                    .take()
                    .await
                    .unwrap()
                    .into_iter()
                    .map(|(number, _)| number),
            );
        }
        assert_eq!(told, (0..1000).collect::<Vec<u64>>());

        let mut prompt = events.listen();
        (0..=KEPT).for_each(|_| events.push(block.clone()));
        events.publish();
        assert_eq!(listener.take().await.err(), Some(Deaf::Behind));
        assert_eq!(prompt.take().await.err(), Some(Deaf::Behind));
        assert!(events.since(1000).is_none());
        assert_eq!(events.since(1001).unwrap().len(), KEPT);
        drop(events);
    }

    #[tokio::test]
    async fn a_listener_ends_with_the_chain() {
        let events = Events::new();
        let mut listener = events.listen();
        drop(events);
        assert_eq!(listener.take().await.err(), Some(Deaf::Ended));
    }
}
