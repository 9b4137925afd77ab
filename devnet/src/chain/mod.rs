//! The chain: its blocks, its state, its pool.

mod fork;
mod mine;
mod questions;
mod replay;
mod submit;

pub(crate) use self::questions::SUGGESTED_TIP_WEI;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy::{
    eips::eip1559::BaseFeeParams,
    primitives::{Address, B256, Bytes, U256, keccak256},
};
use revm::state::AccountInfo;

use crate::{
    Config, DEV_ACCOUNTS,
    block::{Block, Fields},
    error::{JournalError, RpcError},
    events::{Event, Events},
    journal::{Journal, LAYOUT, Record},
    pool::Pool,
    view::{Layer, View, bytecode},
    world::{Position, World},
};

const WEI_PER_ETHER: u64 = 1_000_000_000_000_000_000;
/// Snapshots at one time.
const MAX_SNAPSHOTS: usize = 1024;
/// The clock may be this far ahead of the machine's: a thousand years.
const MAX_AHEAD_SECS: u64 = 1000 * 366 * 24 * 3600;

/// Blocks, newest last, and the state after the newest.
pub(crate) struct Chain {
    config: Config,
    world: World,
    blocks: Vec<Arc<Block>>,
    number_of_block: HashMap<B256, u64>,
    /// Block and index of every mined transaction.
    place_of_transaction: HashMap<B256, (u64, usize)>,
    pool: Pool,
    snapshots: BTreeMap<u64, Snapshot>,
    snapshots_taken: u64,
    /// How often blocks were taken away: a block that takes another's place has another hash.
    forks: u64,
    clock_ahead_secs: u64,
    next_timestamp: Option<u64>,
    next_base_fee_wei: Option<u64>,
    /// Mine every transaction as it arrives.
    automine: bool,
    impersonated: HashSet<Address>,
    impersonate_all: bool,
    journal: Option<Journal>,
    /// Why the journal could not be written; nothing is changed after that.
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
    /// A chain as [`Config::data_dir`] has it, or a new one.
    pub(crate) fn open(config: Config) -> Result<Self, JournalError> {
        let Some(folder) = &config.data_dir else {
            return Ok(Self::new(config, now_secs()));
        };
        let (mut journal, records) = Journal::open(folder)?;
        let mut chain = if records.is_empty() {
            let timestamp_secs = now_secs();
            let io_error = |source| JournalError::Io {
                path: folder.clone(),
                source,
            };
            journal
                .append(&genesis(&config, timestamp_secs))
                .and_then(|()| journal.sync())
                .map_err(io_error)?;
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
            beneficiary: Address::ZERO,
            mix_hash: B256::ZERO,
        };
        let mut chain = Self {
            config,
            world: World::default(),
            blocks: vec![],
            number_of_block: HashMap::new(),
            place_of_transaction: HashMap::new(),
            pool: Pool::default(),
            snapshots: BTreeMap::new(),
            snapshots_taken: 0,
            forks: 0,
            clock_ahead_secs: 0,
            next_timestamp: None,
            next_base_fee_wei: None,
            automine: true, // the records of a chain are replayed before anything else is asked for
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
        let header = &self.newest().header.inner;
        self.next_base_fee_wei
            .or_else(|| header.next_block_base_fee(BaseFeeParams::ethereum()))
            .unwrap_or(self.config.base_fee_wei)
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
            gas_limit: self.config.block_gas_limit,
            base_fee,
            beneficiary: Address::ZERO,
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
        }
        let block = Arc::new(block);
        self.blocks.push(block.clone());
        self.events.push(Event::Added(block));
        self.prune_pool();
        let oldest = number.saturating_sub(self.config.history_blocks);
        let oldest_state = self.position_after(oldest);
        let snapshots = self.snapshots.values().map(|snapshot| snapshot.position);
        self.world
            .forget_before(snapshots.fold(oldest_state, Position::min));
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
            self.pool.prune(sender, next);
        }
    }

    // --- durability -----------------------------------------------------------------------------------------------

    /// Refuses a change where an earlier one could not be kept.
    pub(crate) fn require_kept(&self) -> Result<(), RpcError> {
        match &self.not_kept {
            Some(reason) => Err(RpcError::NotKept(reason.clone())),
            None => Ok(()),
        }
    }

    fn record(&mut self, record: &Record) {
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.append(record)
        {
            self.not_kept = Some(error.to_string());
        }
    }

    /// Makes what was done durable, then tells whoever listens.
    pub(crate) fn flush(&mut self) -> Result<(), RpcError> {
        if self.not_kept.is_none()
            && let Some(journal) = &mut self.journal
            && let Err(error) = journal.sync()
        {
            let path = journal.path().display().to_string();
            tracing::error!(
                path,
                error = ashlar_report::chain(&error),
                "cannot keep the chain"
            );
            self.not_kept = Some(format!("{path}: {error}"));
        }
        self.require_kept()?;
        self.events.publish();
        Ok(())
    }

    /// Closes the file, so that another process may have it. Nothing changes after that.
    pub(crate) fn close(&mut self) {
        if self.journal.take().is_some() {
            self.not_kept = Some("the node has stopped".into());
        }
    }

    pub(crate) fn events(&self) -> &Events {
        &self.events
    }

    // --- changes from outside -------------------------------------------------------------------------------------

    fn change_account(&mut self, address: Address, change: impl FnOnce(&mut AccountInfo)) {
        let mut info = self.view().account(address);
        change(&mut info);
        let mut layer = Layer::default();
        layer.set_account(address, Some(info));
        self.world.commit(layer);
        self.prune_pool();
    }

    pub(crate) fn set_balance(&mut self, address: Address, balance: U256) {
        self.change_account(address, |info| info.balance = balance);
        self.record(&Record::Balance { address, balance });
    }

    pub(crate) fn set_nonce(&mut self, address: Address, nonce: u64) {
        self.change_account(address, |info| info.nonce = nonce);
        self.record(&Record::Nonce { address, nonce });
    }

    /// Nothing is done, and `false` told, for code that no account can have.
    pub(crate) fn set_code(&mut self, address: Address, code: Bytes) -> bool {
        let Some(parsed) = bytecode(code.clone()) else {
            return false;
        };
        self.change_account(address, |info| *info = info.clone().with_code(parsed));
        self.record(&Record::Code { address, code });
        true
    }

    pub(crate) fn set_slot(&mut self, address: Address, slot: U256, value: U256) {
        let mut layer = Layer::default();
        layer.set_slot(address, slot, value);
        self.world.commit(layer);
        self.record(&Record::Slot { address, slot, value });
    }

    // --- clock ----------------------------------------------------------------------------------------------------

    /// Sets the clock this far ahead of the machine's.
    pub(crate) fn set_clock_ahead(&mut self, ahead_secs: u64) -> Result<(), RpcError> {
        if ahead_secs > MAX_AHEAD_SECS {
            return Err(RpcError::ClockOutOfRange(ahead_secs));
        }
        self.clock_ahead_secs = ahead_secs;
        self.record(&Record::Clock { ahead_secs });
        Ok(())
    }

    /// Sets the clock further ahead, and tells by how much in all.
    pub(crate) fn advance_clock(&mut self, by_secs: u64) -> Result<u64, RpcError> {
        self.set_clock_ahead(self.clock_ahead_secs.saturating_add(by_secs))?;
        Ok(self.clock_ahead_secs)
    }

    /// The next block gets this timestamp, and the clock goes on from there.
    pub(crate) fn set_next_timestamp(&mut self, timestamp: u64) -> Result<(), RpcError> {
        let newest = self.newest().header.timestamp;
        if timestamp <= newest {
            return Err(RpcError::TimestampNotLater {
                newest,
                asked: timestamp,
            });
        }
        self.set_clock_ahead(timestamp.saturating_sub(now_secs()))?;
        self.next_timestamp = Some(timestamp);
        Ok(())
    }

    pub(crate) fn set_next_base_fee(&mut self, wei: u64) {
        self.next_base_fee_wei = Some(wei);
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_cannot_be_kept_is_neither_answered_for_nor_told_and_is_the_last() {
        let mut chain = Chain::new(Config::default(), 1);
        chain.journal = Some(Journal::full());
        let mut live = chain.events().subscribe();
        chain.mine_block();
        let error = chain.flush().unwrap_err();
        assert!(
            matches!(&error, RpcError::NotKept(reason) if reason.contains("/dev/full")),
            "{error}"
        );
        assert!(live.try_recv().is_err());
        assert!(chain.require_kept().is_err());
    }
}
