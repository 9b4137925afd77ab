//! The public data of a batch, from where the rollup's data mode puts it, checked against the contract's hashes.

use alloy::{
    primitives::{B256, Bytes},
    providers::Provider,
};
use ashlar_contracts::{BatchHeader, CommitData, DataMode, encoding::extension_to_word, withdrawal};
use ashlar_statement::{evaluation_point, hash::hash_from_bytes32};
use plonky2::field::types::PrimeField64;

use super::{BatchData, CommittedBatch, Exited, L1, L1Error, error::transport};
use crate::data::{Record, parse_bridge, parse_rollup};

/// How nodes for development give a blob by its versioned hash.
const BLOB_METHOD: &str = "anvil_getBlobByHash";

/// Number of any exit batch in its evaluation point.
const EXIT_BATCH: u64 = 0;

/// What a batch has published on L1, with the number that its evaluation point depends on.
struct Published {
    /// Without the rollup stream, if that is elsewhere.
    data: CommitData,
    rollup: RollupStream,
    /// Whether it only lets balances leave.
    is_exit: bool,
}

/// Where a rollup stream is.
enum RollupStream {
    /// In the calldata, or empty.
    Here,
    /// In the blob with this versioned hash.
    InBlob(B256),
    /// With the members of a committee.
    WithCommittee,
}

impl L1 {
    /// The public data of a committed batch. The evaluation point in the header is a hash of both
    /// streams, or of one and of the blob with the other, so data that is not the batch's is found out. In a validium it binds
    /// the bridge stream, and with it all withdrawals; transfers are the word of a member of the committee.
    pub async fn data(&self, batch: &CommittedBatch) -> Result<BatchData, L1Error> {
        let mut published = self.published(batch).await?;
        self.complete(batch, &mut published, |_| true).await?;
        self.read(batch, &published).await
    }

    /// The same without the rollup stream, unless that is in the calldata: what L1 has itself, in every data mode. It is all
    /// that concerns L1: deposits and orders, what they have come to, and what the batch pays.
    pub async fn bridge_data(&self, batch: &CommittedBatch) -> Result<BatchData, L1Error> {
        let published = self.published(batch).await?;
        self.read(batch, &published).await
    }

    /// The data, not parsed, with what comes of executing them. Where they are all on L1 they are executed once, whatever
    /// comes of it; where a committee has one stream, each of its members' in turn until one leads to the batch's root.
    ///
    /// # Errors
    /// Among others if no member gives one that does.
    pub(super) async fn executed<T, E>(
        &self,
        batch: &CommittedBatch,
        execute: impl Fn(&CommitData) -> Result<T, E>,
    ) -> Result<(CommitData, Result<T, E>), L1Error> {
        let mut published = self.published(batch).await?;
        let mut found = None;
        let leads_there = |data: &CommitData| {
            let outcome = execute(data);
            let leads_there = outcome.is_ok();
            found = Some(outcome);
            leads_there
        };
        self.complete(batch, &mut published, leads_there).await?;
        let outcome = found.unwrap_or_else(|| execute(&published.data));
        Ok((published.data, outcome))
    }

    /// What L1 has of a batch, checked against the header's evaluation point.
    async fn published(&self, batch: &CommittedBatch) -> Result<Published, L1Error> {
        let header = &batch.header;
        if let Some(bridge) = self.exit_stream(batch).await? {
            let data = CommitData {
                number: EXIT_BATCH,
                time: header.time,
                newRoot: header.newRoot,
                dataHash: header.dataHash,
                feeAccount: header.feeAccount,
                bridge: bridge.into(),
                rollup: Bytes::new(),
            };
            check(header, &data, &self.domain)?;
            return Ok(Published {
                data,
                rollup: RollupStream::Here,
                is_exit: true,
            });
        }
        let (data, blob) = self.commit_data(batch.transaction).await?;
        let mut data = CommitData {
            number: header.number,
            ..data
        };
        let rollup = match (self.data_mode().await?, blob) {
            (DataMode::Blob, Some(blob)) if header.rollupWords > 0 => RollupStream::InBlob(blob),
            (DataMode::Validium, _) if header.rollupWords > 0 => RollupStream::WithCommittee,
            (DataMode::Calldata | DataMode::Blob | DataMode::Validium, _) => RollupStream::Here,
        };
        let (domain, bridge) = (&self.domain, &data.bridge);
        let is_point = match rollup {
            RollupStream::InBlob(blob) => ashlar_publication::check(header, domain, blob, bridge),
            RollupStream::WithCommittee => ashlar_committee::check(header, domain, bridge),
            RollupStream::Here => {
                check(header, &data, domain)?;
                true
            }
        };
        if !is_point {
            let (number, what) = (header.number, "the evaluation point");
            return Err(L1Error::Mismatch { number, what });
        }
        if !matches!(rollup, RollupStream::Here) {
            data.rollup = Bytes::new(); // what stood for it has done its work
        }
        Ok(Published {
            data,
            rollup,
            is_exit: false,
        })
    }

