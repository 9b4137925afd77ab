//! The chain: its blocks, its state, and how a transaction becomes a block.

use std::{
    collections::{BTreeMap, HashMap},
    time::{SystemTime, UNIX_EPOCH},
};

use alloy::{
    consensus::{Transaction, TxEnvelope, transaction::Recovered},
    eips::{BlockId, BlockNumberOrTag, Typed2718, eip1559::BaseFeeParams, eip2718::Decodable2718},
    primitives::{Address, B256, U256, keccak256},
    rpc::types::TransactionRequest,
};
use revm::{
    DatabaseCommit, DatabaseRef,
    context::{BlockEnv, result::ExecutionResult},
    database::{CacheDB, EmptyDB},
    primitives::eip4844::BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE,
    state::{AccountInfo, Bytecode},
};

use crate::{
    Config, DEV_ACCOUNTS,
    error::RpcError,
    evm::{self, Mode, State},
    mined::{Block, Mined, Parent},
};

/// How far ahead of its sender's next nonce a transaction may be and still be queued.
const MAX_NONCE_GAP: u64 = 64;
/// Largest raw transaction accepted: go-ethereum's pool limit, 128 KiB.
const MAX_TRANSACTION_BYTES: usize = 128 * 1024;
const WEI_PER_ETHER: u64 = 1_000_000_000_000_000_000;

/// Blocks, newest last, and the state after the newest.
pub(crate) struct Chain {
    config: Config,
    state: State,
    blocks: Vec<Block>,
    block_of_transaction: HashMap<B256, usize>,
    /// Transactions that wait for an earlier nonce of their sender.
    queued: BTreeMap<(Address, u64), Recovered<TxEnvelope>>,
}

impl Chain {
    pub(crate) fn new(config: Config) -> Self {
        let mut state = CacheDB::new(EmptyDB::new());
        let balance = U256::from(config.dev_balance_ether) * U256::from(WEI_PER_ETHER);
        for account in DEV_ACCOUNTS {
            state.insert_account_info(
                account.address,
                AccountInfo {
                    balance,
                    ..AccountInfo::default()
                },
            );
        }
        let mut chain = Self {
            config,
            state,
            blocks: vec![],
            block_of_transaction: HashMap::new(),
            queued: BTreeMap::new(),
        };
        let genesis = Parent {
            parent_hash: B256::ZERO,
            number: 0,
            timestamp: now_secs(),
            gas_limit: chain.config.block_gas_limit,
            base_fee: chain.config.base_fee_wei,
            beneficiary: Address::ZERO,
            mix_hash: B256::ZERO,
        };
        chain.append(genesis, None);
        chain
    }

    pub(crate) fn chain_id(&self) -> u64 {
        self.config.chain_id
    }

    pub(crate) fn newest(&self) -> &Block {
        self.blocks
            .last()
            .expect("a chain has its first block from the start")
    }

    /// Base fee of the block to come, in wei per gas.
    pub(crate) fn next_base_fee(&self) -> u64 {
        let header = &self.newest().header.inner;
        header
            .next_block_base_fee(BaseFeeParams::ethereum())
            .unwrap_or(self.config.base_fee_wei)
    }

    fn next_parent(&self) -> Parent {
        let (newest, number) = (&self.newest().header, self.newest().number() + 1);
        Parent {
            parent_hash: newest.hash,
            number,
            timestamp: now_secs().max(newest.timestamp + 1),
            gas_limit: self.config.block_gas_limit,
            base_fee: self.next_base_fee(),
            beneficiary: Address::ZERO,
            mix_hash: keccak256(number.to_be_bytes()),
        }
    }

    fn append(&mut self, parent: Parent, executed: Option<(Recovered<TxEnvelope>, ExecutionResult)>) {
        let block = Block::new(parent, executed);
        self.state
            .cache
            .block_hashes
            .insert(U256::from(block.number()), block.header.hash);
        if let Some(mined) = &block.transaction {
            self.block_of_transaction
                .insert(mined.receipt.transaction_hash, self.blocks.len());
        }
        self.blocks.push(block);
    }

    // --- transactions ---------------------------------------------------------------------------------------------

    /// Mines an EIP-2718 encoded transaction, and then those queued behind it; one that is ahead of its sender's nonce is
    /// queued. A transaction that reverts is mined, with status 0.
    pub(crate) fn submit(&mut self, raw: &[u8]) -> Result<B256, RpcError> {
        let transaction = self.decode(raw)?;
        let (hash, sender, nonce) = (*transaction.tx_hash(), transaction.signer(), transaction.nonce());
        let queued = self
            .queued
            .get(&(sender, nonce))
            .is_some_and(|other| *other.tx_hash() == hash);
        if queued || self.block_of_transaction.contains_key(&hash) {
            return Err(RpcError::AlreadyKnown(hash));
        }
        let next = self.nonce(sender)?;
        if nonce < next {
            return Err(RpcError::NonceTooLow { next, actual: nonce });
        }
        if nonce > next {
            if nonce - next > MAX_NONCE_GAP {
                return Err(RpcError::NonceTooHigh {
                    sender,
                    next,
                    actual: nonce,
                });
            }
            self.queued.insert((sender, nonce), transaction); // the newer of two with one nonce stays
            return Ok(hash);
        }
        self.mine(transaction)?;
        self.mine_queued(sender);
        Ok(hash)
    }

