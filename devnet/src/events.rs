//! What happened, for filters and subscriptions.

use std::{collections::VecDeque, sync::Arc};

use alloy::rpc::types::{Filter, Log};
use tokio::sync::broadcast;

use crate::block::{Block, Transaction};

/// Events that filters can still be told, and that a subscriber may lag behind.
const KEPT: usize = 4096;

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
    kept: VecDeque<Event>,
    /// Number of the first event kept.
    first: u64,
    unpublished: Vec<Event>,
    live: broadcast::Sender<(u64, Event)>,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self {
            kept: VecDeque::new(),
            first: 0,
            unpublished: Vec::new(),
            live: broadcast::Sender::new(KEPT),
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
        for event in self.unpublished.drain(..) {
            let number = self.first + self.kept.len() as u64;
            let _ = self.live.send((number, event.clone())); // fails when nobody listens
            self.kept.push_back(event);
        }
        let excess = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..excess);
        self.first += excess as u64;
    }

    /// Number of the event to come.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    /// The events from number `from` on; `None` if some are no longer kept.
    pub(crate) fn since(&self, from: u64) -> Option<impl Iterator<Item = &Event>> {
        let skip = from.checked_sub(self.first)?;
        Some(self.kept.iter().skip(usize::try_from(skip).ok()?))
    }

    /// Events to come, with their numbers.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<(u64, Event)> {
        self.live.subscribe()
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
