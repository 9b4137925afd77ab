//! Blocks and receipts as RPC objects.

use alloy::{
    consensus::{
        Header, Receipt, ReceiptEnvelope, Transaction as _, TxEnvelope, proofs, transaction::Recovered,
    },
    eips::eip7685::EMPTY_REQUESTS_HASH,
    primitives::{Address, B256, Bloom, logs_bloom},
    rpc::types::{self as rpc, BlockTransactions, Log, TransactionReceipt},
};
use revm::context::result::ExecutionResult;

use crate::{
    blobs::{PARAMS, blob_gas},
    world::Position,
};

/// A transaction with its sender. One of an impersonated account has a signature that is nobody's.
pub(crate) type Transaction = Recovered<TxEnvelope>;

/// A block.
pub(crate) struct Block {
    pub(crate) header: rpc::Header,
    pub(crate) transactions: Vec<Mined>,
    /// The state that it was executed on.
    pub(crate) starts_at: Position,
}

/// A transaction and what came of it.
pub(crate) struct Mined {
    pub(crate) transaction: Transaction,
    pub(crate) receipt: TransactionReceipt,
}

/// Header fields that do not follow from the transactions.
pub(crate) struct Fields {
    pub(crate) parent_hash: B256,
    pub(crate) number: u64,
    pub(crate) timestamp: u64,
    pub(crate) gas_limit: u64,
    pub(crate) base_fee: u64,
    /// What EIP-4844's price of blob gas follows from.
    pub(crate) excess_blob_gas: u64,
    pub(crate) beneficiary: Address,
    pub(crate) mix_hash: B256,
}

