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
    chain::{Chain, MAX_MINED, SUGGESTED_TIP_WEI, sender_of},
    error::RpcError,
    node::Node,
};

/// The protocol's least gas limit of a block.
const MIN_BLOCK_GAS: u64 = 5000;
/// What the node calls itself.
pub(super) const CLIENT_VERSION: &str = concat!("ashlar-devnet/", env!("CARGO_PKG_VERSION"));

pub(super) fn required_number(params: &Params, index: usize, name: &'static str) -> Result<u64, RpcError> {
    params
        .number(index, name)?
        .ok_or_else(|| invalid(index, name, "missing"))
}

/// Signs a request for one of the accounts that the node can speak for, and submits it.
pub(super) fn send(chain: &mut Chain, params: &Params) -> Result<B256, RpcError> {
    let value = params
        .value(0)
        .ok_or_else(|| invalid(0, "transaction", "missing"))?;
    let request = call::transaction_request(chain, value)?;
    let gas = match request.gas {
        Some(gas) => gas,
        None => call::estimate_gas(chain, &Params::new(vec![value.clone()]))?,
    };
    let blanks = chain.blanks(sender_of(&request), gas);
    chain.submit(chain.sign(request, blanks)?.into())
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
    node.set_mining(mining)?;
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

/// `evm_setBlockGasLimit`
pub(super) fn set_gas_limit(chain: &mut Chain, params: &Params) -> Answer {
    let gas = required_number(params, 0, "gas limit")?;
    if gas < MIN_BLOCK_GAS {
        let reason = format!("{gas} is below the protocol's least, {MIN_BLOCK_GAS}");
        return Err(invalid(0, "gas limit", reason));
    }
    chain.set_gas_limit(gas);
    Ok(json!(true))
}

/// `anvil_reset`: to the first block. There is no other chain to fork.
pub(super) fn reset(chain: &mut Chain, params: &Params) -> Answer {
    params.object(0, "options", &[])?;
    chain.reset();
    Ok(Value::Null)
}

pub(super) fn metadata(chain: &Chain) -> Value {
    let newest = chain.newest();
    json!({
        "clientVersion": CLIENT_VERSION,
        "chainId": chain.config().chain_id,
        "instanceId": chain.instance(),
        "latestBlockNumber": newest.number(),
        "latestBlockHash": newest.header.hash,
    })
}

pub(super) fn node_info(chain: &Chain) -> Value {
    let newest = chain.newest();
    let gas_price = u128::from(chain.next_base_fee()) + SUGGESTED_TIP_WEI;
    json!({
        "currentBlockNumber": quantity(newest.number()),
        "currentBlockTimestamp": newest.header.timestamp,
        "currentBlockHash": newest.header.hash,
        "hardFork": "osaka",
        "transactionOrder": "fees",
        "environment": {
            "baseFee": U256::from(chain.next_base_fee()),
            "chainId": chain.config().chain_id,
            "gasLimit": quantity(chain.next_fields().gas_limit),
            "gasPrice": U256::from(gas_price),
        },
        "forkConfig": { "forkUrl": null, "forkBlockNumber": null, "forkRetryBackoff": null },
    })
}
