//! How a validium's batches are committed: with the signatures of a committee that keeps their rollup streams.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use alloy::primitives::Bytes;
use ashlar_committee::{Gatherer, Proposal, Propose, ProposeError, statement};
use ashlar_contracts::DataMode;
use ashlar_payments::{
    batch::Shapes,
    rebuild::Shown,
    state::{AccountStore, L1Owner, Stored},
};
use ashlar_statement::hash::{F, Hash};
use plonky2::field::types::Field;
use tokio::runtime::Handle;

use super::{
    Publish, SettleError,
    publish::{call, commit_data},
};
use crate::{
    l1::Call,
    store::{BatchRecord, LogItem, Store},
};

/// How long L1 takes an attestation, in seconds: long enough for dear gas to pass, short for what a reorganisation takes back.
const LIFETIME_SECS: u64 = 3_600;
/// One that L1 takes no longer than this is renewed before it is sent again.
const RENEWED_SECS: u64 = 600;

/// The bridge stream is an argument of the call, the committee's attestation another; the rollup stream is with its members.
#[derive(Debug)]
pub struct InCommittee {
    gatherer: Gatherer,
    batches: Arc<dyn Propose>,
    /// The last batch's: a call is made anew at every look at L1 until it is included.
    last: Mutex<Option<Attested>>,
}

#[derive(Clone, Debug)]
struct Attested {
    public_inputs: Vec<u64>,
    attestation: Bytes,
    expiry: u64,
}

impl InCommittee {
    /// Asks these members about the batches of a database. `fee_owner` is the L1 address whose first account earns the fees,
    /// where none has yet; `shapes` are all sizes of chunks that a batch can have been made of.
    pub fn new(gatherer: Gatherer, store: Arc<Store>, fee_owner: L1Owner, shapes: Shapes) -> Self {
        let batches = Batches {
            store,
            fee_owner,
            shapes,
        };
        Self {
            gatherer,
            batches: Arc::new(batches),
            last: Mutex::default(),
        }
    }

    fn attested(&self, record: &BatchRecord) -> Result<Bytes, SettleError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // L1's clock may be ahead of this one; a batch is not ahead of L1's.
        let now = since_1970.as_secs().max(record.public_inputs()?.time() * 60);
        let is_good =
            |of: &&Attested| of.public_inputs == record.public_inputs && of.expiry >= now + RENEWED_SECS;
        if let Some(attested) = last.as_ref().filter(is_good) {
            return Ok(attested.attestation.clone());
        }
        let expiry = now + LIFETIME_SECS;
        let gathering = self.gatherer.attestation(&self.batches, record.number, expiry);
        let attestation = Handle::current().block_on(gathering)?;
        let attested = Attested {
            public_inputs: record.public_inputs.clone(),
            attestation,
            expiry,
        };
        Ok(last.insert(attested).attestation.clone())
    }
}

impl Publish for InCommittee {
    fn mode(&self) -> DataMode {
        DataMode::Validium
    }

    /// Members are given a batch without a rollup stream, too, with the next that has one.
    fn commit(&self, record: &BatchRecord, proof: Option<&[u8]>) -> Result<Call, SettleError> {
        let rollup = match record.rollup.is_empty() {
            true => Bytes::new(),
            false => self.attested(record)?,
        };
        let batch = commit_data(record, rollup)?;
        Ok(call(record.number, batch, proof, None))
    }
}

/// What a sequencer's database has of its batches.
#[derive(Debug)]
struct Batches {
    store: Arc<Store>,
    fee_owner: L1Owner,
    shapes: Shapes,
}

/// A batch cannot be proposed.
#[derive(Debug, thiserror::Error)]
enum Unproposable {
    #[error("it is not in the database")]
    Unknown,
    #[error(
        "it was rebuilt from L1, where no signatures are: a member that does not have it yet takes another member's folder"
    )]
    Rebuilt,
    #[error("stored {0} is malformed")]
    Malformed(&'static str),
}

impl Propose for Batches {
    fn proposal(&self, number: u64, expiry: u64) -> Result<Proposal, ProposeError> {
        let record = self.store.batch(number)?.ok_or(Unproposable::Unknown)?;
        let inputs = record.public_inputs()?;
        let items = self.store.items(number, 0, usize::MAX)?;
        let shown: Option<Vec<_>> = items.into_iter().map(shown).collect();
        let narrow = |what, value: u64| u32::try_from(value).map_err(|_| Unproposable::Malformed(what));
        Ok(Proposal {
            number,
            time: narrow("time", inputs.time())?,
            fee_owner: self.fee_owner(narrow("fee account", inputs.fee_account())?)?,
            chunk_slots: chunk_slots(&self.shapes, record.transactions.len(), record.chunks),
            shown: shown.ok_or(Unproposable::Rebuilt)?,
            new_root: Hash {
                elements: inputs.new_root.map(F::from_canonical_u64),
            },
            statement: statement(number, &inputs, (&record.bridge, &record.rollup), expiry),
            bridge: record.bridge,
            rollup: record.rollup,
        })
    }
}

impl Batches {
    /// Whose first account earned a batch's fees: the configured owner may have changed since.
    fn fee_owner(&self, account: u32) -> Result<L1Owner, ProposeError> {
        let state = Stored(self.store.snapshot()?);
        let found = state.account(account)?;
        Ok(found.map_or(self.fee_owner, |account| account.l1_owner))
    }
}

/// `None` for what was signed with a signature that nobody here has.
fn shown(item: LogItem) -> Option<Shown> {
    match item {
        LogItem::L1 { .. } => Some(Shown::L1),
        LogItem::Signed(encoding) | LogItem::Sponsored(encoding) => Some(Shown::Signed(encoding)),
        LogItem::Published { .. } => None,
    }
}

/// Most slots of the chunks of a batch of so many operations, from the number of chunks: the configured size may have
/// changed since. Where several sizes make as many chunks, they make the same ones.
fn chunk_slots(shapes: &Shapes, operations: usize, chunks: u32) -> usize {
    let makes = |slots: &usize| operations.div_ceil(*slots).max(1) == chunks as usize;
    let found = shapes.sizes().iter().copied().find(makes);
    found.unwrap_or(shapes.largest())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_chunks_follows_from_their_number() {
        let shapes = Shapes::new(&[32, 64, 128]);
        for (operations, chunks, slots) in [
            (1, 1, 32),
            (32, 1, 32),
            (33, 2, 32),
            (33, 1, 64),
            (65, 3, 32),
            (65, 2, 64),
            (65, 1, 128),
            (1_000, 32, 32),
            (1_000, 16, 64),
            (1_000, 8, 128),
        ] {
            assert_eq!(
                chunk_slots(&shapes, operations, chunks),
                slots,
                "{operations} operations in {chunks} chunks"
            );
        }
    }

    #[test]
    fn what_only_l1_tells_of_is_not_shown() {
        let published = LogItem::Published {
            batch: 1,
            slot: 0,
            record: Vec::new(),
        };
        assert_eq!(shown(published), None);
        assert_eq!(shown(LogItem::Sponsored(vec![1])), Some(Shown::Signed(vec![1])));
    }
}
