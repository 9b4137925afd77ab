//! `evm_*` and `anvil_*`: what tests do to a chain.

use alloy::primitives::{B256, Bytes, U256};
use serde_json::{Value, json};

use super::{
    Answer, call,
    params::{Params, invalid},
    quantity,
};
use crate::{
    Mining,
    block::Transaction,
    chain::{Chain, SUGGESTED_TIP_WEI},
    error::RpcError,
    node::Node,
};

/// Blocks that one request may add.
const MAX_MINED: u64 = 100_000;
/// Blocks that one reorganisation may replace.
const MAX_REORG: u64 = 1000;

fn required_number(params: &Params, index: usize, name: &'static str) -> Result<u64, RpcError> {
    params
        .number(index, name)?
        .ok_or_else(|| invalid(index, name, "missing"))
}

/// Signs a request for one of the accounts that the node can speak for, and submits it.
pub(super) fn send(chain: &mut Chain, params: &Params) -> Result<B256, RpcError> {
    let value = params
        .value(0)
        .ok_or_else(|| invalid(0, "transaction", "missing"))?;
    let transaction = signed(chain, value)?;
    chain.submit(transaction)
}

fn signed(chain: &Chain, value: &Value) -> Result<Transaction, RpcError> {
    let request = call::transaction_request(chain, value)?;
    let gas = match request.gas {
        Some(gas) => gas,
        None => call::estimate_gas(chain, &Params::new(vec![value.clone()]))?,
    };
    chain.sign(request, gas)
}

pub(super) fn revert(chain: &mut Chain, params: &Params) -> Answer {
    let id = required_number(params, 0, "snapshot")?;
    Ok(json!(chain.revert(id)))
}

/// `evm_mine`: a timestamp, or an object with `timestamp` and `blocks`.
pub(super) fn evm_mine(chain: &mut Chain, params: &Params) -> Answer {
    let (timestamp, blocks) = if params.value(0).is_some_and(Value::is_object) {
        let object = params
            .object(0, "options", &["timestamp", "blocks"])?
            .unwrap_or_default();
        let options = Params::new(
            ["timestamp", "blocks"]
                .map(|key| object.get(key).cloned().unwrap_or_default())
                .into(),
        );
        (
            options.number(0, "timestamp")?,
            options.number(1, "blocks")?.unwrap_or(1),
        )
    } else {
        (params.number(0, "timestamp")?, 1)
    };
    mine(chain, timestamp, blocks, None)?;
    Ok(quantity(0))
}

/// `anvil_mine`: a number of blocks, and the seconds between them.
pub(super) fn anvil_mine(chain: &mut Chain, params: &Params) -> Answer {
    let blocks = params.number(0, "blocks")?.unwrap_or(1);
    mine(chain, None, blocks, params.number(1, "interval")?)?;
    Ok(Value::Null)
}

fn mine(
    chain: &mut Chain,
    timestamp: Option<u64>,
    blocks: u64,
    interval_secs: Option<u64>,
) -> Result<(), RpcError> {
    if blocks > MAX_MINED {
        return Err(invalid(
            0,
            "blocks",
            format!("{blocks} blocks, at most {MAX_MINED} allowed"),
        ));
    }
    if let Some(timestamp) = timestamp {
        chain.set_next_timestamp(timestamp)?;
    }
    chain.mine_blocks(blocks, interval_secs)
}

pub(super) fn increase_time(chain: &mut Chain, params: &Params) -> Answer {
    let by_secs = required_number(params, 0, "seconds")?;
    Ok(json!(chain.advance_clock(by_secs)?))
}

pub(super) fn set_next_timestamp(chain: &mut Chain, params: &Params) -> Answer {
    chain.set_next_timestamp(required_number(params, 0, "timestamp")?)?;
    Ok(Value::Null)
}

pub(super) fn set_automine(node: &Node, params: &Params) -> Answer {
    let on = params.required(0, "enabled")?;
    // Off leaves an interval alone; on ends it.
    match (on, node.interval_secs()) {
        (true, _) => set_mining(node, Mining::Automatic),
        (false, Some(secs)) => set_mining(node, Mining::IntervalSecs(secs)),
        (false, None) => set_mining(node, Mining::Manual),
    }
}

