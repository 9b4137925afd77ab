//! How transactions come in.

use std::sync::Arc;

use alloy::{
    consensus::{SignableTransaction as _, Transaction as _, TxEnvelope},
    eips::{Typed2718, eip2718::Decodable2718},
    primitives::{Address, B256, Signature, TxKind, U256},
    rpc::types::TransactionRequest,
    signers::{SignerSync, local::PrivateKeySigner},
};

use super::Chain;
use crate::{
    DEV_ACCOUNTS,
    block::{Block, Transaction},
    error::RpcError,
    events::Event,
    evm::{self, Mode},
    journal::{Raw, Record},
};

/// How far ahead of its sender's next nonce a transaction may be and still wait.
const MAX_NONCE_GAP: u64 = 512;
/// Largest raw transaction accepted: go-ethereum's pool limit, 128 KiB.
const MAX_TRANSACTION_BYTES: usize = 128 * 1024;

impl Chain {
    /// Takes a transaction. With automine one whose turn it is becomes a block, and then those that waited for it; any
    /// other waits. A transaction that reverts is mined, with status 0.
    pub(crate) fn submit(&mut self, transaction: Transaction) -> Result<B256, RpcError> {
        let (hash, sender, nonce) = (*transaction.tx_hash(), transaction.signer(), transaction.nonce());
        if self.place_of_transaction.contains_key(&hash) {
            return Err(RpcError::AlreadyKnown(hash));
        }
        let limit = self.config.transaction_gas_limit;
        if transaction.gas_limit() > limit {
            let actual = transaction.gas_limit();
            return Err(RpcError::GasLimitTooHigh { limit, actual });
        }
        let next = self.view().nonce(sender);
        if nonce < next {
            return Err(RpcError::NonceTooLow { next, actual: nonce });
        }
        if nonce - next > MAX_NONCE_GAP {
            return Err(RpcError::NonceTooHigh {
                sender,
                next,
                actual: nonce,
            });
        }
        self.pool.check(&transaction)?;
        let announced = Event::Pending(Arc::new(transaction.clone()));
        if self.automine && nonce == next {
            self.events.push(announced);
            if let Err(error) = self.mine_these(vec![transaction]) {
                self.events.discard_last();
                return Err(error);
            }
            self.mine_ready();
            return Ok(hash);
        }
        self.check_executable(&transaction)?;
        self.record(&Record::Pooled {
            transaction: Raw::from(&transaction),
        });
        self.pool.insert(transaction);
        self.events.push(announced);
        Ok(hash)
    }

    /// Refuses what the EVM would refuse whenever its turn came: too little gas for its data, or no funds.
    fn check_executable(&self, transaction: &Transaction) -> Result<(), RpcError> {
        let mut env = evm::block_env(&self.next_fields());
        env.basefee = 0; // it may fall until then
        let tx = evm::signed_tx(transaction);
        let mode = if self.is_impersonated(transaction.signer()) {
            Mode::Call
        } else {
            Mode::Pooled
        };
        evm::execute(&self.view(), self.config.chain_id, env, tx, mode).map(drop)
    }

