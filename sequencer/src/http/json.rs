//! Answers of the service as JSON: names are those of `sequencer.proto`, bytes are hexadecimal with `0x`, statuses are
//! words, and amounts are decimal strings, since a number of JSON is a double to many readers.

use ashlar_proto::sequencer::v1 as pb;
use serde_json::{Map, Value, json};

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// Adds a member if there is a value.
fn set<T: Into<Value>>(object: &mut Value, name: &str, value: Option<T>) {
    if let (Some(members), Some(value)) = (object.as_object_mut(), value) {
        members.insert(name.to_owned(), value.into());
    }
}

/// `BATCH_STATUS_SEALED` as `sealed`.
fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase()
}

pub(super) fn transaction_status(status: pb::TransactionStatus) -> String {
    word(status.as_str_name(), "TRANSACTION_STATUS_")
}

pub(super) fn info(info: &pb::Info) -> Value {
    let limits = info.limits.as_ref().map(|limits| {
        json!({
            "max_transaction_bytes": limits.max_transaction_bytes,
            "max_operations_per_batch": limits.max_operations_per_batch,
            "chunk_slots": limits.chunk_slots,
            "max_chunks_per_batch": limits.max_chunks_per_batch,
            "seal_after_ms": limits.seal_after_ms,
            "max_commit_bytes": limits.max_commit_bytes,
            "max_commit_gas": limits.max_commit_gas,
            "nonce_window": limits.nonce_window,
            "max_waiting": limits.max_waiting,
            "patience_ms": limits.patience_ms,
            "max_unproven_batches": limits.max_unproven_batches,
        })
    });
    let fee = |fee: &pb::MinFee| json!({ "token": fee.token, "amount": fee.amount.to_string() });
    let mut object = json!({
        "chain_id": info.chain_id,
        "rollup_address": hex(&info.rollup_address),
        "domain": info.domain.iter().map(u64::to_string).collect::<Vec<_>>(),
        "fee_owner": hex(&info.fee_owner),
        "root": hex(&info.root),
        "next_batch": info.next_batch,
        "circuit_set_digest": hex(&info.circuit_set_digest),
        "next_queue_index": info.next_queue_index,
        "unsealed_operations": info.unsealed_operations,
        "unproven_batches": info.unproven_batches,
        "min_fees": info.min_fees.iter().map(fee).collect::<Vec<_>>(),
    });
    set(&mut object, "limits", limits);
    let proving = info.proving_seconds_per_operation;
    set(&mut object, "proving_seconds_per_operation", proving);
    let explorer = Some(info.l1_explorer.clone()).filter(|url| !url.is_empty());
    set(&mut object, "l1_explorer", explorer);
    let exit_mode = info.exit_mode.as_ref().map(|found| {
        let oldest = found.oldest.as_ref().map(
            |oldest| json!({ "queue_index": oldest.queue_index, "expires_unix_ms": oldest.expires_unix_ms }),
        );
        let mut object = json!({ "entered": found.entered, "is_final": found.is_final });
        set(&mut object, "oldest", oldest);
        object
    });
    set(&mut object, "exit_mode", exit_mode);
    object
}

pub(super) fn account(account: &pb::Account) -> Value {
    let balance = |of: &pb::Balance| json!({ "token": of.token, "amount": of.amount.to_string() });
    json!({
        "index": account.index,
        "l1_owner": hex(&account.l1_owner),
        "auth": hex(&account.auth),
        "flags": account.flags,
        "nonce": account.nonce,
        "pending_nonce": account.pending_nonce,
        "waiting": account.waiting,
        "balances": account.balances.iter().map(balance).collect::<Vec<_>>(),
    })
}

pub(super) fn inclusion(proof: &pb::InclusionProof) -> Value {
    let mut object = json!({
        "siblings": proof.siblings.iter().map(|hash| hex(hash)).collect::<Vec<_>>(),
        "root": hex(&proof.root),
        "batch_number": proof.batch_number,
    });
    set(&mut object, "account", proof.account.as_ref().map(account));
    object
}

fn claim(claim: &pb::WithdrawalClaim) -> Value {
    json!({
        "batch_number": claim.batch_number,
        "withdrawal_index": claim.withdrawal_index,
        "recipient": hex(&claim.recipient),
        "token": claim.token,
        "amount": claim.amount.to_string(),
    })
}

fn operation(operation: &pb::Operation) -> Value {
    let mut object = json!({
        "kind": word(operation.kind().as_str_name(), "KIND_"),
        "transaction_id": hex(&operation.transaction_id),
        "status": transaction_status(operation.status()),
        "batch_number": operation.batch_number,
        "slot": operation.slot,
        "token": operation.token,
        "amount": operation.amount.to_string(),
        "fee": operation.fee.to_string(),
    });
    set(&mut object, "from", operation.from);
    set(&mut object, "to", operation.to);
    set(&mut object, "nonce", operation.nonce);
    set(&mut object, "queue_index", operation.queue_index);
    set(
        &mut object,
        "withdrawal",
        operation.withdrawal.as_ref().map(claim),
    );
    let requested = operation.requested.map(|amount| amount.to_string());
    set(&mut object, "requested", requested);
    set(&mut object, "auth", operation.auth.as_ref().map(|auth| hex(auth)));
    set(&mut object, "flags", operation.flags);
    let address = operation.l1_address.as_ref().map(|address| hex(address));
    set(&mut object, "l1_address", address);
    object
}

