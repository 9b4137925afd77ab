//! The sequencer's API.

use std::{future::Future, time::Duration};

use alloy::primitives::{Address, B256};
use ashlar_ecgfp5::SecretKey;
use ashlar_payments::transaction::{Domain, SignedTransaction, Transaction};
use ashlar_proto::sequencer::v1::{
    self as pb, get_account_request, get_receipt_request, list_operations_request,
    sequencer_service_client::SequencerServiceClient, submit_stream_response::Outcome,
};
use ashlar_statement::hash::hash_to_bytes32;
use futures::{Stream, StreamExt};
use plonky2::field::types::PrimeField64;
use tokio::time::{Instant, sleep, timeout};
use tonic::{
    Response, Status,
    transport::{Channel, Endpoint},
};

use crate::{
    Account, AccountKey, Authorisation, ClientError, History, Milestone, Options, Payee, Refusal, Sender,
    inclusion::{Inclusion, InclusionError},
};

/// Longest pause between two looks at a receipt.
const MAX_POLL: Duration = Duration::from_secs(2);

/// A connection to a sequencer. Clones share it.
#[derive(Clone, Debug)]
pub struct Client {
    service: SequencerServiceClient<Channel>,
    domain: Domain,
    options: Options,
}

/// Sends one request under the deadline, again while the sequencer is away.
macro_rules! call {
    ($self:ident, $method:ident, $request:expr) => {
        $self.retry(|| {
            let (mut service, request) = ($self.service.clone(), $request);
            let limit = $self.options.request_timeout;
            async move { answer(stringify!($method), limit, service.$method(request)).await }
        })
    };
}

async fn answer<T>(
    request: &'static str,
    limit: Duration,
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, ClientError> {
    match timeout(limit, call).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(ClientError::from_status(request, status)),
        Err(_) => Err(ClientError::Timeout {
            request,
            after: limit,
        }),
    }
}

/// Refuses what tonic would only fail over later, or misread.
fn check_endpoint(endpoint: &str) -> Result<Endpoint, ClientError> {
    let refused = |reason| ClientError::Endpoint {
        endpoint: endpoint.to_owned(),
        reason,
    };
    if endpoint.starts_with("https://") {
        return Err(refused(
            "this client speaks plain text; end TLS in a proxy on this machine and give its http:// address",
        ));
    }
    if !endpoint.starts_with("http://") {
        return Err(refused("it has no scheme; write http://HOST:PORT"));
    }
    Endpoint::from_shared(endpoint.to_owned()).map_err(|_| refused("not a URL; write http://HOST:PORT"))
}

impl Client {
    /// Connects, and asks which rollup this sequencer runs.
    pub async fn connect(endpoint: &str) -> Result<Self, ClientError> {
        Self::connect_with(endpoint, Options::default()).await
    }

