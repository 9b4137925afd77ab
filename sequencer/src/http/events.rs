//! Changes of batches as server-sent events.

use std::{convert::Infallible, time::Duration};

use ashlar_proto::sequencer::v1::{self as pb, sequencer_service_server::SequencerService};
use axum::{
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::StreamExt;
use tonic::Request;

use super::{
    Gateway, json,
    problem::Problem,
    query::{Query, number},
};

/// A connection is closed after a minute without a byte from the client, and this one's client only listens: the stream
/// ends before, and the browser opens the next one by itself, from where this one ended.
const LENGTH: Duration = Duration::from_secs(45);
const RETRY: Duration = Duration::from_millis(500);

/// Every batch from `from` (or the last event's id) on in its present state, then each again whenever it changes. An event's
/// id is the number to go on from: the first that was not seen final.
pub(super) async fn events(
    State(gateway): State<Gateway>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::of(query.as_deref(), &["from"])?;
    let last = headers
        .get("last-event-id")
        .map(|id| id.to_str().unwrap_or_default());
    let from_number = match last.filter(|id| !id.is_empty()) {
        Some(id) => number("Last-Event-ID", id)?,
        None => query.get("from")?.unwrap_or(1).max(1),
    };
    let request = pb::WatchBatchesRequest { from_number };
    let batches = gateway
        .service
        .watch_batches(Request::new(request))
        .await?
        .into_inner();
    let mut first = from_number;
    let events = batches.filter_map(move |batch| {
        let event = batch.ok().map(|batch| {
            if batch.number == first && batch.status() == pb::BatchStatus::Proven {
                first += 1;
            }
            let data = json::batch(&batch, false).to_string();
            Ok::<_, Infallible>(
                Event::default()
                    .event("batch")
                    .id(first.to_string())
                    .retry(RETRY)
                    .data(data),
            )
        });
        std::future::ready(event)
    });
    let stop = gateway.stop.clone();
    let ended = async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LENGTH) => {}
        }
    };
    let events = Sse::new(events.take_until(Box::pin(ended)));
    Ok(events.keep_alive(KeepAlive::default()).into_response())
}