    fn decode(&self, raw: &[u8]) -> Result<Recovered<TxEnvelope>, RpcError> {
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
        Ok(Recovered::new_unchecked(envelope, signer))
    }

    fn mine(&mut self, transaction: Recovered<TxEnvelope>) -> Result<(), RpcError> {
        let parent = self.next_parent();
        let env = block_env(&parent);
        let executed = evm::execute(
            &self.state,
            self.config.chain_id,
            env,
            evm::signed_tx(&transaction),
            Mode::Transaction,
        )?;
        self.state.commit(executed.state);
        self.append(parent, Some((transaction, executed.result)));
        Ok(())
    }

    fn mine_queued(&mut self, sender: Address) {
        while let Some(transaction) = self
            .nonce(sender)
            .ok()
            .and_then(|next| self.queued.remove(&(sender, next)))
        {
            let hash = *transaction.tx_hash();
            if let Err(error) = self.mine(transaction) {
                tracing::warn!(%hash, error = ashlar_report::chain(&error), "dropping a queued transaction");
            }
        }
    }

    /// Mines a block without transactions.
    pub(crate) fn mine_empty(&mut self) {
        let parent = self.next_parent();
        self.append(parent, None);
    }

    // --- questions ------------------------------------------------------------------------------------------------

    fn account(&self, address: Address) -> Result<AccountInfo, RpcError> {
        let info = self
            .state
            .basic_ref(address)
            .map_err(|error| RpcError::Internal(error.to_string()))?;
        Ok(info.unwrap_or_default())
    }

    pub(crate) fn nonce(&self, address: Address) -> Result<u64, RpcError> {
        Ok(self.account(address)?.nonce)
    }

    pub(crate) fn balance(&self, address: Address) -> Result<U256, RpcError> {
        Ok(self.account(address)?.balance)
    }

    pub(crate) fn code(&self, address: Address) -> Result<Bytecode, RpcError> {
        let info = self.account(address)?;
        match info.code {
            Some(code) => Ok(code),
            None => self
                .state
                .code_by_hash_ref(info.code_hash)
                .map_err(|error| RpcError::Internal(error.to_string())),
        }
    }

    pub(crate) fn storage(&self, address: Address, slot: U256) -> Result<U256, RpcError> {
        self.state
            .storage_ref(address, slot)
            .map_err(|error| RpcError::Internal(error.to_string()))
    }

    pub(crate) fn call(&self, request: &TransactionRequest) -> Result<ExecutionResult, RpcError> {
        let tx = evm::call_tx(request, self.config.block_gas_limit);
        evm::call(
            &self.state,
            self.config.chain_id,
            block_env(&self.next_parent()),
            tx,
        )
    }

    pub(crate) fn estimate_gas(&self, request: &TransactionRequest) -> Result<u64, RpcError> {
        let tx = evm::call_tx(request, self.config.block_gas_limit);
        evm::estimate_gas(
            &self.state,
            self.config.chain_id,
            block_env(&self.next_parent()),
            tx,
        )
    }

    pub(crate) fn block_by_number(&self, number: u64) -> Option<&Block> {
        self.blocks.get(usize::try_from(number).ok()?)
    }

    pub(crate) fn block_by_hash(&self, hash: B256) -> Option<&Block> {
        self.blocks.iter().rev().find(|block| block.header.hash == hash)
    }

    /// The number that a tag stands for. Every block is final as soon as it is mined, and none is pending.
    pub(crate) fn resolve(&self, tag: BlockNumberOrTag) -> u64 {
        match tag {
            BlockNumberOrTag::Number(number) => number,
            BlockNumberOrTag::Earliest => 0,
            BlockNumberOrTag::Latest
            | BlockNumberOrTag::Pending
            | BlockNumberOrTag::Safe
            | BlockNumberOrTag::Finalized => self.newest().number(),
        }
    }

    /// Refuses a question about any state but the newest.
    pub(crate) fn require_newest_state(&self, id: Option<BlockId>) -> Result<(), RpcError> {
        let requested = match id {
            None => return Ok(()),
            Some(BlockId::Number(tag)) => self.resolve(tag),
            Some(BlockId::Hash(hash)) => self
                .block_by_hash(hash.block_hash)
                .ok_or(RpcError::UnknownBlock)?
                .number(),
        };
        let newest = self.newest().number();
        if requested != newest {
            return Err(RpcError::StateNotKept { requested, newest });
        }
        Ok(())
    }

    pub(crate) fn transaction(&self, hash: B256) -> Option<(&Block, &Mined)> {
        let block = &self.blocks[*self.block_of_transaction.get(&hash)?];
        Some((block, block.transaction.as_ref()?))
    }

    pub(crate) fn queued_transaction(&self, hash: B256) -> Option<&Recovered<TxEnvelope>> {
        self.queued
            .values()
            .find(|transaction| *transaction.tx_hash() == hash)
    }
}

fn block_env(parent: &Parent) -> BlockEnv {
    let mut env = BlockEnv {
        number: U256::from(parent.number),
        beneficiary: parent.beneficiary,
        timestamp: U256::from(parent.timestamp),
        gas_limit: parent.gas_limit,
        basefee: parent.base_fee,
        difficulty: U256::ZERO,
        prevrandao: Some(parent.mix_hash),
        ..BlockEnv::default()
    };
    env.set_blob_excess_gas_and_price(0, BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE);
    env
}

fn now_secs() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
