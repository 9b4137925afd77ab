//! Committed batches as L1 has them: the header that the contract binds by a hash, and the data of the commit.
//!
//! What is read is bound by hashes that a quorum gives, so the bytes themselves may come from any endpoint.

use std::collections::BTreeMap;

use alloy::{
    consensus::Transaction as _,
    primitives::{B256, Bytes},
    providers::Provider,
    rpc::types::{Filter, Log},
    sol_types::{SolCall, SolEvent},
};
use ashlar_contracts::{BatchHeader, CommitData, DataMode, Rollup};

use ashlar_report::Chain;

use super::{BlockRef, L1Client, L1Error, header_hash, ranges::Ranges, sender::l1_receipt};
use crate::store::L1Receipt;

/// How nodes for development give a blob by its versioned hash.
const BLOB_METHOD: &str = "anvil_getBlobByHash";

/// The transactions of a batch, as events name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// All that the contract has bound by one hash.
    pub header: BatchHeader,
    /// The transaction that committed it.
    pub committed_by: B256,
    /// The transaction that proved it, if it was.
    pub proven_by: Option<B256>,
}

/// The public data of a committed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicData {
    /// Of the commit, with the rollup stream itself also where that is in a blob, and without any if a committee keeps it.
    pub data: CommitData,
    /// Where the rollup stream is.
    pub rollup: RollupStream,
}

/// Where a batch's rollup stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollupStream {
    /// In the calldata of the commit, or empty.
    InCalldata,
    /// In the blob with this versioned hash, from which it was read.
    InBlob(B256),
    /// With the members of a committee, who are still to be asked ([`L1Client::members`]).
    WithCommittee,
}

/// What one event says.
#[derive(PartialEq)]
enum Event {
    Committed(Box<BatchHeader>, B256),
    Proven(u64, B256),
}

impl Event {
    fn from_log(log: &Log) -> Option<Self> {
        let transaction = log.transaction_hash?;
        if let Ok(event) = Rollup::BatchCommitted::decode_log(&log.inner) {
            return Some(Self::Committed(Box::new(event.data.header), transaction));
        }
        let event = Rollup::BatchProven::decode_log(&log.inner).ok()?;
        Some(Self::Proven(event.data.number, transaction))
    }
}

impl L1Client {
    /// Where events of the rollup begin, as configured or found; the first block if the nodes keep no old states.
    pub async fn first_event_block(&self, head: BlockRef) -> u64 {
        match self.start_block() {
            Some(block) => block,
            None => self.deployment_block(head).await.unwrap_or(0),
        }
    }

    /// The batches from `first` to `last` as their events tell them, by number: of a batch that was taken back and
    /// committed again, the commit that stands. One whose event no node has is absent.
    pub async fn commits(
        &self,
        first: u64,
        last: u64,
        head: BlockRef,
    ) -> Result<BTreeMap<u64, Commit>, L1Error> {
        let (mut commits, mut proofs) = (BTreeMap::<u64, Vec<Commit>>::new(), BTreeMap::new());
        let mut ranges = Ranges::new(self.first_event_block(head).await, head.number);
        while let Some((from, to)) = ranges.piece() {
            let events = match self.batch_events(from, to).await {
                Ok(events) => events,
                Err(L1Error::Request(_)) if ranges.refused() => continue,
                Err(error) => return Err(error),
            };
            for event in events {
                match event {
                    Event::Committed(header, committed_by) => {
                        let commit = Commit {
                            header: *header,
                            committed_by,
                            proven_by: None,
                        };
                        commits.entry(commit.header.number).or_default().push(commit);
                    }
                    Event::Proven(number, transaction) => {
                        proofs.insert(number, transaction);
                    }
                }
            }
            ranges.answered();
        }
        let mut found = BTreeMap::new();
        for number in first..=last {
            let kept = self.header_hash(number, head).await?;
            let of_number = commits.remove(&number).unwrap_or_default();
            let stands = |commit: &Commit| header_hash(&commit.header) == kept;
            if let Some(mut commit) = of_number.into_iter().rev().find(stands) {
                commit.proven_by = proofs.get(&number).copied();
                found.insert(number, commit);
            }
        }
        Ok(found)
    }

    async fn batch_events(&self, from: u64, to: u64) -> Result<Vec<Event>, L1Error> {
        let signatures = vec![
            Rollup::BatchCommitted::SIGNATURE_HASH,
            Rollup::BatchProven::SIGNATURE_HASH,
        ];
        let filter = &Filter::new()
            .address(self.rollup)
            .event_signature(signatures)
            .from_block(from)
            .to_block(to);
        self.endpoints
            .agree("eth_getLogs", |node| async move {
                let logs = node.get_logs(filter).await?;
                Ok(logs.iter().filter_map(Event::from_log).collect())
            })
            .await
    }

