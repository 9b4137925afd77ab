//! The methods: name, number of parameters, what it does.

use std::collections::BTreeMap;

use alloy::{
    consensus::Transaction as _,
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, U256, keccak256},
    rpc::types::TransactionReceipt,
};
use serde_json::{Map, Value, json};

use super::{Answer, call, fees, filters, params::Params, quantity, reorg, sign, steer, to_json};
use crate::{
    DEV_ACCOUNTS,
    block::{Block, Transaction, pending_rpc_transaction},
    chain::{Chain, SUGGESTED_TIP_WEI},
    error::RpcError,
    node::Node,
};

/// A method.
pub(super) struct Method {
    pub(super) name: &'static str,
    /// More parameters are refused.
    pub(super) max_params: usize,
    pub(super) kind: Kind,
}

/// What a method works on.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// It asks the chain; several run at a time.
    Read(fn(&Chain, &Params) -> Answer),
    /// It changes the chain; what it did is durable before it is answered.
    Write(fn(&mut Chain, &Params) -> Answer),
    /// It does more than that.
    Node(fn(&Node, &Params) -> Answer),
}

const fn read(name: &'static str, max_params: usize, run: fn(&Chain, &Params) -> Answer) -> Method {
    let kind = Kind::Read(run);
    Method {
        name,
        max_params,
        kind,
    }
}

const fn write(name: &'static str, max_params: usize, run: fn(&mut Chain, &Params) -> Answer) -> Method {
    let kind = Kind::Write(run);
    Method {
        name,
        max_params,
        kind,
    }
}

const fn node(name: &'static str, max_params: usize, run: fn(&Node, &Params) -> Answer) -> Method {
    let kind = Kind::Node(run);
    Method {
        name,
        max_params,
        kind,
    }
}

