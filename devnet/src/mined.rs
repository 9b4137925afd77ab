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

/// A block: of one transaction, or empty (the first one, and those of `evm_mine`).
pub(crate) struct Block {
    pub(crate) header: rpc::Header,
    pub(crate) transaction: Option<Mined>,
}

/// A transaction and what came of it.
pub(crate) struct Mined {
    pub(crate) transaction: Recovered<TxEnvelope>,
    pub(crate) receipt: TransactionReceipt,
}

/// Header fields that do not follow from the transaction.
pub(crate) struct Parent {
    pub(crate) parent_hash: B256,
    pub(crate) number: u64,
    pub(crate) timestamp: u64,
    pub(crate) gas_limit: u64,
    pub(crate) base_fee: u64,
    pub(crate) beneficiary: Address,
    pub(crate) mix_hash: B256,
}

impl Block {
    pub(crate) fn new(parent: Parent, executed: Option<(Recovered<TxEnvelope>, ExecutionResult)>) -> Self {
        let mut header = Header {
            parent_hash: parent.parent_hash,
            number: parent.number,
            timestamp: parent.timestamp,
            gas_limit: parent.gas_limit,
            base_fee_per_gas: Some(parent.base_fee),
            beneficiary: parent.beneficiary,
            mix_hash: parent.mix_hash,
            withdrawals_root: Some(proofs::calculate_withdrawals_root(&[])),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..Header::default()
        };
        let Some((transaction, result)) = executed else {
            return Self {
                header: rpc::Header::new(header),
                transaction: None,
            };
        };
        let (gas_used, success) = (result.tx_gas_used(), result.is_success());
        let contract = result
            .created_address()
            .filter(|_| transaction.kind().is_create());
        let logs = if success { result.into_logs() } else { Vec::new() };
        let bloom: Bloom = logs_bloom(logs.iter());
        let consensus_receipt = Receipt {
            status: success.into(),
            cumulative_gas_used: gas_used,
            logs,
        };
        let envelope =
            ReceiptEnvelope::from_typed(transaction.tx_type(), consensus_receipt.clone().with_bloom());
        header.gas_used = gas_used;
        header.logs_bloom = bloom;
        header.transactions_root = proofs::calculate_transaction_root(&[transaction.inner().clone()]);
        header.receipts_root = proofs::calculate_receipt_root(&[envelope]);
        let header = rpc::Header::new(header);
        let receipt = rpc_receipt(&header, &transaction, consensus_receipt, contract);
        Self {
            header,
            transaction: Some(Mined { transaction, receipt }),
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.header.number
    }

    pub(crate) fn base_fee(&self) -> u64 {
        self.header.base_fee_per_gas.unwrap_or_default()
    }

    pub(crate) fn logs(&self) -> &[Log] {
        self.transaction
            .as_ref()
            .map_or(&[], |mined| mined.receipt.inner.logs())
    }

    /// The block as `eth_getBlockBy…` returns it.
    pub(crate) fn to_rpc(&self, full: bool) -> rpc::Block {
        let transactions = if full {
            BlockTransactions::Full(self.rpc_transaction().into_iter().collect())
        } else {
            BlockTransactions::Hashes(
                self.transaction
                    .iter()
                    .map(|mined| mined.receipt.transaction_hash)
                    .collect(),
            )
        };
        rpc::Block::new(self.header.clone(), transactions).with_withdrawals(Some(Default::default()))
    }

    /// The transaction as `eth_getTransactionByHash` returns it.
    pub(crate) fn rpc_transaction(&self) -> Option<rpc::Transaction> {
        self.transaction.as_ref().map(|mined| rpc::Transaction {
            inner: mined.transaction.clone(),
            block_hash: Some(self.header.hash),
            block_number: Some(self.number()),
            transaction_index: Some(0),
            effective_gas_price: Some(mined.receipt.effective_gas_price),
            block_timestamp: Some(self.header.timestamp),
        })
    }
}

fn rpc_receipt(
    header: &rpc::Header,
    transaction: &Recovered<TxEnvelope>,
    receipt: Receipt,
    contract_address: Option<Address>,
) -> TransactionReceipt {
    let transaction_hash = *transaction.tx_hash();
    let gas_used = receipt.cumulative_gas_used;
    let logs = receipt.logs.into_iter().enumerate().map(|(index, inner)| Log {
        inner,
        block_hash: Some(header.hash),
        block_number: Some(header.number),
        block_timestamp: Some(header.timestamp),
        transaction_hash: Some(transaction_hash),
        transaction_index: Some(0),
        log_index: Some(index as u64),
        removed: false,
    });
    let receipt = Receipt {
        status: receipt.status,
        cumulative_gas_used: gas_used,
        logs: logs.collect(),
    };
    TransactionReceipt {
        inner: ReceiptEnvelope::from_typed(transaction.tx_type(), receipt.with_bloom()),
        transaction_hash,
        transaction_index: Some(0),
        block_hash: Some(header.hash),
        block_number: Some(header.number),
        gas_used,
        effective_gas_price: transaction.effective_gas_price(header.base_fee_per_gas),
        blob_gas_used: None,
        blob_gas_price: None,
        from: transaction.signer(),
        to: transaction.to(),
        contract_address,
    }
}