impl Block {
    pub(crate) fn new(
        fields: &Fields,
        executed: Vec<(Transaction, ExecutionResult)>,
        starts_at: Position,
    ) -> Self {
        let mut outcomes = Vec::with_capacity(executed.len());
        let mut gas_used = 0;
        for (transaction, result) in executed {
            gas_used += result.tx_gas_used();
            outcomes.push(Outcome::new(transaction, result, gas_used));
        }
        let envelopes: Vec<_> = outcomes.iter().map(|outcome| outcome.receipt.clone()).collect();
        let transactions: Vec<_> = outcomes
            .iter()
            .map(|outcome| outcome.transaction.inner().clone())
            .collect();
        let blob_gas_used = outcomes
            .iter()
            .map(|outcome| blob_gas(&outcome.transaction))
            .sum();
        let header = rpc::Header::new(Header {
            parent_hash: fields.parent_hash,
            number: fields.number,
            timestamp: fields.timestamp,
            gas_limit: fields.gas_limit,
            gas_used,
            base_fee_per_gas: Some(fields.base_fee),
            beneficiary: fields.beneficiary,
            mix_hash: fields.mix_hash,
            logs_bloom: envelopes
                .iter()
                .fold(Bloom::ZERO, |all, receipt| all | *receipt.logs_bloom()),
            transactions_root: proofs::calculate_transaction_root(&transactions),
            receipts_root: proofs::calculate_receipt_root(&envelopes),
            withdrawals_root: Some(proofs::calculate_withdrawals_root(&[])),
            blob_gas_used: Some(blob_gas_used),
            excess_blob_gas: Some(fields.excess_blob_gas),
            parent_beacon_block_root: Some(fields.parent_hash), // the root by which `beacon` serves the parent
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..Header::default()
        });
        let (mut log_index, mut mined) = (0, Vec::with_capacity(outcomes.len()));
        for (index, outcome) in outcomes.into_iter().enumerate() {
            let logs = outcome.receipt.logs().len() as u64;
            mined.push(outcome.mined(&header, index as u64, log_index));
            log_index += logs;
        }
        Self {
            header,
            transactions: mined,
            starts_at,
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.header.number
    }

    pub(crate) fn base_fee(&self) -> u64 {
        self.header.base_fee_per_gas.unwrap_or_default()
    }

    pub(crate) fn excess_blob_gas(&self) -> u64 {
        self.header.excess_blob_gas.unwrap_or_default()
    }

    /// Price of its blob gas, in wei per blob gas.
    pub(crate) fn blob_fee(&self) -> u128 {
        PARAMS.calc_blob_fee(self.excess_blob_gas())
    }

    /// Excess blob gas of the block after it.
    pub(crate) fn next_excess_blob_gas(&self) -> u64 {
        let used = self.header.blob_gas_used.unwrap_or_default();
        PARAMS.next_block_excess_blob_gas_osaka(self.excess_blob_gas(), used, self.base_fee())
    }

    pub(crate) fn logs(&self) -> impl Iterator<Item = &Log> {
        self.transactions
            .iter()
            .flat_map(|mined| mined.receipt.inner.logs())
    }

    /// The block as `eth_getBlockBy…` returns it.
    pub(crate) fn to_rpc(&self, full: bool) -> rpc::Block {
        let transactions = if full {
            let all = 0..self.transactions.len();
            BlockTransactions::Full(all.filter_map(|index| self.rpc_transaction(index)).collect())
        } else {
            let hashes = self
                .transactions
                .iter()
                .map(|mined| mined.receipt.transaction_hash);
            BlockTransactions::Hashes(hashes.collect())
        };
        rpc::Block::new(self.header.clone(), transactions).with_withdrawals(Some(Default::default()))
    }

    /// A transaction as `eth_getTransactionBy…` returns it.
    pub(crate) fn rpc_transaction(&self, index: usize) -> Option<rpc::Transaction> {
        self.transactions.get(index).map(|mined| rpc::Transaction {
            inner: mined.transaction.clone(),
            block_hash: Some(self.header.hash),
            block_number: Some(self.number()),
            transaction_index: Some(index as u64),
            effective_gas_price: Some(mined.receipt.effective_gas_price),
            block_timestamp: Some(self.header.timestamp),
        })
    }
}

/// A transaction as `eth_getTransactionByHash` returns it while it waits.
pub(crate) fn pending_rpc_transaction(transaction: &Transaction) -> rpc::Transaction {
    rpc::Transaction {
        inner: transaction.clone(),
        block_hash: None,
        block_number: None,
        transaction_index: None,
        effective_gas_price: None,
        block_timestamp: None,
    }
}

/// An executed transaction whose block is not sealed yet.
struct Outcome {
    transaction: Transaction,
    receipt: ReceiptEnvelope,
    gas_used: u64,
    contract: Option<Address>,
}

impl Outcome {
    fn new(transaction: Transaction, result: ExecutionResult, cumulative_gas_used: u64) -> Self {
        let (gas_used, success) = (result.tx_gas_used(), result.is_success());
        let contract = result
            .created_address()
            .filter(|_| transaction.kind().is_create());
        let receipt = Receipt {
            status: success.into(),
            cumulative_gas_used,
            logs: if success { result.into_logs() } else { Vec::new() },
        };
        let bloom = logs_bloom(receipt.logs.iter());
        Self {
            receipt: ReceiptEnvelope::from_typed(
                transaction.tx_type(),
                alloy::consensus::ReceiptWithBloom::new(receipt, bloom),
            ),
            transaction,
            gas_used,
            contract,
        }
    }

    fn mined(self, header: &rpc::Header, index: u64, first_log_index: u64) -> Mined {
        let transaction_hash = *self.transaction.tx_hash();
        let mut log_index = first_log_index;
        let inner = self.receipt.map_logs(|inner| {
            let log = Log {
                inner,
                block_hash: Some(header.hash),
                block_number: Some(header.number),
                block_timestamp: Some(header.timestamp),
                transaction_hash: Some(transaction_hash),
                transaction_index: Some(index),
                log_index: Some(log_index),
                removed: false,
            };
            log_index += 1;
            log
        });
        let blob_gas_used = self.transaction.blob_gas_used();
        let receipt = TransactionReceipt {
            inner,
            transaction_hash,
            transaction_index: Some(index),
            block_hash: Some(header.hash),
            block_number: Some(header.number),
            gas_used: self.gas_used,
            effective_gas_price: self.transaction.effective_gas_price(header.base_fee_per_gas),
            blob_gas_used,
            blob_gas_price: blob_gas_used
                .map(|_| PARAMS.calc_blob_fee(header.excess_blob_gas.unwrap_or_default())),
            from: self.transaction.signer(),
            to: self.transaction.to(),
            contract_address: self.contract,
        };
        Mined {
            transaction: self.transaction,
            receipt,
        }
    }
}
