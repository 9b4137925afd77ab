//! An overview as JSON: for the page, for scripts, and for `ashlar farm status --json`.

use ashlar_proto::farm::v1 as pb;
use serde_json::{Map, Value, json};

/// The overview as one object.
pub fn overview_object(overview: &pb::OverviewResponse) -> Value {
    let at_ms = overview.at_unix_ms;
    let fleet = overview.fleet.unwrap_or_default();
    let counts: Map<String, Value> = overview
        .batch_counts
        .iter()
        .map(|count| (batch_state(count.state()), count.batches.into()))
        .collect();
    let oldest = overview.oldest_ready_unix_ms;
    json!({
        "at_unix_ms": at_ms,
        "paused": overview.paused,
        "batches_by_state": counts,
        "running_jobs": overview.running.iter().map(kind_object).collect::<Vec<_>>(),
        "oldest_ready_seconds": (oldest != 0).then(|| seconds_between(oldest, at_ms)),
        "fleet": {
            "known": fleet.known,
            "live": fleet.live,
            "draining": fleet.draining,
            "quarantined": fleet.quarantined,
        },
        "batches": overview.batches.iter().map(batch_object).collect::<Vec<_>>(),
        "workers": overview.workers.iter().map(|worker| worker_object(worker, at_ms)).collect::<Vec<_>>(),
        "tenants": overview.tenants.iter().map(tenant_status_object).collect::<Vec<_>>(),
        "minutes": overview.minutes.iter().map(minute_object).collect::<Vec<_>>(),
        "failures": overview.failures.iter().map(|failure| failure_object(failure, at_ms)).collect::<Vec<_>>(),
    })
}

/// A tenant, with what it may have and has.
pub fn tenant_status_object(status: &pb::TenantStatus) -> Value {
    let quota = status.quota.unwrap_or_default();
    let mut object = tenant_object(status.tenant.as_ref());
    object["owner"] = (!status.owner.is_empty()).then_some(status.owner.clone()).into();
    object["priority"] = quota.priority.into();
    object["weight"] = quota.weight.into();
    object["max_batches"] = quota.max_batches.into();
    object["paused"] = status.paused.into();
    object["running_batches"] = status.running_batches.into();
    object["leased_jobs"] = status.leased_jobs.into();
    object["ready_jobs"] = status.ready_jobs.into();
    object["cost"] = cost_object(status.cost.unwrap_or_default());
    object["settled"] = settled_object(status.settled.unwrap_or_default());
    object
}

/// What settled batches came to, and what a transaction in them cost on average: null while there was none.
fn settled_object(sum: pb::SettledSum) -> Value {
    let cost = sum.cost.unwrap_or_default();
    let each = |all: f64| (sum.transactions > 0).then(|| all / sum.transactions as f64);
    json!({
        "batches": sum.batches,
        "transactions": sum.transactions,
        "l1_gas": sum.l1_gas,
        "cost": cost_object(cost),
        "transaction": {
            "l1_gas": each(sum.l1_gas as f64),
            "cpu_seconds": each(cost.cpu_seconds),
            "device_seconds": each(cost.device_seconds),
        },
    })
}

/// What accepted attempts cost.
pub fn cost_object(cost: pb::Cost) -> Value {
    json!({
        "seconds": cost.seconds,
        "cpu_seconds": cost.cpu_seconds,
        "device_seconds": cost.device_seconds,
    })
}

/// What a worker computes on, if not the CPU.
pub fn device_object(device: Option<&pb::Device>) -> Value {
    device.map_or(Value::Null, |device| {
        json!({
            "name": device.name,
            "memory_total_bytes": device.memory_total_bytes,
            "memory_free_bytes": device.memory_free_bytes,
            "msm_scalars_per_second": device.msm_scalars_per_second,
            "ntt_elements_per_second": device.ntt_elements_per_second,
        })
    })
}

/// A rollup on a chain.
pub fn tenant_object(tenant: Option<&pb::Tenant>) -> Value {
    tenant.map_or_else(
        || json!({}),
        |tenant| json!({ "chain_id": tenant.chain_id, "rollup": format!("0x{}", hexadecimal(&tenant.rollup)) }),
    )
}