    /// The data of a batch that this transaction committed, from where the rollup's mode puts it on L1; `None` if no node has the
    /// transaction any more.
    ///
    /// # Errors
    /// [`L1Error::NoCommit`] if the transaction is none that commits a batch, [`L1Error::NoBlob`] if no node has its blob.
    pub async fn public_data(
        &self,
        mode: DataMode,
        header: &BatchHeader,
        transaction: B256,
    ) -> Result<Option<PublicData>, L1Error> {
        let found = self
            .endpoints
            .find("eth_getTransactionByHash", |node| async move {
                let found = node.get_transaction_by_hash(transaction).await?;
                Ok(found.map(|found| {
                    let blobs = found.blob_versioned_hashes().unwrap_or_default().to_vec();
                    (found.input().clone(), blobs, found.block_number)
                }))
            })
            .await?;
        let Some((input, blobs, block)) = found else {
            return Ok(None);
        };
        let data = Rollup::commitBatchCall::abi_decode(&input)
            .map(|call| call.batch)
            .or_else(|_| Rollup::commitAndProveBatchCall::abi_decode(&input).map(|call| call.batch))
            .map_err(|_| L1Error::NoCommit { transaction })?;
        match (mode, blobs.first()) {
            (DataMode::Blob, Some(blob)) if header.rollupWords > 0 => {
                let blob = *blob;
                let stream = self.stream_in_blob(block, blob, header.rollupWords).await?;
                let rollup = stream.ok_or(L1Error::NoBlob { blob })?.into();
                Ok(Some(PublicData {
                    data: CommitData { rollup, ..data },
                    rollup: RollupStream::InBlob(blob),
                }))
            }
            (DataMode::Validium, _) if header.rollupWords > 0 => Ok(Some(PublicData {
                data: CommitData {
                    rollup: Bytes::new(), // the attestation has done its work
                    ..data
                },
                rollup: RollupStream::WithCommittee,
            })),
            _ => Ok(Some(PublicData {
                data,
                rollup: RollupStream::InCalldata,
            })),
        }
    }

    /// The rollup stream of so many words in a blob of this block, from the first node that has the blob.
    async fn stream_in_blob(
        &self,
        block: Option<u64>,
        blob: B256,
        words: u32,
    ) -> Result<Option<Vec<u8>>, L1Error> {
        if self.beacons.is_empty() {
            return self.stream_of_development(blob, words).await;
        }
        let Some(block) = block else {
            return Ok(None); // pending: it has no beacon block
        };
        let root = self.beacon_root(block).await?;
        Ok(self.beacons.stream(root, blob, words).await?)
    }

    /// Root of the beacon block with this block, as the next one names it (EIP-4788).
    async fn beacon_root(&self, block: u64) -> Result<B256, L1Error> {
        let next = block + 1;
        let root = self
            .endpoints
            .agree("eth_getBlockByNumber", |node| async move {
                let next = node.get_block_by_number(next.into()).await?;
                Ok(next.and_then(|next| next.header.parent_beacon_block_root))
            })
            .await?;
        root.ok_or_else(|| L1Error::NoBlock {
            block: next.to_string(),
        })
    }

    async fn stream_of_development(&self, blob: B256, words: u32) -> Result<Option<Vec<u8>>, L1Error> {
        let found = self.endpoints.find(BLOB_METHOD, |node| async move {
            let bytes: Option<Bytes> = node.raw_request(BLOB_METHOD.into(), [blob]).await?;
            // What one node gives wrongly, another may have.
            Ok(bytes.and_then(|bytes| match ashlar_publication::read(&bytes, blob, words) {
                Ok(stream) => Some(stream),
                Err(error) => {
                    tracing::warn!(%blob, error = %Chain(&error), "a node gave what is no blob of the batch");
                    None
                }
            }))
        });
        found.await.map_err(|error| match error {
            L1Error::Request(error) if error.refusal().is_some() => L1Error::NoBeacon {
                blob,
                reason: error.to_string(),
            },
            error => error,
        })
    }

    /// The receipt of a transaction, if a node has it.
    pub async fn receipt_by_hash(&self, transaction: B256) -> Result<Option<L1Receipt>, L1Error> {
        Ok(self.receipt_of(transaction).await?.as_ref().map(l1_receipt))
    }
}
