//! What is done to the chain from outside: to its accounts, its clock, and the blocks to come.

use alloy::primitives::{Address, Bytes, U256};
use revm::state::AccountInfo;

use super::{Chain, now_secs};
#[cfg(doc)]
use crate::Config;
use crate::{
    error::RpcError,
    events::Event,
    journal::Record,
    view::{Layer, bytecode},
};

/// The clock may be this far ahead of the machine's: a thousand years.
const MAX_AHEAD_SECS: u64 = 1000 * 366 * 24 * 3600;

impl Chain {
    // --- accounts -------------------------------------------------------------------------------------------------

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
        let timestamp_secs = timestamp;
        self.record(&Record::NextTimestamp { timestamp_secs });
        Ok(())
    }

    // --- blocks to come -------------------------------------------------------------------------------------------

    pub(crate) fn set_next_base_fee(&mut self, wei: u64) {
        self.next_base_fee_wei = Some(wei);
        self.record(&Record::NextBaseFee { wei });
    }

    pub(crate) fn set_gas_limit(&mut self, gas: u64) {
        self.gas_limit = gas;
        self.record(&Record::BlockGasLimit { gas });
    }

    pub(crate) fn set_coinbase(&mut self, address: Address) {
        self.coinbase = address;
        self.record(&Record::Coinbase { address });
    }

    // --- a new start ----------------------------------------------------------------------------------------------

    /// Begins anew with another first block, as [`Config`] has it. How blocks are mined and who is impersonated stays.
    pub(crate) fn reset(&mut self) {
        let timestamp_secs = now_secs();
        self.reset_at(timestamp_secs);
        self.record(&Record::Reset { timestamp_secs });
    }

    pub(super) fn reset_at(&mut self, timestamp_secs: u64) {
        let forks = self.forks + 1;
        let old = std::mem::replace(self, Self::new(self.config.clone(), timestamp_secs));
        self.forks = forks;
        self.automine = old.automine;
        (self.impersonated, self.impersonate_all) = (old.impersonated, old.impersonate_all);
        (self.journal, self.not_kept) = (old.journal, old.not_kept);
        self.events = old.events;
        for block in old.blocks.into_iter().skip(1).rev() {
            self.events.push(Event::Removed(block));
        }
        let first = self.newest().clone();
        self.events.push(Event::Added(first));
    }
}
