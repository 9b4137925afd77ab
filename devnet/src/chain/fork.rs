//! Blocks that are taken away: snapshots and reorganisations.

use std::sync::Arc;

use super::{Chain, MAX_SNAPSHOTS, Snapshot};
use crate::{
    blobs::Incoming, block::Block, error::RpcError, events::Event, journal::Record, world::Position,
};

impl Chain {
    /// Notes where the chain is, and gives the number of the note.
    pub(crate) fn snapshot(&mut self) -> Result<u64, RpcError> {
        if self.snapshots.len() >= MAX_SNAPSHOTS {
            return Err(RpcError::TooMany {
                what: "snapshots",
                max: MAX_SNAPSHOTS,
            });
        }
        self.snapshots_taken += 1;
        let snapshot = Snapshot {
            number: self.newest().number(),
            position: self.world.position(),
            clock_ahead_secs: self.clock_ahead_secs,
        };
        self.snapshots.insert(self.snapshots_taken, snapshot);
        self.record(&Record::Snapshot);
        Ok(self.snapshots_taken)
    }

    /// Goes back to a snapshot, which is used up with all later ones; `false` if there is none of that number.
    pub(crate) fn revert(&mut self, id: u64) -> bool {
        let Some(snapshot) = self.snapshots.get(&id).copied() else {
            return false;
        };
        self.snapshots.split_off(&id);
        self.take_away(snapshot.number, snapshot.position);
        self.clock_ahead_secs = snapshot.clock_ahead_secs;
        self.record(&Record::Revert { id });
        true
    }

    /// Number of the newest block that stays when `depth` blocks are taken away.
    pub(crate) fn fork_point(&self, depth: u64) -> Result<u64, RpcError> {
        let oldest = self.world.oldest_position();
        let kept = |block: &&Arc<Block>| block.starts_at >= oldest;
        let possible = self.blocks.iter().skip(1).rev().take_while(kept).count() as u64;
        if depth > possible {
            return Err(RpcError::ReorgTooDeep { depth, possible });
        }
        Ok(self.newest().number() - depth)
    }

    /// Takes blocks away, and with them what was done to the state since. Their transactions are gone.
    pub(crate) fn rewind(&mut self, depth: u64) -> Result<(), RpcError> {
        let number = self.fork_point(depth)?;
        if depth > 0 {
            self.snapshots.retain(|_, snapshot| snapshot.number <= number);
            self.take_away(number, self.position_after(number));
            self.record(&Record::Rewind { number });
        }
        Ok(())
    }

    fn take_away(&mut self, number: u64, position: Position) {
        self.forks += 1;
        (self.next_timestamp, self.next_base_fee_wei) = (None, None);
        while self.newest().number() > number
            && let Some(block) = self.blocks.pop()
        {
            self.number_of_block.remove(&block.header.hash);
            for mined in &block.transactions {
                self.place_of_transaction.remove(&mined.receipt.transaction_hash);
                self.blobs.drop_of(mined.receipt.transaction_hash);
            }
            self.events.push(Event::Removed(block));
        }
        self.world.undo_to(position);
        self.prune_pool();
    }

    /// Replaces the newest `blocks.len()` blocks by others with these transactions. A transaction that the EVM refuses
    /// there ends the replacement with an error: the chain is then shorter, and goes on with the next block.
    pub(crate) fn reorganise(&mut self, blocks: Vec<Vec<Incoming>>) -> Result<(), RpcError> {
        self.rewind(blocks.len() as u64)?;
        blocks
            .into_iter()
            .try_for_each(|transactions| self.mine_these(transactions))
    }
}
