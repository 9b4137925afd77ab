//! The chain: its blocks, its state, its pool.

mod fork;
mod keep;
mod mine;
mod outside;
mod questions;
mod replay;
mod submit;

pub(crate) use self::{
    mine::MAX_MINED,
    questions::SUGGESTED_TIP_WEI,
    submit::{Blanks, sender_of},
};

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy::{
    eips::eip1559::BaseFeeParams,
    primitives::{Address, B256, U256, keccak256},
};
use revm::state::AccountInfo;

use crate::{
    Config, DEV_ACCOUNTS, Mining,
    blobs::{BlobStore, PARAMS},
    block::{Block, Fields},
    error::JournalError,
    events::{Event, Events},
    journal::{Journal, LAYOUT, Record},
    pool::Pool,
    view::{Layer, View},
    world::{Position, World},
};

const WEI_PER_ETHER: u64 = 1_000_000_000_000_000_000;
/// Snapshots at one time.
const MAX_SNAPSHOTS: usize = 1024;

/// Blocks, newest last, and the state after the newest.
pub(crate) struct Chain {
    config: Config,
    world: World,
    blocks: Vec<Arc<Block>>,
    number_of_block: HashMap<B256, u64>,
    /// Block and index of every mined transaction.
    place_of_transaction: HashMap<B256, (u64, usize)>,
    pool: Pool,
    blobs: BlobStore,
    snapshots: BTreeMap<u64, Snapshot>,
    snapshots_taken: u64,
    /// How often blocks were taken away: a block that takes another's place has another hash.
    forks: u64,
    clock_ahead_secs: u64,
    next_timestamp: Option<u64>,
    next_base_fee_wei: Option<u64>,
    /// Gas limit of the blocks to come.
    gas_limit: u64,
    /// Who gets the fees of the blocks to come.
    coinbase: Address,
    /// Mine every transaction as it arrives.
    automine: bool,
    impersonated: HashSet<Address>,
    impersonate_all: bool,
    journal: Option<Journal>,
    /// Why the journal could not be written; nothing is changed or told after that.
    not_kept: Option<String>,
    events: Events,
}

/// One point to go back to.
#[derive(Clone, Copy)]
struct Snapshot {
    number: u64,
    position: Position,
    clock_ahead_secs: u64,
}

impl Chain {
    /// A chain as [`Config::data_dir`] has it, or a new one. With automine, what waited there is mined.
    pub(crate) fn open(config: Config) -> Result<Self, JournalError> {
        let automine = config.mining == Mining::Automatic;
        let mut chain = match config.data_dir.clone() {
            None => Self::new(config, now_secs()),
            Some(folder) => Self::open_kept(config, &folder)?,
        };
        chain.set_automine(automine);
        chain.keep()?;
        Ok(chain)
    }

    fn open_kept(config: Config, folder: &Path) -> Result<Self, JournalError> {
        let (mut journal, records) = Journal::open(folder)?;
        let mut chain = if records.is_empty() {
            let timestamp_secs = now_secs();
            let first = genesis(&config, timestamp_secs);
            journal.append(&first).map_err(|source| JournalError::Io {
                path: journal.path().to_owned(),
                source,
            })?;
            Self::new(config, timestamp_secs)
        } else {
            replay::replay(config, journal.path(), records)?
        };
        chain.journal = Some(journal);
        Ok(chain)
    }

    fn new(config: Config, timestamp_secs: u64) -> Self {
        let mut layer = Layer::default();
        let balance = U256::from(config.dev_balance_ether) * U256::from(WEI_PER_ETHER);
        for account in DEV_ACCOUNTS {
            let info = AccountInfo {
                balance,
                ..AccountInfo::default()
            };
            layer.set_account(account.address, Some(info));
        }
        let fields = Fields {
            parent_hash: B256::ZERO,
            number: 0,
            timestamp: timestamp_secs,
            gas_limit: config.block_gas_limit,
            base_fee: config.base_fee_wei,
            excess_blob_gas: 0,
            beneficiary: Address::ZERO,
            mix_hash: B256::ZERO,
        };
        let gas_limit = config.block_gas_limit;
        let mut chain = Self {
            config,
            world: World::default(),
            blocks: vec![],
            number_of_block: HashMap::new(),
            place_of_transaction: HashMap::new(),
            pool: Pool::default(),
            blobs: BlobStore::default(),
            snapshots: BTreeMap::new(),
            snapshots_taken: 0,
            forks: 0,
            clock_ahead_secs: 0,
            next_timestamp: None,
            next_base_fee_wei: None,
            gas_limit,
            coinbase: Address::ZERO,
            automine: false,
            impersonated: HashSet::new(),
            impersonate_all: false,
            journal: None,
            not_kept: None,
            events: Events::new(),
        };
        chain.append(Block::new(&fields, vec![], 0), layer);
        chain.events.discard();
        chain
    }