pub(super) fn set_interval_mining(node: &Node, params: &Params) -> Answer {
    match required_number(params, 0, "seconds")? {
        0 => set_mining(node, Mining::Manual),
        secs => set_mining(node, Mining::IntervalSecs(secs)),
    }
}

fn set_mining(node: &Node, mining: Mining) -> Answer {
    node.read().require_kept()?;
    node.set_mining(mining);
    node.write().flush()?; // what became ready was mined
    Ok(Value::Null)
}

pub(super) fn set_code(chain: &mut Chain, params: &Params) -> Answer {
    let code: Bytes = params.required(1, "code")?;
    if !chain.set_code(params.required(0, "address")?, code) {
        return Err(invalid(1, "code", "malformed delegation (EIP-7702)"));
    }
    Ok(Value::Null)
}

pub(super) fn set_next_base_fee(chain: &mut Chain, params: &Params) -> Answer {
    chain.set_next_base_fee(required_number(params, 0, "base fee")?);
    Ok(Value::Null)
}

/// `anvil_reorg`: the depth, and pairs of a transaction and the index of the replacement block that it goes into; in
/// two parameters, or in one object.
pub(super) fn reorganise(chain: &mut Chain, params: &Params) -> Answer {
    const NAMES: [&str; 2] = ["depth", "tx_block_pairs"];
    let in_object;
    let params = if params.value(0).is_some_and(Value::is_object) {
        let object = params.object(0, "options", &NAMES)?.unwrap_or_default();
        in_object = Params::new(
            NAMES
                .map(|name| object.get(name).cloned().unwrap_or_default())
                .into(),
        );
        &in_object
    } else {
        params
    };
    let depth = required_number(params, 0, "depth")?;
    if depth > MAX_REORG {
        return Err(RpcError::ReorgTooDeep {
            depth,
            possible: MAX_REORG,
        });
    }
    let pairs: Vec<(Value, u64)> = params.optional(1, "tx_block_pairs")?.unwrap_or_default();
    let mut blocks: Vec<Vec<Transaction>> = (0..depth).map(|_| vec![]).collect();
    for (value, index) in pairs {
        let transaction = match value.as_str() {
            Some(text) => chain.decode(
                &text
                    .parse::<Bytes>()
                    .map_err(|error| invalid(1, "tx_block_pairs", error))?,
            )?,
            None => signed(chain, &value)?,
        };
        let block = usize::try_from(index)
            .ok()
            .and_then(|index| blocks.get_mut(index));
        let block = block.ok_or_else(|| {
            invalid(
                1,
                "tx_block_pairs",
                format!("block {index} of {depth} replacement blocks"),
            )
        })?;
        block.push(transaction);
    }
    chain.reorganise(blocks)?;
    Ok(Value::Null)
}

/// `anvil_rollback`: takes blocks away without replacing them.
pub(super) fn rollback(chain: &mut Chain, params: &Params) -> Answer {
    let depth = params.number(0, "depth")?.unwrap_or(1);
    let newest = chain.newest().number();
    let number = newest.checked_sub(depth).ok_or(RpcError::ReorgTooDeep {
        depth,
        possible: newest,
    })?;
    chain.rewind(number)?;
    Ok(Value::Null)
}

pub(super) fn node_info(chain: &Chain) -> Value {
    let newest = chain.newest();
    let gas_price = u128::from(chain.next_base_fee()) + SUGGESTED_TIP_WEI;
    json!({
        "currentBlockNumber": quantity(newest.number()),
        "currentBlockTimestamp": newest.header.timestamp,
        "currentBlockHash": newest.header.hash,
        "hardFork": "prague",
        "transactionOrder": "fees",
        "environment": {
            "baseFee": U256::from(chain.next_base_fee()),
            "chainId": chain.config().chain_id,
            "gasLimit": quantity(chain.config().block_gas_limit),
            "gasPrice": U256::from(gas_price),
        },
        "forkConfig": { "forkUrl": null, "forkBlockNumber": null, "forkRetryBackoff": null },
    })
}
