//! What the EVM reads: the newest state under a layer of changes. The layer is what a block under construction did,
//! the way back to an older state, or what a call overrides.

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::Arc,
};

use alloy::{
    primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256},
    rpc::types::state::AccountOverride,
};
use revm::{
    DatabaseRef,
    state::{AccountInfo, Bytecode, EvmState},
};

use crate::{block::Block, error::RpcError, world::World};

/// Storage of one account in a layer.
#[derive(Clone, Default)]
pub(crate) struct Slots {
    /// Nothing beneath shows through.
    pub(crate) wiped: bool,
    pub(crate) values: HashMap<U256, U256>,
}

/// Changes of the state.
#[derive(Clone, Default)]
pub(crate) struct Layer {
    /// `None` removes an account. Without their code, which is in `codes`.
    pub(crate) accounts: HashMap<Address, Option<AccountInfo>>,
    pub(crate) storage: HashMap<Address, Slots>,
    pub(crate) codes: HashMap<B256, Bytecode>,
}

impl Layer {
    pub(crate) fn set_account(&mut self, address: Address, info: Option<AccountInfo>) {
        let info = info.map(|mut info| {
            if let Some(code) = info.code.take().filter(|_| info.code_hash != KECCAK256_EMPTY) {
                self.codes.insert(info.code_hash, code);
            }
            info
        });
        self.accounts.insert(address, info);
    }

    pub(crate) fn set_slot(&mut self, address: Address, slot: U256, value: U256) {
        self.storage
            .entry(address)
            .or_default()
            .values
            .insert(slot, value);
    }

    pub(crate) fn wipe(&mut self, address: Address) {
        let slots = self.storage.entry(address).or_default();
        slots.wiped = true;
        slots.values.clear();
    }

    /// Takes over what a transaction changed.
    pub(crate) fn apply(&mut self, state: EvmState) {
        for (address, account) in state {
            if !account.is_touched() {
                continue;
            }
            if account.is_selfdestructed() {
                self.wipe(address);
                self.set_account(address, None);
                continue;
            }
            if account.is_created() {
                self.wipe(address);
            }
            for (slot, value) in account.changed_storage_slots() {
                self.set_slot(address, *slot, value.present_value());
            }
            let info = (!account.is_empty()).then_some(account.info); // EIP-161
            self.set_account(address, info);
        }
    }
}

/// A state to read, or to run the EVM on.
pub(crate) struct View<'a> {
    world: &'a World,
    blocks: &'a [Arc<Block>],
    /// What differs from the newest state.
    pub(crate) layer: Layer,
    /// Block hashes that a call asked to see instead of the chain's.
    pub(crate) block_hashes: BTreeMap<u64, B256>,
}

impl<'a> View<'a> {
    pub(crate) fn new(world: &'a World, blocks: &'a [Arc<Block>], layer: Layer) -> Self {
        Self {
            world,
            blocks,
            layer,
            block_hashes: BTreeMap::new(),
        }
    }

    pub(crate) fn account(&self, address: Address) -> AccountInfo {
        let info = match self.layer.accounts.get(&address) {
            Some(info) => info.as_ref(),
            None => self.world.account(address),
        };
        info.cloned().unwrap_or_default()
    }

    pub(crate) fn nonce(&self, address: Address) -> u64 {
        self.account(address).nonce
    }

    pub(crate) fn code(&self, address: Address) -> Bytes {
        self.code_by_hash(self.account(address).code_hash)
            .original_bytes()
    }

    fn code_by_hash(&self, hash: B256) -> Bytecode {
        let code = self.layer.codes.get(&hash).or_else(|| self.world.code(hash));
        code.cloned().unwrap_or_default()
    }

    pub(crate) fn slot(&self, address: Address, slot: U256) -> U256 {
        match self.layer.storage.get(&address) {
            Some(Slots { values, wiped }) => match values.get(&slot) {
                Some(value) => *value,
                None if *wiped => U256::ZERO,
                None => self.world.slot(address, slot),
            },
            None => self.world.slot(address, slot),
        }
    }

    /// Changes what one account looks like to this view.
    pub(crate) fn override_account(
        &mut self,
        address: Address,
        with: AccountOverride,
    ) -> Result<(), RpcError> {
        let refuse = |reason: &'static str| RpcError::Override { address, reason };
        if with.move_precompile_to.is_some() {
            return Err(refuse("movePrecompileToAddress is not supported"));
        }
        if with.state.is_some() && with.state_diff.is_some() {
            return Err(refuse("state and stateDiff exclude each other"));
        }
        let mut info = self.account(address);
        info.balance = with.balance.unwrap_or(info.balance);
        info.nonce = with.nonce.unwrap_or(info.nonce);
        if let Some(code) = with.code {
            info = info.with_code(
                bytecode(code).ok_or_else(|| refuse("code is a malformed delegation (EIP-7702)"))?,
            );
        }
        self.layer.set_account(address, Some(info));
        if with.state.is_some() {
            self.layer.wipe(address);
        }
        for (slot, value) in with.state.or(with.state_diff).unwrap_or_default() {
            self.layer.set_slot(address, slot.into(), value.into());
        }
        Ok(())
    }
}

/// Code as the EVM wants it; `None` for code that no account can have.
pub(crate) fn bytecode(code: Bytes) -> Option<Bytecode> {
    Bytecode::new_raw_checked(code).ok()
}

impl DatabaseRef for View<'_> {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(match self.layer.accounts.get(&address) {
            Some(info) => info.clone(),
            None => self.world.account(address).cloned(),
        })
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Infallible> {
        Ok(self.code_by_hash(hash))
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Infallible> {
        Ok(self.slot(address, slot))
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Infallible> {
        if let Some(hash) = self.block_hashes.get(&number) {
            return Ok(*hash);
        }
        let block = usize::try_from(number)
            .ok()
            .and_then(|index| self.blocks.get(index));
        Ok(block.map_or(B256::ZERO, |block| block.header.hash))
    }
}
