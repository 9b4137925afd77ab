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

/// The header of a batch whose first deposit has this number in the queue.
///
/// # Errors
/// If the record is damaged.
pub fn batch_header(batch: &BatchRecord, first_deposit: u64) -> Result<BatchHeader, HeaderError> {
    let number = batch.number;
    let inputs = batch.public_inputs()?;
    let records = bridge::parse(&batch.bridge).map_err(|source| HeaderError::Bridge { number, source })?;
    let narrow =
        |what, value: u64| u32::try_from(value).map_err(|_| HeaderError::TooLarge { number, what, value });
    Ok(BatchHeader {
        number,
        firstDeposit: first_deposit,
        depositCount: narrow("number of deposits", inputs.deposit_count)?,
        withdrawalCount: narrow("number of withdrawals", inputs.withdrawal_count)?,
        transferCount: narrow("number of transfers", inputs.rollup_records)?,
        feeAccount: narrow("fee account", inputs.fee_account)?,
        oldRoot: hash_to_word(inputs.old_root),
        newRoot: hash_to_word(inputs.new_root),
        dataHash: hash_to_word(inputs.data_hash),
        z: extension_to_word(inputs.z),
        eval: extension_to_word(inputs.eval),
        withdrawalsRoot: withdrawal::root(&bridge::withdrawals(&records)),
    })
}

/// What the contract stores of a header.
pub fn header_hash(header: &BatchHeader) -> B256 {
    keccak256(header.abi_encode())
}
