//! The methods of the public service.

use std::pin::Pin;

use ashlar_proto::sequencer::v1::{self as pb, sequencer_service_server::SequencerService};
use ashlar_statement::ACCOUNT_BITS;
use futures::Stream;
use plonky2::field::types::PrimeField64;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::{
    AccountView, Service,
    accounts::inclusion,
    convert::{
        account, account_key, batch, exit_mode, fixed, hash_bytes, internal, min_fees, progress,
        refusal_status, withdrawal, withdrawals,
    },
    stream,
};
use crate::{
    executor::l1_operation_id,
    progress::BatchJobs,
    store::{BatchRecord, BatchStatus, Place, ReceiptRecord},
};

/// Batches in one answer, at most.
const MAX_LISTED: u64 = 100;
/// Answers that wait for a slow reader of a stream.
const STREAM_BUFFER: usize = 64;

pub(super) type Outgoing<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Service {
    /// Receipt of an operation whose batch is not sealed.
    fn unsealed_receipt(&self, id: [u8; 32], position: u64) -> pb::Receipt {
        let mut receipt = pb::Receipt {
            transaction_id: id.to_vec().into(),
            ..Default::default()
        };
        let executed = position < self.executor.executed_to();
        receipt.set_status(if executed {
            pb::TransactionStatus::Executed
        } else {
            pb::TransactionStatus::Pending
        });
        receipt
    }

    fn receipt(&self, id: [u8; 32], record: ReceiptRecord) -> Result<pb::Receipt, Status> {
        let mut receipt = pb::Receipt {
            transaction_id: id.to_vec().into(),
            ..Default::default()
        };
        match record {
            ReceiptRecord::InBatch {
                batch,
                slot,
                withdrawal: claim,
                account,
            } => {
                let status = self.store.batch(batch).map_err(|error| internal(&error))?;
                receipt.set_status(match status.map(|batch| batch.status) {
                    None | Some(BatchStatus::Sealed) => pb::TransactionStatus::Executed,
                    Some(BatchStatus::Committed) => pb::TransactionStatus::Committed,
                    Some(BatchStatus::Proven) => pb::TransactionStatus::Proven,
                });
                receipt.batch_number = Some(batch);
                receipt.slot = Some(slot);
                receipt.withdrawal = claim.map(|claim| withdrawal(batch, &claim));
                receipt.account = account;
                receipt.operation = self.operation(Place { batch, slot })?;
            }
            ReceiptRecord::Refused { reason } => {
                receipt.set_status(pb::TransactionStatus::Dropped);
                receipt.drop_reason = reason;
            }
        }
        Ok(receipt)
    }

    pub(super) fn wire_batch(&self, record: &BatchRecord) -> Result<pb::Batch, Status> {
        let progress = self
            .progress
            .jobs(record.number)
            .map(|jobs| progress(&jobs, self.progress.seconds_left(record.number)));
        Ok(pb::Batch {
            progress,
            ..batch(record).map_err(|error| internal(&error))?
        })
    }
}

#[tonic::async_trait]
impl SequencerService for Service {
    async fn submit_transaction(
        &self,
        request: Request<pb::SubmitTransactionRequest>,
    ) -> Result<Response<pb::SubmitTransactionResponse>, Status> {
        let encoded = request.into_inner().encoded.to_vec();
        let admitted = async { self.submit(self.verify(encoded)?).await };
        let outcome = admitted.await;
        self.count(&outcome);
        let id = outcome.map_err(|error| refusal_status(&error))?;
        Ok(Response::new(pb::SubmitTransactionResponse {
            transaction_id: id.to_vec().into(),
        }))
    }

    async fn submit_sponsored(
        &self,
        request: Request<pb::SubmitSponsoredRequest>,
    ) -> Result<Response<pb::SubmitTransactionResponse>, Status> {
        let pb::SubmitSponsoredRequest { encoded, sponsor } = request.into_inner();
        let (encoded, sponsor) = (encoded.to_vec(), sponsor.to_vec());
        let admitted = async { self.submit(self.verify_sponsored(encoded, sponsor)?).await };
        let outcome = admitted.await;
        self.count(&outcome);
        let id = outcome.map_err(|error| refusal_status(&error))?;
        Ok(Response::new(pb::SubmitTransactionResponse {
            transaction_id: id.to_vec().into(),
        }))
    }

    type SubmitStreamStream = Outgoing<pb::SubmitStreamResponse>;

