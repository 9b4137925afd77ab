//! Filters: `eth_newFilter` and its kin.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use alloy::{
    primitives::{B256, U64},
    rpc::types::{Filter, FilterBlockOption, Log},
};
use serde_json::json;

use super::{
    Answer,
    params::{Params, invalid},
    to_json,
};
use crate::{error::RpcError, events::Event, node::Node};

/// Filters at one time.
const MAX_FILTERS: usize = 1024;
/// A filter that is not asked for so long is gone, as in go-ethereum.
const EXPIRY: Duration = Duration::from_secs(300);

/// The filters of all clients.
#[derive(Default)]
pub(crate) struct Filters {
    all: BTreeMap<U64, Entry>,
    created: u64,
}

struct Entry {
    what: What,
    /// Number of the next event to tell.
    next: u64,
    used: Instant,
}

#[derive(Clone)]
enum What {
    Logs(Box<Filter>),
    Blocks,
    Transactions,
}

impl Filters {
    fn expire(&mut self) {
        self.all.retain(|_, entry| entry.used.elapsed() < EXPIRY);
    }

    fn insert(&mut self, what: What, next: u64) -> Answer {
        self.expire();
        if self.all.len() >= MAX_FILTERS {
            return Err(RpcError::TooMany {
                what: "filters",
                max: MAX_FILTERS,
            });
        }
        self.created += 1;
        let id = U64::from(self.created);
        let used = Instant::now();
        self.all.insert(id, Entry { what, next, used });
        Ok(json!(id))
    }

    fn get(&mut self, id: U64) -> Result<&mut Entry, RpcError> {
        self.expire();
        let entry = self.all.get_mut(&id).ok_or(RpcError::FilterNotFound(id))?;
        entry.used = Instant::now();
        Ok(entry)
    }
}

fn install(node: &Node, what: What) -> Answer {
    let chain = node.kept()?; // nothing happens between the number and the filter
    node.filters().insert(what, chain.events().next())
}

pub(super) fn new_log_filter(node: &Node, params: &Params) -> Answer {
    install(node, What::Logs(Box::new(logs_to_come(params, 0)?)))
}

/// A filter of logs that are still to come.
pub(crate) fn logs_to_come(params: &Params, index: usize) -> Result<Filter, RpcError> {
    let filter: Filter = params.optional(index, "filter")?.unwrap_or_default();
    if matches!(filter.block_option, FilterBlockOption::AtBlockHash(_)) {
        let reason = "blockHash names a block of the past: use eth_getLogs";
        return Err(invalid(index, "filter", reason));
    }
    Ok(filter)
}

pub(super) fn new_block_filter(node: &Node, _: &Params) -> Answer {
    install(node, What::Blocks)
}

pub(super) fn new_transaction_filter(node: &Node, _: &Params) -> Answer {
    install(node, What::Transactions)
}

pub(super) fn uninstall(node: &Node, params: &Params) -> Answer {
    let id = params.required(0, "filter")?;
    Ok(json!(node.filters().all.remove(&id).is_some()))
}

/// What happened since the filter was asked before. One that fell behind what is kept is gone.
pub(super) fn changes(node: &Node, params: &Params) -> Answer {
    let id = params.required(0, "filter")?;
    let chain = node.kept()?;
    let mut filters = node.filters();
    let entry = filters.get(id)?;
    let Some(events) = chain.events().since(entry.next) else {
        filters.all.remove(&id);
        return Err(RpcError::FilterNotFound(id));
    };
    let answer = match &entry.what {
        What::Logs(filter) => to_json(
            events
                .iter()
                .flat_map(|event| event.logs(filter))
                .collect::<Vec<Log>>(),
        ),
        What::Blocks => {
            let hashes = events.iter().filter_map(|event| match event {
                Event::Added(block) => Some(block.header.hash),
                Event::Removed(_) | Event::Pending(_) => None,
            });
            to_json(hashes.collect::<Vec<B256>>())
        }
        What::Transactions => {
            let hashes = events.iter().filter_map(|event| match event {
                Event::Pending(transaction) => Some(*transaction.tx_hash()),
                Event::Added(_) | Event::Removed(_) => None,
            });
            to_json(hashes.collect::<Vec<B256>>())
        }
    };
    entry.next = chain.events().next();
    answer
}

/// All logs of a log filter's range.
pub(super) fn logs(node: &Node, params: &Params) -> Answer {
    let id = params.required(0, "filter")?;
    let what = node.filters().get(id)?.what.clone();
    match what {
        What::Logs(filter) => to_json(node.kept()?.logs(&filter)?),
        What::Blocks | What::Transactions => Err(invalid(0, "filter", "not a filter of logs")),
    }
}
