//! The routes that ask and answer once.

use ashlar_proto::sequencer::v1::{
    self as pb, get_account_request, get_receipt_request::Key, list_operations_request::Of,
    sequencer_service_server::SequencerService,
};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State, rejection::BytesRejection},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tonic::Request;

use super::{
    Gateway, json as answer,
    problem::Problem,
    query::{Query, bytes, number},
};

type Answer = Result<Json<Value>, Problem>;

fn no_parameters(query: &RawQuery) -> Result<(), Problem> {
    Query::of(query.0.as_deref(), &[]).map(drop)
}

pub(super) async fn info(State(gateway): State<Gateway>, query: RawQuery) -> Answer {
    no_parameters(&query)?;
    let info = gateway
        .service
        .get_info(Request::new(pb::GetInfoRequest {}))
        .await?;
    Ok(Json(answer::info(info.get_ref())))
}

/// By number, or by L1 owner with the query's auth, if it has one.
async fn find_account(gateway: &Gateway, key: &str, query: &Query<'_>) -> Result<pb::Account, Problem> {
    let auth = query.bytes("auth")?;
    let key = if key.starts_with("0x") {
        get_account_request::Key::Owner(pb::Owner {
            l1_owner: bytes("key", key)?.into(),
            auth: auth.map(Into::into),
        })
    } else if auth.is_some() {
        return Err(Problem::invalid(
            "auth: goes with an L1 owner, and an account number says all",
        ));
    } else {
        get_account_request::Key::Index(number("key", key)?)
    };
    let request = pb::GetAccountRequest { key: Some(key) };
    Ok(gateway
        .service
        .get_account(Request::new(request))
        .await?
        .into_inner())
}

pub(super) async fn account(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = Query::of(query.as_deref(), &["auth"])?;
    Ok(Json(answer::account(
        &find_account(&gateway, &key, &query).await?,
    )))
}

/// Of an empty leaf, too: by its number.
pub(super) async fn inclusion(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = Query::of(query.as_deref(), &["auth"])?;
    let account = match number("key", &key) {
        Ok(index) if !query.has("auth") => index,
        _ => find_account(&gateway, &key, &query).await?.index,
    };
    let request = pb::GetInclusionProofRequest { account };
    let proof = gateway.service.get_inclusion_proof(Request::new(request)).await?;
    Ok(Json(answer::inclusion(proof.get_ref())))
}

async fn operations(gateway: &Gateway, of: Of, query: &Query<'_>) -> Answer {
    let request = pb::ListOperationsRequest {
        of: Some(of),
        before: query.place("before")?,
        limit: query.get("limit")?.unwrap_or(0),
    };
    let page = gateway.service.list_operations(Request::new(request)).await?;
    Ok(Json(answer::operations(page.get_ref())))
}

pub(super) async fn account_transactions(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = Query::of(query.as_deref(), &["auth", "before", "limit"])?;
    let account = find_account(&gateway, &key, &query).await?;
    operations(&gateway, Of::Account(account.index), &query).await
}

pub(super) async fn batch_transactions(
    State(gateway): State<Gateway>,
    Path(batch): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = Query::of(query.as_deref(), &["before", "limit"])?;
    operations(&gateway, Of::BatchNumber(number("number", &batch)?), &query).await
}

pub(super) async fn batches(State(gateway): State<Gateway>, RawQuery(query): RawQuery) -> Answer {
    let query = Query::of(query.as_deref(), &["from", "limit"])?;
    let request = pb::ListBatchesRequest {
        from_number: query.get("from")?.unwrap_or(1),
        limit: query.get("limit")?.unwrap_or(0),
    };
    let list = gateway
        .service
        .list_batches(Request::new(request))
        .await?
        .into_inner();
    let batches: Vec<_> = list
        .batches
        .iter()
        .map(|batch| answer::batch(batch, false))
        .collect();
    Ok(Json(json!({ "batches": batches })))
}

pub(super) async fn batch(
    State(gateway): State<Gateway>,
    Path(batch): Path<String>,
    query: RawQuery,
) -> Answer {
    no_parameters(&query)?;
    let number = number("number", &batch)?;
    let batch = gateway
        .service
        .get_batch(Request::new(pb::GetBatchRequest { number }))
        .await?;
    Ok(Json(answer::batch(batch.get_ref(), true)))
}

async fn receipt(gateway: &Gateway, key: Key) -> Answer {
    let request = pb::GetReceiptRequest { key: Some(key) };
    let receipt = gateway.service.get_receipt(Request::new(request)).await?;
    Ok(Json(answer::receipt(receipt.get_ref())))
}

pub(super) async fn transaction(
    State(gateway): State<Gateway>,
    Path(hash): Path<String>,
    query: RawQuery,
) -> Answer {
    no_parameters(&query)?;
    receipt(&gateway, Key::TransactionId(bytes("hash", &hash)?.into())).await
}

pub(super) async fn l1_operation(
    State(gateway): State<Gateway>,
    Path(index): Path<String>,
    query: RawQuery,
) -> Answer {
    no_parameters(&query)?;
    receipt(&gateway, Key::QueueIndex(number("index", &index)?)).await
}

pub(super) async fn withdrawal_proof(
    State(gateway): State<Gateway>,
    Path((batch, index)): Path<(String, String)>,
    query: RawQuery,
) -> Answer {
    no_parameters(&query)?;
    let request = pb::GetWithdrawalProofRequest {
        batch_number: number("batch", &batch)?,
        withdrawal_index: number("index", &index)?,
    };
    let proof = gateway
        .service
        .get_withdrawal_proof(Request::new(request))
        .await?;
    Ok(Json(answer::withdrawal_proof(proof.get_ref())))
}

/// The body of a submission.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submission {
    encoded: String,
}

pub(super) async fn submit(
    State(gateway): State<Gateway>,
    query: RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    no_parameters(&query)?;
    let body = body.map_err(|error| Problem::too_large(error.body_text()))?;
    let submission: Submission =
        serde_json::from_slice(&body).map_err(|error| Problem::invalid(format!("body: {error}")))?;
    let encoded = bytes("encoded", &submission.encoded)?.into();
    let request = pb::SubmitTransactionRequest { encoded };
    let submitted = gateway.service.submit_transaction(Request::new(request)).await?;
    Ok(Json(answer::submitted(submitted.get_ref())))
}
