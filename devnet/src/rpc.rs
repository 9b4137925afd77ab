//! JSON-RPC 2.0: requests, batches, and the methods.

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, U64, U256},
    rpc::types::{FeeHistory, Filter, FilterBlockOption, Log, Transaction, TransactionRequest},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{chain::Chain, error::RpcError};

/// Tip suggested to wallets, in wei per gas.
const SUGGESTED_TIP_WEI: u128 = 1_000_000_000;
/// Longest fee history answered, in blocks.
const MAX_FEE_HISTORY: u64 = 1024;
/// Requests in one batch.
const MAX_BATCH: usize = 1000;
/// Blocks that one `evm_mine` may add.
const MAX_MINED: u64 = 100_000;

/// Answers a request body, single or batch; `None` when it holds notifications only.
pub(crate) fn answer(chain: &mut Chain, body: &[u8]) -> Option<Value> {
    match serde_json::from_slice(body) {
        Err(error) => Some(failure(Value::Null, &RpcError::Parse(error))),
        Ok(Value::Array(requests)) if requests.is_empty() || requests.len() > MAX_BATCH => Some(failure(
            Value::Null,
            &RpcError::InvalidRequest("a batch holds 1 to 1000 requests"),
        )),
        Ok(Value::Array(requests)) => {
            let answers: Vec<Value> = requests
                .into_iter()
                .filter_map(|r| answer_one(chain, r))
                .collect();
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        Ok(request) => answer_one(chain, request),
    }
}

fn answer_one(chain: &mut Chain, mut request: Value) -> Option<Value> {
    let Some(object) = request.as_object_mut() else {
        return Some(failure(Value::Null, &RpcError::InvalidRequest("not an object")));
    };
    let id = object.remove("id");
    let params = match object.remove("params") {
        None | Some(Value::Null) => Ok(Params(vec![])),
        Some(Value::Array(params)) => Ok(Params(params)),
        Some(_) => Err(RpcError::InvalidRequest("params must be an array")),
    };
    let result = match object.get("method").and_then(Value::as_str) {
        None => Err(RpcError::InvalidRequest("no method")),
        Some(method) => params.and_then(|params| dispatch(chain, method, &params)),
    };
    let id = id?; // a notification is carried out but not answered
    Some(match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => failure(id, &error),
    })
}

fn failure(id: Value, error: &RpcError) -> Value {
    let mut body = json!({ "code": error.code(), "message": error.to_string() });
    if let Some(data) = error.data() {
        body["data"] = json!(data);
    }
    json!({ "jsonrpc": "2.0", "id": id, "error": body })
}

/// Positional parameters.
struct Params(Vec<Value>);

impl Params {
    fn required<T: DeserializeOwned>(&self, index: usize, name: &'static str) -> Result<T, RpcError> {
        self.optional(index, name)?
            .ok_or_else(|| RpcError::InvalidParameter {
                index,
                name,
                reason: "missing".into(),
            })
    }

    fn optional<T: DeserializeOwned>(&self, index: usize, name: &'static str) -> Result<Option<T>, RpcError> {
        let value = self.0.get(index).filter(|value| !value.is_null());
        value
            .map(T::deserialize)
            .transpose()
            .map_err(|error: serde_json::Error| RpcError::InvalidParameter {
                index,
                name,
                reason: error.to_string(),
            })
    }
}

fn to_json(value: impl Serialize) -> Result<Value, RpcError> {
    serde_json::to_value(value).map_err(|error| RpcError::Internal(error.to_string()))
}

fn quantity(value: u64) -> Value {
    json!(U64::from(value))
}

fn dispatch(chain: &mut Chain, method: &str, params: &Params) -> Result<Value, RpcError> {
    match method {
        "web3_clientVersion" => Ok(json!(concat!("ashlar-devnet/", env!("CARGO_PKG_VERSION")))),
        "net_version" => Ok(json!(chain.chain_id().to_string())),
        "eth_chainId" => Ok(quantity(chain.chain_id())),
        "eth_syncing" => Ok(json!(false)),
        "eth_blockNumber" => Ok(quantity(chain.newest().number())),
        "eth_gasPrice" => to_json(U256::from(u128::from(chain.next_base_fee()) + SUGGESTED_TIP_WEI)),
        "eth_maxPriorityFeePerGas" => to_json(U256::from(SUGGESTED_TIP_WEI)),
        "eth_feeHistory" => to_json(fee_history(chain, params)?),
        "eth_getBalance" => to_json(chain.balance(account(chain, params, 1)?)?),
        "eth_getTransactionCount" => Ok(quantity(chain.nonce(account(chain, params, 1)?)?)),
        "eth_getCode" => to_json(chain.code(account(chain, params, 1)?)?.original_bytes()),
        "eth_getStorageAt" => {
            let slot: U256 = params.required(1, "slot")?;
            to_json(B256::from(chain.storage(account(chain, params, 2)?, slot)?))
        }
        "eth_call" => to_json(
            chain
                .call(&request(chain, params)?)?
                .into_output()
                .unwrap_or_default(),
        ),
        "eth_estimateGas" => Ok(quantity(chain.estimate_gas(&request(chain, params)?)?)),
        "eth_sendRawTransaction" => to_json(chain.submit(&params.required::<Bytes>(0, "transaction")?)?),
        "eth_getTransactionByHash" => to_json(transaction_by_hash(chain, params.required(0, "hash")?)),
        "eth_getTransactionReceipt" => to_json(
            chain
                .transaction(params.required(0, "hash")?)
                .map(|(_, mined)| &mined.receipt),
        ),
        "eth_getBlockByNumber" => {
            let number = chain.resolve(params.required(0, "block")?);
            let full = params.optional(1, "full")?.unwrap_or(false);
            to_json(chain.block_by_number(number).map(|block| block.to_rpc(full)))
        }
        "eth_getBlockByHash" => {
            let full = params.optional(1, "full")?.unwrap_or(false);
            to_json(
                chain
                    .block_by_hash(params.required(0, "hash")?)
                    .map(|block| block.to_rpc(full)),
            )
        }
        "eth_getLogs" => to_json(logs(chain, &params.required(0, "filter")?)?),
        "evm_mine" => {
            let count = params
                .optional::<U64>(0, "blocks")?
                .map_or(1, |count| count.to::<u64>());
            (0..count.min(MAX_MINED)).for_each(|_| chain.mine_empty());
            Ok(quantity(chain.newest().number()))
        }
        _ => Err(RpcError::MethodNotFound(method.to_owned())),
    }
}

