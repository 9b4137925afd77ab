//! The header that L1 will store the hash of, made from the batch here: comparing hashes tells whether L1 holds our batch.

use alloy::{
    primitives::{B256, keccak256},
    sol_types::SolValue,
};
use ashlar_contracts::{
    BatchHeader, bridge,
    encoding::{extension_to_word, hash_to_word},
    withdrawal,
};
use ashlar_publication::rollup_eval;

use crate::store::{BatchRecord, StoreError};

/// Why a stored batch has no header.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The record is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its bridge stream is damaged.
    #[error("stored batch {number}")]
    Bridge {
        /// The batch.
        number: u64,
        /// What is wrong.
        #[source]
        source: bridge::BridgeError,
    },
    /// A count or an account does not fit the contract's field.
    #[error("stored batch {number}: its {what} is {value}, the contract's field has 32 bits")]
    TooLarge {
        /// The batch.
        number: u64,
        /// Which value.
        what: &'static str,
        /// The value.
        value: u64,
    },
}

/// Where a batch begins: what the batches before it leave behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// Queue index of the first operation that none of them executes.
    pub first_operation: u64,
    /// Time of the last of them, in minutes; zero before the first batch.
    pub time: u64,
}

impl Before {
    /// Where the batch behind this one begins.
    ///
    /// # Errors
    /// If the record is damaged.
    pub fn after(self, batch: &BatchRecord) -> Result<Self, StoreError> {
        Ok(Self {
            first_operation: self.first_operation + u64::from(batch.l1_operations),
            time: batch.public_inputs()?.time(),
        })
    }
}

/// The header of a batch that begins there.
///
/// # Errors
/// If the record is damaged.
pub fn batch_header(batch: &BatchRecord, before: Before) -> Result<BatchHeader, HeaderError> {
    let number = batch.number;
    let inputs = batch.public_inputs()?;
    let records = bridge::parse(&batch.bridge).map_err(|source| HeaderError::Bridge { number, source })?;
    let withdrawals = bridge::withdrawals(&records);
    let narrow =
        |what, value: u64| u32::try_from(value).map_err(|_| HeaderError::TooLarge { number, what, value });
    Ok(BatchHeader {
        number,
        firstOperation: before.first_operation,
        withdrawalCount: narrow("number of withdrawals", withdrawals.len() as u64)?,
        feeAccount: narrow("fee account", inputs.fee_account())?,
        time: narrow("time", inputs.time())?,
        previousTime: narrow("time", before.time)?,
        bridgeWords: narrow("number of bridge words", inputs.bridge_words())?,
        rollupWords: narrow("number of rollup words", inputs.rollup_words())?,
        oldRoot: hash_to_word(inputs.old_root),
        newRoot: hash_to_word(inputs.new_root),
        dataHash: hash_to_word(inputs.data_hash),
        z: extension_to_word(inputs.z),
        bridgeEval: extension_to_word(inputs.bridge_eval),
        rollupEval: rollup_eval(&inputs),
        withdrawalsRoot: withdrawal::root(&withdrawals),
    })
}

/// What the contract stores of a header.
pub fn header_hash(header: &BatchHeader) -> B256 {
    keccak256(header.abi_encode())
}
