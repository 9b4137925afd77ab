//! `eth_call` and its kin: the request, the state and block overrides. What is not understood is refused.

use alloy::{
    eips::BlockId,
    primitives::{B256, TxKind, U256, map::AddressHashMap},
    rpc::types::{AccessList, BlockOverrides, TransactionRequest, state::AccountOverride},
};
use revm::context::{BlockEnv, TxEnv, either::Either};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Answer,
    params::{Params, checked_object, invalid},
    quantity, to_json,
};
use crate::{
    chain::Chain,
    error::RpcError,
    evm::{self, Mode},
    view::View,
};

const REQUEST_FIELDS: &[&str] = &[
    "from",
    "to",
    "gas",
    "gasPrice",
    "maxFeePerGas",
    "maxPriorityFeePerGas",
    "value",
    "input",
    "data",
    "nonce",
    "chainId",
    "accessList",
    "type",
    "authorizationList",
    "maxFeePerBlobGas",
    "blobVersionedHashes",
    "blobs",
    "commitments",
    "proofs",
    "cellProofs",
];
const BLOCK_FIELDS: &[&str] = &[
    "number",
    "blockNumber",
    "time",
    "timestamp",
    "gasLimit",
    "coinbase",
    "feeRecipient",
    "random",
    "prevRandao",
    "baseFee",
    "baseFeePerGas",
    "blockHash",
];

/// Runs the transaction of parameter 0 on the state of parameter 1, with the overrides of 2 and 3.
pub(super) fn call(chain: &Chain, params: &Params) -> Answer {
    let (view, block, tx) = prepare(chain, params, u64::MAX)?;
    let result = evm::call(&view, chain.config().chain_id, block, tx)?;
    to_json(result.into_output().unwrap_or_default())
}

/// Like [`call`], for the gas that the transaction needs.
pub(super) fn estimate_gas(chain: &Chain, params: &Params) -> Result<u64, RpcError> {
    let (view, block, tx) = prepare(chain, params, chain.config().transaction_gas_limit)?;
    evm::estimate_gas(&view, chain.config().chain_id, block, tx)
}

/// The accounts and slots that the transaction reads, as an access list, and the gas that it uses with that.
pub(super) fn create_access_list(chain: &Chain, params: &Params) -> Answer {
    let (view, block, mut tx) = prepare(chain, params, u64::MAX)?;
    let chain_id = chain.config().chain_id;
    let run = |tx: &TxEnv| evm::execute(&view, chain_id, block.clone(), tx.clone(), Mode::Call);
    let read = run(&tx)?.state;
    let created = tx.caller.create(view.nonce(tx.caller));
    let target = tx.kind.to().copied().unwrap_or(created);
    let free = [tx.caller, target, block.beneficiary];
    tx.access_list = evm::access_list(&read, &free);
    tx.derive_tx_type()
        .map_err(|error| invalid(0, "transaction", format!("{error:?}")))?;
    let result = run(&tx)?.result;
    let mut answer = json!({ "accessList": tx.access_list, "gasUsed": quantity(result.tx_gas_used()) });
    if let Err(error) = evm::succeeded(result) {
        answer["error"] = json!(error.to_string());
    }
    Ok(answer)
}

fn prepare<'a>(
    chain: &'a Chain,
    params: &Params,
    max_gas: u64,
) -> Result<(View<'a>, BlockEnv, TxEnv), RpcError> {
    let value = params
        .value(0)
        .ok_or_else(|| invalid(0, "transaction", "missing"))?;
    let request = transaction_request(chain, value)?;
    let id: Option<BlockId> = params.optional(1, "block")?;
    let mut view = chain.view_at(id)?;
    let accounts: AddressHashMap<AccountOverride> =
        params.optional(2, "state overrides")?.unwrap_or_default();
    for (address, with) in accounts {
        view.override_account(address, with)?;
    }
    let mut block = evm::block_env(&chain.fields_for_call(id)?);
    override_block(&mut block, &mut view, params, !is_free(&request))?;
    let tx = call_tx(&request, &mut block, &view, max_gas)?;
    Ok((view, block, tx))
}

/// A request with nothing in it that would be ignored.
pub(super) fn transaction_request(chain: &Chain, value: &Value) -> Result<TransactionRequest, RpcError> {
    let refuse = |reason: String| invalid(0, "transaction", reason);
    let object = checked_object(value, 0, "transaction", REQUEST_FIELDS)?;
    let mut request =
        TransactionRequest::deserialize(Value::Object(object)).map_err(|error| refuse(error.to_string()))?;
    if request.input.unique_input().is_err() {
        return Err(refuse("data and input differ".into()));
    }
    if request.gas_price.is_some() && request.authorization_list.is_some() {
        return Err(refuse("gasPrice excludes authorizationList".into()));
    }
    if request.gas_price.is_some()
        && (request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some())
    {
        return Err(refuse(
            "gasPrice excludes maxFeePerGas and maxPriorityFeePerGas".into(),
        ));
    }
    fill_blob_hashes(&mut request)?;
    if let Some(kind) = request.transaction_type {
        if ![0, 1, 2, 3, 4].contains(&kind) {
            return Err(RpcError::UnsupportedTransaction(kind));
        }
        if let Some(field) = misfit(&request, kind) {
            return Err(refuse(format!("type {kind} does not go with {field}")));
        }
    }
    let expected = chain.config().chain_id;
    if let Some(actual) = request.chain_id.filter(|id| *id != expected) {
        return Err(RpcError::WrongChain { expected, actual });
    }
    Ok(request)
}

