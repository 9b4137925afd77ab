//! A database from L1 alone: `--rebuild-from-l1`.
//!
//! All proven batches' public data, from the deployment on, are executed by [`ashlar_payments::rebuild`] on an empty
//! database, and every root is compared with L1's. From there the sequencer goes on. What no proven batch holds is lost, but
//! for operations of L1's queue, which are read and executed anew; of signed operations nobody can tell id, nonce and
//! signature any more. `docs/operations.md` says what that means.

mod batch;
mod error;

use std::time::Duration;

use alloy::primitives::U256;
use ashlar_contracts::{BatchHeader, CommitData, DataMode, encoding::hash_to_word};
use ashlar_payments::{
    rebuild::{BatchData, Snapshot, rebuild as execute},
    state::{Changes, Overlay, Stored},
    tree::{ACCOUNT_DEPTH, empty_accounts_root},
};
use ashlar_report::chain;
use ashlar_statement::{
    Domain,
    hash::{Hash, hash_from_bytes32},
    state::{StateChanges, StateError},
};
use plonky2::field::types::PrimeField64;
use tokio_util::sync::CancellationToken;

pub use error::RebuildError;

use crate::{
    config::Config,
    l1::{Commit, Expected, L1Client, L1Error, RollupStream, View},
    retry::Retry,
    store::{NewBatch, RebuiltLog, Store, StoreError},
};

/// Longest pause before an L1 that is away is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What a rebuild came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// The last batch in the database: L1's last proven one.
    pub proven: u64,
    /// L1's last committed batch. Later ones than the last proven are not in the database.
    pub committed: u64,
}

/// Fills the empty database of a configuration, or goes on where that was interrupted; `None` if it was told to stop.
///
/// # Errors
/// Among others [`IdentityError::ExitMode`](crate::l1::IdentityError), before anything is done, if the rollup is in exit mode,
/// where a new sequencer settles nothing and batches may be exits; and [`RebuildError::Unproven`], at the end of a rebuild, if L1 holds batches that nobody can prove any more.
pub async fn run(
    config: &Config,
    snapshot: Option<&Snapshot>,
    shutdown: &CancellationToken,
) -> Result<Option<Rebuilt>, RebuildError> {
    std::fs::create_dir_all(&config.data_dir).map_err(|source| RebuildError::DataDir {
        path: config.data_dir.clone(),
        source,
    })?;
    let store = Store::open(&config.data_dir.join("state.redb"))?;
    require_empty(&store)?;
    let expected = Expected {
        chain_id: config.chain_id,
        genesis_root: empty_accounts_root()
            .elements
            .map(|element| element.to_canonical_u64()),
        circuit_set: config.circuit_set_digest,
        data: config.data,
    };
    let mut retry = Retry::new("rebuilding from L1", (Duration::from_millis(500), LONGEST_PAUSE));
    let work = async {
        loop {
            let attempt = async {
                let l1 = L1Client::connect(config.l1.clone(), config.rollup, config.operator_key).await?;
                from_l1(&l1, &store, expected, snapshot).await
            };
            match attempt.await {
                Err(error) if error.is_transient() => {
                    tokio::time::sleep(retry.failed(&chain(&error))).await;
                }
                ended => return ended,
            }
        }
    };
    let Some(rebuilt) = shutdown.run_until_cancelled(work).await.transpose()? else {
        return Ok(None); // goes on at the next start
    };
    let Rebuilt { proven, committed } = rebuilt;
    if committed > proven {
        return Err(RebuildError::Unproven { proven, committed });
    }
    Ok(Some(rebuilt))
}

