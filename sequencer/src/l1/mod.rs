//! L1 as the sequencer sees it: the rollup contract behind JSON-RPC, any node.

pub mod watcher;

use alloy::{
    network::EthereumWallet,
    primitives::{Address, B256, Bytes, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{Filter, TransactionReceipt},
    signers::local::PrivateKeySigner,
    sol_types::SolEvent,
};
use ashlar_contracts::{BatchHeader, CommitData, Rollup, encoding::word_to_hash};

use crate::store::{L1Receipt, LogItem};

/// Why L1 did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum L1Error {
    /// The endpoint is no URL.
    #[error("L1 endpoint `{endpoint}` is not a URL")]
    Endpoint {
        /// As configured.
        endpoint: String,
    },
    /// The operator key is zero or not below the curve's order.
    #[error("the operator key is not a valid secp256k1 key")]
    OperatorKey,
    /// No contract is at the configured address.
    #[error("no rollup contract at {address} on chain {chain_id}; deploy it or correct the address")]
    NoRollup {
        /// Configured address.
        address: Address,
        /// The node's chain.
        chain_id: u64,
    },
    /// The node does not answer, or refuses a request.
    #[error("L1 request `{request}` failed")]
    Transport {
        /// What was asked.
        request: &'static str,
        /// The node's answer.
        #[source]
        source: Box<alloy::transports::TransportError>,
    },
    /// A contract call failed or reverted.
    #[error("L1 call `{call}` failed: {reason}")]
    Contract {
        /// The method.
        call: &'static str,
        /// The decoded revert, or the transport's error.
        reason: String,
        /// Whether the contract itself refused: asking again will not help.
        reverted: bool,
    },
    /// The transaction was included but reverted.
    #[error("L1 transaction {hash} of `{call}` reverted in block {block}")]
    Reverted {
        /// The method.
        call: &'static str,
        /// Transaction hash.
        hash: B256,
        /// Its block.
        block: u64,
    },
    /// L1 holds another batch under this number than the one sealed here.
    #[error(
        "L1 holds another batch {number}: root {l1_root}, sealed here {our_root}; this state database belongs to another history"
    )]
    Diverged {
        /// Batch number.
        number: u64,
        /// Root on L1.
        l1_root: U256,
        /// Root here.
        our_root: U256,
    },
    /// A committed batch's event is not to be found.
    #[error("L1 has no `BatchCommitted` event of batch {number}")]
    NoHeader {
        /// Batch number.
        number: u64,
    },
    /// An event of the contract lies outside of what the contract can emit.
    #[error("L1 event of deposit {index} is malformed")]
    Event {
        /// Its queue index.
        index: u64,
    },
}

/// The rollup contract and the operator's account.
#[derive(Clone, Debug)]
pub struct L1Client {
    provider: DynProvider,
    rollup: Rollup::RollupInstance<DynProvider>,
    chain_id: u64,
}

fn transport(request: &'static str) -> impl FnOnce(alloy::transports::TransportError) -> L1Error {
    move |source| L1Error::Transport {
        request,
        source: Box::new(source),
    }
}

fn contract(call: &'static str) -> impl FnOnce(alloy::contract::Error) -> L1Error {
    move |error| {
        let decoded = error.as_decoded_interface_error::<Rollup::RollupErrors>();
        let reverted = decoded.is_some() || error.as_revert_data().is_some();
        let reason = decoded.map_or_else(|| error.to_string(), |named| format!("{named:?}"));
        L1Error::Contract {
            call,
            reason,
            reverted,
        }
    }
}

impl L1Client {
    /// Connects, and checks that the contract is there.
    pub async fn connect(endpoint: &str, rollup: [u8; 20], operator_key: [u8; 32]) -> Result<Self, L1Error> {
        let url = endpoint.parse().map_err(|_| L1Error::Endpoint {
            endpoint: endpoint.to_owned(),
        })?;
        let signer =
            PrivateKeySigner::from_bytes(&B256::from(operator_key)).map_err(|_| L1Error::OperatorKey)?;
        let provider = ProviderBuilder::new()
            .wallet(EthereumWallet::from(signer))
            .connect_http(url)
            .erased();
        let chain_id = provider.get_chain_id().await.map_err(transport("eth_chainId"))?;
        let address = Address::from(rollup);
        let code = provider
            .get_code_at(address)
            .await
            .map_err(transport("eth_getCode"))?;
        if code.is_empty() {
            return Err(L1Error::NoRollup { address, chain_id });
        }
        Ok(Self {
            rollup: Rollup::new(address, provider.clone()),
            provider,
            chain_id,
        })
    }

    /// The chain's id.
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Number of the newest block.
    pub async fn head(&self) -> Result<u64, L1Error> {
        self.provider
            .get_block_number()
            .await
            .map_err(transport("eth_blockNumber"))
    }

