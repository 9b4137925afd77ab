//! How transactions come in.

use std::sync::Arc;

use alloy::{
    consensus::{SignableTransaction as _, Transaction as _, TxEnvelope, constants::EIP4844_TX_TYPE_ID},
    eips::{
        Typed2718,
        eip2718::{Decodable2718, Encodable2718 as _},
    },
    primitives::{Address, B256, Signature, TxKind, U256},
    rpc::types::TransactionRequest,
    signers::SignerSync,
};
use revm::primitives::eip4844::BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE;

use super::Chain;
use crate::{
    DEV_ACCOUNTS, accounts,
    blobs::Incoming,
    block::{Block, Transaction},
    error::RpcError,
    events::Event,
    evm::{self, Mode},
    journal::{Raw, Record},
    sidecar::{self, BlobError},
};

/// How far ahead of its sender's next nonce a transaction may be and still wait.
const MAX_NONCE_GAP: u64 = 512;
/// Largest transaction accepted: go-ethereum's pool limit, 128 KiB. Blobs and what comes with them do not count.
const MAX_TRANSACTION_BYTES: usize = 128 * 1024;
/// Largest raw transaction accepted with blobs: go-ethereum's pool limit, 1 MiB. Six blobs with cell proofs are 0.8 MB.
const MAX_POOLED_BYTES: usize = 1024 * 1024;

/// What fills the fields that a request leaves open.
#[derive(Clone, Copy)]
pub(crate) struct Blanks {
    pub(crate) gas: u64,
    pub(crate) nonce: u64,
    /// That of the block which the transaction is for, in wei per gas.
    pub(crate) base_fee_wei: u64,
}

/// Who sends a request; the first development account if it does not say.
pub(crate) fn sender_of(request: &TransactionRequest) -> Address {
    request.from.unwrap_or(DEV_ACCOUNTS[0].address)
}

/// Fees by the type asked for; those of EIP-1559 if none is.
fn fill_fees(request: &mut TransactionRequest, base_fee_wei: u128) {
    let priced = matches!(request.transaction_type, Some(0 | 1));
    if priced && request.gas_price.is_none() {
        request.gas_price = Some(base_fee_wei.saturating_add(super::SUGGESTED_TIP_WEI));
    }
    match request.transaction_type {
        Some(0) => request.access_list = None, // empty: another was refused
        Some(1) => drop(request.access_list.get_or_insert_default()),
        _ => {}
    }
    if request.gas_price.is_none() {
        let tip = request
            .max_priority_fee_per_gas
            .unwrap_or(super::SUGGESTED_TIP_WEI);
        request.max_priority_fee_per_gas = Some(tip);
        let enough = base_fee_wei.saturating_mul(2).saturating_add(tip);
        request.max_fee_per_gas = request.max_fee_per_gas.or(Some(enough));
    }
}

impl Chain {
    /// Takes a transaction. With automine one whose turn it is becomes a block, and then those that waited for it; any
    /// other waits. A transaction that reverts is mined, with status 0.
    pub(crate) fn submit(&mut self, incoming: Incoming) -> Result<B256, RpcError> {
        let transaction = &incoming.transaction;
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
        self.pool.check(transaction)?;
        let announced = Event::Pending(Arc::new(transaction.clone()));
        if self.automine && nonce == next {
            self.events.push(announced);
            if let Err(error) = self.mine_these(vec![incoming]) {
                self.events.discard_last();
                return Err(error);
            }
            self.mine_ready();
            return Ok(hash);
        }
        self.check_executable(transaction)?;
        self.make_room(transaction)?;
        let Incoming { transaction, blobs } = incoming;
        if let Some(blobs) = blobs {
            self.blobs.hold(hash, blobs, false);
            self.note_blobs(hash);
        }
        self.record(&Record::Pooled {
            transaction: Raw::from(&transaction),
        });
        self.let_wait(transaction);
        self.events.push(announced);
        Ok(hash)
    }

    /// In a full pool a transaction that the next block could take has the place of one behind a gap, so that there are
    /// blocks to mine.
    fn make_room(&mut self, transaction: &Transaction) -> Result<(), RpcError> {
        if self.pool.has_room(transaction) {
            return Ok(());
        }
        let view = self.view();
        let (sender, nonce) = (transaction.signer(), transaction.nonce());
        let takes_turn = nonce == self.pool.next_nonce(sender, view.nonce(sender));
        let stuck = self.pool.behind_a_gap(|sender| view.nonce(sender));
        match stuck.filter(|_| takes_turn) {
            Some((sender, nonce)) => drop(self.drop_waiting(sender, nonce)),
            None => return Err(RpcError::PoolFull(self.pool.count())),
        }
        Ok(())
    }

    /// Refuses what the EVM would refuse whenever its turn came: too little gas for its data, or no funds.
    fn check_executable(&self, transaction: &Transaction) -> Result<(), RpcError> {
        let mut env = evm::block_env(&self.next_fields());
        env.basefee = 0; // it may fall until then, and so may the price of blobs
        env.set_blob_excess_gas_and_price(0, BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE);
        let tx = evm::signed_tx(transaction);
        let mode = if self.is_impersonated(transaction.signer()) {
            Mode::Call
        } else {
            Mode::Pooled
        };
        evm::execute(&self.view(), self.config.chain_id, env, tx, mode).map(drop)
    }