/// Every method but `eth_subscribe` and `eth_unsubscribe`, which belong to a connection.
#[rustfmt::skip] // a table
pub(super) const METHODS: &[Method] = &[
    read("web3_clientVersion", 0, |_, _| Ok(json!(steer::CLIENT_VERSION))),
    read("web3_sha3", 1, |_, params| to_json(keccak256(params.required::<Bytes>(0, "data")?))),
    read("net_version", 0, |chain, _| Ok(json!(chain.config().chain_id.to_string()))),
    read("net_peerCount", 0, |_, _| Ok(quantity(0))),
    read("net_listening", 0, |_, _| Ok(json!(true))),
    read("eth_chainId", 0, |chain, _| Ok(quantity(chain.config().chain_id))),
    read("eth_syncing", 0, |_, _| Ok(json!(false))),
    read("eth_accounts", 0, |_, _| to_json(DEV_ACCOUNTS.map(|account| account.address))),
    read("eth_blockNumber", 0, |chain, _| Ok(quantity(chain.newest().number()))),
    read("eth_gasPrice", 0, |chain, _| to_json(U256::from(u128::from(chain.next_base_fee()) + SUGGESTED_TIP_WEI))),
    read("eth_maxPriorityFeePerGas", 0, |_, _| to_json(U256::from(SUGGESTED_TIP_WEI))),
    read("eth_blobBaseFee", 0, |chain, _| to_json(U256::from(chain.next_blob_fee()))),
    read("eth_feeHistory", 3, |chain, params| to_json(fees::history(chain, params)?)),
    read("eth_getBalance", 2, |chain, params| to_json(chain.view_at(block_id(params, 1)?)?.account(address(params)?).balance)),
    read("eth_getTransactionCount", 2, |chain, params| Ok(quantity(chain.transaction_count(address(params)?, block_id(params, 1)?)?))),
    read("eth_getCode", 2, |chain, params| to_json(chain.view_at(block_id(params, 1)?)?.code(address(params)?))),
    read("eth_getStorageAt", 3, |chain, params| {
        let view = chain.view_at(block_id(params, 2)?)?;
        to_json(B256::from(view.slot(address(params)?, params.required(1, "slot")?)))
    }),
    read("eth_call", 4, call::call),
    read("eth_estimateGas", 4, |chain, params| Ok(quantity(call::estimate_gas(chain, params)?))),
    read("eth_createAccessList", 4, call::create_access_list),
    read("eth_sign", 2, |_, params| sign::eth_sign(params)),
    read("personal_sign", 2, |_, params| sign::personal_sign(params)),
    read("eth_signTypedData_v4", 2, |_, params| sign::typed_data(params)),
    read("eth_getTransactionByHash", 1, |chain, params| to_json(chain.transaction(params.required(0, "hash")?))),
    read("eth_getRawTransactionByHash", 1, raw_transaction),
    read("eth_getTransactionReceipt", 1, |chain, params| {
        let place = chain.place(params.required(0, "hash")?);
        to_json(place.map(|(block, index)| &block.transactions[index].receipt))
    }),
    read("eth_getTransactionByBlockNumberAndIndex", 2, |chain, params| transaction_in_block(by_number(chain, params)?, params)),
    read("eth_getTransactionByBlockHashAndIndex", 2, |chain, params| transaction_in_block(by_hash(chain, params)?, params)),
    read("eth_getBlockTransactionCountByNumber", 1, |chain, params| Ok(count(by_number(chain, params)?))),
    read("eth_getBlockTransactionCountByHash", 1, |chain, params| Ok(count(by_hash(chain, params)?))),
    read("eth_getUncleCountByBlockNumber", 1, |chain, params| Ok(by_number(chain, params)?.map_or(Value::Null, |_| quantity(0)))),
    read("eth_getUncleCountByBlockHash", 1, |chain, params| Ok(by_hash(chain, params)?.map_or(Value::Null, |_| quantity(0)))),
    read("eth_getBlockByNumber", 2, |chain, params| block(by_number(chain, params)?, params)),
    read("eth_getBlockByHash", 2, |chain, params| block(by_hash(chain, params)?, params)),
    read("eth_getBlockReceipts", 1, block_receipts),
    read("eth_getLogs", 1, |chain, params| to_json(chain.logs(&params.required(0, "filter")?)?)),
    read("txpool_status", 0, |chain, _| {
        let [pending, queued] = pool(chain, |_| Value::Null).map(|part| part.values().map(Map::len).sum::<usize>() as u64);
        Ok(json!({ "pending": quantity(pending), "queued": quantity(queued) }))
    }),
    read("txpool_content", 0, |chain, _| {
        let [pending, queued] = pool(chain, |waiting| json!(pending_rpc_transaction(waiting)));
        Ok(json!({ "pending": pending, "queued": queued }))
    }),
    read("txpool_inspect", 0, |chain, _| {
        let [pending, queued] = pool(chain, summary);
        Ok(json!({ "pending": pending, "queued": queued }))
    }),
    node("eth_sendRawTransaction", 1, |node, params| {
        let raw: Bytes = params.required(0, "transaction")?;
        let incoming = node.kept()?.decode(&raw)?; // while others may ask: the proofs of blobs take a while
        to_json(node.change(|chain| chain.submit(incoming))?)
    }),
    write("eth_sendTransaction", 1, |chain, params| to_json(steer::send(chain, params)?)),
    node("eth_newFilter", 1, filters::new_log_filter),
    node("eth_newBlockFilter", 0, filters::new_block_filter),
    node("eth_newPendingTransactionFilter", 0, filters::new_transaction_filter),
    node("eth_getFilterChanges", 1, filters::changes),
    node("eth_getFilterLogs", 1, filters::logs),
    node("eth_uninstallFilter", 1, filters::uninstall),
    write("evm_snapshot", 0, |chain, _| Ok(quantity(chain.snapshot()?))),
    write("evm_revert", 1, steer::revert),
    write("evm_mine", 1, steer::evm_mine),
    write("evm_increaseTime", 1, steer::increase_time),
    write("evm_setNextBlockTimestamp", 1, steer::set_next_timestamp),
    node("evm_setAutomine", 1, steer::set_automine),
    node("evm_setIntervalMining", 1, steer::set_interval_mining),
    write("evm_setBlockGasLimit", 1, steer::set_gas_limit),
    write("anvil_mine", 2, steer::anvil_mine),
    read("anvil_getAutomine", 0, |chain, _| Ok(json!(chain.automine()))),
    node("anvil_getIntervalMining", 0, |node, _| to_json(node.interval_secs())),
    write("anvil_setBalance", 2, |chain, params| {
        chain.set_balance(address(params)?, params.required(1, "balance")?);
        Ok(Value::Null)
    }),
    write("anvil_setNonce", 2, |chain, params| {
        let nonce = params.number(1, "nonce")?.ok_or_else(|| super::params::invalid(1, "nonce", "missing"))?;
        chain.set_nonce(address(params)?, nonce);
        Ok(Value::Null)
    }),
    write("anvil_setCode", 2, steer::set_code),
    write("anvil_setStorageAt", 3, |chain, params| {
        chain.set_slot(address(params)?, params.required(1, "slot")?, params.required::<B256>(2, "value")?.into());
        Ok(json!(true))
    }),
    write("anvil_setCoinbase", 1, |chain, params| {
        chain.set_coinbase(address(params)?);
        Ok(Value::Null)
    }),
    write("anvil_setNextBlockBaseFeePerGas", 1, steer::set_next_base_fee),
    write("anvil_impersonateAccount", 1, |chain, params| {
        chain.impersonate(address(params)?);
        Ok(Value::Null)
    }),
    write("anvil_stopImpersonatingAccount", 1, |chain, params| {
        chain.stop_impersonating(address(params)?);
        Ok(Value::Null)
    }),
    write("anvil_autoImpersonateAccount", 1, |chain, params| {
        chain.set_impersonate_all(params.required(0, "enabled")?);
        Ok(Value::Null)
    }),
    write("anvil_dropTransaction", 1, |chain, params| {
        let hash = params.required(0, "hash")?;
        to_json(Some(hash).filter(|hash| chain.drop_transaction(*hash)))
    }),
    write("anvil_dropAllTransactions", 0, |chain, _| {
        chain.drop_all_transactions();
        Ok(Value::Null)
    }),
    write("anvil_reorg", 2, reorg::reorganise),
    write("anvil_rollback", 1, reorg::rollback),
    write("anvil_reset", 1, steer::reset),
    read("anvil_getBlobByHash", 1, |chain, params| to_json(chain.blobs().by_hash(params.required(0, "versioned hash")?))),
    read("anvil_getBlobsByTransactionHash", 1, |chain, params| {
        let kept = chain.blobs().of_transaction(params.required(0, "hash")?);
        to_json(kept.map(|kept| &kept.blobs[..]))
    }),
    read("anvil_metadata", 0, |chain, _| Ok(steer::metadata(chain))),
    read("anvil_nodeInfo", 0, |chain, _| Ok(steer::node_info(chain))),
];

