//! How a batch's public data gets where the rollup's data mode wants it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use alloy::{primitives::Bytes, sol_types::SolCall};
use ashlar_contracts::{CommitData, DataMode, Rollup, encoding::hash_to_word};
use ashlar_publication::Publication;

use super::SettleError;
use crate::{
    l1::Call,
    store::{BatchRecord, Purpose},
};

/// Publishes batches in one data mode.
pub trait Publish: fmt::Debug + Send + Sync {
    /// The call that publishes a sealed batch's data and commits the batch; with a proof, it proves it, too. May take
    /// seconds, so it runs where threads may wait: a blob is committed to and opened, a committee is asked.
    ///
    /// # Errors
    /// If the record is damaged, or too few members of a committee sign.
    fn commit(&self, batch: &BatchRecord, proof: Option<&[u8]>) -> Result<Call, SettleError>;

    /// The mode.
    fn mode(&self) -> DataMode;
}

/// Both streams are arguments of the call.
#[derive(Debug)]
pub struct InCalldata;

impl Publish for InCalldata {
    fn mode(&self) -> DataMode {
        DataMode::Calldata
    }

    fn commit(&self, record: &BatchRecord, proof: Option<&[u8]>) -> Result<Call, SettleError> {
        let batch = commit_data(record, record.rollup.clone().into())?;
        Ok(call(record.number, batch, proof, None))
    }
}

/// The bridge stream is an argument, the rollup stream a blob whose opening is one.
#[derive(Debug, Default)]
pub struct InBlob {
    /// The last batch's: a call is made anew at every look at L1 until it is included.
    last: Mutex<Option<Opened>>,
}

#[derive(Clone, Debug)]
struct Opened {
    public_inputs: Vec<u64>,
    blob: Arc<Publication>,
    opening: Bytes,
}

impl InBlob {
    fn opened(&self, record: &BatchRecord) -> Result<Opened, SettleError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = last
            .as_ref()
            .filter(|of| of.public_inputs == record.public_inputs)
        {
            return Ok(opened.clone());
        }
        let number = record.number;
        let failed = |source| SettleError::Publication { number, source };
        let blob = Publication::of(&record.rollup).map_err(failed)?;
        let opening = blob.opening(record.public_inputs()?.z).map_err(failed)?;
        let opened = Opened {
            public_inputs: record.public_inputs.clone(),
            blob: Arc::new(blob),
            opening,
        };
        Ok(last.insert(opened).clone())
    }
}

impl Publish for InBlob {
    fn mode(&self) -> DataMode {
        DataMode::Blob
    }

    fn commit(&self, record: &BatchRecord, proof: Option<&[u8]>) -> Result<Call, SettleError> {
        if !record.public_inputs()?.is_linked() {
            return InCalldata.commit(record, proof); // it has no rollup stream
        }
        let opened = self.opened(record)?;
        let batch = commit_data(record, opened.opening)?;
        Ok(call(record.number, batch, proof, Some(opened.blob)))
    }
}

pub(super) fn call(
    number: u64,
    batch: CommitData,
    proof: Option<&[u8]>,
    blob: Option<Arc<Publication>>,
) -> Call {
    match proof {
        None => Call {
            name: "commitBatch",
            data: Rollup::commitBatchCall { batch }.abi_encode().into(),
            purpose: Purpose::Commit(number),
            blob,
        },
        Some(proof) => {
            let proof = proof.to_vec().into();
            Call {
                name: "commitAndProveBatch",
                data: Rollup::commitAndProveBatchCall { batch, proof }
                    .abi_encode()
                    .into(),
                purpose: Purpose::CommitAndProve(number),
                blob,
            }
        }
    }
}

/// `rollup` is the stream, or what says where it is.
pub(super) fn commit_data(batch: &BatchRecord, rollup: Bytes) -> Result<CommitData, SettleError> {
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
        rollup,
    })
}
