//! How a batch's public data gets where the rollup's data mode wants it.

use std::fmt;

use alloy::sol_types::SolCall;
use ashlar_contracts::{CommitData, DataMode, Rollup, encoding::hash_to_word};

use super::SettleError;
use crate::{
    l1::Call,
    store::{BatchRecord, Purpose},
};

/// Publishes batches in one data mode.
pub trait Publish: fmt::Debug + Send + Sync {
    /// The call that publishes a sealed batch's data and commits the batch; with a proof, it proves it, too.
    ///
    /// # Errors
    /// If the record is damaged.
    fn commit(&self, batch: &BatchRecord, proof: Option<&[u8]>) -> Result<Call, SettleError>;
}

/// Who publishes in this mode.
pub fn publisher(mode: DataMode) -> Box<dyn Publish> {
    match mode {
        DataMode::Calldata => Box::new(Calldata),
    }
}

/// Both streams are arguments of the call.
#[derive(Debug)]
struct Calldata;

impl Publish for Calldata {
    fn commit(&self, record: &BatchRecord, proof: Option<&[u8]>) -> Result<Call, SettleError> {
        let number = record.number;
        let batch = commit_data(record)?;
        Ok(match proof {
            None => Call {
                name: "commitBatch",
                data: Rollup::commitBatchCall { batch }.abi_encode().into(),
                purpose: Purpose::Commit(number),
            },
            Some(proof) => {
                let proof = proof.to_vec().into();
                Call {
                    name: "commitAndProveBatch",
                    data: Rollup::commitAndProveBatchCall { batch, proof }
                        .abi_encode()
                        .into(),
                    purpose: Purpose::CommitAndProve(number),
                }
            }
        })
    }
}

fn commit_data(batch: &BatchRecord) -> Result<CommitData, SettleError> {
    let number = batch.number;
    let inputs = batch.public_inputs()?;
    let narrow = |what, value: u64| u32::try_from(value).map_err(|_| SettleError::Malformed { number, what });
    Ok(CommitData {
        number,
        time: narrow("time", inputs.time())?,
        newRoot: hash_to_word(inputs.new_root),
        dataHash: hash_to_word(inputs.data_hash),
        feeAccount: narrow("fee account", inputs.fee_account())?,
        bridge: batch.bridge.clone().into(),
        rollup: batch.rollup.clone().into(),
    })
}
