//! The operator's transactions: one nonce at a time, taken from L1; written down before they are sent; replaced with a
//! higher fee when they are not included in time.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy::{
    consensus::{
        BlobTransactionSidecarEip7594, SignableTransaction, TxEip1559, TxEip4844, TxEip4844Variant,
        TxEip4844WithSidecar, TxEnvelope,
    },
    eips::{BlockId, BlockNumberOrTag, eip2718::Encodable2718, eip7594::BlobTransactionSidecarVariant},
    network::TxSignerSync,
    primitives::{Address, B256, Bytes, Signature, TxKind, keccak256},
    providers::Provider,
    rpc::types::{TransactionReceipt, TransactionRequest},
};

use ashlar_publication::Publication;
use tokio::task::spawn_blocking;

use super::{BlockRef, L1Client, L1Error, RequestError, fees::Fees};
use crate::store::{Broadcast, L1Receipt, Purpose, Sent, Store, StoreError};

/// Most gas that one transaction may have, EIP-7825.
pub const MAX_TRANSACTION_GAS: u64 = 1 << 24;
/// Priority fee where a node names none: 1 gwei.
const DEFAULT_TIP_WEI: u128 = 1_000_000_000;

/// A call that the operator wants included.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method, for messages.
    pub name: &'static str,
    /// Encoded call.
    pub data: Bytes,
    /// What it is for.
    pub purpose: Purpose,
    /// The blob that the transaction brings, if any.
    pub blob: Option<Arc<Publication>>,
}