    async fn submit_stream(
        &self,
        request: Request<Streaming<pb::SubmitStreamRequest>>,
    ) -> Result<Response<Self::SubmitStreamStream>, Status> {
        Ok(Response::new(stream::answers(self.clone(), request.into_inner())))
    }

    async fn get_account(
        &self,
        request: Request<pb::GetAccountRequest>,
    ) -> Result<Response<pb::Account>, Status> {
        let key = account_key(request.into_inner())?;
        let view = self
            .executor
            .account(key)
            .await
            .map_err(|error| refusal_status(&error))?;
        let view = view.ok_or_else(|| Status::not_found("no such account"))?;
        Ok(Response::new(account(&view)))
    }

    async fn get_receipt(
        &self,
        request: Request<pb::GetReceiptRequest>,
    ) -> Result<Response<pb::Receipt>, Status> {
        use pb::get_receipt_request::Key;
        let id = match request.into_inner().key {
            Some(Key::TransactionId(bytes)) => fixed(&bytes, "transaction_id")?,
            Some(Key::QueueIndex(index)) => l1_operation_id(index),
            None => return Err(Status::invalid_argument("key: missing")),
        };
        // In this order: an operation leaves the first for the second.
        if let Some(position) = self.executor.unsealed_position(id) {
            return Ok(Response::new(self.unsealed_receipt(id, position)));
        }
        let record = self.store.receipt(id).map_err(|error| internal(&error))?;
        let record = record.ok_or_else(|| Status::not_found("never admitted"))?;
        Ok(Response::new(self.receipt(id, record)?))
    }

    async fn get_batch(&self, request: Request<pb::GetBatchRequest>) -> Result<Response<pb::Batch>, Status> {
        let record = self
            .store
            .batch(request.into_inner().number)
            .map_err(|error| internal(&error))?;
        let record = record.ok_or_else(|| Status::not_found("not sealed yet"))?;
        let withdrawals = withdrawals(&record);
        let withdrawals =
            withdrawals.ok_or_else(|| Status::internal("the batch's public data is damaged"))?;
        Ok(Response::new(pb::Batch {
            withdrawals,
            ..self.wire_batch(&record)?
        }))
    }

    async fn list_operations(
        &self,
        request: Request<pb::ListOperationsRequest>,
    ) -> Result<Response<pb::ListOperationsResponse>, Status> {
        self.operations(request.into_inner()).map(Response::new)
    }

    async fn list_batch_items(
        &self,
        request: Request<pb::ListBatchItemsRequest>,
    ) -> Result<Response<pb::ListBatchItemsResponse>, Status> {
        self.batch_items(request.into_inner()).map(Response::new)
    }

    async fn get_withdrawal_proof(
        &self,
        request: Request<pb::GetWithdrawalProofRequest>,
    ) -> Result<Response<pb::WithdrawalProof>, Status> {
        self.withdrawal_proof(request.into_inner()).map(Response::new)
    }

    async fn list_batches(
        &self,
        request: Request<pb::ListBatchesRequest>,
    ) -> Result<Response<pb::ListBatchesResponse>, Status> {
        let pb::ListBatchesRequest { from_number, limit } = request.into_inner();
        let limit = match limit {
            0 => MAX_LISTED,
            limit => MAX_LISTED.min(limit.into()),
        };
        let first = from_number.max(1);
        let end = self.store.next_batch().map_err(|error| internal(&error))?;
        let mut batches = Vec::new();
        for number in first..end.min(first.saturating_add(limit)) {
            let record = self.store.batch(number).map_err(|error| internal(&error))?;
            batches.extend(record.map(|record| self.wire_batch(&record)).transpose()?);
        }
        Ok(Response::new(pb::ListBatchesResponse { batches }))
    }

