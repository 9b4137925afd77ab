//! One batch from its public data: the record that the database keeps, and its operations.

use alloy::sol_types::SolValue;
use ashlar_contracts::{BatchHeader, CommitData, DataMode, encoding::extension_to_word};
use ashlar_payments::rebuild::{Published, RecordsError, bridge_records, rollup_records};
use ashlar_statement::{Domain, evaluation_point, hash::hash_from_bytes32, queue::L1Operation};
use plonky2::field::types::PrimeField64;

use super::RebuildError;
use crate::{
    executor::{l1_operation_id, l1_parties, published_id},
    l1::{PublicData, RollupStream},
    store::{
        BatchRecord, BatchStatus, L1Receipt, LogItem, Operation, Place, ReceiptRecord, WithdrawalRecord,
    },
};

/// Whether the data are those that the header binds. The evaluation point is a hash of both streams, or of the bridge stream
/// and of the blob that the other was read from, or of the bridge stream and of the length of one that a committee keeps.
pub(super) fn check(
    header: &BatchHeader,
    PublicData { data, rollup }: &PublicData,
    domain: &Domain,
) -> Result<(), RebuildError> {
    let number = header.number;
    let require = |holds, what| match holds {
        true => Ok(()),
        false => Err(RebuildError::Mismatch { number, what }),
    };
    require(data.number == number, "the number")?;
    require(data.newRoot == header.newRoot, "the new root")?;
    require(data.dataHash == header.dataHash, "the data hash")?;
    require(data.time == header.time, "the time")?;
    require(data.feeAccount == header.feeAccount, "the fee account")?;
    let bridge = &data.bridge;
    match rollup {
        RollupStream::InCalldata => {}
        RollupStream::InBlob(blob) => {
            let is_point = ashlar_publication::check(header, domain, *blob, bridge);
            return require(is_point, "the evaluation point");
        }
        RollupStream::WithCommittee => {
            let is_point = ashlar_committee::check(header, domain, bridge);
            return require(is_point, "the evaluation point");
        }
    }
    let data_hash = hash_from_bytes32(&header.dataHash.to_be_bytes()).ok_or(RebuildError::Mismatch {
        number,
        what: "the data hash",
    })?;
    let z = evaluation_point(domain, number, &data_hash, bridge, &data.rollup);
    let z = extension_to_word(z.map(|element| element.to_canonical_u64()));
    require(z == header.z, "the evaluation point")
}

/// Receipts of the transactions that brought a batch to L1 and proved it.
#[derive(Default)]
pub(super) struct Receipts {
    pub commit: Option<L1Receipt>,
    pub prove: Option<L1Receipt>,
}

/// What the database keeps of a batch.
pub(super) struct Parts {
    pub record: BatchRecord,
    pub items: Vec<LogItem>,
    pub receipts: Vec<([u8; 32], ReceiptRecord)>,
    /// In the order of the items.
    pub operations: Vec<(Place, Operation)>,
    pub next_queue_index: u64,
}

/// Takes a batch apart; its first operation will have position `first` of the log.
pub(super) fn parts(
    header: &BatchHeader,
    data: &CommitData,
    (domain, mode): (&Domain, DataMode),
    l1: Receipts,
    first: u64,
) -> Result<Parts, RecordsError> {
    let number = header.number;
    let mut parts = Parts {
        record: record(header, data, (domain, mode), l1),
        items: Vec::new(),
        receipts: Vec::new(),
        operations: Vec::new(),
        next_queue_index: header.firstOperation,
    };
    let mut records = bridge_records(&data.bridge)?;
    records.extend(rollup_records(&data.rollup)?);
    for (bytes, published) in records {
        parts.add(number, first, bytes, &published);
    }
    parts.record.transactions = parts.receipts.iter().map(|(id, _)| *id).collect();
    Ok(parts)
}

impl Parts {
    fn add(&mut self, batch: u64, first: u64, bytes: &[u8], published: &Published) {
        let slot = self.items.len() as u32;
        let by_record = LogItem::Published {
            batch,
            slot,
            record: bytes.to_vec(),
        };
        let (item, id, account, accounts, paid) = match *published {
            Published::L1(served) => {
                let index = self.next_queue_index;
                self.next_queue_index += 1;
                self.record.l1_operations += 1;
                self.record.first_l1_operation.get_or_insert(index);
                let account = Some(served.account);
                let paid = match served.operation {
                    L1Operation::ForcedWithdrawal(forced) if served.paid > 0 => {
                        Some((forced.sender, forced.token, served.paid))
                    }
                    _ => None,
                };
                let accounts = l1_parties(&served.operation, account);
                let item = LogItem::l1(index, &served.operation);
                (item, l1_operation_id(index), account, accounts, paid)
            }
            Published::Withdrawal {
                from,
                to_l1,
                token,
                amount,
                ..
            } => {
                let paid = Some((to_l1, token, amount));
                (
                    by_record,
                    published_id(batch, slot),
                    None,
                    vec![from.into()],
                    paid,
                )
            }
            Published::Transfer { from, to, .. } => {
                self.record.transfers += 1;
                let mut accounts = vec![u64::from(from), to.into()];
                accounts.dedup();
                (by_record, published_id(batch, slot), None, accounts, None)
            }
            Published::Exit(_) => return, // L1 has it; nothing was executed
        };
        let withdrawal = paid.map(|(recipient, token, amount)| {
            let index = self.record.withdrawals;
            self.record.withdrawals += 1;
            WithdrawalRecord {
                index,
                recipient,
                token,
                amount,
            }
        });
        let position = first + u64::from(slot);
        self.items.push(item);
        self.operations
            .push((Place { batch, slot }, Operation { position, accounts }));
        let receipt = ReceiptRecord::InBatch {
            batch,
            slot,
            withdrawal,
            account,
        };
        self.receipts.push((id, receipt));
    }
}

fn record(
    header: &BatchHeader,
    data: &CommitData,
    (domain, mode): (&Domain, DataMode),
    l1: Receipts,
) -> BatchRecord {
    let words = domain.words().map(|word| word.to_canonical_u64());
    let public_inputs = ashlar_publication::public_inputs(header, mode, words);
    BatchRecord {
        number: header.number,
        status: BatchStatus::Proven,
        public_inputs: public_inputs.to_vec(),
        bridge: data.bridge.to_vec(),
        rollup: data.rollup.to_vec(),
        chunks: 0, // where they end is not public
        transactions: Vec::new(),
        l1_operations: 0,
        first_l1_operation: None,
        withdrawals: 0,
        transfers: 0,
        header: Some(header.abi_encode()),
        commit: l1.commit,
        prove: l1.prove,
        snark_bytes: 0,
        proven_seen_at: None,
        failure: None,
        steps: Vec::new(),
    }
}
