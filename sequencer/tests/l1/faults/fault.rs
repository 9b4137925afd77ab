//! In which ways L1 and its nodes fail here, and how often each was seen.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// One way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// No logs, though there are some.
    EmptyLogs,
    /// One log less.
    MissingLog,
    /// Every log twice, and backwards.
    RepeatedLogs,
    /// More blocks asked for than the node allows.
    RangeLimit,
    /// A head that others have left behind.
    HeadBehind,
    /// The connection stays open, and nothing comes.
    Silence,
    /// An answer that others have given long ago.
    Late,
    /// HTTP 5xx.
    ServerError,
    /// The connection breaks in the middle of the answer.
    Reset,
    /// Half of an answer.
    Cut,
    /// Too many requests, as HTTP or as JSON-RPC says it.
    RateLimit,
    /// A state that the node does not have any more.
    ForgottenState,
    /// JSON-RPC's own error.
    InternalError,
    /// A transaction that is taken, and lost.
    Swallowed,
    /// A transaction that is refused for its fee.
    Underpriced,
    /// A receipt that others have.
    NoReceipt,
    /// A head that nobody else has.
    HeadAhead,
    /// The head of another chain.
    ForeignHead,
    /// A record that the contract did not queue.
    ForgedLog,
    /// A state that the contract is not in.
    ForgedState,
    /// A fee or a gas limit that nobody else advises.
    ForgedFee,
    /// So many blocks are replaced, without their transactions.
    Reorganisation(u64),
    /// The operator's transaction goes out of the pool.
    Dropped,
    /// Another transaction of the operator is included under the nonce of the one that waits.
    Replaced,
    /// A transaction waits while no block is made.
    NotMined,
    /// The node's process stands still.
    Hang,
    /// The sequencer ends in the middle of what it does, and starts over its database.
    Crash,
}

/// Of endpoints that are honest and fail, whatever they are asked.
pub const OF_ANY_REQUEST: [Fault; 7] = [
    Fault::Silence,
    Fault::Late,
    Fault::ServerError,
    Fault::Reset,
    Fault::Cut,
    Fault::RateLimit,
    Fault::InternalError,
];

/// Of endpoints that are honest and fail, when they are asked this.
pub fn of_request(method: &str) -> &'static [Fault] {
    match method {
        "eth_getLogs" => &[
            Fault::EmptyLogs,
            Fault::MissingLog,
            Fault::RepeatedLogs,
            Fault::RangeLimit,
        ],
        "eth_blockNumber" => &[Fault::HeadBehind],
        "eth_call" | "eth_getTransactionCount" => &[Fault::ForgottenState],
        "eth_sendRawTransaction" => &[Fault::Swallowed, Fault::Underpriced],
        "eth_getTransactionReceipt" => &[Fault::NoReceipt],
        _ => &[],
    }
}

/// What a liar says besides.
pub fn lies_about(method: &str) -> &'static [Fault] {
    match method {
        "eth_blockNumber" => &[Fault::HeadAhead],
        "eth_getBlockByNumber" => &[Fault::ForeignHead, Fault::ForgedFee],
        "eth_getLogs" => &[Fault::ForgedLog],
        "eth_call" | "eth_getTransactionCount" => &[Fault::ForgedState],
        "eth_estimateGas" | "eth_maxPriorityFeePerGas" => &[Fault::ForgedFee],
        _ => &[],
    }
}

/// All that endpoints do.
pub const OF_ENDPOINTS: [Fault; 21] = [
    Fault::EmptyLogs,
    Fault::MissingLog,
    Fault::RepeatedLogs,
    Fault::RangeLimit,
    Fault::HeadBehind,
    Fault::Silence,
    Fault::Late,
    Fault::ServerError,
    Fault::Reset,
    Fault::Cut,
    Fault::RateLimit,
    Fault::ForgottenState,
    Fault::InternalError,
    Fault::Swallowed,
    Fault::Underpriced,
    Fault::NoReceipt,
    Fault::HeadAhead,
    Fault::ForeignHead,
    Fault::ForgedLog,
    Fault::ForgedState,
    Fault::ForgedFee,
];

/// Counts them.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<BTreeMap<Fault, u32>>>);

impl Tally {
    pub fn note(&self, fault: Fault) {
        *self.0.lock().expect("no panic inside").entry(fault).or_default() += 1;
    }

    pub fn of(&self, fault: Fault) -> u32 {
        let counts = self.0.lock().expect("no panic inside");
        counts.get(&fault).copied().unwrap_or_default()
    }

    pub fn total(&self) -> u32 {
        self.0.lock().expect("no panic inside").values().sum()
    }

    /// Those of `faults` that were seen less often than that.
    pub fn rarer_than(&self, least: u32, faults: &[Fault]) -> Vec<Fault> {
        let rare = faults.iter().copied().filter(|fault| self.of(*fault) < least);
        rare.collect()
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (fault, count) in self.0.lock().expect("no panic inside").iter() {
            write!(f, "{fault:?} {count}, ")?;
        }
        Ok(())
    }
}
