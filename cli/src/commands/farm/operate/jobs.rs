//! `ashlar farm jobs`, `job` and `requeue`.

use anyhow::ensure;
use ashlar_farm::tenant_object;
use ashlar_proto::farm::v1::{self as pb, requeue_request::Target};
use serde_json::{Value, json};

use super::{Asked, kind_name, plain, print, tenant_name, which::Whose};
use crate::farm_link::FarmLink;

#[derive(Debug, clap::Args)]
pub struct List {
    /// Only this batch; that of every tenant, unless --chain-id and --rollup say whose.
    #[arg(long)]
    batch: Option<u64>,
    #[command(flatten)]
    whose: Whose,
    /// Only jobs that were given up.
    #[arg(long)]
    poisoned: bool,
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Requeue {
    #[command(flatten)]
    target: What,
    #[command(flatten)]
    whose: Whose,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct What {
    /// Every such job of this batch; that of every tenant, unless --chain-id and --rollup say whose.
    #[arg(long)]
    batch: Option<u64>,
    /// This job.
    #[arg(long, conflicts_with_all = ["chain_id", "rollup"])]
    job: Option<u64>,
}

pub async fn list(farm: &FarmLink, list: List) -> anyhow::Result<()> {
    let states = if list.poisoned {
        vec![pb::JobState::Poisoned as i32]
    } else {
        Vec::new()
    };
    let request = pb::ListJobsRequest {
        batch: list.batch.map(|number| list.whose.batch(number)),
        states,
        limit: 0,
    };
    let mut asked = Asked::connect(farm).await?;
    let answer = asked.admin.list_jobs(request).await;
    let jobs = asked.answer(answer)?.jobs;
    if list.json {
        let jobs: Vec<_> = jobs.iter().map(job_object).collect();
        return Ok(crate::say!("{:#}", Value::Array(jobs))?);
    }
    let mut page = format!(
        "{:>8} {:>8} {:<8} {:>5} {:<8} {:>8} {:>6}  last error\n",
        "batch", "job", "kind", "no.", "state", "verdicts", "faults"
    );
    for job in jobs {
        let kind = kind_name(job.kind);
        let state = state_name(job.state());
        page += &format!(
            "{:>8} {:>8} {kind:<8} {:>5} {state:<8} {:>8} {:>6}  {}\n",
            job.batch_number,
            job.job_id,
            job.ordinal,
            job.failed_attempts,
            job.machine_faults,
            plain(&job.last_error)
        );
    }
    Ok(crate::output::write(format_args!("{page}"))?)
}

pub async fn show(farm: &FarmLink, id: u64, json: bool) -> anyhow::Result<()> {
    let mut asked = Asked::connect(farm).await?;
    let answer = asked.admin.inspect(pb::InspectRequest { job_id: id }).await;
    let found = asked.answer(answer)?;
    if json {
        return Ok(crate::say!("{:#}", inspection_object(&found))?);
    }
    let job = found.job.unwrap_or_default();
    let mut page = format!(
        "job {id}: {} {} of batch {} of {}, {}\n",
        kind_name(job.kind),
        job.ordinal,
        job.batch_number,
        tenant_name(job.tenant.as_ref()),
        state_name(job.state())
    );
    for input in &found.inputs {
        page += &format!("  input   {}\n", hex::encode(input));
    }
    if !found.output.is_empty() {
        page += &format!(
            "  output  {} ({} bytes)\n",
            hex::encode(&found.output),
            job.output_bytes
        );
    }
    for step in &job.steps {
        page += &format!(
            "  {:<14} {:.2} s, {:.2} s of CPU{}\n",
            step.name,
            step.seconds,
            step.cpu_seconds,
            if step.device_seconds > 0.0 {
                format!(", {:.2} s of its device", step.device_seconds)
            } else {
                String::new()
            }
        );
    }
    for text in [&job.last_error, &job.fallback] {
        if !text.is_empty() {
            page += &format!("  {}\n", plain(text));
        }
    }
    for lease in &found.leases {
        let until = match lease.ended_unix_ms {
            0 => "has it now".to_owned(),
            ended => format!(
                "{:.1} s: {}",
                ended.saturating_sub(lease.granted_unix_ms) as f64 / 1000.0,
                plain(&lease.outcome)
            ),
        };
        page += &format!("  lease {:<6} {:<24} {until}\n", lease.number, lease.worker);
    }
    Ok(crate::output::write(format_args!("{page}"))?)
}

pub async fn requeue(farm: &FarmLink, requeue: &Requeue) -> anyhow::Result<()> {
    let target = match (requeue.target.batch, requeue.target.job) {
        (Some(batch), _) => Target::Batch(requeue.whose.batch(batch)),
        (None, Some(job)) => Target::JobId(job),
        (None, None) => anyhow::bail!("say which: --batch or --job"),
    };
    let request = pb::RequeueRequest { target: Some(target) };
    let mut asked = Asked::connect(farm).await?;
    let answer = asked.admin.requeue(request).await;
    let pb::RequeueResponse {
        requeued,
        quarantines_lifted,
    } = asked.answer(answer)?;
    ensure!(
        requeued > 0 || quarantines_lifted > 0,
        "nothing to requeue: no such job was given up, waits after a fault or keeps a worker from its kind (`ashlar farm \
         jobs` and `workers` list them)"
    );
    let json = json!({ "requeued": requeued, "quarantines_lifted": quarantines_lifted });
    let page = format!("{requeued} job(s) requeued, {quarantines_lifted} quarantine(s) lifted\n");
    print(requeue.json.then_some(&json), &page)
}

fn job_object(job: &pb::JobStatus) -> Value {
    json!({
        "batch": job.batch_number,
        "tenant": tenant_object(job.tenant.as_ref()),
        "job": job.job_id,
        "kind": kind_name(job.kind),
        "ordinal": job.ordinal,
        "state": state_name(job.state()),
        "failed_attempts": job.failed_attempts,
        "machine_faults": job.machine_faults,
        "not_before_unix_ms": job.not_before_unix_ms,
        "worker": job.worker,
        "last_error": job.last_error,
        "fallback": job.fallback,
        "output_bytes": job.output_bytes,
    })
}

fn inspection_object(found: &pb::InspectResponse) -> Value {
    let mut object = job_object(&found.job.clone().unwrap_or_default());
    let steps = found.job.iter().flat_map(|job| &job.steps);
    let steps = steps.map(|step| {
        json!({
            "step": step.name,
            "seconds": step.seconds,
            "cpu_seconds": step.cpu_seconds,
            "device_seconds": step.device_seconds,
            "peak_rss_bytes": step.peak_rss_bytes,
        })
    });
    let leases = found.leases.iter().map(|lease| {
        json!({
            "number": lease.number,
            "worker": lease.worker,
            "granted_unix_ms": lease.granted_unix_ms,
            "deadline_unix_ms": lease.deadline_unix_ms,
            "ended_unix_ms": lease.ended_unix_ms,
            "outcome": lease.outcome,
        })
    });
    object["steps"] = steps.collect();
    object["leases"] = leases.collect();
    object["inputs"] = found.inputs.iter().map(hex::encode).collect();
    object["output"] = hex::encode(&found.output).into();
    object
}

fn state_name(state: pb::JobState) -> String {
    state
        .as_str_name()
        .trim_start_matches("JOB_STATE_")
        .to_lowercase()
}
