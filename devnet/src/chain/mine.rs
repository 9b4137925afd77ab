//! How transactions become blocks.

use std::collections::HashSet;

use alloy::{consensus::Transaction as _, primitives::Address};

use super::Chain;
use crate::{
    block::{Block, Fields, Transaction},
    error::RpcError,
    evm::{self, Mode},
    journal::{Raw, Record},
    view::Layer,
};

/// Blocks that one request may add.
pub(crate) const MAX_MINED: u64 = 100_000;

/// A block and what it does to the state.
pub(super) type Built = (Block, Layer);

impl Chain {
    fn mode(&self, transaction: &Transaction) -> Mode {
        if self.is_impersonated(transaction.signer()) {
            Mode::Impersonated
        } else {
            Mode::Transaction
        }
    }

    /// Executes exactly these transactions, one after the other.
    pub(super) fn build(
        &self,
        fields: &Fields,
        transactions: Vec<(Transaction, Mode)>,
    ) -> Result<Built, RpcError> {
        let mut view = self.view();
        let (mut executed, mut gas_left) = (Vec::new(), fields.gas_limit);
        for (transaction, mode) in transactions {
            if transaction.gas_limit() > gas_left {
                return Err(RpcError::BlockFull {
                    left: gas_left,
                    asked: transaction.gas_limit(),
                });
            }
            let outcome = evm::execute(
                &view,
                self.config.chain_id,
                evm::block_env(fields),
                evm::signed_tx(&transaction),
                mode,
            )?;
            view.layer.apply(outcome.state);
            gas_left -= outcome.result.tx_gas_used();
            executed.push((transaction, outcome.result));
        }
        let layer = view.layer;
        Ok((Block::new(fields, executed, self.world.position()), layer))
    }

    /// Mines exactly these transactions into one block.
    pub(super) fn mine_these(&mut self, transactions: Vec<Transaction>) -> Result<(), RpcError> {
        let with_modes = transactions.into_iter().map(|transaction| {
            let mode = self.mode(&transaction);
            (transaction, mode)
        });
        let fields = self.next_fields();
        let built = self.build(&fields, with_modes.collect())?;
        self.seal(built);
        Ok(())
    }

    /// Puts a block on top and notes it.
    pub(super) fn seal(&mut self, (block, layer): Built) {
        let record = Record::Block {
            timestamp_secs: block.header.timestamp,
            base_fee_wei: block.base_fee(),
            transactions: block
                .transactions
                .iter()
                .map(|mined| Raw::from(&mined.transaction))
                .collect(),
            hash: block.header.hash,
        };
        self.append(block, layer);
        self.record(&record);
    }

    /// Mines one block of what waits, as much as fits; an empty one if nothing does.
    pub(crate) fn mine_block(&mut self) {
        let fields = self.next_fields();
        let (mut view, mut gas_left) = (self.view(), fields.gas_limit);
        let (mut executed, mut refused) = (Vec::new(), Vec::new());
        let mut skipped: HashSet<Address> = HashSet::new();
        while let Some(best) = self
            .pool
            .best(fields.base_fee, &skipped, |sender| view.nonce(sender))
        {
            if best.gas_limit() > gas_left {
                skipped.insert(best.signer()); // its turn may come in the next block
                continue;
            }
            let (env, tx) = (evm::block_env(&fields), evm::signed_tx(best));
            match evm::execute(&view, self.config.chain_id, env, tx, self.mode(best)) {
                Ok(outcome) => {
                    gas_left -= outcome.result.tx_gas_used();
                    view.layer.apply(outcome.state);
                    executed.push((best.clone(), outcome.result));
                }
                Err(error) => {
                    tracing::warn!(hash = %best.tx_hash(), error = ashlar_report::chain(&error), "giving up a transaction that waited");
                    skipped.insert(best.signer());
                    refused.push((best.signer(), best.nonce()));
                }
            }
        }
        let layer = view.layer;
        let block = Block::new(&fields, executed, self.world.position());
        self.seal((block, layer));
        for (sender, nonce) in refused {
            self.drop_waiting(sender, nonce);
        }
    }

    /// The transaction that a block mined now would start with.
    fn ready(&self) -> Option<Transaction> {
        let (view, nobody) = (self.view(), HashSet::new());
        let best = self
            .pool
            .best(self.next_base_fee(), &nobody, |sender| view.nonce(sender));
        best.cloned()
    }

    /// Mines several blocks; with `interval_secs`, each so long after the one before.
    pub(crate) fn mine_blocks(&mut self, count: u64, interval_secs: Option<u64>) -> Result<(), RpcError> {
        for index in 0..count {
            if let Some(interval_secs) = interval_secs.filter(|_| index > 0) {
                let newest = self.newest().header.timestamp;
                self.set_next_timestamp(newest.saturating_add(interval_secs.max(1)))?;
            }
            self.mine_block();
        }
        Ok(())
    }

    /// Mines every transaction whose turn it is, each into its own block.
    pub(super) fn mine_ready(&mut self) {
        while let Some(transaction) = self.ready() {
            let (sender, nonce) = (transaction.signer(), transaction.nonce());
            if let Err(error) = self.mine_these(vec![transaction]) {
                tracing::warn!(%sender, nonce, error = ashlar_report::chain(&error), "giving up a transaction that waited");
                self.drop_waiting(sender, nonce);
            }
        }
    }

    pub(crate) fn automine(&self) -> bool {
        self.automine
    }

    /// Turning it on mines what is ready.
    pub(crate) fn set_automine(&mut self, automine: bool) {
        self.automine = automine;
        if automine {
            self.mine_ready();
        }
    }

    /// Removes a transaction that waits.
    pub(crate) fn drop_waiting(&mut self, sender: Address, nonce: u64) -> bool {
        let dropped = self.pool.remove(sender, nonce).is_some();
        if dropped {
            self.record(&Record::Dropped { sender, nonce });
        }
        dropped
    }
}
