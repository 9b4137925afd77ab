//! Endpoints that fail now and then, in the words of nodes in the field.

use std::time::Duration;

use alloy::primitives::keccak256;
use axum::http::StatusCode;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::{
    super::proxy::Answer,
    fault::{Fault, OF_ANY_REQUEST, Tally, lies_about, of_request},
};

/// Refusals of a range of blocks or of the logs in it: go-ethereum's and Infura's, Alchemy's, QuickNode's, reth's, BSC's,
/// Ankr's.
const RANGE_LIMITS: [(i64, &str); 6] = [
    (-32005, "query returned more than 10000 results"),
    (
        -32602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on the response size",
    ),
    (-32614, "eth_getLogs is limited to a 10,000 range"),
    (-32602, "query exceeds max block range 100000"),
    (-32000, "exceed maximum block range: 5000"),
    (-32600, "block range is too wide"),
];
/// Infura's, QuickNode's.
const RATE_LIMITS: [(i64, &str); 2] = [
    (-32005, "daily request count exceeded, request rate limited"),
    (
        -32007,
        "50/second request limit reached - reduce calls per second",
    ),
];
/// go-ethereum's with either database, reth's, and anybody's who does not know the block.
const FORGOTTEN: [(i64, &str); 4] = [
    (
        -32000,
        "missing trie node 6dcbb3c4ce32a80b8b67a1d4b8f2c6b0f4dd8d6b (path ) state 0x6dcb is not available, not found",
    ),
    (-32000, "historical state 0x6dcb is not available"),
    (-32603, "state at block #7 is pruned"),
    (-32000, "header not found"),
];
const SERVER_ERRORS: [StatusCode; 4] = [
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];
/// A base fee, or a tip, at which nobody would send.
const HIGH_FEE_WEI: u64 = 1_000_000_000_000;

/// How an endpoint fails.
pub struct Manner {
    /// One request in so many.
    pub one_in: u32,
    /// Whether it tells what is not so, besides.
    pub lies: bool,
}

/// An endpoint that fails so; what it does is counted.
pub fn failing(
    manner: Manner,
    seed: u64,
    tally: Tally,
) -> impl FnMut(&str, &Value) -> Answer + Send + 'static {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    move |method, params| {
        // Few requests are for logs.
        let one_in = if method == "eth_getLogs" { 2 } else { manner.one_in };
        if !rng.gen_ratio(1, one_in) {
            return Answer::Forward;
        }
        let own: Vec<Fault> = match (manner.lies, lies_about(method)) {
            (true, lies) if !lies.is_empty() => lies.to_vec(),
            _ => of_request(method).to_vec(),
        };
        let fault = match own.choose(&mut rng) {
            Some(own) if rng.gen_ratio(2, 3) => *own,
            _ => *OF_ANY_REQUEST.choose(&mut rng).expect("seven"),
        };
        answer(fault, (method, params), &mut rng, &tally)
    }
}