/// The account in parameter 0; the block in parameter `block` must be the newest.
fn account(chain: &Chain, params: &Params, block: usize) -> Result<Address, RpcError> {
    chain.require_newest_state(params.optional::<BlockId>(block, "block")?)?;
    params.required(0, "address")
}

fn request(chain: &Chain, params: &Params) -> Result<TransactionRequest, RpcError> {
    chain.require_newest_state(params.optional::<BlockId>(1, "block")?)?;
    params.required(0, "transaction")
}

fn transaction_by_hash(chain: &Chain, hash: B256) -> Option<Transaction> {
    let mined = chain
        .transaction(hash)
        .and_then(|(block, _)| block.rpc_transaction());
    mined.or_else(|| {
        chain.queued_transaction(hash).map(|queued| Transaction {
            inner: queued.clone(),
            block_hash: None,
            block_number: None,
            transaction_index: None,
            effective_gas_price: None,
            block_timestamp: None,
        })
    })
}

fn fee_history(chain: &Chain, params: &Params) -> Result<FeeHistory, RpcError> {
    let count = params
        .required::<U64>(0, "blocks")?
        .to::<u64>()
        .clamp(1, MAX_FEE_HISTORY);
    let newest = chain.resolve(params.required::<BlockNumberOrTag>(1, "newest block")?);
    if newest > chain.newest().number() {
        return Err(RpcError::UnknownBlock);
    }
    let percentiles: Vec<f64> = params.optional(2, "percentiles")?.unwrap_or_default();
    let oldest = (newest + 1).saturating_sub(count);
    let mut history = FeeHistory {
        oldest_block: oldest,
        ..FeeHistory::default()
    };
    let mut rewards = Vec::new();
    for block in (oldest..=newest).filter_map(|number| chain.block_by_number(number)) {
        history.base_fee_per_gas.push(block.base_fee().into());
        history
            .gas_used_ratio
            .push(block.header.gas_used as f64 / block.header.gas_limit as f64);
        history.base_fee_per_blob_gas.push(1); // nobody sends blobs here: the protocol's least price
        history.blob_gas_used_ratio.push(0.0);
        // One transaction to a block: it is every percentile.
        let tip = block.transaction.as_ref().map_or(0, |mined| {
            mined
                .receipt
                .effective_gas_price
                .saturating_sub(block.base_fee().into())
        });
        rewards.push(vec![tip; percentiles.len()]);
    }
    let next = chain
        .block_by_number(newest + 1)
        .map_or_else(|| chain.next_base_fee(), |block| block.base_fee());
    history.base_fee_per_gas.push(next.into());
    history.base_fee_per_blob_gas.push(1);
    history.reward = (!percentiles.is_empty()).then_some(rewards);
    Ok(history)
}

fn logs(chain: &Chain, filter: &Filter) -> Result<Vec<Log>, RpcError> {
    let newest = chain.newest().number();
    let (first, last) = match filter.block_option {
        FilterBlockOption::AtBlockHash(hash) => {
            let number = chain.block_by_hash(hash).ok_or(RpcError::UnknownBlock)?.number();
            (number, number)
        }
        FilterBlockOption::Range { from_block, to_block } => {
            let resolve = |tag: Option<BlockNumberOrTag>| tag.map_or(newest, |tag| chain.resolve(tag));
            (resolve(from_block), resolve(to_block).min(newest))
        }
    };
    let blocks = (first..=last).filter_map(|number| chain.block_by_number(number));
    Ok(blocks
        .flat_map(|block| block.logs())
        .filter(|log| filter.matches(&log.inner))
        .cloned()
        .collect())
}
