//! `ashlar farm jobs`, `job`, `workers` and `requeue`: looking at a running coordinator and giving jobs new attempts.

use std::time::Duration;

use anyhow::ensure;
use ashlar_identity::{Role, grpc::Link};
use ashlar_proto::{
    MAX_MESSAGE_BYTES,
    farm::v1::{self as pb, admin_service_client::AdminServiceClient, requeue_request::Target},
};
use serde_json::{Value, json};
use tonic::{Response, Status, transport::Channel};

use crate::farm_link::FarmLink;

/// Longest that the coordinator may take to answer.
const CALL_LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List jobs with their states and what went wrong, newest batch first.
    Jobs {
        /// Only this batch.
        #[arg(long)]
        batch: Option<u64>,
        /// Only jobs that were given up.
        #[arg(long)]
        poisoned: bool,
        /// Print one JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show a job: its inputs and output, what it cost, and who had it when.
    Job {
        /// Its number, as `jobs` lists it.
        id: u64,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// List workers, with the kinds of job that they do not get and why.
    Workers {
        /// Print one JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Give jobs that were given up a fresh set of attempts, end the pause of those that wait after a fault, and give
    /// workers that got them wrong jobs of the kind again.
    Requeue {
        #[command(flatten)]
        target: What,
    },
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct What {
    /// Every such job of this batch.
    #[arg(long)]
    batch: Option<u64>,
    /// This job.
    #[arg(long)]
    job: Option<u64>,
}

/// A coordinator that is asked.
struct Asked {
    link: Link,
    admin: AdminServiceClient<Channel>,
}

impl Asked {
    async fn connect(farm: &FarmLink) -> anyhow::Result<Self> {
        let link = farm.open(Role::Admin)?;
        let channel = link.connect(Some(CALL_LIMIT)).await?;
        let admin = AdminServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES);
        Ok(Self { link, admin })
    }

    /// What a call gave, or why not, in words.
    fn answer<T>(&self, answer: Result<Response<T>, Status>) -> anyhow::Result<T> {
        match answer {
            Ok(response) => Ok(response.into_inner()),
            Err(status) => anyhow::bail!("{}", self.link.explain(status).message()),
        }
    }
}

pub fn run(command: Command, farm: &FarmLink) -> anyhow::Result<()> {
    crate::shutdown::runtime()?.block_on(async {
        match command {
            Command::Jobs {
                batch,
                poisoned,
                json,
            } => jobs(farm, batch, poisoned, json).await,
            Command::Job { id, json } => job(farm, id, json).await,
            Command::Workers { json } => workers(farm, json).await,
            Command::Requeue { target } => requeue(farm, &target).await,
        }
    })
}

async fn jobs(farm: &FarmLink, batch: Option<u64>, poisoned: bool, json: bool) -> anyhow::Result<()> {
    let states = if poisoned {
        vec![pb::JobState::Poisoned as i32]
    } else {
        Vec::new()
    };
    let request = pb::ListJobsRequest {
        batch: batch.map(by_number),
        states,
        limit: 0,
    };
    let mut asked = Asked::connect(farm).await?;
    let answer = asked.admin.list_jobs(request).await;
    let jobs = asked.answer(answer)?.jobs;
    if json {
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
            job.last_error.lines().next().unwrap_or_default()
        );
    }
    Ok(crate::output::write(format_args!("{page}"))?)
}

async fn job(farm: &FarmLink, id: u64, json: bool) -> anyhow::Result<()> {
    let mut asked = Asked::connect(farm).await?;
    let answer = asked.admin.inspect(pb::InspectRequest { job_id: id }).await;
    let found = asked.answer(answer)?;
    if json {
        return Ok(crate::say!("{:#}", inspection_object(&found))?);
    }
    let job = found.job.unwrap_or_default();
    let mut page = format!(
        "job {id}: {} {} of batch {}, {}\n",
        kind_name(job.kind),
        job.ordinal,
        job.batch_number,
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
        page += &format!("  {:<14} {:.2} s\n", step.name, step.seconds);
    }
    for text in [&job.last_error, &job.fallback] {
        if !text.is_empty() {
            page += &format!("  {}\n", text.lines().next().unwrap_or_default());
        }
    }
    for lease in &found.leases {
        let until = match lease.ended_unix_ms {
            0 => "has it now".to_owned(),
            ended => format!(
                "{:.1} s: {}",
                ended.saturating_sub(lease.granted_unix_ms) as f64 / 1000.0,
                lease.outcome.lines().next().unwrap_or_default()
            ),
        };
        page += &format!("  lease {:<6} {:<24} {until}\n", lease.number, lease.worker);
    }
    Ok(crate::output::write(format_args!("{page}"))?)
}

async fn workers(farm: &FarmLink, json: bool) -> anyhow::Result<()> {
    let mut asked = Asked::connect(farm).await?;
    let answer = asked.admin.list_workers(pb::ListWorkersRequest {}).await;
    let workers = asked.answer(answer)?.workers;
    if json {
        let workers: Vec<_> = workers.iter().map(worker_object).collect();
        return Ok(crate::say!("{:#}", Value::Array(workers))?);
    }
    let now_ms = crate::unix_secs().saturating_mul(1000);
    let mut page = String::new();
    for worker in workers {
        let kinds: Vec<_> = worker.kinds.iter().copied().map(kind_name).collect();
        page += &format!(
            "{} ({}): {}; heard of {} s ago\n",
            worker.name,
            worker.backend,
            kinds.join(", "),
            now_ms.saturating_sub(worker.last_seen_unix_ms) / 1000
        );
        for quarantine in worker.quarantines {
            page += &format!(
                "  no {} for {} s, after {} fault(s) in a row, the last over job {}: {}\n",
                kind_name(quarantine.kind),
                quarantine.until_unix_ms.saturating_sub(now_ms).div_ceil(1000),
                quarantine.strikes,
                quarantine.job_id,
                quarantine.reason.lines().next().unwrap_or_default()
            );
        }
    }
    Ok(crate::output::write(format_args!("{page}"))?)
}

/// The batches of that number, whosever they are.
fn by_number(number: u64) -> pb::BatchRef {
    pb::BatchRef {
        number,
        ..pb::BatchRef::default()
    }
}

async fn requeue(farm: &FarmLink, what: &What) -> anyhow::Result<()> {
    let target = match (what.batch, what.job) {
        (Some(batch), _) => Target::Batch(by_number(batch)),
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
    Ok(crate::say!(
        "{requeued} job(s) requeued, {quarantines_lifted} quarantine(s) lifted"
    )?)
}

fn job_object(job: &pb::JobStatus) -> Value {
    json!({
        "batch": job.batch_number,
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
    let steps = steps.map(|step| json!({ "step": step.name, "seconds": step.seconds }));
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

fn worker_object(worker: &pb::WorkerStatus) -> Value {
    let kinds = worker.kinds.iter().copied().map(kind_name);
    let quarantines = worker.quarantines.iter().map(|quarantine| {
        json!({
            "kind": kind_name(quarantine.kind),
            "strikes": quarantine.strikes,
            "until_unix_ms": quarantine.until_unix_ms,
            "job": quarantine.job_id,
            "reason": quarantine.reason,
        })
    });
    json!({
        "worker": worker.worker_id,
        "name": worker.name,
        "backend": worker.backend,
        "kinds": kinds.collect::<Vec<_>>(),
        "last_seen_unix_ms": worker.last_seen_unix_ms,
        "quarantines": quarantines.collect::<Vec<_>>(),
    })
}

fn state_name(state: pb::JobState) -> String {
    state
        .as_str_name()
        .trim_start_matches("JOB_STATE_")
        .to_lowercase()
}

fn kind_name(code: i32) -> &'static str {
    ashlar_proto::job_kind(code).map_or("unknown", |kind| kind.name())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use crate::{Cli, config};

    fn asked(text: &str, arguments: &[&str]) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ashlar.toml");
        std::fs::write(&path, text).expect("a file");
        let file = config::ConfigFile::load(&path).expect("TOML");
        let program = config::apply(Cli::command(), Some(&file)).expect("known keys");
        let arguments = ["ashlar", "farm"].iter().chain(arguments);
        let matches = program.try_get_matches_from(arguments).expect("valid");
        match Cli::from_arg_matches(&matches).expect("complete").command {
            crate::Command::Farm(args) => args.link.farm,
            other => panic!("another command: {other:?}"),
        }
    }

    #[test]
    fn the_configuration_says_whom_to_ask_unless_the_flag_does() {
        let (common, own) = ("[common]\nfarm = 'http://a:1'\n", "[farm]\nfarm = 'http://b:2'\n");
        for command in [
            &["jobs"][..],
            &["job", "1"],
            &["workers"],
            &["requeue", "--batch", "1"],
        ] {
            assert_eq!(asked("", command), "http://127.0.0.1:7002");
            assert_eq!(asked(common, command), "http://a:1");
            assert_eq!(asked(&[common, own].concat(), command), "http://b:2");
            let flag = [command, &["--farm", "http://c:3"]].concat();
            assert_eq!(asked(own, &flag), "http://c:3");
        }
    }
}
