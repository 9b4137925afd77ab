//! The state of all accounts with its recent history: what was there before each change, so that it can be seen as it
//! was, or taken back.

use std::collections::{HashMap, VecDeque};

use alloy::primitives::{Address, B256, U256};
use revm::state::{AccountInfo, Bytecode};

use crate::view::Layer;

/// Number of changes since the chain's start: a point in the history of the state.
pub(crate) type Position = u64;

/// What was there before one change.
enum Before {
    Account(Address, Option<AccountInfo>),
    Slot(Address, U256, U256),
}

/// The newest state, and the way back.
#[derive(Default)]
pub(crate) struct World {
    /// Without their code, which is in `codes`.
    accounts: HashMap<Address, AccountInfo>,
    storage: HashMap<Address, HashMap<U256, U256>>,
    codes: HashMap<B256, Bytecode>,
    history: VecDeque<Before>,
    /// Changes that are no longer in `history`.
    forgotten: Position,
}

impl World {
    pub(crate) fn account(&self, address: Address) -> Option<&AccountInfo> {
        self.accounts.get(&address)
    }

    pub(crate) fn code(&self, hash: B256) -> Option<&Bytecode> {
        self.codes.get(&hash)
    }

    pub(crate) fn slot(&self, address: Address, slot: U256) -> U256 {
        let slots = self.storage.get(&address);
        slots
            .and_then(|slots| slots.get(&slot))
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn position(&self) -> Position {
        self.forgotten + self.history.len() as u64
    }

    /// The oldest position that [`World::since`] and [`World::undo_to`] take.
    pub(crate) fn oldest_position(&self) -> Position {
        self.forgotten
    }

    /// Puts a layer of changes on top.
    pub(crate) fn commit(&mut self, layer: Layer) {
        self.codes.extend(layer.codes);
        for (address, info) in layer.accounts {
            let before = match info {
                Some(info) => self.accounts.insert(address, info),
                None => self.accounts.remove(&address),
            };
            self.history.push_back(Before::Account(address, before));
        }
        for (address, slots) in layer.storage {
            if slots.wiped {
                let wiped = self.storage.remove(&address).unwrap_or_default();
                let before = wiped.into_iter();
                self.history
                    .extend(before.map(|(slot, value)| Before::Slot(address, slot, value)));
            }
            for (slot, value) in slots.values {
                let before = self.set_slot(address, slot, value);
                self.history.push_back(Before::Slot(address, slot, before));
            }
        }
    }

    fn set_slot(&mut self, address: Address, slot: U256, value: U256) -> U256 {
        let slots = self.storage.entry(address).or_default();
        let before = if value.is_zero() {
            slots.remove(&slot)
        } else {
            slots.insert(slot, value)
        };
        before.unwrap_or_default()
    }

    /// What leads from the newest state back to the one at `position`.
    pub(crate) fn since(&self, position: Position) -> Layer {
        let mut layer = Layer::default();
        let kept = usize::try_from(position.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        for before in self.history.iter().skip(kept).rev() {
            match before {
                Before::Account(address, info) => layer.set_account(*address, info.clone()),
                Before::Slot(address, slot, value) => layer.set_slot(*address, *slot, *value),
            }
        }
        layer
    }

    /// Takes back every change after `position`.
    pub(crate) fn undo_to(&mut self, position: Position) {
        while self.position() > position
            && let Some(before) = self.history.pop_back()
        {
            match before {
                Before::Account(address, Some(info)) => {
                    self.accounts.insert(address, info);
                }
                Before::Account(address, None) => {
                    self.accounts.remove(&address);
                }
                Before::Slot(address, slot, value) => {
                    self.set_slot(address, slot, value);
                }
            }
        }
    }

    /// Forgets the way back beyond `position`.
    pub(crate) fn forget_before(&mut self, position: Position) {
        let count = position
            .saturating_sub(self.forgotten)
            .min(self.history.len() as u64);
        self.history.drain(..count as usize);
        self.forgotten += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wealth(address: Address, balance: u64) -> Layer {
        let mut layer = Layer::default();
        let info = AccountInfo {
            balance: U256::from(balance),
            ..AccountInfo::default()
        };
        layer.set_account(address, Some(info));
        layer.set_slot(address, U256::from(1), U256::from(balance));
        layer
    }

    fn seen(world: &World, address: Address) -> (Option<U256>, U256) {
        let balance = world.account(address).map(|info| info.balance);
        (balance, world.slot(address, U256::from(1)))
    }

    #[test]
    fn every_state_since_the_oldest_position_can_be_seen_and_restored() {
        let (mut world, someone) = (World::default(), Address::repeat_byte(1));
        let mut positions = vec![world.position()];
        for balance in 1..=5 {
            world.commit(wealth(someone, balance));
            positions.push(world.position());
        }
        for (balance, position) in positions.iter().enumerate().skip(1) {
            let layer = world.since(*position);
            let newest = (balance == 5).then_some(U256::from(5));
            let then = layer
                .accounts
                .get(&someone)
                .map_or(newest, |info| info.as_ref().map(|info| info.balance));
            assert_eq!(then, Some(U256::from(balance)));
        }
        world.forget_before(positions[2]);
        assert_eq!(world.oldest_position(), positions[2]);
        world.undo_to(positions[3]);
        assert_eq!(seen(&world, someone), (Some(U256::from(3)), U256::from(3)));
        world.undo_to(0);
        assert_eq!(
            world.position(),
            positions[2],
            "what is forgotten cannot be undone"
        );
        assert_eq!(seen(&world, someone), (Some(U256::from(2)), U256::from(2)));
    }

    #[test]
    fn storage_that_was_wiped_comes_back() {
        let (mut world, someone) = (World::default(), Address::repeat_byte(1));
        world.commit(wealth(someone, 7));
        let before = world.position();
        let mut layer = Layer::default();
        layer.set_account(someone, None);
        layer.wipe(someone);
        world.commit(layer);
        assert_eq!(seen(&world, someone), (None, U256::ZERO));
        world.undo_to(before);
        assert_eq!(seen(&world, someone), (Some(U256::from(7)), U256::from(7)));
    }
}