fn answer(fault: Fault, (method, params): (&str, &Value), rng: &mut ChaCha8Rng, tally: &Tally) -> Answer {
    let answer = match fault {
        Fault::EmptyLogs => return hidden(fault, tally, Vec::clear),
        Fault::MissingLog => return hidden(fault, tally, |logs| drop(logs.pop())),
        Fault::RepeatedLogs => return hidden(fault, tally, |logs| logs.extend_from_within(..)),
        Fault::ForgedLog => return hidden(fault, tally, |logs| logs.iter_mut().for_each(make_richer)),
        Fault::RangeLimit => match blocks(params) {
            1 => return Answer::Forward,
            _ => one_of(&RANGE_LIMITS, rng),
        },
        Fault::RateLimit if rng.gen_bool(0.5) => Answer::Http(StatusCode::TOO_MANY_REQUESTS),
        Fault::RateLimit => one_of(&RATE_LIMITS, rng),
        Fault::ForgottenState => one_of(&FORGOTTEN, rng),
        Fault::InternalError => Answer::Error(-32603, "internal error"),
        Fault::Underpriced => Answer::Error(-32000, "replacement transaction underpriced"),
        Fault::ServerError => Answer::Http(*SERVER_ERRORS.choose(rng).expect("four")),
        Fault::Silence => Answer::Silence,
        Fault::Late => Answer::Late(Duration::from_millis(rng.gen_range(20..150))),
        Fault::Reset => Answer::Reset,
        Fault::Cut => Answer::Cut,
        Fault::HeadBehind => {
            let blocks = rng.gen_range(1..40);
            Answer::Change(Box::new(move |head| moved(&head, |at| at.saturating_sub(blocks))))
        }
        Fault::HeadAhead => {
            let blocks = rng.gen_range(1..1_000);
            Answer::Change(Box::new(move |head| moved(&head, |at| at + blocks)))
        }
        Fault::ForeignHead => Answer::Change(Box::new(|mut block| {
            let hash = keccak256(block["hash"].to_string());
            block["hash"] = json!(hash);
            block
        })),
        Fault::Swallowed => {
            let raw = alloy::hex::decode(params[0].as_str().unwrap_or_default()).unwrap_or_default();
            Answer::Result(json!(keccak256(raw)))
        }
        Fault::NoReceipt => Answer::Result(Value::Null),
        Fault::ForgedState if method == "eth_call" => Answer::Result(json!(format!("0x{:064x}", 77))),
        Fault::ForgedState => Answer::Result(json!("0x0")),
        Fault::ForgedFee if method == "eth_getBlockByNumber" => Answer::Change(Box::new(|mut block| {
            block["baseFeePerGas"] = json!(format!("{HIGH_FEE_WEI:#x}"));
            block
        })),
        Fault::ForgedFee if method == "eth_maxPriorityFeePerGas" => {
            Answer::Result(json!(format!("{HIGH_FEE_WEI:#x}")))
        }
        // Less than any transaction needs, or more than one may have.
        Fault::ForgedFee if rng.gen_bool(0.5) => Answer::Result(json!("0x5208")),
        Fault::ForgedFee => Answer::Result(json!("0xffffffff")),
        Fault::Reorganisation(_)
        | Fault::Dropped
        | Fault::Replaced
        | Fault::NotMined
        | Fault::Hang
        | Fault::Crash => unreachable!("no endpoint does that"),
    };
    tally.note(fault);
    answer
}

fn one_of(errors: &[(i64, &'static str)], rng: &mut ChaCha8Rng) -> Answer {
    let (code, message) = *errors.choose(rng).expect("there are some");
    Answer::Error(code, message)
}

/// The node's logs, changed. Where there are none, nothing is hidden, and nothing is counted.
fn hidden(fault: Fault, tally: &Tally, change: impl FnOnce(&mut Vec<Value>) + Send + 'static) -> Answer {
    let tally = tally.clone();
    Answer::Change(Box::new(move |answer| {
        let mut logs = answer.as_array().cloned().unwrap_or_default();
        if !logs.is_empty() {
            tally.note(fault);
            change(&mut logs);
            logs.reverse();
        }
        Value::Array(logs)
    }))
}

/// Digits of the amount in the log of a deposit, behind its time, its expiry, and the record's offset and length.
const AMOUNT: std::ops::Range<usize> = 2 + 2 * (4 * 32 + 7)..2 + 2 * (4 * 32 + 14);

fn make_richer(log: &mut Value) {
    let mut data = log["data"].as_str().expect("bytes").to_owned();
    data.replace_range(AMOUNT, "00000000ffffff");
    log["data"] = data.into();
}

/// How many blocks a request for logs covers.
fn blocks(params: &Value) -> u64 {
    let number = |name| quantity(&params[0][name]);
    number("toBlock").saturating_sub(number("fromBlock")) + 1
}

fn quantity(value: &Value) -> u64 {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
    digits
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .unwrap_or_default()
}

fn moved(head: &Value, to: impl FnOnce(u64) -> u64) -> Value {
    json!(format!("{:#x}", to(quantity(head))))
}