    /// Adds the rollup stream where it is not on L1. `accepts` is asked about what a member of a committee gives.
    async fn complete(
        &self,
        batch: &CommittedBatch,
        published: &mut Published,
        mut accepts: impl FnMut(&CommitData) -> bool,
    ) -> Result<(), L1Error> {
        let header = &batch.header;
        let stream = match published.rollup {
            RollupStream::Here => return Ok(()),
            RollupStream::InBlob(blob) => self.stream_in_blob(header, batch.block, blob).await?,
            RollupStream::WithCommittee => {
                let data = &published.data;
                let accepts = |stream: &[u8]| {
                    accepts(&CommitData {
                        rollup: stream.to_vec().into(),
                        ..data.clone()
                    })
                };
                self.members.stream(&self.domain, header, accepts).await?
            }
        };
        published.data.rollup = stream.into();
        Ok(())
    }

    /// Parses what was published.
    async fn read(&self, batch: &CommittedBatch, published: &Published) -> Result<BatchData, L1Error> {
        let exited = match published.is_exit {
            true => self.exited_before(batch.header.number).await?,
            false => Exited::new(),
        };
        read(&batch.header, &published.data, exited)
    }

    /// The rollup stream of a batch that was committed in this block, from a node's copy of the blob with this versioned
    /// hash.
    async fn stream_in_blob(&self, header: &BatchHeader, block: u64, blob: B256) -> Result<Vec<u8>, L1Error> {
        let number = header.number;
        if self.beacons.is_empty() {
            let given: Result<Option<Bytes>, _> = self.provider.raw_request(BLOB_METHOD.into(), [blob]).await;
            let bytes = given.map_err(|source| match source.is_error_resp() {
                true => L1Error::NoBeacon { number, blob, source },
                false => transport(BLOB_METHOD)(source),
            })?;
            let bytes = bytes.ok_or(L1Error::NoBlob { number, blob })?;
            return ashlar_publication::read(&bytes, blob, header.rollupWords)
                .map_err(|source| L1Error::Blob { number, source });
        }
        // Nodes name the beacon block of a block in the next one (EIP-4788).
        let next = self.provider.get_block_by_number((block + 1).into()).await;
        let next = next.map_err(transport("eth_getBlockByNumber"))?;
        let root = next.and_then(|next| next.header.parent_beacon_block_root);
        let root = root.ok_or(L1Error::NoSuccessor { number, block })?;
        let stream = self.beacons.stream(root, blob, header.rollupWords).await?;
        stream.ok_or(L1Error::NoBlob { number, blob })
    }
}

/// Whether calldata is what the header binds.
fn check(header: &BatchHeader, data: &CommitData, domain: &ashlar_statement::Domain) -> Result<(), L1Error> {
    let number = header.number;
    let mismatch = |what| L1Error::Mismatch { number, what };
    let data_hash = hash_from_bytes32(&header.dataHash.to_be_bytes()).ok_or(mismatch("the data hash"))?;
    let z = evaluation_point(domain, data.number, &data_hash, &data.bridge, &data.rollup);
    if extension_to_word(z.map(|element| element.to_canonical_u64())) != header.z {
        return Err(mismatch("the evaluation point"));
    }
    Ok(())
}

/// Reads the data that a header binds; `exited` are the balances that had left before.
fn read(header: &BatchHeader, data: &CommitData, mut exited: Exited) -> Result<BatchData, L1Error> {
    let number = header.number;
    let mismatch = |what| L1Error::Mismatch { number, what };
    let malformed = |source| L1Error::Data { number, source };
    let mut records = parse_bridge(&data.bridge).map_err(malformed)?;
    records.extend(parse_rollup(&data.rollup).map_err(malformed)?);
    for record in &mut records {
        if let Record::Exit {
            account,
            withdrawal,
            had_left,
        } = record
        {
            *had_left = !exited.insert((*account, withdrawal.token));
        }
    }
    let parsed = BatchData {
        header: header.clone(),
        bridge: data.bridge.to_vec(),
        rollup: data.rollup.to_vec(),
        records,
    };
    if withdrawal::root(&parsed.withdrawals()) != header.withdrawalsRoot {
        return Err(mismatch("the root of the withdrawals"));
    }
    Ok(parsed)
}
