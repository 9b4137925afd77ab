//! Batches as L1 has them: headers from events, checked against the contract's hashes, and their proofs.

use std::collections::BTreeMap;

use alloy::{
    consensus::Transaction as _,
    primitives::{B256, U256, keccak256},
    providers::Provider,
    rpc::types::{Filter, Log},
    sol_types::{SolCall, SolEvent, SolValue},
};
use ashlar_contracts::{BatchHeader, CommitData, Rollup, Withdrawal, withdrawal};
use ashlar_statement::hash::{Hash, hash_to_bytes32};

use super::{
    L1, L1Error,
    error::{refused, transport},
};
use crate::data::Record;

/// Most blocks asked for in one request; fewer where the node refuses.
const BLOCKS_PER_REQUEST: u64 = 10_000;
/// A node that refuses this few blocks does not refuse them for their number.
const FEWEST_BLOCKS: u64 = 16;
/// After so many answers the range doubles: what was refused may have been one crowded range, or a busy node.
const ANSWERS_TO_WIDEN: u32 = 4;

/// A committed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedBatch {
    /// All that the contract has bound by one hash.
    pub header: BatchHeader,
    /// The transaction that committed it.
    pub transaction: B256,
    /// Its block.
    pub block: u64,
}

impl CommittedBatch {
    /// What the contract keeps of it.
    pub fn header_hash(&self) -> B256 {
        keccak256(self.header.abi_encode())
    }
}

/// The public data of a committed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchData {
    /// The header that binds it.
    pub header: BatchHeader,
    /// Bridge stream.
    pub bridge: Vec<u8>,
    /// Rollup stream, if it was read ([`L1::bridge_data`]).
    pub rollup: Vec<u8>,
    /// Those of the bridge stream, then transfers of the rollup stream, each in order.
    pub records: Vec<Record>,
}

impl BatchData {
    /// What the batch pays on L1, in the order of their indices.
    pub fn withdrawals(&self) -> Vec<Withdrawal> {
        let paid = self.records.iter().filter_map(Record::withdrawal);
        paid.cloned().collect()
    }

    /// The proof of one of its withdrawals.
    pub fn withdrawal_proof(&self, index: u32) -> Result<WithdrawalProof, L1Error> {
        let all = self.withdrawals();
        let found = all.get(index as usize).zip(withdrawal::proof(&all, index));
        let (paid, siblings) = found.ok_or(L1Error::NoWithdrawal {
            number: self.header.number,
            index,
            count: all.len() as u32,
        })?;
        Ok(WithdrawalProof {
            header: self.header.clone(),
            index,
            withdrawal: paid.clone(),
            siblings,
        })
    }
}

/// What `claimWithdrawal` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawalProof {
    /// Header of the batch.
    pub header: BatchHeader,
    /// Position among the batch's withdrawals.
    pub index: u32,
    /// What is paid, and to whom.
    pub withdrawal: Withdrawal,
    /// Siblings from the leaf up.
    pub siblings: Vec<B256>,
}

/// A batch with the SNARK that L1 has verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenBatch {
    /// The batch.
    pub header: BatchHeader,
    /// The instance column, as the contract passed it to the verifier.
    pub instances: [U256; 9],
    /// The proof's bytes.
    pub proof: Vec<u8>,
    /// The transaction that proved it.
    pub transaction: B256,
}

/// How final a root is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// L1 does not have the batch yet: only the sequencer's word stands for the root.
    NotOnL1,
    /// L1 has the batch's data under this root; its proof is to come.
    Committed,
    /// L1 has verified that the root is right.
    Proven,
}

impl L1 {
    /// Logs from the deployment to the newest block, in order, in ranges that the node accepts.
    pub(super) async fn logs(&self, filter: Filter) -> Result<Vec<Log>, L1Error> {
        let filter = filter.address(*self.rollup.address());
        let head = self.head().await?;
        let (mut logs, mut next) = (Vec::new(), self.start_block);
        let (mut width, mut answers) = (BLOCKS_PER_REQUEST, 0);
        while next <= head {
            let last = head.min(next.saturating_add(width - 1));
            let range = filter.clone().from_block(next).to_block(last);
            match self.provider.get_logs(&range).await {
                Ok(found) => {
                    logs.extend(found);
                    next = last + 1;
                    answers += 1;
                    if answers == ANSWERS_TO_WIDEN {
                        (width, answers) = ((width * 2).min(BLOCKS_PER_REQUEST), 0);
                    }
                }
                Err(_) if width > FEWEST_BLOCKS => {
                    (width, answers) = ((width / 4).max(FEWEST_BLOCKS), 0);
                }
                Err(error) => return Err(transport("eth_getLogs")(error)),
            }
        }
        Ok(logs)
    }