fn batch_object(batch: &pb::BatchOverview) -> Value {
    let sum = |of: fn(&pb::KindOverview) -> u64| batch.kinds.iter().map(of).sum::<u64>();
    json!({
        "id": batch.batch_id,
        "number": batch.number,
        "tenant": tenant_object(batch.tenant.as_ref()),
        "circuit_set": hexadecimal(&batch.circuit_set_digest),
        "state": batch_state(batch.state()),
        "failure_reason": batch.failure_reason,
        "submitted_unix_ms": batch.submitted_unix_ms,
        "seconds": batch.seconds,
        "done": sum(|kind| kind.done),
        "total": sum(total),
        "worker_seconds": batch.kinds.iter().map(|kind| kind.seconds).sum::<f64>(),
        "cpu_seconds": batch.kinds.iter().map(|kind| kind.cpu_seconds).sum::<f64>(),
        "device_seconds": batch.kinds.iter().map(|kind| kind.device_seconds).sum::<f64>(),
        "machine_faults": batch.machine_faults,
        "settled": batch.settled.map(|of| json!({ "transactions": of.transactions, "l1_gas": of.l1_gas })),
        "kinds": batch.kinds.iter().map(kind_object).collect::<Vec<_>>(),
    })
}

const fn total(kind: &pb::KindOverview) -> u64 {
    kind.blocked + kind.ready + kind.leased + kind.done + kind.poisoned
}

fn kind_object(kind: &pb::KindOverview) -> Value {
    json!({
        "kind": kind_name(kind.kind),
        "blocked": kind.blocked,
        "ready": kind.ready,
        "leased": kind.leased,
        "done": kind.done,
        "poisoned": kind.poisoned,
        "total": total(kind),
        "seconds": kind.seconds,
        "cpu_seconds": kind.cpu_seconds,
        "device_seconds": kind.device_seconds,
    })
}

fn worker_object(of: &pb::WorkerOverview, at_ms: u64) -> Value {
    let worker = of.worker.clone().unwrap_or_default();
    let quarantines = worker.quarantines.iter().map(|quarantine| {
        json!({
            "kind": kind_name(quarantine.kind),
            "strikes": quarantine.strikes,
            "seconds_left": seconds_between(at_ms, quarantine.until_unix_ms),
            "job": quarantine.job_id,
            "reason": quarantine.reason,
        })
    });
    let present = (worker.job_id != 0).then(|| {
        json!({
            "id": worker.job_id,
            "kind": kind_name(of.kind),
            "batch": of.batch_number,
            "seconds": seconds_between(of.leased_unix_ms, at_ms),
        })
    });
    json!({
        "name": worker.name,
        "backend": worker.backend,
        "fallback": worker.fallback,
        "device": device_object(worker.device.as_ref()),
        "ram_bytes": worker.ram_bytes,
        "kinds": worker.kinds.iter().copied().map(kind_name).collect::<Vec<_>>(),
        "live": of.live,
        "draining": worker.draining,
        "last_seen_unix_ms": worker.last_seen_unix_ms,
        "job": present,
        "jobs_done": of.jobs_done,
        "seconds": of.seconds,
        "quarantines": quarantines.collect::<Vec<_>>(),
    })
}

fn minute_object(minute: &pb::Minute) -> Value {
    json!({ "accepted": minute.accepted, "failed": minute.failed })
}

fn failure_object(failure: &pb::FailedAttempt, at_ms: u64) -> Value {
    json!({
        "job": failure.job_id,
        "kind": kind_name(failure.kind),
        "batch": failure.batch_number,
        "worker": failure.worker,
        "seconds_ago": seconds_between(failure.ended_unix_ms, at_ms),
        "reason": failure.reason,
    })
}

fn seconds_between(from_ms: u64, to_ms: u64) -> f64 {
    to_ms.saturating_sub(from_ms) as f64 / 1000.0
}

fn kind_name(code: i32) -> &'static str {
    ashlar_proto::job_kind(code).map_or("unknown", |kind| kind.name())
}

fn batch_state(state: pb::BatchState) -> String {
    state
        .as_str_name()
        .trim_start_matches("BATCH_STATE_")
        .to_lowercase()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
