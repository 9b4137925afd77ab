//! `SubmitStream`: many transactions at once, executed in the order of the stream.
//!
//! Signatures are verified side by side, transactions are handed over one after the other, and answers are awaited in
//! order. Each stage holds a bounded number, so the sender is slowed by flow control.

use ashlar_proto::sequencer::v1::{self as pb, submit_stream_response::Outcome};
use futures::TryStreamExt;
use tonic::{Status, Streaming};

use super::{
    Service,
    convert::{refusal, refusal_status},
    service::Outgoing,
};
use crate::executor::SubmitError;

/// Transactions of one stream whose signatures are verified at once.
const VERIFIED_AT_ONCE: usize = 32;
/// Transactions of one stream that wait for their answers.
const UNANSWERED: usize = 256;

/// The answers to a stream of transactions.
pub(super) fn answers(
    service: Service,
    requests: Streaming<pb::SubmitStreamRequest>,
) -> Outgoing<pb::SubmitStreamResponse> {
    let verifier = service.clone();
    let verified = requests
        .map_ok(move |pb::SubmitStreamRequest { reference, encoded }| {
            let service = verifier.clone();
            let work = tokio::spawn(async move { service.verify(encoded.to_vec()) });
            async move {
                let verified = work.await.unwrap_or(Err(SubmitError::Stopped));
                Ok::<_, Status>((reference, verified))
            }
        })
        .try_buffered(VERIFIED_AT_ONCE);
    let counter = service.clone();
    let handed_over = verified.and_then(move |(reference, verified)| {
        let service = service.clone();
        async move {
            let submitted = match verified {
                Ok(verified) => service.hand_over(verified).await,
                Err(error) => Err(error),
            };
            Ok((reference, submitted))
        }
    });
    let answers = handed_over.map_ok(move |(reference, submitted)| {
        let service = counter.clone();
        async move {
            let outcome = match submitted {
                Ok(submitted) => submitted.outcome().await,
                Err(error) => Err(error),
            };
            service.count(&outcome);
            let outcome = match outcome {
                Ok(id) => Outcome::TransactionId(id.to_vec().into()),
                Err(error @ SubmitError::Stopped) => return Err(refusal_status(&error)),
                Err(error) => Outcome::Refusal(refusal(&error).1),
            };
            Ok(pb::SubmitStreamResponse {
                reference,
                outcome: Some(outcome),
            })
        }
    });
    Box::pin(answers.try_buffered(UNANSWERED))
}