/// The same over a connection: from the first batch that the database does not have, or from a snapshot's, whose accounts
/// stand for all batches up to it once their root is that of the batch. The snapshot's own batch is read, and not executed.
pub async fn from_l1(
    l1: &L1Client,
    store: &Store,
    expected: Expected,
    snapshot: Option<&Snapshot>,
) -> Result<Rebuilt, RebuildError> {
    require_empty(store)?;
    let (identity, data_mode) = l1.identity(expected).await?;
    let view = l1.view().await?;
    l1.require_no_exit_mode(&view)?;
    match store.identity()? {
        Some(stored) => crate::l1::same(&stored, &identity)?,
        None => {
            store.set_being_rebuilt(true)?;
            store.set_identity(&identity)?;
        }
    }
    require_final(l1, &view).await?;
    let rebuilding = Rebuilding {
        l1,
        store,
        data_mode,
        domain: Domain {
            chain_id: identity.chain_id,
            rollup: identity.rollup,
        },
    };
    let first = match (store.next_batch()?, snapshot) {
        (1, Some(snapshot)) => rebuilding.first_of(snapshot, view.proven)?,
        (next, _) => next,
    };
    let mut commits = l1.commits(first, view.proven, view.head).await?;
    for number in first..=view.proven {
        let Some(commit) = commits.remove(&number) else {
            let from = l1.first_event_block(view.head).await;
            return Err(RebuildError::NoEvent { number, from });
        };
        rebuilding.batch(&commit, snapshot).await?;
    }
    let (rebuilt, on_l1) = (word(root(store)?), l1.state_root(view.head).await?);
    if rebuilt != on_l1 {
        return Err(RebuildError::StateRoot {
            number: view.proven,
            rebuilt,
            l1: on_l1,
        });
    }
    store.set_accounted(view.proven)?; // the farm that proved them was told, or is gone
    store.set_being_rebuilt(false)?;
    let rebuilt = Rebuilt {
        proven: view.proven,
        committed: view.committed,
    };
    tracing::info!(batches = rebuilt.proven, "the state is rebuilt from L1");
    if rebuilt.committed > rebuilt.proven {
        tracing::warn!(
            committed = rebuilt.committed,
            proven = rebuilt.proven,
            "batches that L1 holds and that were never proven are ignored"
        );
    }
    Ok(rebuilt)
}

fn require_empty(store: &Store) -> Result<(), RebuildError> {
    if store.is_empty()? || store.is_being_rebuilt()? {
        return Ok(());
    }
    Err(RebuildError::NotEmpty {
        batches: store.next_batch()? - 1,
        operations: store.log_end()?,
    })
}

/// A batch that a reorganisation takes back could be neither kept nor sent again.
async fn require_final(l1: &L1Client, view: &View) -> Result<(), RebuildError> {
    let last_final = match l1.final_block(view.head).await? {
        Some(block) if block == view.head => view.proven,
        Some(block) => match l1.view_at(block).await {
            Ok(view) => view.proven,
            Err(L1Error::Answer { .. }) => 0, // there was no contract yet
            Err(error) => return Err(error.into()),
        },
        None => 0,
    };
    if last_final < view.proven {
        return Err(RebuildError::NotFinal {
            proven: view.proven,
            last_final,
        });
    }
    Ok(())
}

struct Rebuilding<'a> {
    l1: &'a L1Client,
    store: &'a Store,
    data_mode: DataMode,
    domain: Domain,
}