    async fn get_info(&self, _: Request<pb::GetInfoRequest>) -> Result<Response<pb::Info>, Status> {
        let (root, next_batch) = self
            .executor
            .progress()
            .await
            .map_err(|error| refusal_status(&error))?;
        let store = &self.store;
        let load = self.load.now();
        let sealed_to = store.sealed_to().map_err(|error| internal(&error))?;
        let log_end = store.log_end().map_err(|error| internal(&error))?;
        let limits = pb::Limits {
            max_transaction_bytes: self.config.limits.max_transaction_bytes,
            max_queued_requests: self.config.limits.queue,
            chunk_slots: self.config.shapes.largest() as u32,
            max_chunks_per_batch: self.config.sealing.bounds.chunks,
            seal_after_ms: self.config.sealing.max_age.as_millis() as u64,
            max_operations_per_batch: self.config.sealing.max_transactions,
            max_commit_bytes: self.config.sealing.bounds.commit_bytes,
            max_commit_gas: self.config.sealing.bounds.commit_gas,
            nonce_window: self.config.limits.nonce_window,
            max_waiting: self.config.limits.waiting,
            patience_ms: self.config.limits.patience.as_millis() as u64,
            max_unproven_batches: self.config.limits.max_unproven(false),
        };
        Ok(Response::new(pb::Info {
            chain_id: self.domain.chain_id,
            rollup_address: self.domain.rollup.to_vec().into(),
            domain: self
                .domain
                .words()
                .iter()
                .map(PrimeField64::to_canonical_u64)
                .collect(),
            fee_owner: self.fee_owner.to_vec().into(),
            limits: Some(limits),
            root: hash_bytes(&root),
            next_batch,
            circuit_set_digest: self.config.circuit_set_digest.to_vec().into(),
            next_queue_index: store.next_queue_index().map_err(|error| internal(&error))?,
            unsealed_operations: log_end.saturating_sub(sealed_to) as u32,
            min_fees: min_fees(&self.config.fees.least(load.seconds_per_operation)),
            proving_seconds_per_operation: load.seconds_per_operation,
            unproven_batches: load.unproven,
            l1_explorer: self.config.l1_explorer.clone().unwrap_or_default(),
            exit_mode: exit_mode(self.executor.exit_mode().now()),
        }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<pb::GetInclusionProofRequest>,
    ) -> Result<Response<pb::InclusionProof>, Status> {
        let index = request.into_inner().account;
        if index >> ACCOUNT_BITS != 0 {
            let message = format!("account: {index} is not below 2^{ACCOUNT_BITS}");
            return Err(Status::invalid_argument(message));
        }
        let view = inclusion(&self.store, index).map_err(|error| internal(&error))?;
        let balances_root = view
            .account
            .as_ref()
            .map(|account| hash_bytes(&account.balances_root()))
            .unwrap_or_default();
        Ok(Response::new(pb::InclusionProof {
            account: view.account.map(|found| {
                account(&AccountView {
                    index,
                    account: found,
                    waiting: 0,
                })
            }),
            balances_root,
            siblings: view.path.iter().map(hash_bytes).collect(),
            root: hash_bytes(&view.root),
            batch_number: view.batch,
        }))
    }

    type WatchBatchesStream = Outgoing<pb::Batch>;

    async fn watch_batches(
        &self,
        request: Request<pb::WatchBatchesRequest>,
    ) -> Result<Response<Self::WatchBatchesStream>, Status> {
        let service = self.clone();
        let mut first = request.into_inner().from_number.max(1);
        let (sender, receiver) = mpsc::channel(STREAM_BUFFER);
        tokio::spawn(async move {
            let mut changes = service.changes.subscribe();
            let mut progress = service.progress.subscribe();
            let mut sent: std::collections::BTreeMap<u64, (BatchRecord, Option<BatchJobs>)> =
                Default::default();
            loop {
                let end = match service.store.next_batch() {
                    Ok(end) => end,
                    Err(error) => return drop(sender.send(Err(internal(&error))).await),
                };
                // One record at a time: a history is longer than memory.
                let asked_from = first;
                for number in asked_from..end {
                    let record = match service.store.batch(number) {
                        Ok(Some(record)) => record,
                        Ok(None) => {
                            // Older than the snapshot that the database was rebuilt from.
                            first += u64::from(number == first);
                            continue;
                        }
                        Err(error) => return drop(sender.send(Err(internal(&error))).await),
                    };
                    let is_final = record.status == BatchStatus::Proven;
                    let now = (record, service.progress.jobs(number));
                    let is_news = sent.get(&number) != Some(&now);
                    if is_news && sender.send(service.wire_batch(&now.0)).await.is_err() {
                        return; // the caller went away
                    }
                    if is_final && number == first {
                        sent.remove(&number);
                        first += 1;
                    } else {
                        sent.insert(number, now);
                    }
                }
                tokio::select! {
                    changed = changes.changed() => if changed.is_err() { return },
                    changed = progress.changed() => if changed.is_err() { return },
                    () = sender.closed() => return,
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}
