//! What can be asked of the chain.

use std::sync::Arc;

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, keccak256},
    rpc::types::{Filter, FilterBlockOption, Log, Transaction as RpcTransaction},
};

use super::Chain;
use crate::{
    Config,
    blobs::BlobStore,
    block::{Block, Fields, pending_rpc_transaction},
    error::RpcError,
    pool::Pool,
    view::View,
};

/// Tip suggested to wallets, in wei per gas.
pub(crate) const SUGGESTED_TIP_WEI: u128 = 1_000_000_000;

impl Chain {
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Names this chain among all; [`Chain::reset`] makes another of it.
    pub(crate) fn instance(&self) -> B256 {
        keccak256([self.blocks[0].header.hash.as_slice(), &self.forks.to_be_bytes()].concat())
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn block(&self, number: u64) -> Option<&Arc<Block>> {
        self.blocks.get(usize::try_from(number).ok()?)
    }

    pub(crate) fn block_by_hash(&self, hash: B256) -> Option<&Arc<Block>> {
        self.block(*self.number_of_block.get(&hash)?)
    }

    /// The number that a tag stands for; there is no pending block, the newest stands for it.
    pub(crate) fn resolve(&self, tag: BlockNumberOrTag) -> u64 {
        let newest = self.newest().number();
        match tag {
            BlockNumberOrTag::Number(number) => number,
            BlockNumberOrTag::Earliest => 0,
            BlockNumberOrTag::Latest | BlockNumberOrTag::Pending => newest,
            BlockNumberOrTag::Safe | BlockNumberOrTag::Finalized => {
                newest.saturating_sub(self.config.finality_blocks)
            }
        }
    }

    pub(crate) fn resolve_id(&self, id: BlockId) -> Result<u64, RpcError> {
        match id {
            BlockId::Number(tag) => Ok(self.resolve(tag)),
            BlockId::Hash(hash) => self
                .block_by_hash(hash.block_hash)
                .map(|block| block.number())
                .ok_or(RpcError::UnknownBlock),
        }
    }

    /// The state that a parameter names: the newest without one.
    pub(crate) fn view_at(&self, id: Option<BlockId>) -> Result<View<'_>, RpcError> {
        let newest = self.newest().number();
        let requested = id.map_or(Ok(newest), |id| self.resolve_id(id))?;
        if requested > newest {
            return Err(RpcError::UnknownBlock);
        }
        let position = self.position_after(requested);
        let too_old = newest - requested > self.config.history_blocks;
        if too_old || position < self.world.oldest_position() {
            return Err(RpcError::StateNotKept { requested, newest });
        }
        Ok(View::new(&self.world, &self.blocks, self.world.since(position)))
    }

    /// The block that a call runs in: the one to come, or a past one that is named by its number or hash.
    pub(crate) fn fields_for_call(&self, id: Option<BlockId>) -> Result<Fields, RpcError> {
        let to_come = matches!(
            id,
            None | Some(BlockId::Number(
                BlockNumberOrTag::Latest | BlockNumberOrTag::Pending
            ))
        );
        let Some(id) = id.filter(|_| !to_come) else {
            return Ok(self.next_fields());
        };
        let block = self.block(self.resolve_id(id)?).ok_or(RpcError::UnknownBlock)?;
        let header = &block.header;
        Ok(Fields {
            parent_hash: header.parent_hash,
            number: header.number,
            timestamp: header.timestamp,
            gas_limit: header.gas_limit,
            base_fee: block.base_fee(),
            excess_blob_gas: block.excess_blob_gas(),
            beneficiary: header.beneficiary,
            mix_hash: header.mix_hash,
        })
    }

    /// Next nonce of `account`; behind its waiting transactions if the pending state is asked.
    pub(crate) fn transaction_count(&self, account: Address, id: Option<BlockId>) -> Result<u64, RpcError> {
        let nonce = self.view_at(id)?.nonce(account);
        Ok(match id {
            Some(BlockId::Number(BlockNumberOrTag::Pending)) => self.pool.next_nonce(account, nonce),
            _ => nonce,
        })
    }

    pub(crate) fn blobs(&self) -> &BlobStore {
        &self.blobs
    }

    /// A transaction, mined or waiting.
    pub(crate) fn transaction(&self, hash: B256) -> Option<RpcTransaction> {
        let mined = self
            .place(hash)
            .and_then(|(block, index)| block.rpc_transaction(index));
        mined.or_else(|| self.pool.by_hash(hash).map(pending_rpc_transaction))
    }

    pub(crate) fn logs(&self, filter: &Filter) -> Result<Vec<Log>, RpcError> {
        let newest = self.newest().number();
        let (first, last) = match filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                let number = self.block_by_hash(hash).ok_or(RpcError::UnknownBlock)?.number();
                (number, number)
            }
            FilterBlockOption::Range { from_block, to_block } => {
                let resolve = |tag: Option<BlockNumberOrTag>| tag.map_or(newest, |tag| self.resolve(tag));
                if let (Some(BlockNumberOrTag::Number(from)), Some(BlockNumberOrTag::Number(to))) =
                    (from_block, to_block)
                    && from > to
                {
                    return Err(RpcError::InvalidParameter {
                        index: 0,
                        name: "filter",
                        reason: format!("fromBlock {from} is after toBlock {to}"),
                    });
                }
                (resolve(from_block), resolve(to_block).min(newest))
            }
        };
        let blocks = (first..=last).filter_map(|number| self.block(number));
        Ok(blocks
            .flat_map(|block| block.logs())
            .filter(|log| filter.matches(&log.inner))
            .cloned()
            .collect())
    }
}