/// Why a call could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// L1 failed or refused.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The journal failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl L1Client {
    /// The call that was sent last and is not included, if there is one.
    pub async fn in_flight(&self, store: &Store, head: BlockRef) -> Result<Option<Purpose>, SendError> {
        let nonce = self.nonce(head).await?;
        Ok(store.sent(nonce)?.map(|sent| sent.purpose))
    }

    /// Sends a call, or sends it again if that is due. Its inclusion shows in the contract's state; nothing is waited
    /// for here.
    ///
    /// # Errors
    /// If the call would revert, needs more gas or fees than allowed, or L1 fails. Nothing is used up then: the nonce is
    /// read from L1 at the next attempt.
    pub async fn send(&self, store: &Store, call: &Call, head: BlockRef) -> Result<(), SendError> {
        let nonce = self.nonce(head).await?;
        let before = store.sent(nonce)?;
        let same = before.as_ref().filter(|sent| is_for(sent, call));
        if let Some(sent) = same
            && sent.broadcast != Broadcast::Underpriced
            && age(sent) < self.settings.resend_after
        {
            // Again, for a node that has dropped it or never had it; the others say that they know it.
            return self.broadcast(store, nonce, sent.clone(), call.name).await;
        }
        self.require_not_failed(store, call, nonce).await?;
        let blob_fee_wei = match call.blob {
            Some(_) => Some(self.blob_fee().await?),
            None => None,
        };
        let gas = self.gas(call, blob_fee_wei, head).await?;
        let floor = before.as_ref().map(|sent| Fees::of(sent).bumped());
        let fees = self.fees(floor, blob_fee_wei).await?;
        if let Some(sent) = same
            && !fees.may_replace(Fees::of(sent))
        {
            tracing::warn!(
                call = call.name,
                nonce,
                max_fee_wei = fees.max_fee_wei,
                max_blob_fee_wei = fees.max_blob_fee_wei,
                "not included at the highest fee allowed (--max-fee-gwei, --max-blob-fee-gwei)"
            );
            return self.broadcast(store, nonce, sent.clone(), call.name).await;
        }
        let hashes = same.map_or_else(Vec::new, |sent| sent.hashes.clone());
        let sent = self.sign(call, nonce, gas, fees, hashes).await?;
        store.put_sent(nonce, &sent)?;
        self.broadcast(store, nonce, sent, call.name).await
    }

    /// A call that was included and reverted is not sent again at once: what made it revert may pass, its gas is gone.
    async fn require_not_failed(&self, store: &Store, call: &Call, nonce: u64) -> Result<(), SendError> {
        let Some(last) = nonce.checked_sub(1).map(|last| store.sent(last)).transpose()? else {
            return Ok(());
        };
        let Some(last) = last.filter(|sent| is_for(sent, call) && age(sent) < self.settings.resend_after)
        else {
            return Ok(());
        };
        for hash in last.hashes {
            let receipt = self.receipt_of(hash.into()).await?;
            if let Some(receipt) = receipt.filter(|receipt| !receipt.status()) {
                return Err(L1Error::Failed {
                    call: call.name,
                    hash: receipt.transaction_hash,
                    block: receipt.block_number.unwrap_or_default(),
                }
                .into());
            }
        }
        Ok(())
    }

    pub(super) async fn receipt_of(&self, hash: B256) -> Result<Option<TransactionReceipt>, L1Error> {
        self.endpoints
            .find("eth_getTransactionReceipt", |node| async move {
                node.get_transaction_receipt(hash).await
            })
            .await
    }

    /// The receipt of what was sent for such a purpose, once it is included; `None` if somebody else did it, or no node
    /// has it yet.
    pub async fn receipt(
        &self,
        store: &Store,
        is_meant: impl Fn(Purpose) -> bool,
    ) -> Result<Option<L1Receipt>, SendError> {
        for hash in store.sent_for(is_meant)? {
            let receipt = self.receipt_of(hash.into()).await?;
            if let Some(receipt) = receipt.filter(TransactionReceipt::status) {
                return Ok(Some(l1_receipt(&receipt)));
            }
        }
        Ok(None)
    }

    async fn nonce(&self, head: BlockRef) -> Result<u64, L1Error> {
        let operator = self.operator();
        self.endpoints
            .agree("eth_getTransactionCount", |node| async move {
                node.get_transaction_count(operator)
                    .block_id(BlockId::hash(head.hash))
                    .await
            })
            .await
    }

    /// Simulates the call; gives its gas with a margin.
    async fn gas(&self, call: &Call, blob_fee_wei: Option<u128>, head: BlockRef) -> Result<u64, L1Error> {
        let request = &request(self.operator(), self.driven(), call, blob_fee_wei);
        self.simulate(call.name, request, head).await?;
        // Estimates differ from node to node. What a liar adds costs nothing, since what is not used is not paid; what he
        // takes away makes the transaction fail.
        let [least, most] = self
            .endpoints
            .around("eth_estimateGas", |node| async move {
                node.estimate_gas(request.clone())
                    .block(BlockNumberOrTag::Latest.into())
                    .await
            })
            .await?;
        if least > MAX_TRANSACTION_GAS {
            return Err(L1Error::TooMuchGas {
                call: call.name,
                gas: least,
                limit: MAX_TRANSACTION_GAS,
            });
        }
        Ok(most.saturating_add(most / 5).min(MAX_TRANSACTION_GAS))
    }

    /// Twice the base fee and the tip that a quorum of nodes advises, at least `floor`, at most the ceiling. A single
    /// node cannot make the operator pay more; where it makes him pay too little, the next replacement pays more.
    async fn fees(&self, floor: Option<Fees>, blob_fee_wei: Option<u128>) -> Result<Fees, L1Error> {
        let base_fee_wei = self
            .endpoints
            .reached("eth_getBlockByNumber", |node| async move {
                let block = node.get_block_by_number(BlockNumberOrTag::Latest).await?;
                Ok(block.and_then(|block| block.header.base_fee_per_gas))
            })
            .await?;
        let base_fee_wei = u128::from(base_fee_wei.unwrap_or_default());
        let ceiling_wei = self.settings.max_fee_wei;
        if base_fee_wei > ceiling_wei {
            return Err(L1Error::TooExpensive {
                base_fee_wei,
                ceiling_wei,
                flag: "--max-fee-gwei",
            });
        }
        let advised = self
            .endpoints
            .reached("eth_maxPriorityFeePerGas", |node| async move {
                node.get_max_priority_fee_per_gas().await
            })
            .await;
        let tip_wei = match advised {
            Ok(tip) => tip,
            Err(L1Error::Request(RequestError::Transport { .. })) => DEFAULT_TIP_WEI, // not every node has the method
            Err(error) => return Err(error),
        };
        let market = Fees {
            max_fee_wei: 2 * base_fee_wei + tip_wei,
            tip_wei,
            max_blob_fee_wei: blob_fee_wei,
        };
        Ok(floor
            .map_or(market, |floor| market.at_least(floor))
            .capped(ceiling_wei, self.settings.max_blob_fee_wei))
    }

    /// Twice the base fee of blobs that a quorum of nodes names, at most the ceiling.
    async fn blob_fee(&self) -> Result<u128, L1Error> {
        let base_fee_wei = self
            .endpoints
            .reached(
                "eth_blobBaseFee",
                |node| async move { node.get_blob_base_fee().await },
            )
            .await?;
        let ceiling_wei = self.settings.max_blob_fee_wei;
        if base_fee_wei > ceiling_wei {
            return Err(L1Error::TooExpensive {
                base_fee_wei,
                ceiling_wei,
                flag: "--max-blob-fee-gwei",
            });
        }
        Ok((2 * base_fee_wei).min(ceiling_wei))
    }

    async fn sign(
        &self,
        call: &Call,
        nonce: u64,
        gas_limit: u64,
        fees: Fees,
        mut hashes: Vec<[u8; 32]>,
    ) -> Result<Sent, L1Error> {
        let (chain_id, to, input) = (self.chain_id(), self.driven(), call.data.clone());
        let envelope: TxEnvelope = match (&call.blob, fees.max_blob_fee_wei) {
            (Some(blob), Some(max_fee_per_blob_gas)) => {
                let blob_versioned_hashes = vec![blob.versioned_hash()];
                let sidecar = sidecar(call.name, blob.clone()).await?;
                let tx = TxEip4844 {
                    chain_id,
                    nonce,
                    gas_limit,
                    max_fee_per_gas: fees.max_fee_wei,
                    max_priority_fee_per_gas: fees.tip_wei,
                    to,
                    input,
                    blob_versioned_hashes,
                    max_fee_per_blob_gas,
                    ..TxEip4844::default()
                };
                let sidecar = BlobTransactionSidecarVariant::from(sidecar);
                let mut transaction =
                    TxEip4844Variant::TxEip4844WithSidecar(TxEip4844WithSidecar { tx, sidecar });
                let signature = self.signature(call, &mut transaction)?;
                transaction.into_signed(signature).into()
            }
            _ => {
                let mut transaction = TxEip1559 {
                    chain_id,
                    nonce,
                    gas_limit,
                    max_fee_per_gas: fees.max_fee_wei,
                    max_priority_fee_per_gas: fees.tip_wei,
                    to: TxKind::Call(to),
                    input,
                    ..TxEip1559::default()
                };
                let signature = self.signature(call, &mut transaction)?;
                transaction.into_signed(signature).into()
            }
        };
        hashes.push(envelope.tx_hash().0);
        Ok(Sent {
            purpose: call.purpose,
            call: keccak256(&call.data).0,
            hashes,
            raw: envelope.encoded_2718(),
            max_fee_wei: fees.max_fee_wei,
            tip_wei: fees.tip_wei,
            sent_unix_ms: unix_ms(),
            broadcast: Broadcast::Unknown,
        })
    }

    fn signature(
        &self,
        call: &Call,
        transaction: &mut dyn SignableTransaction<Signature>,
    ) -> Result<Signature, L1Error> {
        let signed = self.signer.sign_transaction_sync(transaction);
        signed.map_err(|source| L1Error::Sign {
            call: call.name,
            source,
        })
    }

    /// Gives the transaction to every node, and notes what they said.
    async fn broadcast(
        &self,
        store: &Store,
        nonce: u64,
        mut sent: Sent,
        call: &'static str,
    ) -> Result<(), SendError> {
        let raw = &sent.raw;
        let said = self
            .endpoints
            .each("eth_sendRawTransaction", |node| async move {
                node.send_raw_transaction(raw).await.map(|_| ())
            })
            .await;
        let refusals: Vec<_> = said.failures.iter().map(taken).collect();
        let broadcast = if !said.answers.is_empty() || refusals.contains(&Taken::Known) {
            Broadcast::Accepted
        } else if refusals.contains(&Taken::Underpriced) {
            Broadcast::Underpriced
        } else {
            Broadcast::Unknown
        };
        if sent.broadcast != broadcast {
            sent.broadcast = broadcast;
            store.put_sent(nonce, &sent)?;
        }
        if broadcast == Broadcast::Accepted {
            Ok(())
        } else {
            let reason = said.failures.last().map_or_else(String::new, ToString::to_string);
            Err(L1Error::NotTaken { call, nonce, reason }.into())
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Known,
    Underpriced,
    No,
}

/// What a refusal means. Nodes have no codes for these, only texts; those of go-ethereum are what others follow.
fn taken(error: &RequestError) -> Taken {
    let Some(refusal) = error.refusal() else {
        return Taken::No;
    };
    let text = refusal.to_lowercase();
    // A nonce too low: it was included while this was asked.
    let known = ["already known", "already imported", "nonce too low"];
    if known.iter().any(|part| text.contains(part)) {
        Taken::Known
    } else if text.contains("underpriced") {
        Taken::Underpriced
    } else {
        Taken::No
    }
}

/// Whether this transaction makes this call.
fn is_for(sent: &Sent, call: &Call) -> bool {
    sent.purpose == call.purpose && sent.call == keccak256(&call.data).0
}

fn request(from: Address, to: Address, call: &Call, blob_fee_wei: Option<u128>) -> TransactionRequest {
    TransactionRequest {
        blob_versioned_hashes: call.blob.as_ref().map(|blob| vec![blob.versioned_hash()]),
        max_fee_per_blob_gas: blob_fee_wei,
        ..TransactionRequest::default()
            .from(from)
            .to(to)
            .input(call.data.clone().into())
    }
}

/// The proofs of a blob's cells take a second or more.
async fn sidecar(
    call: &'static str,
    blob: Arc<Publication>,
) -> Result<BlobTransactionSidecarEip7594, L1Error> {
    match spawn_blocking(move || blob.sidecar()).await {
        Ok(sidecar) => sidecar.map_err(|source| L1Error::Sidecar { call, source }),
        Err(_) => Err(L1Error::SidecarPanicked { call }),
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

/// Time since it was sent; a clock that was set back counts as due.
fn age(sent: &Sent) -> Duration {
    unix_ms()
        .checked_sub(sent.sent_unix_ms)
        .map_or(Duration::MAX, Duration::from_millis)
}

pub(super) fn l1_receipt(receipt: &TransactionReceipt) -> L1Receipt {
    L1Receipt {
        hash: receipt.transaction_hash.0,
        block_number: receipt.block_number.unwrap_or_default(),
        gas_used: receipt.gas_used,
    }
}
