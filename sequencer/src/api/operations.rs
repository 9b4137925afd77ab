//! What sealed operations did, and what their withdrawals claim.

use alloy::primitives::B256;
use ashlar_contracts::{bridge, withdrawal as tree};
use ashlar_payments::{
    rebuild::Published,
    transaction::{SignedTransaction, Transaction},
};
use ashlar_proto::sequencer::v1::{self as pb, list_operations_request::Of as Asked, operation::Kind};
use tonic::Status;

use super::{
    Service,
    convert::{internal, withdrawal},
    l1_operation::{describe, served},
};
use crate::{
    executor::{l1_operation_id, published_id},
    store::{BatchStatus, LogItem, Of, Place, ReceiptRecord, StoreError},
};

/// Operations in one answer, at most.
const MAX_LISTED: u32 = 100;

impl Service {
    pub(super) fn operations(
        &self,
        request: pb::ListOperationsRequest,
    ) -> Result<pb::ListOperationsResponse, Status> {
        let of = match request.of {
            Some(Asked::Account(account)) => Of::Account(account.into()),
            Some(Asked::BatchNumber(number)) => Of::Batch(number),
            None => return Err(Status::invalid_argument("of: neither account nor batch is given")),
        };
        let before = request.before.map(|pb::Place { batch_number, slot }| Place {
            batch: batch_number,
            slot,
        });
        let limit = match request.limit {
            0 => MAX_LISTED,
            limit => limit.min(MAX_LISTED),
        } as usize;
        // One more than is told: whether there is one behind the page.
        let mut places = self
            .store
            .places(of, before, limit + 1)
            .map_err(|error| internal(&error))?;
        let has_more = places.len() > limit;
        places.truncate(limit);
        let next = places.last().filter(|_| has_more).map(|place| pb::Place {
            batch_number: place.batch,
            slot: place.slot,
        });
        let mut operations = Vec::new();
        for place in places {
            operations.extend(self.operation(place)?); // none: its batch was just taken back
        }
        Ok(pb::ListOperationsResponse { operations, next })
    }

    /// What the operation at a place did.
    pub(super) fn operation(&self, place: Place) -> Result<Option<pb::Operation>, Status> {
        let read = || -> Result<_, StoreError> {
            let Some(item) = self.store.operation(place)? else {
                return Ok(None);
            };
            let Some(executed) = Executed::read(item) else {
                return Ok(None); // what does not decode was not executed
            };
            let Some(ReceiptRecord::InBatch { withdrawal, .. }) = self.store.receipt(executed.id())? else {
                return Ok(None);
            };
            let batch = self.store.batch(place.batch)?;
            Ok(batch.map(|batch| (executed, withdrawal, batch)))
        };
        let Some((executed, claim, batch)) = read().map_err(|error| internal(&error))? else {
            return Ok(None);
        };
        let mut operation = pb::Operation {
            transaction_id: executed.id().to_vec().into(),
            batch_number: place.batch,
            slot: place.slot,
            withdrawal: claim.map(|claim| withdrawal(place.batch, &claim)),
            ..Default::default()
        };
        operation.set_status(match batch.status {
            BatchStatus::Sealed => pb::TransactionStatus::Executed,
            BatchStatus::Committed => pb::TransactionStatus::Committed,
            BatchStatus::Proven => pb::TransactionStatus::Proven,
        });
        match executed {
            Executed::L1(queue_index) => {
                let first = batch.first_l1_operation;
                let served = first.and_then(|first| served(&batch.bridge, first, queue_index));
                let served = served.ok_or_else(|| Status::internal("the batch's public data is damaged"))?;
                operation.queue_index = Some(queue_index);
                describe(&mut operation, &served);
            }
            Executed::Signed(signed) => describe_signed(&mut operation, &signed.tx),
            Executed::Published(_, published) => describe_published(&mut operation, &published),
        }
        Ok(Some(operation))
    }

