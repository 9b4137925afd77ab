//! The whole state that L1 has proven, from L1 alone: for users who do without the operator.

use std::convert::Infallible;

use alloy::primitives::B256;
use ashlar_contracts::{BatchHeader, CommitData};
use ashlar_payments::{
    rebuild::{BatchData, RebuildError, rebuild},
    state::{Changes, MemoryStore, Overlay},
};
use ashlar_statement::hash::{Hash, hash_from_bytes32, hash_to_bytes32};

use super::{CommittedBatch, L1, L1Error};

/// The state after L1's last proven batch.
#[derive(Debug)]
pub struct ProvenState {
    /// The batch; 0 before the first.
    pub batch: u64,
    /// Its root, which is L1's `stateRoot`.
    pub root: Hash,
    /// Its accounts and their tree.
    pub accounts: MemoryStore,
    /// The last committed batch: what came after the proven one is not in the state.
    pub committed: u64,
}

/// Why the state cannot be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum ProvenStateError {
    /// L1 failed, or lacks what it once had.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// A batch's data do not lead to its root.
    #[error(transparent)]
    Batch(#[from] RebuildError<Infallible>),
}

impl L1 {
    /// Reads the public data of all proven batches, executes them, and compares every root.
    ///
    /// # Errors
    /// Among others [`L1Error::Root`] if L1 has another root after the last one.
    pub async fn proven_state(&self) -> Result<ProvenState, ProvenStateError> {
        let state = self.state().await?;
        let batch = state.proven_batches;
        let accounts = self.state_after(batch).await?;
        let Ok(root) = Overlay::new(&accounts).root();
        let given = B256::from(hash_to_bytes32(&root));
        if given != state.state_root {
            return Err(L1Error::Root {
                batch,
                l1: state.state_root,
                given,
            }
            .into());
        }
        Ok(ProvenState {
            batch,
            root,
            accounts,
            committed: state.committed_batches,
        })
    }

    /// Executes the public data of all committed batches up to this one, proven or not, and compares every root: an
    /// operator who commits what the state does not allow is found out before he fails to prove it. The data have no
    /// signatures, so a payment that nobody has signed is not found.
    ///
    /// # Errors
    /// [`ProvenStateError::Batch`] if a batch's data do not lead to its root.
    pub async fn check_committed(&self, last: u64) -> Result<(), ProvenStateError> {
        self.state_after(last).await.map(drop)
    }

    /// Accounts after a committed batch.
    async fn state_after(&self, last: u64) -> Result<MemoryStore, ProvenStateError> {
        let mut accounts = MemoryStore::new();
        let batches = match last {
            0 => Default::default(), // there is no range of none
            last => self.committed(1, last).await?,
        };
        for batch in batches.values() {
            let changes = self.execute(batch, &accounts).await?;
            accounts.apply(changes);
        }
        Ok(accounts)
    }

    /// What a committed batch changes, from its public data.
    pub(super) async fn execute(
        &self,
        batch: &CommittedBatch,
        before: &MemoryStore,
    ) -> Result<Changes, ProvenStateError> {
        Ok(self.look_through(batch, before).await?.1?)
    }

    /// The public data of a committed batch, and what it changes.
    pub(super) async fn look_through(
        &self,
        batch: &CommittedBatch,
        before: &MemoryStore,
    ) -> Result<(CommitData, Result<Changes, RebuildError<Infallible>>), L1Error> {
        let execute = |data: &CommitData| -> Result<Changes, ProvenStateError> {
            Ok(rebuild(before, &batch_data(&batch.header, data)?)?)
        };
        let (data, outcome) = self.executed(batch, execute).await?;
        match outcome {
            Ok(changes) => Ok((data, Ok(changes))),
            Err(ProvenStateError::Batch(error)) => Ok((data, Err(error))),
            Err(ProvenStateError::L1(error)) => Err(error),
        }
    }
}

/// What L1 has of a batch, as it is executed.
pub(super) fn batch_data<'a>(header: &BatchHeader, data: &'a CommitData) -> Result<BatchData<'a>, L1Error> {
    let number = header.number;
    let new_root = hash_from_bytes32(&header.newRoot.to_be_bytes()).ok_or(L1Error::Mismatch {
        number,
        what: "the new root",
    })?;
    Ok(BatchData {
        number,
        bridge: &data.bridge,
        rollup: &data.rollup,
        fee_account: header.feeAccount,
        new_root,
    })
}