    /// Number of the last committed batch.
    pub async fn committed_batches(&self) -> Result<u64, L1Error> {
        self.rollup
            .committedBatches()
            .call()
            .await
            .map_err(contract("committedBatches"))
    }

    /// Number of the last proven batch.
    pub async fn proven_batches(&self) -> Result<u64, L1Error> {
        self.rollup
            .provenBatches()
            .call()
            .await
            .map_err(contract("provenBatches"))
    }

    /// Deposits queued in these blocks, ends included, in order.
    pub async fn deposits(&self, from_block: u64, to_block: u64) -> Result<Vec<LogItem>, L1Error> {
        let filter = Filter::new()
            .address(*self.rollup.address())
            .event_signature(Rollup::DepositQueued::SIGNATURE_HASH)
            .from_block(from_block)
            .to_block(to_block);
        let logs = self
            .provider
            .get_logs(&filter)
            .await
            .map_err(transport("eth_getLogs"))?;
        let mut deposits = Vec::with_capacity(logs.len());
        for log in logs {
            let event = Rollup::DepositQueued::decode_log(&log.inner).map_err(|_| L1Error::Event {
                index: deposits.len() as u64,
            })?;
            deposits.push(LogItem::Deposit {
                number: event.index,
                token: event.token,
                amount: event.amount,
                key_hash: word_to_hash(event.keyHash),
            });
        }
        Ok(deposits)
    }

    /// Publishes a batch. Gives its header and the transaction.
    pub async fn commit(&self, data: CommitData) -> Result<(BatchHeader, L1Receipt), L1Error> {
        let number = data.number;
        let pending = self
            .rollup
            .commitBatch(data)
            .send()
            .await
            .map_err(contract("commitBatch"))?;
        let receipt = included("commitBatch", pending.get_receipt().await)?;
        let header = receipt
            .inner
            .logs()
            .iter()
            .find_map(|log| Rollup::BatchCommitted::decode_log(&log.inner).ok())
            .map(|event| event.data.header);
        let record = l1_receipt(&receipt);
        Ok((header.ok_or(L1Error::NoHeader { number })?, record))
    }

    /// The header that L1 holds for a committed batch, from its event, with the transaction that committed it.
    pub async fn committed_header(&self, number: u64) -> Result<(BatchHeader, L1Receipt), L1Error> {
        let filter = Filter::new()
            .address(*self.rollup.address())
            .event_signature(Rollup::BatchCommitted::SIGNATURE_HASH)
            .topic1(U256::from(number))
            .from_block(0);
        let logs = self
            .provider
            .get_logs(&filter)
            .await
            .map_err(transport("eth_getLogs"))?;
        let stored = self
            .rollup
            .headerHash(number)
            .call()
            .await
            .map_err(contract("headerHash"))?;
        for log in logs {
            let Ok(event) = Rollup::BatchCommitted::decode_log(&log.inner) else {
                continue;
            };
            // A batch that was reverted and committed again has several events; the stored hash names the right one.
            if event.headerHash != stored {
                continue;
            }
            let hash = log.transaction_hash.ok_or(L1Error::NoHeader { number })?;
            let receipt = self
                .provider
                .get_transaction_receipt(hash)
                .await
                .map_err(transport("eth_getTransactionReceipt"))?
                .ok_or(L1Error::NoHeader { number })?;
            return Ok((event.data.header, l1_receipt(&receipt)));
        }
        Err(L1Error::NoHeader { number })
    }

    /// Settles a batch with its SNARK proof bytes.
    pub async fn prove(&self, header: BatchHeader, proof: Vec<u8>) -> Result<L1Receipt, L1Error> {
        let pending = self
            .rollup
            .proveBatch(header, Bytes::from(proof))
            .send()
            .await
            .map_err(contract("proveBatch"))?;
        let receipt = included("proveBatch", pending.get_receipt().await)?;
        Ok(l1_receipt(&receipt))
    }
}

fn included(
    call: &'static str,
    receipt: Result<TransactionReceipt, alloy::providers::PendingTransactionError>,
) -> Result<TransactionReceipt, L1Error> {
    let receipt = receipt.map_err(|error| L1Error::Contract {
        call,
        reason: error.to_string(),
        reverted: false,
    })?;
    if !receipt.status() {
        let (hash, block) = (receipt.transaction_hash, receipt.block_number.unwrap_or_default());
        return Err(L1Error::Reverted { call, hash, block });
    }
    Ok(receipt)
}

fn l1_receipt(receipt: &TransactionReceipt) -> L1Receipt {
    L1Receipt {
        hash: receipt.transaction_hash.0,
        block_number: receipt.block_number.unwrap_or_default(),
        gas_used: receipt.gas_used,
    }
}
