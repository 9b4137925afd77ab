//! How transactions become blocks.

use std::collections::HashSet;

use alloy::{
    consensus::Transaction as _,
    primitives::{Address, B256},
};

use super::Chain;
use crate::{
    blobs::{Incoming, PARAMS, blob_gas},
    block::{Block, Fields, Transaction},
    error::RpcError,
    evm::{self, Mode},
    journal::{Raw, Record},
    sidecar::BlobError,
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
        let mut blob_gas_left = PARAMS.max_blob_gas_per_block();
        for (transaction, mode) in transactions {
            let left = blob_gas_left;
            blob_gas_left = left
                .checked_sub(blob_gas(&transaction))
                .ok_or_else(|| BlobError::BlockFull {
                    asked: blob_gas(&transaction),
                    left,
                })?;
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
    pub(super) fn mine_these(&mut self, incoming: Vec<Incoming>) -> Result<(), RpcError> {
        let (mut with_modes, mut blobs) = (Vec::with_capacity(incoming.len()), Vec::new());
        for incoming in incoming {
            blobs.extend(
                incoming
                    .blobs
                    .map(|blobs| (*incoming.transaction.tx_hash(), blobs)),
            );
            let mode = self.mode(&incoming.transaction);
            with_modes.push((incoming.transaction, mode));
        }
        let fields = self.next_fields();
        let built = self.build(&fields, with_modes)?;
        for (hash, blobs) in blobs {
            self.blobs.hold(hash, blobs, false);
        }
        self.seal(built);
        Ok(())
    }

    /// Puts a block on top and notes it.
    pub(super) fn seal(&mut self, (block, layer): Built) {
        for mined in &block.transactions {
            self.note_blobs(mined.receipt.transaction_hash);
        }
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

    /// Notes the blobs of a transaction, before what is noted of the transaction itself.
    pub(super) fn note_blobs(&mut self, transaction: B256) {
        if let Some(blobs) = self.blobs.note(transaction) {
            self.record(&Record::blobs(transaction, &blobs));
        }
    }

    /// Mines one block of what waits, as much as fits; an empty one if nothing does.
    pub(crate) fn mine_block(&mut self) {
        let fields = self.next_fields();
        let (mut view, mut gas_left) = (self.view(), fields.gas_limit);
        let mut blob_gas_left = PARAMS.max_blob_gas_per_block();
        let blob_fee = PARAMS.calc_blob_fee(fields.excess_blob_gas);
        let (mut executed, mut refused) = (Vec::new(), Vec::new());
        let mut skipped: HashSet<Address> = HashSet::new();
        while let Some(best) = self
            .pool
            .best(fields.base_fee, blob_fee, &skipped, |sender| view.nonce(sender))
        {
            if best.gas_limit() > gas_left || blob_gas(best) > blob_gas_left {
                skipped.insert(best.signer()); // its turn may come in the next block
                continue;
            }
            let (env, tx) = (evm::block_env(&fields), evm::signed_tx(best));
            match evm::execute(&view, self.config.chain_id, env, tx, self.mode(best)) {
                Ok(outcome) => {
                    gas_left -= outcome.result.tx_gas_used();
                    blob_gas_left -= blob_gas(best);
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
        let (base_fee, blob_fee) = (self.next_base_fee(), self.next_blob_fee());
        let best = self
            .pool
            .best(base_fee, blob_fee, &nobody, |sender| view.nonce(sender));
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
            if let Err(error) = self.mine_these(vec![transaction.into()]) {
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

    /// Lets a transaction wait; it may have the place of another.
    pub(super) fn let_wait(&mut self, transaction: Transaction) {
        if let Some(replaced) = self.pool.insert(transaction) {
            self.drop_blobs_of_unmined(*replaced.tx_hash());
        }
    }

    pub(super) fn take_waiting(&mut self, sender: Address, nonce: u64) -> bool {
        let Some(taken) = self.pool.remove(sender, nonce) else {
            return false;
        };
        self.drop_blobs_of_unmined(*taken.tx_hash());
        true
    }

    /// Removes a transaction that waits.
    pub(crate) fn drop_waiting(&mut self, sender: Address, nonce: u64) -> bool {
        let dropped = self.take_waiting(sender, nonce);
        if dropped {
            self.record(&Record::Dropped { sender, nonce });
        }
        dropped
    }
}