    pub(super) fn withdrawal_proof(
        &self,
        request: pb::GetWithdrawalProofRequest,
    ) -> Result<pb::WithdrawalProof, Status> {
        let pb::GetWithdrawalProofRequest {
            batch_number: number,
            withdrawal_index: index,
        } = request;
        let record = self.store.batch(number).map_err(|error| internal(&error))?;
        let record = record.ok_or_else(|| Status::not_found("not sealed yet"))?;
        let records = bridge::parse(&record.bridge).map_err(|error| internal(&error))?;
        let paid = bridge::withdrawals(&records);
        let found = paid.get(index as usize).zip(tree::proof(&paid, index));
        let (found, siblings) = found.ok_or_else(|| {
            Status::not_found(format!(
                "withdrawal_index: {index} given, batch {number} has {} withdrawals",
                paid.len()
            ))
        })?;
        let header = record
            .header
            .as_ref()
            .filter(|_| record.status >= BatchStatus::Committed);
        let header = header.ok_or_else(|| {
            Status::failed_precondition(format!(
                "batch {number} is not committed on L1 yet: ask again later"
            ))
        })?;
        Ok(pb::WithdrawalProof {
            claim: Some(pb::WithdrawalClaim {
                batch_number: number,
                withdrawal_index: index,
                recipient: found.to.to_vec().into(),
                token: found.token.into(),
                amount: found.amount,
            }),
            header: header.clone().into(),
            siblings: siblings.iter().map(|hash: &B256| hash.to_vec().into()).collect(),
            batch_status: self.wire_batch(&record)?.status,
        })
    }
}

/// What an item of the log is.
enum Executed {
    /// By its queue index.
    L1(u64),
    Signed(Box<SignedTransaction>),
    /// Signed too, but known from public data alone, with the id that it is kept under.
    Published([u8; 32], Published),
}

impl Executed {
    fn read(item: LogItem) -> Option<Self> {
        match item {
            LogItem::L1 { index, .. } => Some(Self::L1(index)),
            LogItem::Published { batch, slot, record } => {
                let published = Published::signed(&record)?;
                Some(Self::Published(published_id(batch, slot), published))
            }
            LogItem::Signed(encoding) | LogItem::Sponsored(encoding) => {
                let signed = SignedTransaction::decode(&encoding).ok()?;
                Some(Self::Signed(Box::new(signed)))
            }
        }
    }

    fn id(&self) -> [u8; 32] {
        match self {
            Self::L1(index) => l1_operation_id(*index),
            Self::Signed(signed) => signed.id(),
            Self::Published(id, _) => *id,
        }
    }
}

fn describe_signed(told: &mut pb::Operation, tx: &Transaction) {
    told.token = tx.token().into();
    told.amount = tx.amount();
    told.fee = tx.fee().value();
    told.from = Some(tx.from());
    told.nonce = Some(tx.nonce());
    match tx {
        Transaction::Transfer(transfer) => {
            told.set_kind(Kind::Transfer);
            told.to = Some(transfer.to);
        }
        Transaction::Withdraw(_) => told.set_kind(Kind::Withdrawal),
    }
}

/// All that public data tell of a signed operation.
fn describe_published(told: &mut pb::Operation, published: &Published) {
    let (from, token, amount, fee) = match *published {
        Published::Transfer {
            from,
            to,
            token,
            amount,
            fee,
        } => {
            told.set_kind(Kind::Transfer);
            told.to = Some(to);
            (from, token, amount, fee)
        }
        Published::Withdrawal {
            from,
            token,
            amount,
            fee,
            ..
        } => {
            told.set_kind(Kind::Withdrawal);
            (from, token, amount, fee)
        }
        Published::L1(_) | Published::Exit(_) => return, // neither is signed
    };
    told.from = Some(from);
    told.token = token.into();
    told.amount = amount;
    told.fee = fee;
}