fn address(params: &Params) -> Result<Address, RpcError> {
    params.required(0, "address")
}

fn block_id(params: &Params, index: usize) -> Result<Option<BlockId>, RpcError> {
    params.optional(index, "block")
}

fn by_number<'a>(chain: &'a Chain, params: &Params) -> Result<Option<&'a Block>, RpcError> {
    let number = chain.resolve(params.required::<BlockNumberOrTag>(0, "block")?);
    Ok(chain.block(number).map(|block| &**block))
}

fn by_hash<'a>(chain: &'a Chain, params: &Params) -> Result<Option<&'a Block>, RpcError> {
    Ok(chain
        .block_by_hash(params.required(0, "hash")?)
        .map(|block| &**block))
}

fn block(block: Option<&Block>, params: &Params) -> Answer {
    let full = params.optional(1, "full")?.unwrap_or(false);
    to_json(block.map(|block| block.to_rpc(full)))
}

fn count(block: Option<&Block>) -> Value {
    block.map_or(Value::Null, |block| quantity(block.transactions.len() as u64))
}

fn transaction_in_block(block: Option<&Block>, params: &Params) -> Answer {
    let index = params
        .number(1, "index")?
        .ok_or_else(|| super::params::invalid(1, "index", "missing"))?;
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    to_json(block.and_then(|block| block.rpc_transaction(index)))
}

fn block_receipts(chain: &Chain, params: &Params) -> Answer {
    let number = chain.resolve_id(params.required(0, "block")?);
    let block = number.ok().and_then(|number| chain.block(number));
    let receipts = |block: &Block| -> Vec<TransactionReceipt> {
        block
            .transactions
            .iter()
            .map(|mined| mined.receipt.clone())
            .collect()
    };
    to_json(block.map(|block| receipts(block)))
}

fn raw_transaction(chain: &Chain, params: &Params) -> Answer {
    use alloy::eips::eip2718::Encodable2718;
    let transaction = chain.transaction(params.required(0, "hash")?);
    to_json(transaction.map(|transaction| Bytes::from(transaction.inner.encoded_2718())))
}

/// Transactions that wait, by sender and nonce: those whose turn may come in the next block, and those behind a gap.
fn pool(chain: &Chain, show: impl Fn(&Transaction) -> Value) -> [BTreeMap<Address, Map<String, Value>>; 2] {
    let mut parts = [const { BTreeMap::new() }; 2];
    for transaction in chain.pool().iter() {
        let (sender, nonce) = (transaction.signer(), transaction.nonce());
        let gap = nonce >= chain.pool().next_nonce(sender, chain.view().nonce(sender));
        let of_sender: &mut Map<_, _> = parts[usize::from(gap)].entry(sender).or_default();
        of_sender.insert(nonce.to_string(), show(transaction));
    }
    parts
}

/// A waiting transaction as `txpool_inspect` has it in go-ethereum.
fn summary(transaction: &Transaction) -> Value {
    let to = transaction.to().map(|to| to.to_string());
    json!(format!(
        "{}: {} wei + {} gas × {} wei",
        to.as_deref().unwrap_or("contract creation"),
        transaction.value(),
        transaction.gas_limit(),
        transaction.max_fee_per_gas()
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::METHODS;

    #[test]
    fn every_method_is_listed_once() {
        let names: BTreeSet<&str> = METHODS.iter().map(|method| method.name).collect();
        assert_eq!(names.len(), METHODS.len());
    }
}