pub(super) fn operations(page: &pb::ListOperationsResponse) -> Value {
    let mut object = json!({
        "transactions": page.operations.iter().map(operation).collect::<Vec<_>>(),
    });
    let next = page
        .next
        .map(|next| format!("{}.{}", next.batch_number, next.slot));
    set(&mut object, "next", next);
    object
}

pub(super) fn receipt(receipt: &pb::Receipt) -> Value {
    let mut object = json!({
        "transaction_id": hex(&receipt.transaction_id),
        "status": transaction_status(receipt.status()),
    });
    set(&mut object, "batch_number", receipt.batch_number);
    set(&mut object, "slot", receipt.slot);
    set(&mut object, "account", receipt.account);
    set(
        &mut object,
        "operation",
        receipt.operation.as_ref().map(operation),
    );
    let reason = Some(receipt.drop_reason.as_str()).filter(|reason| !reason.is_empty());
    set(&mut object, "drop_reason", reason);
    object
}

fn l1_transaction(of: &pb::L1Transaction) -> Value {
    json!({ "hash": hex(&of.hash), "block_number": of.block_number, "gas_used": of.gas_used })
}

fn progress(progress: &pb::Progress) -> Value {
    let step = |step: &pb::StepProgress| json!({ "name": step.name, "done": step.done, "total": step.total, "running": step.running });
    let mut object = json!({ "steps": progress.steps.iter().map(step).collect::<Vec<_>>() });
    set(&mut object, "seconds_left", progress.seconds_left);
    object
}

/// The runs of one step, added up: a large batch has hundreds.
fn steps(timings: &[pb::StepTiming]) -> Vec<Value> {
    let mut found: Vec<(&str, u32, f64, u64)> = Vec::new();
    for timing in timings {
        match found.iter_mut().find(|(name, ..)| *name == timing.name) {
            Some((_, runs, seconds, peak)) => {
                *runs += 1;
                *seconds += timing.seconds;
                *peak = timing.peak_rss_bytes.max(*peak);
            }
            None => found.push((&timing.name, 1, timing.seconds, timing.peak_rss_bytes)),
        }
    }
    let step = |(name, runs, seconds, peak): &(&str, u32, f64, u64)| json!({ "name": name, "runs": runs, "seconds": seconds, "peak_rss_bytes": peak });
    found.iter().map(step).collect()
}

/// A batch; `withdrawals` are known of one that was asked for alone.
pub(super) fn batch(batch: &pb::Batch, with_withdrawals: bool) -> Value {
    let mut object = json!({
        "number": batch.number,
        "status": word(batch.status().as_str_name(), "BATCH_STATUS_"),
        "old_root": hex(&batch.old_root),
        "new_root": hex(&batch.new_root),
        "chunk_count": batch.chunk_count,
        "l1_operation_count": batch.l1_operation_count,
        "withdrawal_count": batch.withdrawal_count,
        "transfer_count": batch.transfer_count,
        "pubdata_bytes": batch.pubdata_bytes,
        "snark_bytes": batch.snark_bytes,
        "steps": steps(&batch.steps),
    });
    set(&mut object, "commit", batch.commit.as_ref().map(l1_transaction));
    set(&mut object, "prove", batch.prove.as_ref().map(l1_transaction));
    set(&mut object, "progress", batch.progress.as_ref().map(progress));
    let reason = Some(batch.failure_reason.as_str()).filter(|reason| !reason.is_empty());
    set(&mut object, "failure_reason", reason);
    let withdrawals = with_withdrawals.then(|| batch.withdrawals.iter().map(claim).collect::<Vec<_>>());
    set(&mut object, "withdrawals", withdrawals);
    object
}

pub(super) fn withdrawal_proof(proof: &pb::WithdrawalProof) -> Value {
    let mut object = Value::Object(Map::new());
    set(&mut object, "claim", proof.claim.as_ref().map(claim));
    set(&mut object, "header", Some(hex(&proof.header)));
    let siblings = proof.siblings.iter().map(|hash| hex(hash)).collect::<Vec<_>>();
    set(&mut object, "siblings", Some(siblings));
    let status = word(proof.batch_status().as_str_name(), "BATCH_STATUS_");
    set(&mut object, "batch_status", Some(status));
    object
}

pub(super) fn submitted(answer: &pb::SubmitTransactionResponse) -> Value {
    json!({ "transaction_id": hex(&answer.transaction_id) })
}
