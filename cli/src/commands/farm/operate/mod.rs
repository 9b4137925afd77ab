//! What an operator asks of a running coordinator. One file for each subject.

mod batches;
mod gc;
mod jobs;
mod pausing;
mod status;
mod tenants;
mod top;
mod which;
mod workers;

use std::time::Duration;

use ashlar_identity::{Role, grpc::Link};
use ashlar_proto::{
    MAX_MESSAGE_BYTES,
    farm::v1::{self as pb, admin_service_client::AdminServiceClient},
};
use serde_json::Value;
use tonic::{Response, Status, transport::Channel};

use crate::farm_link::FarmLink;

/// Longest that the coordinator may take to answer.
const CALL_LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show how the farm is: batches and jobs by state, workers, tenants, and how long jobs wait.
    Status {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Watch the farm work: batches, workers and failures, drawn anew every second until q or Ctrl-C.
    Top {
        /// Print it once; so it is too where the output is no terminal.
        #[arg(long)]
        once: bool,
    },
    /// List jobs with their states and what went wrong, newest batch first.
    Jobs(jobs::List),
    /// Show a job: its inputs and output, what it cost, and who had it when.
    Job {
        /// Its number, as `jobs` lists it.
        id: u64,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Give jobs that were given up a fresh set of attempts, end the pause of those that wait after a fault, and give
    /// workers that got them wrong jobs of the kind again.
    Requeue(jobs::Requeue),
    /// Give a batch up: workers lose its jobs, and its sequencer is told why. `requeue` makes it run again.
    Cancel(batches::Cancel),
    /// Lease no job, of one tenant or of anybody, until `resume`. Jobs that workers have are finished.
    Pause(which::AnyTenant),
    /// Lease jobs again after `pause`.
    Resume(which::AnyTenant),
    /// List workers, with the kinds of job that they do not get and why.
    Workers {
        /// Print one JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Give a worker no more jobs: it ends when it has done the one that it has.
    Drain {
        /// Its name, as `workers` lists it.
        worker: String,
        /// Give it jobs again, if it has not ended.
        #[arg(long)]
        undo: bool,
    },
    /// List tenants: the rollups whose batches the farm proves, what each may have, and what it has.
    Tenants {
        /// Print one JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Admit a tenant, or change what it may have and which sequencer submits for it. What is not given stays.
    Tenant(tenants::Change),
    /// Let go now what goes by itself: the jobs of batches past their retention, and artifacts that nobody needs.
    Gc(gc::Collect),
}

/// A coordinator that is asked.
struct Asked {
    link: Link,
    admin: AdminServiceClient<Channel>,
}

impl Asked {
    async fn connect(farm: &FarmLink) -> anyhow::Result<Self> {
        Self::connect_for(farm, CALL_LIMIT).await
    }

    /// For calls that may take so long.
    async fn connect_for(farm: &FarmLink, limit: Duration) -> anyhow::Result<Self> {
        let link = farm.open(Role::Admin)?;
        let channel = link.connect(Some(limit)).await?;
        let admin = AdminServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES);
        Ok(Self { link, admin })
    }

    /// The farm as it is now.
    async fn overview(&mut self) -> anyhow::Result<pb::OverviewResponse> {
        let answer = self.admin.overview(pb::OverviewRequest::default()).await;
        self.answer(answer)
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
            Command::Status { json } => status::show(farm, json).await,
            Command::Top { once } => top::run(farm, once).await,
            Command::Jobs(list) => jobs::list(farm, list).await,
            Command::Job { id, json } => jobs::show(farm, id, json).await,
            Command::Requeue(requeue) => jobs::requeue(farm, &requeue).await,
            Command::Cancel(cancel) => batches::cancel(farm, cancel).await,
            Command::Pause(whose) => pausing::set(farm, &whose, true).await,
            Command::Resume(whose) => pausing::set(farm, &whose, false).await,
            Command::Workers { json } => workers::list(farm, json).await,
            Command::Drain { worker, undo } => workers::drain(farm, worker, !undo).await,
            Command::Tenants { json } => tenants::list(farm, json).await,
            Command::Tenant(change) => tenants::change(farm, change).await,
            Command::Gc(collect) => gc::collect(farm, collect).await,
        }
    })
}

/// Prints a page, or its JSON.
fn print(json: Option<&Value>, page: &str) -> anyhow::Result<()> {
    match json {
        Some(json) => crate::say!("{json:#}")?,
        None => crate::output::write(format_args!("{page}"))?,
    }
    Ok(())
}

fn kind_name(code: i32) -> &'static str {
    ashlar_proto::job_kind(code).map_or("unknown", |kind| kind.name())
}

/// The first line of a text from elsewhere, harmless to a terminal.
fn plain(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    line.chars().map(plain).collect()
}

/// `CHAIN:0xROLLUP`, as in the coordinator's log.
fn tenant_name(tenant: Option<&pb::Tenant>) -> String {
    let Some(tenant) = tenant else {
        return "unknown".into();
    };
    format!("{}:0x{}", tenant.chain_id, hex::encode(&tenant.rollup))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use crate::{Cli, config};

    const ROLLUP: &str = "0x00000000000000000000000000000000000000aa";

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
            &["status"],
            &["top", "--once"],
            &["cancel", "--batch", "1", "--reason", "why"],
            &["pause"],
            &["resume", "--chain-id", "1", "--rollup", ROLLUP],
            &["drain", "w"],
            &["tenants"],
            &["tenant", "--chain-id", "1", "--rollup", ROLLUP],
            &["gc", "--dry-run"],
        ] {
            assert_eq!(asked("", command), "http://127.0.0.1:7002");
            assert_eq!(asked(common, command), "http://a:1");
            assert_eq!(asked(&[common, own].concat(), command), "http://b:2");
            let flag = [command, &["--farm", "http://c:3"]].concat();
            assert_eq!(asked(own, &flag), "http://c:3");
        }
    }

    #[test]
    fn a_tenant_is_a_chain_and_a_rollup_together() {
        let refused = |arguments: &[&str]| {
            let arguments = ["ashlar", "farm"].iter().chain(arguments);
            let error = Cli::command()
                .try_get_matches_from(arguments)
                .expect_err("incomplete");
            error.to_string()
        };
        for (arguments, missing) in [
            (&["pause", "--chain-id", "1"][..], "--rollup <ADDRESS>"),
            (&["resume", "--rollup", ROLLUP], "--chain-id <NUMBER>"),
            (&["tenant", "--chain-id", "1"], "--rollup <ADDRESS>"),
            (
                &["jobs", "--chain-id", "1", "--rollup", ROLLUP],
                "--batch <BATCH>",
            ),
            (
                &["requeue", "--job", "1", "--chain-id", "1", "--rollup", ROLLUP],
                "'--job <JOB>' cannot be used with",
            ),
            (&["cancel", "--batch", "1"], "--reason <TEXT>"),
            (
                &["pause", "--chain-id", "0", "--rollup", ROLLUP],
                "0 is not in 1..",
            ),
            (
                &["pause", "--chain-id", "1", "--rollup", "0x12"],
                "invalid string length",
            ),
            (
                &[
                    "tenant",
                    "--chain-id",
                    "1",
                    "--rollup",
                    ROLLUP,
                    "--owner",
                    "a",
                    "--any-owner",
                ],
                "--any-owner",
            ),
        ] {
            let error = refused(arguments);
            assert!(error.contains(missing), "{arguments:?}: {error}");
        }
    }
}