    /// Reads an EIP-2718 encoded transaction, with blobs in its pooled form, and checks its signature, chain and blobs.
    pub(crate) fn decode(&self, raw: &[u8]) -> Result<Incoming, RpcError> {
        let malformed = |reason: String| RpcError::MalformedTransaction(reason);
        let check_size = |bytes: usize, most: usize| {
            let reason = || format!("{bytes} bytes, at most {most} allowed");
            (bytes <= most).then_some(()).ok_or_else(|| malformed(reason()))
        };
        let has_blobs = raw.first() == Some(&EIP4844_TX_TYPE_ID);
        let most = if has_blobs {
            MAX_POOLED_BYTES
        } else {
            MAX_TRANSACTION_BYTES
        };
        check_size(raw.len(), most)?;
        let mut rest = raw;
        let envelope = TxEnvelope::decode_2718(&mut rest).map_err(|error| malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} bytes after its end", rest.len())));
        }
        if let Some(actual) = envelope.chain_id().filter(|id| *id != self.config.chain_id) {
            return Err(RpcError::WrongChain {
                expected: self.config.chain_id,
                actual,
            });
        }
        let (envelope, blobs) = sidecar::unwrap(envelope)?;
        check_size(envelope.encode_2718_len(), MAX_TRANSACTION_BYTES)?;
        let signature = envelope.signature();
        if signature.normalize_s().is_some() {
            return Err(malformed("signature with a high s (EIP-2)".into()));
        }
        let signer = signature
            .recover_address_from_prehash(&envelope.signature_hash())
            .map_err(|error| malformed(error.to_string()))?;
        let transaction = Transaction::new_unchecked(envelope, signer);
        Ok(Incoming { transaction, blobs })
    }

    /// What a request of now gets for what it leaves open.
    pub(crate) fn blanks(&self, sender: Address, gas: u64) -> Blanks {
        Blanks {
            gas,
            nonce: self.pool.next_nonce(sender, self.view().nonce(sender)),
            base_fee_wei: self.next_base_fee(),
        }
    }

    /// Fills what a request leaves open, and signs it for a development account; for an impersonated one the signature
    /// is nobody's.
    pub(crate) fn sign(
        &self,
        mut request: TransactionRequest,
        blanks: Blanks,
    ) -> Result<Transaction, RpcError> {
        if request.has_eip4844_fields() {
            return Err(BlobError::NotSigned.into());
        }
        let sender = sender_of(&request);
        let key = accounts::signer(sender);
        if key.is_none() && !self.is_impersonated(sender) {
            return Err(RpcError::UnknownSender(sender));
        }
        request.chain_id = Some(self.config.chain_id);
        request.gas = request.gas.or(Some(blanks.gas));
        request.nonce = request.nonce.or(Some(blanks.nonce));
        request.to = request.to.or(Some(TxKind::Create));
        fill_fees(&mut request, blanks.base_fee_wei.into());
        let asked = request.transaction_type;
        let typed = request
            .build_typed_tx()
            .map_err(|_| RpcError::MalformedTransaction("its fields fit no transaction type".into()))?;
        if let Some(asked) = asked.filter(|asked| *asked != typed.ty()) {
            let reason = format!("its fields make type {}, asked is {asked}", typed.ty());
            return Err(RpcError::MalformedTransaction(reason));
        }
        let signature = match key {
            Some(key) => key
                .sign_hash_sync(&typed.signature_hash())
                .map_err(|error| RpcError::Internal(error.to_string()))?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Mining};

    /// A chain whose pool is full of transactions behind gaps.
    fn full(mining: Mining) -> Chain {
        let mut chain = Chain::open(Config {
            mining,
            ..Config::default()
        })
        .unwrap();
        for account in &DEV_ACCOUNTS[..8] {
            for nonce in 1..=MAX_NONCE_GAP {
                submit(&mut chain, account.address, nonce).unwrap();
            }
        }
        assert!(matches!(
            submit(&mut chain, DEV_ACCOUNTS[8].address, 1),
            Err(RpcError::PoolFull(4096))
        ));
        chain
    }

    fn submit(chain: &mut Chain, from: Address, nonce: u64) -> Result<B256, RpcError> {
        let request = TransactionRequest {
            from: Some(from),
            to: Some(TxKind::Call(Address::ZERO)),
            nonce: Some(nonce),
            ..TransactionRequest::default()
        };
        let transaction = chain.sign(request, chain.blanks(from, 21_000))?;
        chain.submit(transaction.into())
    }

    #[test]
    fn a_full_pool_does_not_keep_out_what_is_mined_at_once() {
        let mut chain = full(Mining::Automatic);
        submit(&mut chain, DEV_ACCOUNTS[9].address, 0).unwrap();
        assert_eq!(chain.newest().number(), 1);
        assert_eq!(chain.pool.count(), 4096);
    }

    #[test]
    fn in_a_full_pool_a_transaction_behind_a_gap_makes_room_for_one_whose_turn_it_is() {
        let mut chain = full(Mining::Manual);
        let hash = submit(&mut chain, DEV_ACCOUNTS[9].address, 0).unwrap();
        assert_eq!(chain.pool.count(), 4096);
        assert!(chain.pool.get(DEV_ACCOUNTS[7].address, MAX_NONCE_GAP).is_none());
        chain.mine_block();
        assert_eq!(chain.place(hash).map(|(block, _)| block.number()), Some(1));
    }
}
