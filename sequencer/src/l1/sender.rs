//! The operator's transactions: one nonce at a time, taken from L1; written down before they are sent; replaced with a
//! higher fee when they are not included in time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::{BlockId, BlockNumberOrTag, eip2718::Encodable2718},
    network::TxSignerSync,
    primitives::{Address, B256, Bytes, TxKind, keccak256},
    providers::Provider,
    rpc::types::{TransactionReceipt, TransactionRequest},
};

use super::{BlockRef, L1Client, L1Error, RequestError};
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fees {
    max_fee_wei: u128,
    tip_wei: u128,
}

impl Fees {
    /// At least an eighth more, and one: what nodes ask of a replacement (a tenth) with a margin.
    fn bumped(self) -> Self {
        let more = |wei: u128| wei + wei / 8 + 1;
        Self {
            max_fee_wei: more(self.max_fee_wei),
            tip_wei: more(self.tip_wei),
        }
    }

    fn at_least(self, other: Self) -> Self {
        Self {
            max_fee_wei: self.max_fee_wei.max(other.max_fee_wei),
            tip_wei: self.tip_wei.max(other.tip_wei),
        }
    }

    fn capped(self, ceiling_wei: u128) -> Self {
        let max_fee_wei = self.max_fee_wei.min(ceiling_wei);
        Self {
            max_fee_wei,
            tip_wei: self.tip_wei.min(max_fee_wei),
        }
    }
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
        let gas = self.gas(call, head).await?;
        let floor = before.as_ref().map(|sent| {
            let fees = Fees {
                max_fee_wei: sent.max_fee_wei,
                tip_wei: sent.tip_wei,
            };
            fees.bumped()
        });
        let fees = self.fees(floor).await?;
        if let Some(sent) = same
            && fees.max_fee_wei <= sent.max_fee_wei
        {
            tracing::warn!(
                call = call.name,
                nonce,
                max_fee_wei = fees.max_fee_wei,
                "not included at the highest fee allowed (--max-fee-gwei)"
            );
            return self.broadcast(store, nonce, sent.clone(), call.name).await;
        }
        let hashes = same.map_or_else(Vec::new, |sent| sent.hashes.clone());
        let sent = self.sign(call, nonce, gas, fees, hashes)?;
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

    async fn receipt_of(&self, hash: B256) -> Result<Option<TransactionReceipt>, L1Error> {
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
    async fn gas(&self, call: &Call, head: BlockRef) -> Result<u64, L1Error> {
        let request = &request(self.operator(), self.rollup, call);
        self.simulate(call.name, request, head).await?;
        let gas = self
            .endpoints
            .any("eth_estimateGas", |node| async move {
                node.estimate_gas(request.clone())
                    .block(BlockNumberOrTag::Latest.into())
                    .await
            })
            .await?;
        if gas > MAX_TRANSACTION_GAS {
            return Err(L1Error::TooMuchGas {
                call: call.name,
                gas,
                limit: MAX_TRANSACTION_GAS,
            });
        }
        Ok((gas + gas / 5).min(MAX_TRANSACTION_GAS))
    }

    /// Twice the base fee and the tip that nodes advise, at least `floor`, at most the ceiling.
    async fn fees(&self, floor: Option<Fees>) -> Result<Fees, L1Error> {
        let base_fee_wei = self
            .endpoints
            .any("eth_getBlockByNumber", |node| async move {
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
            });
        }
        let advised = self
            .endpoints
            .any("eth_maxPriorityFeePerGas", |node| async move {
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
        };
        Ok(floor
            .map_or(market, |floor| market.at_least(floor))
            .capped(ceiling_wei))
    }

    fn sign(
        &self,
        call: &Call,
        nonce: u64,
        gas_limit: u64,
        fees: Fees,
        mut hashes: Vec<[u8; 32]>,
    ) -> Result<Sent, L1Error> {
        let mut transaction = TxEip1559 {
            chain_id: self.chain_id(),
            nonce,
            gas_limit,
            max_fee_per_gas: fees.max_fee_wei,
            max_priority_fee_per_gas: fees.tip_wei,
            to: TxKind::Call(self.rollup),
            input: call.data.clone(),
            ..TxEip1559::default()
        };
        let signature = self
            .signer
            .sign_transaction_sync(&mut transaction)
            .map_err(|source| L1Error::Sign {
                call: call.name,
                source,
            })?;
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
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

fn request(from: Address, to: Address, call: &Call) -> TransactionRequest {
    TransactionRequest::default()
        .from(from)
        .to(to)
        .input(call.data.clone().into())
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

fn l1_receipt(receipt: &TransactionReceipt) -> L1Receipt {
    L1Receipt {
        hash: receipt.transaction_hash.0,
        block_number: receipt.block_number.unwrap_or_default(),
        gas_used: receipt.gas_used,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_pays_a_tenth_more_and_never_more_than_the_ceiling() {
        let fees = Fees {
            max_fee_wei: 100,
            tip_wei: 7,
        };
        let bumped = fees.bumped();
        assert!(bumped.max_fee_wei >= 110 && bumped.tip_wei * 10 >= fees.tip_wei * 11);
        assert_eq!(
            bumped.capped(105),
            Fees {
                max_fee_wei: 105,
                tip_wei: 8
            }
        );
        assert_eq!(bumped.capped(5).tip_wei, 5, "the tip is part of the fee");
    }
}
