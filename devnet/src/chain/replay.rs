//! How a chain comes back from its records.

use std::path::Path;

use alloy::eips::eip4844::Blob;

use super::Chain;
use crate::{
    Config,
    block::Transaction,
    error::{JournalError, RpcError},
    evm::Mode,
    journal::{LAYOUT, Raw, Record},
    sidecar::Blobs,
};

/// A chain to which all of this happened.
pub(super) fn replay(config: Config, path: &Path, records: Vec<Record>) -> Result<Chain, JournalError> {
    let mut records = records.into_iter().enumerate();
    let failed = |index: usize, reason: String| JournalError::Replay {
        path: path.to_owned(),
        line: index + 1,
        reason,
    };
    let Some((
        _,
        Record::Genesis {
            layout,
            chain_id,
            block_gas_limit,
            base_fee_wei,
            dev_balance_ether,
            timestamp_secs,
        },
    )) = records.next()
    else {
        return Err(failed(0, "the first record is no genesis".into()));
    };
    if layout != LAYOUT {
        return Err(JournalError::Layout {
            path: path.to_owned(),
            found: layout,
            expected: LAYOUT,
        });
    }
    for (name, found, asked) in [
        ("chain id", chain_id, config.chain_id),
        ("block gas limit", block_gas_limit, config.block_gas_limit),
        ("base fee in wei", base_fee_wei, config.base_fee_wei),
        ("balance in ether", dev_balance_ether, config.dev_balance_ether),
    ] {
        if found != asked {
            return Err(JournalError::Parameter { name, found, asked });
        }
    }
    // What was taken away then may be older than the history asked for now.
    let history_blocks = config.history_blocks;
    let everything = Config {
        history_blocks: u64::MAX,
        ..config
    };
    let mut chain = Chain::new(everything, timestamp_secs);
    for (index, record) in records {
        chain.redo(record).map_err(|reason| failed(index, reason))?;
        chain.events.discard();
    }
    chain.config.history_blocks = history_blocks;
    chain.forget_old();
    Ok(chain)
}

fn blob_of(bytes: &[u8]) -> Result<Blob, String> {
    Blob::try_from(bytes).map_err(|_| format!("a blob of {} bytes", bytes.len()))
}

impl Chain {
    /// Does again what a record says; there is no journal yet that would note it twice.
    fn redo(&mut self, record: Record) -> Result<(), String> {
        let text = |error: RpcError| error.to_string();
        match record {
            Record::Genesis { .. } => return Err("a second genesis".into()),
            Record::Block {
                timestamp_secs,
                base_fee_wei,
                transactions,
                hash,
            } => self.redo_block(timestamp_secs, base_fee_wei, &transactions, hash)?,
            Record::Pooled { transaction } => self.let_wait(transaction.decode()?),
            Record::Blobs {
                transaction,
                hashes,
                blobs,
            } => {
                let blobs: Vec<_> = blobs.iter().map(|blob| blob_of(blob)).collect::<Result<_, _>>()?;
                let blobs = blobs.into();
                self.blobs.hold(transaction, Blobs { hashes, blobs }, true);
            }
            Record::Dropped { sender, nonce } => drop(self.take_waiting(sender, nonce)),
            Record::Balance { address, balance } => self.set_balance(address, balance),
            Record::Nonce { address, nonce } => self.set_nonce(address, nonce),
            Record::Code { address, code } => {
                if !self.set_code(address, code) {
                    return Err(format!("code of {address} is malformed"));
                }
            }
            Record::Slot { address, slot, value } => self.set_slot(address, slot, value),
            Record::Clock { ahead_secs } => self.set_clock_ahead(ahead_secs).map_err(text)?,
            Record::NextTimestamp { timestamp_secs } => self.next_timestamp = Some(timestamp_secs),
            Record::NextBaseFee { wei } => self.set_next_base_fee(wei),
            Record::BlockGasLimit { gas } => self.set_gas_limit(gas),
            Record::Coinbase { address } => self.set_coinbase(address),
            Record::Reset { timestamp_secs } => self.reset_at(timestamp_secs),
            Record::Snapshot => drop(self.snapshot().map_err(text)?),
            Record::Revert { id } => {
                if !self.revert(id) {
                    return Err(format!("no snapshot {id}"));
                }
            }
            Record::Rewind { number } => {
                let depth = self.newest().number().checked_sub(number);
                self.rewind(depth.ok_or_else(|| format!("no block {number}"))?)
                    .map_err(text)?;
            }
        }
        Ok(())
    }

    fn redo_block(
        &mut self,
        timestamp: u64,
        base_fee: u64,
        transactions: &[Raw],
        hash: alloy::primitives::B256,
    ) -> Result<(), String> {
        // Senders were checked when the transactions came; who was impersonated then is not noted.
        let with_mode = |raw: &Raw| Ok::<(Transaction, Mode), String>((raw.decode()?, Mode::Impersonated));
        let transactions = transactions.iter().map(with_mode).collect::<Result<_, _>>()?;
        let fields = self.fields_at(timestamp, base_fee);
        let (block, layer) = self
            .build(&fields, transactions)
            .map_err(|error| error.to_string())?;
        if block.header.hash != hash {
            return Err(format!(
                "block {} comes out as {}, noted is {hash}",
                fields.number, block.header.hash
            ));
        }
        self.append(block, layer);
        Ok(())
    }
}