impl Rebuilding<'_> {
    /// The batch that a snapshot begins with.
    fn first_of(&self, snapshot: &Snapshot, proven: u64) -> Result<u64, RebuildError> {
        let (found, expected, batch) = (snapshot.domain, self.domain, snapshot.batch);
        if found != expected {
            return Err(RebuildError::SnapshotRollup { found, expected });
        }
        if !(1..=proven).contains(&batch) {
            return Err(RebuildError::SnapshotBatch { batch, proven });
        }
        Ok(batch)
    }

    /// Writes the next batch, or the snapshot's if nothing was written yet.
    async fn batch(&self, commit: &Commit, snapshot: Option<&Snapshot>) -> Result<(), RebuildError> {
        let (header, transaction) = (&commit.header, commit.committed_by);
        let (store, number) = (self.store, header.number);
        let published = self.l1.public_data(self.data_mode, header, transaction).await?;
        let published = published.ok_or(RebuildError::NoData { number, transaction })?;
        batch::check(header, &published, &self.domain)?;
        let snapshot =
            snapshot.filter(|of| of.batch == number && store.next_batch().is_ok_and(|next| next == 1));
        let changes = |data: &CommitData| match snapshot {
            Some(snapshot) => given(header, snapshot),
            None => self.execute(header, data),
        };
        let mut data = published.data;
        let changes = match published.rollup {
            RollupStream::InCalldata | RollupStream::InBlob(_) => changes(&data)?,
            RollupStream::WithCommittee => self.kept(header, &mut data, changes).await?,
        };
        let commit_receipt = self.l1.receipt_by_hash(transaction).await?;
        let prove_receipt = match commit.proven_by {
            Some(transaction) => self.l1.receipt_by_hash(transaction).await?,
            None => None,
        };
        let receipts = batch::Receipts {
            commit: commit_receipt,
            prove: prove_receipt,
        };
        let on = (&self.domain, self.data_mode);
        let parts = batch::parts(header, &data, on, receipts, store.sealed_to()?);
        let parts = parts.map_err(|source| ashlar_payments::rebuild::RebuildError::Records {
            batch: number,
            source,
        })?;
        let (_, sealed_to) = store.append_rebuilt(&RebuiltLog {
            batch: number,
            time: header.time,
            items: parts.items,
            next_queue_index: parts.next_queue_index,
        })?;
        let operations = parts.receipts.len();
        store.seal(&NewBatch {
            record: parts.record,
            chunks: Vec::new(),
            receipts: parts.receipts,
            operations: parts.operations,
            changes: &StateChanges::from(changes),
            sealed_to,
        })?;
        store.finalize(number)?;
        tracing::info!(batch = number, operations, "rebuilt");
        Ok(())
    }

    /// What the batch changes, with the rollup stream of a member of the committee that leads to its root. Each member's is
    /// tried: one that lies hinders nobody who reaches another.
    async fn kept(
        &self,
        header: &BatchHeader,
        data: &mut CommitData,
        changes: impl Fn(&CommitData) -> Result<Changes, RebuildError>,
    ) -> Result<Changes, RebuildError> {
        let mut found = None;
        let leads_there = |stream: &[u8]| {
            let tried = CommitData {
                rollup: stream.to_vec().into(),
                ..data.clone()
            };
            let outcome = changes(&tried);
            // Any other error is not about the stream: no other member's would mend it.
            let is_its_fault = matches!(outcome, Err(RebuildError::Batch(_)));
            found = Some(outcome);
            !is_its_fault
        };
        let stream = self.l1.members().stream(&self.domain, header, leads_there).await;
        data.rollup = stream.map_err(L1Error::from)?.into();
        found.expect("what was accepted was executed")
    }

    /// What the batch changes in the state of the one before.
    fn execute(&self, header: &BatchHeader, data: &CommitData) -> Result<Changes, RebuildError> {
        let (store, number) = (self.store, header.number);
        let differs = |what| RebuildError::Mismatch { number, what };
        if header.oldRoot != word(root(store)?) {
            return Err(differs("the root before"));
        }
        if header.firstOperation != self.next_operation(number)? {
            return Err(differs("the first operation"));
        }
        let new_root = hash_from_bytes32(&header.newRoot.to_be_bytes()).ok_or(differs("the new root"))?;
        Ok(execute(
            Stored(store.snapshot()?),
            &BatchData {
                number,
                bridge: &data.bridge,
                rollup: &data.rollup,
                fee_account: header.feeAccount,
                new_root,
            },
        )?)
    }

    /// Queue index behind the batch before this one.
    fn next_operation(&self, number: u64) -> Result<u64, StoreError> {
        match number {
            1 => Ok(0),
            _ => self.store.next_queue_index(),
        }
    }
}

/// A snapshot's state, if it is the one after this batch.
fn given(header: &BatchHeader, snapshot: &Snapshot) -> Result<Changes, RebuildError> {
    let changes = snapshot.changes();
    let top = (ACCOUNT_DEPTH as u8, 0);
    let found = word(
        changes
            .nodes
            .get(&top)
            .copied()
            .unwrap_or_else(empty_accounts_root),
    );
    if found != header.newRoot {
        return Err(RebuildError::SnapshotRoot {
            batch: header.number,
            found,
            l1: header.newRoot,
        });
    }
    Ok(changes)
}

/// Root of the sealed state.
fn root(store: &Store) -> Result<Hash, RebuildError> {
    let sealed = Overlay::new(Stored(store.snapshot()?));
    sealed.root().map_err(|error| match error {
        StateError::Store(error) => error.into(),
        corrupt @ StateError::Corrupt { .. } => RebuildError::Batch(
            ashlar_payments::rebuild::RebuildError::State(ashlar_payments::state::StateError(corrupt)),
        ),
    })
}

fn word(root: Hash) -> U256 {
    hash_to_word(root.elements.map(|element| element.to_canonical_u64()))
}
