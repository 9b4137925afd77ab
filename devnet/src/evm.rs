//! One transaction or call on the state: rules, environment, gas estimation.

use alloy::{
    consensus::{Transaction, TxEnvelope, transaction::Recovered},
    eips::Typed2718,
    rpc::types::TransactionRequest,
};
use revm::{
    Context, ExecuteEvm, MainBuilder,
    context::{
        BlockEnv, TxEnv,
        either::Either,
        result::{EVMError, ExecutionResult, InvalidTransaction, ResultAndState},
    },
    database::{CacheDB, EmptyDB},
    handler::MainnetContext,
    primitives::{TxKind, hardfork::SpecId},
};

use crate::error::RpcError;

/// The world state.
pub(crate) type State = CacheDB<EmptyDB>;

/// Rules in force. Prague: EIP-170 code limit, EIP-3860 initcode limit, EIP-7623 calldata floor.
const SPEC: SpecId = SpecId::PRAGUE;
/// An estimate may exceed the least sufficient gas by this fraction: 1/64.
const ESTIMATE_TOLERANCE_SHIFT: u32 = 6;

/// Whether a run is a signed transaction or a question about one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nonce and chain are checked.
    Transaction,
    /// They are not.
    Call,
}

/// Executes `tx` without changing `state`; the caller commits what it wants to keep.
pub(crate) fn execute(
    state: &State,
    chain_id: u64,
    block: BlockEnv,
    tx: TxEnv,
    mode: Mode,
) -> Result<ResultAndState, RpcError> {
    let db = revm::database_interface::WrapDatabaseRef(state);
    let context = MainnetContext::new(db, SPEC)
        .with_block(block)
        .modify_cfg_chained(|cfg| {
            cfg.chain_id = chain_id;
            cfg.disable_nonce_check = mode == Mode::Call;
            cfg.tx_chain_id_check = mode == Mode::Transaction;
        });
    let context: Context<BlockEnv, TxEnv, _, _, _, _> = context;
    context.build_mainnet().transact(tx).map_err(|error| match error {
        EVMError::Transaction(invalid) => RpcError::Rejected(invalid),
        other => RpcError::Internal(format!("{other:?}")),
    })
}

/// The EVM's view of a signed transaction.
pub(crate) fn signed_tx(tx: &Recovered<TxEnvelope>) -> TxEnv {
    let authorizations = tx.authorization_list().unwrap_or_default();
    TxEnv {
        tx_type: tx.ty(),
        caller: tx.signer(),
        gas_limit: tx.gas_limit(),
        gas_price: tx.max_fee_per_gas(),
        kind: tx.kind(),
        value: tx.value(),
        data: tx.input().clone(),
        nonce: tx.nonce(),
        chain_id: tx.chain_id(),
        access_list: tx.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: tx.max_priority_fee_per_gas(),
        authorization_list: authorizations.iter().cloned().map(Either::Left).collect(),
        ..TxEnv::default()
    }
}

/// The EVM's view of a call: free of fees, as in go-ethereum when a request names none.
pub(crate) fn call_tx(request: &TransactionRequest, gas_limit: u64) -> TxEnv {
    TxEnv {
        caller: request.from.unwrap_or_default(),
        gas_limit: request.gas.unwrap_or(gas_limit).min(gas_limit),
        gas_price: 0,
        kind: request.to.unwrap_or(TxKind::Create),
        value: request.value.unwrap_or_default(),
        data: request.input.input().cloned().unwrap_or_default(),
        access_list: request.access_list.clone().unwrap_or_default(),
        ..TxEnv::default()
    }
}

/// Runs a call and returns its output.
pub(crate) fn call(
    state: &State,
    chain_id: u64,
    block: BlockEnv,
    tx: TxEnv,
) -> Result<ExecutionResult, RpcError> {
    let result = execute(state, chain_id, free_of_fees(block), tx, Mode::Call)?.result;
    match result {
        ExecutionResult::Success { .. } => Ok(result),
        ExecutionResult::Revert { output, .. } => Err(RpcError::Reverted(output)),
        ExecutionResult::Halt { reason, .. } => Err(RpcError::Halted(reason)),
    }
}

fn free_of_fees(block: BlockEnv) -> BlockEnv {
    BlockEnv { basefee: 0, ..block }
}

/// A gas limit under which `tx` succeeds, at most 1/64 above the least one (gas that is refunded or that a callee must
/// leave behind makes it larger than the gas used).
pub(crate) fn estimate_gas(
    state: &State,
    chain_id: u64,
    block: BlockEnv,
    tx: TxEnv,
) -> Result<u64, RpcError> {
    let mut highest = tx.gas_limit;
    let used = call(state, chain_id, block.clone(), tx.clone())?.tx_gas_used();
    let suffices = |gas_limit: u64| -> Result<bool, RpcError> {
        match call(
            state,
            chain_id,
            block.clone(),
            TxEnv {
                gas_limit,
                ..tx.clone()
            },
        ) {
            Ok(_) => Ok(true),
            Err(RpcError::Reverted(_) | RpcError::Halted(_)) => Ok(false),
            Err(RpcError::Rejected(
                InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
                | InvalidTransaction::GasFloorMoreThanGasLimit { .. },
            )) => Ok(false),
            Err(error) => Err(error),
        }
    };
    if suffices(used)? {
        return Ok(used);
    }
    let mut lowest = used; // not enough
    while highest - lowest > highest >> ESTIMATE_TOLERANCE_SHIFT {
        let middle = if highest / 2 > lowest {
            lowest * 2
        } else {
            lowest + (highest - lowest) / 2
        };
        if suffices(middle)? {
            highest = middle
        } else {
            lowest = middle
        }
    }
    Ok(highest)
}