    /// The same with deadlines of your own.
    pub async fn connect_with(endpoint: &str, options: Options) -> Result<Self, ClientError> {
        let transport = check_endpoint(endpoint)?
            .connect_timeout(options.connect_timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(options.request_timeout);
        let channel = transport.connect().await.map_err(|source| ClientError::Connect {
            endpoint: endpoint.to_owned(),
            source,
        })?;
        let mut client = Self {
            service: SequencerServiceClient::new(channel)
                .max_decoding_message_size(ashlar_proto::MAX_MESSAGE_BYTES),
            domain: Domain {
                chain_id: 0,
                rollup: [0; 20],
            },
            options,
        };
        let info = client.info().await?;
        let rollup = info.rollup_address.as_ref().try_into();
        client.domain = Domain {
            chain_id: info.chain_id,
            rollup: rollup.map_err(|_| ClientError::Answer {
                request: "get_info",
                fault: "the rollup's address has not 20 bytes",
            })?,
        };
        let words = client.domain.words().map(|word| word.to_canonical_u64());
        if info.domain != words {
            return Err(ClientError::Answer {
                request: "get_info",
                fault: "the domain is not that of the chain and the rollup it names",
            });
        }
        Ok(client)
    }

    /// What signatures are bound to: the chain and the rollup that the sequencer runs, as it says. A wallet that knows
    /// its rollup compares.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    async fn retry<T, F: Future<Output = Result<T, ClientError>>>(
        &self,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, ClientError> {
        let mut failed = 0;
        loop {
            match attempt().await {
                Err(error) if error.is_retryable() && failed + 1 < self.options.attempts => {
                    failed += 1;
                    sleep(self.options.pause(failed)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// The sequencer's state and limits.
    pub async fn info(&self) -> Result<pb::Info, ClientError> {
        call!(self, get_info, pb::GetInfoRequest {}).await
    }

    /// An account, if it exists.
    pub async fn account(&self, asked: AccountKey) -> Result<Option<Account>, ClientError> {
        let key = match asked {
            AccountKey::Index(index) => get_account_request::Key::Index(index),
            AccountKey::Owner { l1_owner, auth } => get_account_request::Key::Owner(pb::Owner {
                l1_owner: l1_owner.to_vec().into(),
                auth: auth.map(|auth| hash_to_bytes32(&auth).to_vec().into()),
            }),
        };
        let found = call!(
            self,
            get_account,
            pb::GetAccountRequest {
                key: Some(key.clone())
            }
        )
        .await;
        let account = match found {
            Err(error) if error.is_not_found() => return Ok(None),
            found => found?,
        };
        let account = Account::from_wire(&account).ok_or(ClientError::Answer {
            request: "get_account",
            fault: "a field of the account is out of range",
        })?;
        if !asked.names(&account) {
            return Err(ClientError::Answer {
                request: "get_account",
                fault: "the account is another one than was asked for",
            });
        }
        Ok(Some(account))
    }

    /// Whom a transfer to this account pays. The node is believed about an index's owner: show it to the payer.
    pub async fn payee(&self, asked: AccountKey) -> Result<Payee, ClientError> {
        let account = self.account(asked).await?;
        account
            .as_ref()
            .map(Payee::from)
            .ok_or(ClientError::NoPayee { asked })
    }

    /// The account of an L1 owner for which this key signs, ready to pay.
    pub async fn sender(&self, l1_owner: Address, key: SecretKey) -> Result<Sender, ClientError> {
        let authorisation = Authorisation::plain(key);
        let auth = Some(authorisation.auth());
        self.sender_under(AccountKey::Owner { l1_owner, auth }, authorisation)
            .await
    }

    /// An account that is signed for so, ready to pay.
    pub async fn sender_under(
        &self,
        account: AccountKey,
        authorisation: Authorisation,
    ) -> Result<Sender, ClientError> {
        Sender::new(self.clone(), account, authorisation).await
    }

    /// Signs for the sequencer's chain and rollup.
    pub fn sign(&self, transaction: Transaction, key: &SecretKey) -> SignedTransaction {
        transaction.sign(&self.domain, key)
    }

    /// Sends a transaction and gives its id. While the sequencer is away it is sent again, which is safe: what was
    /// admitted already gets the same id and is not executed twice.
    pub async fn submit(&self, transaction: &SignedTransaction) -> Result<B256, ClientError> {
        let (encoded, id) = (transaction.encode(), B256::from(transaction.id()));
        let answer = call!(
            self,
            submit_transaction,
            pb::SubmitTransactionRequest {
                encoded: encoded.clone().into()
            }
        )
        .await?;
        same_id(&answer.transaction_id, id, "submit_transaction")
    }

    /// Sends a transaction without a fee together with one of another account that pays for both: both are executed in one
    /// batch, or neither. Gives the first one's id. See [`Sender::sign_sponsorship`].
    pub async fn submit_sponsored(
        &self,
        transaction: &SignedTransaction,
        sponsor: &SignedTransaction,
    ) -> Result<B256, ClientError> {
        let (encoded, id) = (transaction.encode(), B256::from(transaction.id()));
        let answer = call!(
            self,
            submit_sponsored,
            pb::SubmitSponsoredRequest {
                encoded: encoded.clone().into(),
                sponsor: sponsor.encode().into(),
            }
        )
        .await?;
        same_id(&answer.transaction_id, id, "submit_sponsored")
    }

    /// Sends many transactions over one stream, in order; gives for each its id or why it was refused. A stream that
    /// breaks is opened again from the first transaction without an answer.
    pub async fn submit_all(
        &self,
        transactions: &[SignedTransaction],
    ) -> Result<Vec<Result<B256, Refusal>>, ClientError> {
        let mut answers = Vec::with_capacity(transactions.len());
        let mut failed = 0;
        while answers.len() < transactions.len() {
            let before = answers.len();
            let Err(error) = self.submit_rest(transactions, &mut answers).await else {
                continue;
            };
            failed = if answers.len() > before { 1 } else { failed + 1 };
            if !error.is_retryable() || failed >= self.options.attempts {
                return Err(error);
            }
            sleep(self.options.pause(failed)).await;
        }
        Ok(answers)
    }

    /// One stream with the transactions that have no answer yet.
    async fn submit_rest(
        &self,
        transactions: &[SignedTransaction],
        answers: &mut Vec<Result<B256, Refusal>>,
    ) -> Result<(), ClientError> {
        const REQUEST: &str = "submit_stream";
        let wrong = |fault| ClientError::Answer {
            request: REQUEST,
            fault,
        };
        let limit = self.options.request_timeout;
        let first = answers.len();
        let requests: Vec<_> = (first as u64..)
            .zip(&transactions[first..])
            .map(|(reference, transaction)| pb::SubmitStreamRequest {
                reference,
                encoded: transaction.encode().into(),
            })
            .collect();
        let mut service = self.service.clone();
        let mut stream = answer(
            REQUEST,
            limit,
            service.submit_stream(futures::stream::iter(requests)),
        )
        .await?;
        for transaction in &transactions[first..] {
            let message = timeout(limit, stream.message())
                .await
                .map_err(|_| ClientError::Timeout {
                    request: REQUEST,
                    after: limit,
                })?
                .map_err(|status| ClientError::from_status(REQUEST, status))?
                .ok_or_else(|| {
                    ClientError::from_status(
                        REQUEST,
                        Status::unavailable("the stream ended before the last answer"),
                    )
                })?;
            if message.reference != answers.len() as u64 {
                return Err(wrong("an answer is out of order"));
            }
            answers.push(
                match message.outcome.ok_or_else(|| wrong("an answer is empty"))? {
                    Outcome::TransactionId(id) => Ok(same_id(&id, transaction.id().into(), REQUEST)?),
                    Outcome::Refusal(refusal) => Err(refusal.into()),
                },
            );
        }
        Ok(())
    }

    /// What became of a transaction; `None` if the sequencer never admitted it.
    pub async fn receipt(&self, id: B256) -> Result<Option<pb::Receipt>, ClientError> {
        self.receipt_of(get_receipt_request::Key::TransactionId(id.to_vec().into()))
            .await
    }

    /// What became of an operation of the L1 queue, by its index there; `None` before the sequencer has read it.
    pub async fn l1_receipt(&self, queue_index: u64) -> Result<Option<pb::Receipt>, ClientError> {
        self.receipt_of(get_receipt_request::Key::QueueIndex(queue_index))
            .await
    }

    async fn receipt_of(&self, key: get_receipt_request::Key) -> Result<Option<pb::Receipt>, ClientError> {
        let found = call!(
            self,
            get_receipt,
            pb::GetReceiptRequest {
                key: Some(key.clone())
            }
        )
        .await;
        match found {
            Err(error) if error.is_not_found() => Ok(None),
            found => found.map(Some),
        }
    }

    /// Waits until a transaction has come so far.
    ///
    /// # Errors
    /// [`ClientError::WaitTimeout`] says how far it came.
    pub async fn wait(
        &self,
        id: B256,
        milestone: Milestone,
        limit: Duration,
    ) -> Result<pb::Receipt, ClientError> {
        let key = get_receipt_request::Key::TransactionId(id.to_vec().into());
        self.wait_for(key, format!("transaction {id}"), milestone, limit)
            .await
    }

    /// The same for an operation of the L1 queue: a deposit, another `auth`, or a forced operation.
    pub async fn wait_for_l1_operation(
        &self,
        queue_index: u64,
        milestone: Milestone,
        limit: Duration,
    ) -> Result<pb::Receipt, ClientError> {
        let key = get_receipt_request::Key::QueueIndex(queue_index);
        self.wait_for(key, format!("L1 operation {queue_index}"), milestone, limit)
            .await
    }

    async fn wait_for(
        &self,
        key: get_receipt_request::Key,
        what: String,
        wanted: Milestone,
        limit: Duration,
    ) -> Result<pb::Receipt, ClientError> {
        let end = Instant::now() + limit;
        let mut pause = Duration::from_millis(50);
        loop {
            let receipt = self.receipt_of(key.clone()).await?;
            let reached = receipt
                .as_ref()
                .and_then(|receipt| Milestone::reached(receipt.status()));
            match receipt {
                Some(receipt) if receipt.status() == pb::TransactionStatus::Dropped => {
                    return Err(ClientError::Dropped {
                        id: B256::try_from(receipt.transaction_id.as_ref()).unwrap_or_default(),
                        reason: receipt.drop_reason,
                    });
                }
                Some(receipt) if reached >= Some(wanted) => return Ok(receipt),
                _ => {}
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ClientError::WaitTimeout {
                    what,
                    reached,
                    wanted,
                    after: limit,
                });
            }
            sleep(pause.min(left)).await;
            pause = (pause * 2).min(MAX_POLL);
        }
    }

    /// A page of an account's operations in sealed batches, the latest first: at most `limit` (100) of those before
    /// `before`, which is `next` of the page before. The sequencer is believed; what L1 itself has is
    /// [`crate::L1::data`]'s to say.
    pub async fn history(
        &self,
        account: u32,
        before: Option<pb::Place>,
        limit: u32,
    ) -> Result<History, ClientError> {
        let of = Some(list_operations_request::Of::Account(account));
        let request = pb::ListOperationsRequest { of, before, limit };
        let page = call!(self, list_operations, request).await?;
        let place = |of: &pb::Operation| (of.batch_number, of.slot);
        let end = before.map_or((u64::MAX, u32::MAX), |before| (before.batch_number, before.slot));
        let places: Vec<_> = std::iter::once(end)
            .chain(page.operations.iter().map(place))
            .collect();
        let last = page.operations.last().map(place);
        let wrong = |fault| ClientError::Answer {
            request: "list_operations",
            fault,
        };
        if !places.is_sorted_by(|later, earlier| later > earlier) {
            return Err(wrong("the operations are not in order"));
        }
        if !page
            .operations
            .iter()
            .all(|of| [of.from, of.to].contains(&Some(account)))
        {
            return Err(wrong("an operation is another account's"));
        }
        // Whoever asks for page after page comes to an end.
        if page.next.is_some() && page.next.map(|next| (next.batch_number, next.slot)) != last {
            return Err(wrong("the next page does not follow this one"));
        }
        Ok(History {
            operations: page.operations,
            next: page.next,
        })
    }

    /// A page of what a batch was made of, from a slot on.
    pub(crate) async fn item_page(
        &self,
        batch_number: u64,
        from_slot: u32,
    ) -> Result<pb::ListBatchItemsResponse, ClientError> {
        let limit = 0; // the sequencer's own
        let request = pb::ListBatchItemsRequest {
            batch_number,
            from_slot,
            limit,
        };
        call!(self, list_batch_items, request).await
    }

    /// A sealed batch; `None` for one that is not sealed yet.
    pub async fn batch(&self, number: u64) -> Result<Option<pb::Batch>, ClientError> {
        match call!(self, get_batch, pb::GetBatchRequest { number }).await {
            Err(error) if error.is_not_found() => Ok(None),
            found => found.map(Some),
        }
    }

    /// Batches from a number on, each whenever its status changes. Does not end by itself; when it breaks, call again
    /// with the first number not seen in a final status.
    pub async fn watch_batches(
        &self,
        from_number: u64,
    ) -> Result<impl Stream<Item = Result<pb::Batch, ClientError>> + Unpin + use<>, ClientError> {
        let stream = call!(self, watch_batches, pb::WatchBatchesRequest { from_number }).await?;
        Ok(stream.map(|batch| batch.map_err(|status| ClientError::from_status("watch_batches", status))))
    }

    /// An account's state after the latest sealed batch, with the path to its root checked. Whether that root is L1's
    /// is for [`crate::L1::standing`] to say.
    pub async fn inclusion(&self, account: u32) -> Result<Result<Inclusion, InclusionError>, ClientError> {
        let request = pb::GetInclusionProofRequest { account };
        let proof = call!(self, get_inclusion_proof, request).await?;
        Ok(Inclusion::verify(&proof, account))
    }
}

/// The id is the hash of what was sent: another one means that the sequencer took something else.
fn same_id(given: &[u8], expected: B256, request: &'static str) -> Result<B256, ClientError> {
    if given != expected.as_slice() {
        let fault = "the id is not the hash of the transaction";
        return Err(ClientError::Answer { request, fault });
    }
    Ok(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_without_a_usable_scheme_is_refused_with_a_remedy() {
        for (endpoint, remedy) in [
            ("127.0.0.1:7001", "http://HOST:PORT"),
            ("localhost:7001", "http://HOST:PORT"),
            ("", "http://HOST:PORT"),
            ("https://rollup.example", "proxy"),
            ("http://", "not a URL"),
        ] {
            let error = check_endpoint(endpoint).expect_err(endpoint);
            assert!(error.to_string().contains(remedy), "{error}");
            assert!(!error.is_retryable());
        }
        check_endpoint("http://127.0.0.1:7001").expect("a usable endpoint");
    }
}