/// The versioned hashes of a request with commitments. They are not compared with the blobs: only what is sent is
/// verified.
fn fill_blob_hashes(request: &mut TransactionRequest) -> Result<(), RpcError> {
    let refuse = |reason: &str| Err(invalid(0, "transaction", reason));
    if let Some(sidecar) = request.sidecar.take() {
        let of_commitments: Vec<B256> = sidecar.versioned_hashes().collect();
        if request
            .blob_versioned_hashes
            .get_or_insert_with(|| of_commitments.clone())
            != &of_commitments
        {
            return refuse("blobVersionedHashes are not those of commitments");
        }
    }
    if !request.has_eip4844_fields() {
        return Ok(());
    }
    if request.blob_versioned_hashes.as_ref().is_none_or(Vec::is_empty) {
        return refuse("maxFeePerBlobGas and blobs need blobVersionedHashes or commitments");
    }
    if request.gas_price.is_some() || request.authorization_list.is_some() {
        return refuse("blobs exclude gasPrice and authorizationList");
    }
    Ok(())
}

/// What a transaction of this type cannot have, or cannot be without.
fn misfit(request: &TransactionRequest, kind: u8) -> Option<&'static str> {
    let listed = |list: &AccessList| !list.0.is_empty();
    match kind {
        0 if request.access_list.as_ref().is_some_and(listed) => Some("accessList"),
        0 | 1 if request.max_fee_per_gas.is_some() => Some("maxFeePerGas"),
        0 | 1 if request.max_priority_fee_per_gas.is_some() => Some("maxPriorityFeePerGas"),
        0..=2 if request.authorization_list.is_some() => Some("authorizationList"),
        0..=2 | 4 if request.has_eip4844_fields() => Some("blobs"),
        3 if !request.has_eip4844_fields() => Some("no blobVersionedHashes"),
        2 | 4 if request.gas_price.is_some() => Some("gasPrice"),
        4 if request.authorization_list.is_none() => Some("no authorizationList"),
        _ => None,
    }
}

/// Whether a call pays nothing, as in go-ethereum when it names no fee.
fn is_free(request: &TransactionRequest) -> bool {
    [
        request.gas_price,
        request.max_fee_per_gas,
        request.max_priority_fee_per_gas,
    ]
    .iter()
    .all(|fee| fee.unwrap_or(0) == 0)
}

/// The EVM's view of a call. The nonce of the request is not checked, as in go-ethereum.
fn call_tx(
    request: &TransactionRequest,
    block: &mut BlockEnv,
    view: &View<'_>,
    max_gas: u64,
) -> Result<TxEnv, RpcError> {
    let caller = request.from.unwrap_or_default();
    let value = request.value.unwrap_or_default();
    let gas_price = request.gas_price.or(request.max_fee_per_gas).unwrap_or(0);
    let most = block.gas_limit.min(max_gas);
    if let Some(gas) = request.gas.filter(|gas| *gas > most) {
        let reason = format!("gas {gas} is above the limit of {most}");
        return Err(invalid(0, "transaction", reason));
    }
    let mut gas_limit = request.gas.unwrap_or(most);
    if is_free(request) {
        block.basefee = 0;
    } else if request.gas.is_none() && gas_price > 0 {
        let affordable = view.account(caller).balance.saturating_sub(value) / U256::from(gas_price);
        gas_limit = gas_limit.min(u64::try_from(affordable).unwrap_or(u64::MAX));
    }
    let blob_hashes = request.blob_versioned_hashes.clone().unwrap_or_default();
    if let (false, None, Some(blobs)) = (
        blob_hashes.is_empty(),
        request.max_fee_per_blob_gas,
        &mut block.blob_excess_gas_and_price,
    ) {
        blobs.blob_gasprice = 0; // a call that names no fee pays none
    }
    let authorizations = request.authorization_list.iter().flatten().cloned();
    let dynamic = request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some();
    let mut tx = TxEnv {
        caller,
        gas_limit,
        gas_price,
        gas_priority_fee: dynamic.then(|| request.max_priority_fee_per_gas.unwrap_or(0)),
        kind: request.to.unwrap_or(TxKind::Create),
        value,
        data: request.input.input().cloned().unwrap_or_default(),
        access_list: request.access_list.clone().unwrap_or_default(),
        authorization_list: authorizations.map(Either::Left).collect(),
        blob_hashes,
        max_fee_per_blob_gas: request.max_fee_per_blob_gas.unwrap_or_default(),
        ..TxEnv::default()
    };
    tx.derive_tx_type()
        .map_err(|error| invalid(0, "transaction", format!("{error:?}")))?;
    Ok(tx)
}

fn override_block(
    block: &mut BlockEnv,
    view: &mut View<'_>,
    params: &Params,
    pays: bool,
) -> Result<(), RpcError> {
    const NAME: &str = "block overrides";
    let Some(object) = params.object(3, NAME, BLOCK_FIELDS)? else {
        return Ok(());
    };
    let with = BlockOverrides::deserialize(Value::Object(object)).map_err(|error| invalid(3, NAME, error))?;
    if with.base_fee.is_some() && !pays {
        return Err(invalid(
            3,
            NAME,
            "baseFee needs a fee in the transaction: one without is run at base fee 0",
        ));
    }
    block.number = with.number.unwrap_or(block.number);
    block.timestamp = with.time.map_or(block.timestamp, U256::from);
    block.gas_limit = with.gas_limit.unwrap_or(block.gas_limit);
    block.beneficiary = with.coinbase.unwrap_or(block.beneficiary);
    block.prevrandao = with.random.or(block.prevrandao);
    if let Some(base_fee) = with.base_fee {
        block.basefee = u64::try_from(base_fee).map_err(|error| invalid(3, NAME, error))?;
    }
    view.block_hashes.extend(with.block_hash.unwrap_or_default());
    Ok(())
}