    /// The committed batches of a range, by number.
    ///
    /// # Errors
    /// Among others when the range ends behind the last committed batch.
    pub async fn committed(&self, first: u64, last: u64) -> Result<BTreeMap<u64, CommittedBatch>, L1Error> {
        let on_l1 = self.committed_batches().await?;
        if last > on_l1 {
            return Err(L1Error::NotCommitted {
                number: last,
                last: on_l1,
            });
        }
        let mut filter = Filter::new().event_signature(Rollup::BatchCommitted::SIGNATURE_HASH);
        if first == last {
            filter = filter.topic1(U256::from(first));
        }
        let mut events: BTreeMap<u64, Vec<(B256, CommittedBatch)>> = BTreeMap::new();
        for log in self.logs(filter).await? {
            let Ok(event) = Rollup::BatchCommitted::decode_log(&log.inner) else {
                continue;
            };
            let header = event.data.header;
            if let Some(transaction) = log.transaction_hash {
                let block = log.block_number.unwrap_or_default();
                let batch = CommittedBatch {
                    header,
                    transaction,
                    block,
                };
                events
                    .entry(event.data.number)
                    .or_default()
                    .push((event.data.headerHash, batch));
            }
        }
        let mut batches = BTreeMap::new();
        for number in first..=last {
            // A batch that was taken back and committed again has several events; the stored hash names the right one.
            let stored = self.header_hash(number).await?;
            let found = events.remove(&number).unwrap_or_default();
            let batch = found.into_iter().rev().find(|(hash, _)| *hash == stored);
            let (_, batch) = batch.ok_or(L1Error::NoEvent {
                event: "BatchCommitted",
                number,
                start_block: self.start_block,
            })?;
            batches.insert(number, batch);
        }
        Ok(batches)
    }

    /// What the contract keeps of the last batch that had this number.
    pub(super) async fn header_hash(&self, number: u64) -> Result<B256, L1Error> {
        let call = self.rollup.headerHash(number);
        call.call().await.map_err(refused("headerHash"))
    }

    /// One committed batch.
    pub async fn committed_batch(&self, number: u64) -> Result<CommittedBatch, L1Error> {
        let mut found = self.committed(number, number).await?;
        found.remove(&number).ok_or(L1Error::NoEvent {
            event: "BatchCommitted",
            number,
            start_block: self.start_block,
        })
    }

    async fn input(&self, hash: B256, call: &'static str) -> Result<Vec<u8>, L1Error> {
        Ok(self.transaction(hash, call).await?.0)
    }

    /// Input and first blob.
    async fn transaction(&self, hash: B256, call: &'static str) -> Result<(Vec<u8>, Option<B256>), L1Error> {
        let transaction = self
            .provider
            .get_transaction_by_hash(hash)
            .await
            .map_err(transport("eth_getTransactionByHash"))?
            .ok_or(L1Error::Calldata { hash, call })?;
        let blob = transaction.blob_versioned_hashes().and_then(<[B256]>::first);
        Ok((transaction.input().to_vec(), blob.copied()))
    }

    /// From the calldata of a commit, and the versioned hash of its blob, if it brought one.
    pub(super) async fn commit_data(&self, hash: B256) -> Result<(CommitData, Option<B256>), L1Error> {
        let (input, blob) = self.transaction(hash, "commitBatch").await?;
        let data = Rollup::commitBatchCall::abi_decode(&input)
            .map(|call| call.batch)
            .or_else(|_| Rollup::commitAndProveBatchCall::abi_decode(&input).map(|call| call.batch))
            .map_err(|_| L1Error::Calldata {
                hash,
                call: "commitBatch",
            })?;
        Ok((data, blob))
    }

    /// The same by number.
    pub async fn batch_data(&self, number: u64) -> Result<BatchData, L1Error> {
        self.data(&self.committed_batch(number).await?).await
    }

    /// What a claim of a withdrawal needs, from L1 alone.
    pub async fn withdrawal_proof(&self, batch: u64, index: u32) -> Result<WithdrawalProof, L1Error> {
        let batch = self.committed_batch(batch).await?;
        self.bridge_data(&batch).await?.withdrawal_proof(index)
    }

    /// A proven batch with its SNARK, from calldata.
    pub async fn proven_batch(&self, number: u64) -> Result<ProvenBatch, L1Error> {
        let last = self.proven_batches().await?;
        if number > last {
            return Err(L1Error::NotProven { number, last });
        }
        let header = self.committed_batch(number).await?.header;
        let filter = Filter::new()
            .event_signature(Rollup::BatchProven::SIGNATURE_HASH)
            .topic1(U256::from(number));
        let logs = self.logs(filter).await?;
        let transaction = logs.last().and_then(|log| log.transaction_hash);
        let hash = transaction.ok_or(L1Error::NoEvent {
            event: "BatchProven",
            number,
            start_block: self.start_block,
        })?;
        let input = self.input(hash, "proveBatch").await?;
        let proof = Rollup::proveBatchCall::abi_decode(&input)
            .map(|call| call.proof)
            .or_else(|_| Rollup::commitAndProveBatchCall::abi_decode(&input).map(|call| call.proof))
            .map_err(|_| L1Error::Calldata {
                hash,
                call: "proveBatch",
            })?;
        let call = self.rollup.instances(header.clone());
        Ok(ProvenBatch {
            instances: call.call().await.map_err(refused("instances"))?,
            header,
            proof: proof.to_vec(),
            transaction: hash,
        })
    }

    /// Whether L1 has this root after this batch, and how final it is.
    ///
    /// # Errors
    /// [`L1Error::Root`] when L1 has another.
    pub async fn standing(&self, batch: u64, root: &Hash) -> Result<Standing, L1Error> {
        let state = self.state().await?;
        if batch > state.committed_batches {
            return Ok(Standing::NotOnL1);
        }
        let on_l1 = if batch == state.proven_batches {
            state.state_root
        } else if batch == 0 {
            self.committed_batch(1).await?.header.oldRoot.into()
        } else {
            self.committed_batch(batch).await?.header.newRoot.into()
        };
        let given = B256::from(hash_to_bytes32(root));
        if on_l1 != given {
            return Err(L1Error::Root {
                batch,
                l1: on_l1,
                given,
            });
        }
        Ok(if batch <= state.proven_batches {
            Standing::Proven
        } else {
            Standing::Committed
        })
    }
}
