//! One transaction or call on a state: rules, environment, gas estimation.

use std::ops::RangeInclusive;

use alloy::{
    consensus::Transaction as _,
    eips::Typed2718,
    primitives::{Address, B256, U256},
    rpc::types::{AccessList, AccessListItem},
};
use revm::{
    Context, ExecuteEvm, MainBuilder,
    context::{
        BlockEnv, TxEnv,
        either::Either,
        result::{EVMError, ExecutionResult, InvalidTransaction, ResultAndState},
    },
    database_interface::WrapDatabaseRef,
    handler::MainnetContext,
    primitives::{eip4844::BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE, hardfork::SpecId},
    state::EvmState,
};

use crate::{
    blobs::PARAMS,
    block::{Fields, Transaction},
    error::RpcError,
    sidecar::BlobError,
    view::View,
};

/// Rules in force. Osaka: EIP-170 code limit, EIP-3860 initcode limit, EIP-7623 calldata floor, EIP-7883 price of MODEXP.
const SPEC: SpecId = SpecId::OSAKA;
/// Addresses of Osaka's precompiled contracts but [`P256VERIFY`].
const PRECOMPILES: RangeInclusive<U256> = U256::from_limbs([1, 0, 0, 0])..=U256::from_limbs([0x11, 0, 0, 0]);
/// EIP-7951's precompiled contract.
const P256VERIFY: U256 = U256::from_limbs([0x100, 0, 0, 0]);
/// An estimate may exceed the least sufficient gas by this fraction: 1/64.
const ESTIMATE_TOLERANCE_SHIFT: u32 = 6;

/// What is checked before a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nonce, chain and sender.
    Transaction,
    /// All but that the sender is no contract.
    Impersonated,
    /// What the pool can tell before the transaction's turn: chain and sender, but not the nonce.
    Pooled,
    /// Neither nonce nor chain nor sender.
    Call,
}

/// Executes `tx` without changing the view; the caller applies what it wants to keep.
pub(crate) fn execute(
    view: &View<'_>,
    chain_id: u64,
    block: BlockEnv,
    tx: TxEnv,
    mode: Mode,
) -> Result<ResultAndState, RpcError> {
    let context = MainnetContext::new(WrapDatabaseRef(view), SPEC)
        .with_block(block)
        .modify_cfg_chained(|cfg| {
            cfg.chain_id = chain_id;
            cfg.disable_nonce_check = matches!(mode, Mode::Call | Mode::Pooled);
            cfg.tx_chain_id_check = mode != Mode::Call;
            cfg.tx_gas_limit_cap = Some(u64::MAX); // the chain's own limit is checked before, and is none of calls
            cfg.max_blobs_per_tx = Some(PARAMS.max_blobs_per_tx);
            cfg.disable_eip3607 = matches!(mode, Mode::Call | Mode::Impersonated);
        });
    let context: Context<BlockEnv, TxEnv, _, _, _, _> = context;
    context.build_mainnet().transact(tx).map_err(|error| match error {
        EVMError::Transaction(InvalidTransaction::BlobGasPriceGreaterThanMax {
            block_blob_gas_price: price,
            tx_max_fee_per_blob_gas: max_fee,
        }) => BlobError::FeeTooLow { max_fee, price }.into(),
        EVMError::Transaction(invalid) => RpcError::Rejected(invalid),
        other => RpcError::Internal(format!("{other:?}")),
    })
}

/// The EVM's view of a block.
pub(crate) fn block_env(fields: &Fields) -> BlockEnv {
    let mut env = BlockEnv {
        number: U256::from(fields.number),
        beneficiary: fields.beneficiary,
        timestamp: U256::from(fields.timestamp),
        gas_limit: fields.gas_limit,
        basefee: fields.base_fee,
        difficulty: U256::ZERO,
        prevrandao: Some(fields.mix_hash),
        ..BlockEnv::default()
    };
    env.set_blob_excess_gas_and_price(fields.excess_blob_gas, BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE);
    env
}

/// The EVM's view of a signed transaction.
pub(crate) fn signed_tx(tx: &Transaction) -> TxEnv {
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
        blob_hashes: tx.blob_versioned_hashes().unwrap_or_default().to_vec(),
        max_fee_per_blob_gas: tx.max_fee_per_blob_gas().unwrap_or_default(),
    }
}

/// Runs a call and returns its output.
pub(crate) fn call(
    view: &View<'_>,
    chain_id: u64,
    block: BlockEnv,
    tx: TxEnv,
) -> Result<ExecutionResult, RpcError> {
    succeeded(execute(view, chain_id, block, tx, Mode::Call)?.result)
}

/// Makes an error of what failed.
pub(crate) fn succeeded(result: ExecutionResult) -> Result<ExecutionResult, RpcError> {
    match result {
        ExecutionResult::Success { .. } => Ok(result),
        ExecutionResult::Revert { output, .. } => Err(RpcError::Reverted(output)),
        ExecutionResult::Halt { reason, .. } => Err(RpcError::Halted(reason)),
    }
}

/// What a run read, as an access list. Accounts that are `free`, because every transaction has them at hand, are in it
/// for their storage only; so are the precompiled contracts, which have none.
pub(crate) fn access_list(read: &EvmState, free: &[Address]) -> AccessList {
    let precompiled = |address: &Address| {
        let number = U256::from_be_slice(address.as_slice());
        PRECOMPILES.contains(&number) || number == P256VERIFY
    };
    let mut items: Vec<AccessListItem> = read
        .iter()
        .filter(|(address, account)| {
            !account.storage.is_empty() || !(free.contains(address) || precompiled(address))
        })
        .map(|(address, account)| {
            let mut storage_keys: Vec<B256> = account.storage.keys().map(|slot| B256::from(*slot)).collect();
            storage_keys.sort_unstable();
            AccessListItem {
                address: *address,
                storage_keys,
            }
        })
        .collect();
    items.sort_unstable_by_key(|item| item.address);
    AccessList(items)
}

/// A gas limit under which `tx` succeeds, at most 1/64 above the least one (gas that is refunded or that a callee must
/// leave behind makes it larger than the gas used).
pub(crate) fn estimate_gas(
    view: &View<'_>,
    chain_id: u64,
    block: BlockEnv,
    tx: TxEnv,
) -> Result<u64, RpcError> {
    let mut highest = tx.gas_limit;
    let used = call(view, chain_id, block.clone(), tx.clone())?.tx_gas_used();
    let suffices = |gas_limit: u64| -> Result<bool, RpcError> {
        let tx = TxEnv {
            gas_limit,
            ..tx.clone()
        };
        match call(view, chain_id, block.clone(), tx) {
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
