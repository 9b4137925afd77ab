//! `GET /eth/v1/beacon/blobs/{block_id}`: the blobs of a block as a consensus node serves them. There is no consensus
//! here, so a slot is a block's number and a root its hash.

use alloy::{
    eips::{BlockId, BlockNumberOrTag, eip4844::Blob},
    primitives::B256,
};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{blobs::blob_gas, chain::Chain, server::Shared};

/// The parameter that narrows the answer: repeated, or with commas.
const VERSIONED_HASHES: &str = "versioned_hashes";

/// Why there is no answer.
struct Refusal(StatusCode, String);

/// Answers with all blobs of a block, or with those whose versioned hashes are asked for, in the block's order.
pub(crate) async fn blobs(
    State(shared): State<Shared>,
    Path(block_id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let answered = tokio::task::spawn_blocking(move || {
        let unavailable = |error| Refusal(StatusCode::SERVICE_UNAVAILABLE, ashlar_report::chain(&error));
        let chain = shared.node.kept().map_err(unavailable)?;
        answer(&chain, &block_id, query.as_deref().unwrap_or_default())
    });
    match answered.await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(Refusal(status, message))) => {
            let body = json!({ "code": status.as_u16(), "message": message });
            (status, Json(body)).into_response()
        }
        Err(error) => {
            tracing::error!(error = ashlar_report::chain(&error), "request panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn answer(chain: &Chain, block_id: &str, query: &str) -> Result<Value, Refusal> {
    let wanted = versioned_hashes(query)?;
    let number = chain.resolve_id(parse_block_id(block_id)?).ok();
    let block = number
        .and_then(|number| chain.block(number))
        .ok_or_else(|| Refusal(StatusCode::NOT_FOUND, format!("no block {block_id}")))?;
    let mut data: Vec<&Blob> = Vec::new();
    for mined in &block.transactions {
        if blob_gas(&mined.transaction) == 0 {
            continue;
        }
        let kept = chain.blobs().of_transaction(mined.receipt.transaction_hash);
        let kept = kept.ok_or_else(|| {
            let newest = chain.config().blob_blocks;
            let message = format!(
                "blobs of block {block_id} are no longer kept, those of the newest {newest} blocks are"
            );
            Refusal(StatusCode::NOT_FOUND, message)
        })?;
        let of_transaction = kept.hashes.iter().zip(kept.blobs.iter());
        let asked = of_transaction.filter(|(hash, _)| wanted.is_empty() || wanted.contains(hash));
        data.extend(asked.map(|(_, blob)| blob));
    }
    let finalized = block.number() <= chain.resolve(BlockNumberOrTag::Finalized);
    Ok(json!({ "execution_optimistic": false, "finalized": finalized, "data": data }))
}

fn parse_block_id(text: &str) -> Result<BlockId, Refusal> {
    let bad = || {
        let message = format!("block {text}: neither head, genesis, finalized, a slot nor a root");
        Refusal(StatusCode::BAD_REQUEST, message)
    };
    Ok(match text {
        "head" => BlockId::latest(),
        "genesis" => BlockId::earliest(),
        "finalized" => BlockId::finalized(),
        _ if text.starts_with("0x") => BlockId::hash(text.parse().map_err(|_| bad())?),
        _ => BlockId::number(text.parse().map_err(|_| bad())?),
    })
}

fn versioned_hashes(query: &str) -> Result<Vec<B256>, Refusal> {
    let mut hashes = Vec::new();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if key != VERSIONED_HASHES {
            let message = format!("parameter {key} is not known, {VERSIONED_HASHES} is");
            return Err(Refusal(StatusCode::BAD_REQUEST, message));
        }
        for text in value.split(',') {
            let bad = |_| {
                Refusal(
                    StatusCode::BAD_REQUEST,
                    format!("versioned hash {text:?} is no 32 bytes in hex"),
                )
            };
            hashes.push(text.parse().map_err(bad)?);
        }
    }
    Ok(hashes)
}