    /// Reads an EIP-2718 encoded transaction and checks its signature and chain.
    pub(crate) fn decode(&self, raw: &[u8]) -> Result<Transaction, RpcError> {
        let malformed = |reason: String| RpcError::MalformedTransaction(reason);
        if raw.len() > MAX_TRANSACTION_BYTES {
            return Err(malformed(format!(
                "{} bytes, at most {MAX_TRANSACTION_BYTES} allowed",
                raw.len()
            )));
        }
        let mut rest = raw;
        let envelope = TxEnvelope::decode_2718(&mut rest).map_err(|error| malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} bytes after its end", rest.len())));
        }
        if envelope.is_eip4844() {
            return Err(RpcError::UnsupportedTransaction(envelope.ty()));
        }
        if let Some(actual) = envelope.chain_id().filter(|id| *id != self.config.chain_id) {
            return Err(RpcError::WrongChain {
                expected: self.config.chain_id,
                actual,
            });
        }
        let signature = envelope.signature();
        if signature.normalize_s().is_some() {
            return Err(malformed("signature with a high s (EIP-2)".into()));
        }
        let signer = signature
            .recover_address_from_prehash(&envelope.signature_hash())
            .map_err(|error| malformed(error.to_string()))?;
        Ok(Transaction::new_unchecked(envelope, signer))
    }

    /// Fills what a request leaves open, and signs it for a development account; for an impersonated one the signature
    /// is nobody's.
    pub(crate) fn sign(&self, mut request: TransactionRequest, gas: u64) -> Result<Transaction, RpcError> {
        let sender = request.from.unwrap_or(DEV_ACCOUNTS[0].address);
        let key = DEV_ACCOUNTS.iter().find(|account| account.address == sender);
        if key.is_none() && !self.is_impersonated(sender) {
            return Err(RpcError::UnknownSender(sender));
        }
        request.chain_id = Some(self.config.chain_id);
        request.gas = request.gas.or(Some(gas));
        let next = self.pool.next_nonce(sender, self.view().nonce(sender));
        request.nonce = request.nonce.or(Some(next));
        request.to = request.to.or(Some(TxKind::Create));
        if request.gas_price.is_none() {
            let tip = request
                .max_priority_fee_per_gas
                .unwrap_or(super::SUGGESTED_TIP_WEI);
            request.max_priority_fee_per_gas = Some(tip);
            let enough = u128::from(self.next_base_fee())
                .saturating_mul(2)
                .saturating_add(tip);
            request.max_fee_per_gas = request.max_fee_per_gas.or(Some(enough));
        }
        let typed = request
            .build_typed_tx()
            .map_err(|_| RpcError::MalformedTransaction("its fields fit no transaction type".into()))?;
        let internal = |error: &dyn std::error::Error| RpcError::Internal(error.to_string());
        let signature = match key {
            Some(key) => PrivateKeySigner::from_bytes(&key.secret_key)
                .map(|signer| signer.sign_hash_sync(&typed.signature_hash()))
                .map_err(|error| internal(&error))?
                .map_err(|error| internal(&error))?,
            // The sender is in the hash, so that two of them never send the same transaction.
            None => Signature::new(U256::from_be_slice(sender.as_slice()), U256::from(1), false),
        };
        Ok(Transaction::new_unchecked(typed.into_envelope(signature), sender))
    }

    pub(crate) fn is_impersonated(&self, account: Address) -> bool {
        self.impersonate_all || self.impersonated.contains(&account)
    }

    pub(crate) fn impersonate(&mut self, account: Address) {
        self.impersonated.insert(account);
    }

    pub(crate) fn stop_impersonating(&mut self, account: Address) {
        self.impersonated.remove(&account);
    }

    pub(crate) fn set_impersonate_all(&mut self, all: bool) {
        self.impersonate_all = all;
    }

    /// Gives up a transaction that waits.
    pub(crate) fn drop_transaction(&mut self, hash: B256) -> bool {
        let waiting = self.pool.by_hash(hash);
        let place = waiting.map(|transaction| (transaction.signer(), transaction.nonce()));
        place.is_some_and(|(sender, nonce)| self.drop_waiting(sender, nonce))
    }

    pub(crate) fn drop_all_transactions(&mut self) {
        let waiting = self.pool.iter();
        let places: Vec<_> = waiting
            .map(|waiting| (waiting.signer(), waiting.nonce()))
            .collect();
        for (sender, nonce) in places {
            self.drop_waiting(sender, nonce);
        }
    }

    /// The block with a transaction, and its index there.
    pub(crate) fn place(&self, transaction: B256) -> Option<(&Arc<Block>, usize)> {
        let (number, index) = self.place_of_transaction.get(&transaction)?;
        Some((self.block(*number)?, *index))
    }
}