    pub(crate) fn newest(&self) -> &Arc<Block> {
        self.blocks
            .last()
            .expect("a chain has its first block from the start")
    }

    /// The newest state.
    pub(crate) fn view(&self) -> View<'_> {
        View::new(&self.world, &self.blocks, Layer::default())
    }

    /// Base fee of the block to come, in wei per gas.
    pub(crate) fn next_base_fee(&self) -> u64 {
        self.next_base_fee_wei
            .unwrap_or_else(|| self.base_fee_after(self.newest()))
    }

    /// Price of blob gas of the block to come, in wei per blob gas.
    pub(crate) fn next_blob_fee(&self) -> u128 {
        PARAMS.calc_blob_fee(self.newest().next_excess_blob_gas())
    }

    /// What EIP-1559 makes of a block's base fee, in wei per gas.
    pub(crate) fn base_fee_after(&self, block: &Block) -> u64 {
        let moved = block.header.next_block_base_fee(BaseFeeParams::ethereum());
        moved.unwrap_or(self.config.base_fee_wei)
    }

    /// Header of the block to come.
    pub(crate) fn next_fields(&self) -> Fields {
        let newest = self.newest();
        let now = now_secs().saturating_add(self.clock_ahead_secs);
        let timestamp = self.next_timestamp.unwrap_or(now);
        self.fields_at(timestamp.max(newest.header.timestamp + 1), self.next_base_fee())
    }

    fn fields_at(&self, timestamp: u64, base_fee: u64) -> Fields {
        let number = self.newest().number() + 1;
        Fields {
            parent_hash: self.newest().header.hash,
            number,
            timestamp,
            gas_limit: self.gas_limit,
            base_fee,
            excess_blob_gas: self.newest().next_excess_blob_gas(),
            beneficiary: self.coinbase,
            mix_hash: keccak256([number.to_be_bytes(), self.forks.to_be_bytes()].concat()),
        }
    }

    /// Puts a block on top, with what it does to the state.
    fn append(&mut self, block: Block, layer: Layer) {
        let number = block.number();
        self.world.commit(layer);
        self.number_of_block.insert(block.header.hash, number);
        for (index, mined) in block.transactions.iter().enumerate() {
            let hash = mined.receipt.transaction_hash;
            self.place_of_transaction.insert(hash, (number, index));
            self.blobs.mined(hash, number);
        }
        let block = Arc::new(block);
        self.blocks.push(block.clone());
        (self.next_timestamp, self.next_base_fee_wei) = (None, None);
        self.events.push(Event::Added(block));
        self.prune_pool();
        self.forget_old();
    }

    /// Forgets the state that is older than the history and every snapshot, and blobs that are older than theirs.
    fn forget_old(&mut self) {
        let oldest = self.newest().number().saturating_sub(self.config.history_blocks);
        let oldest_state = self.position_after(oldest);
        let snapshots = self.snapshots.values().map(|snapshot| snapshot.position);
        self.world
            .forget_before(snapshots.fold(oldest_state, Position::min));
        let oldest_blobs = self.newest().number().saturating_sub(self.config.blob_blocks);
        self.blobs.forget_before(oldest_blobs);
    }

    /// The state after block `number`, which includes what was done to it from outside until the next block.
    fn position_after(&self, number: u64) -> Position {
        match self.block(number + 1) {
            Some(next) => next.starts_at,
            None => self.world.position(),
        }
    }

    fn prune_pool(&mut self) {
        let senders: Vec<Address> = self.pool.senders().collect();
        for sender in senders {
            let next = self.view().nonce(sender);
            for transaction in self.pool.prune(sender, next) {
                self.drop_blobs_of_unmined(*transaction.tx_hash());
            }
        }
    }

    /// A transaction left the pool: if that is not because of a block, its blobs go too.
    fn drop_blobs_of_unmined(&mut self, transaction: B256) {
        if !self.place_of_transaction.contains_key(&transaction) {
            self.blobs.drop_of(transaction);
        }
    }

    pub(crate) fn events(&self) -> &Events {
        &self.events
    }
}

fn genesis(config: &Config, timestamp_secs: u64) -> Record {
    Record::Genesis {
        layout: LAYOUT,
        chain_id: config.chain_id,
        block_gas_limit: config.block_gas_limit,
        base_fee_wei: config.base_fee_wei,
        dev_balance_ether: config.dev_balance_ether,
        timestamp_secs,
    }
}

fn now_secs() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
