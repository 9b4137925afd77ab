//! `ashlar up`: a devnet, a deployment, a farm with its workers and a sequencer, from one file. All data are kept: a
//! second `up` over the same folder goes on.

use std::{
    ffi::OsString,
    fs::File,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use ashlar_client::{L1, L1Config, L1Error};
use ashlar_devnet::DEV_ACCOUNTS;
use rustix::fs::{FlockOperation, flock};
use tokio::time::{Instant, sleep};

use crate::{
    cache::Cache,
    demo::processes::{Process, accepts},
    deployment::Deployment,
    keys,
    keys::OperatorKey,
};

/// Whose keys `up` writes down beside its devnet: they are public.
const DEVNET_USERS: [&str; 4] = ["operator", "alice", "bob", "carol"];
const START_LIMIT: Duration = Duration::from_secs(60);
/// The farm opens circuits and keys first, and makes them on a fresh machine.
const FARM_LIMIT: Duration = Duration::from_secs(900);
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Databases, logs, keys of the devnet and the deployment are kept here.
    #[arg(long, default_value = "ashlar-data")]
    data_dir: PathBuf,
    /// Start no devnet: settle on the node at --l1-rpc, with the operator's key of --operator-key-file.
    #[arg(long)]
    no_devnet: bool,
    /// JSON-RPC endpoint of L1, with --no-devnet; several as `ashlar sequencer` takes them.
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:8545",
        value_delimiter = ','
    )]
    l1_rpc: Vec<String>,
    #[command(flatten)]
    operator: OperatorKey,
    /// Workers to start; each wants 3 GiB of memory.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=64))]
    workers: u32,
    /// Serve the API over HTTP and JSON, with the explorer, here (loopback only) [default: as the section of `sequencer` says]
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    #[command(flatten)]
    cache: Cache,
}

/// What `up` starts, in this order; it stops in the reverse one.
struct Stack<'a> {
    args: &'a Args,
    program: &'a clap::Command,
    config: Option<&'a Path>,
    running: Vec<Process>,
}

pub fn run(args: &Args, program: &clap::Command, config: Option<&Path>) -> anyhow::Result<()> {
    std::fs::create_dir_all(&args.data_dir)
        .with_context(|| format!("cannot create {}", args.data_dir.display()))?;
    let lock = args.data_dir.join("lock");
    let lock = File::create(&lock).with_context(|| format!("cannot write {}", lock.display()))?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive)
        .with_context(|| format!("another `ashlar up` runs over {}", args.data_dir.display()))?;
    let mut stack = Stack {
        args,
        program,
        config,
        running: Vec::new(),
    };
    // All of it inside: a second signal must be heard while the processes are given time to stop.
    crate::shutdown::run(async |interrupted| {
        let ended = tokio::select! {
            ended = stack.keep_up() => ended,
            () = interrupted.cancelled() => Ok(()),
        };
        let _ = crate::say!("stopping"); // whoever reads it or not, all are stopped
        stack.stop().await;
        ended
    })
}

impl Stack<'_> {
    /// Stops what was started: the devnet last, for the sequencer may be in the middle of a transaction.
    async fn stop(&mut self) {
        let mut running = std::mem::take(&mut self.running);
        let devnet = running
            .extract_if(.., |process| process.name() == "devnet")
            .collect();
        Process::stop_all(running).await;
        Process::stop_all(devnet).await;
    }

    async fn keep_up(&mut self) -> anyhow::Result<()> {
        let data = &self.args.data_dir;
        let farm = self.arguments("farm", &[("--data-dir", data.join("farm").into())]);
        let farm_address = self.free_address(&farm)?;
        let endpoints = self.start_l1().await?;
        let l1_rpc = endpoints.first().context("--l1-rpc names no endpoint")?;
        let deployment = self.deploy(l1_rpc).await?;

        self.start("farm", farm, Some(farm_address), FARM_LIMIT).await?;
        let farm = format!("http://{farm_address}");
        let mut sequencer = self.arguments(
            "sequencer",
            &[
                ("--data-dir", data.join("sequencer").into()),
                ("--deployment", deployment.into()),
                ("--l1-rpc", endpoints.join(",").into()),
                ("--farm", farm.clone().into()),
                ("--operator-key-file", self.operator_key_file()?.into()),
            ],
        );
        if let Some(http) = self.args.http {
            sequencer.extend(["--http".into(), http.to_string().into()]);
        }
        let address = self.free_address(&sequencer)?;
        self.start("sequencer", sequencer, Some(address), START_LIMIT)
            .await?;
        for number in 1..=self.args.workers {
            // A process and its log have a name for ever; there are 64 at most.
            let name: &'static str = format!("worker-{number}").leak();
            let decided = [("--farm", farm.clone().into()), ("--name", name.into())];
            let worker = self.arguments("worker", &decided);
            self.start(name, worker, None, START_LIMIT).await?;
        }
        crate::say!("ready: L1 {l1_rpc}, sequencer http://{address}, farm {farm}; ctrl-c stops")?;
        loop {
            for process in &mut self.running {
                process.check()?;
            }
            sleep(LOOK_INTERVAL).await;
        }
    }

    /// Arguments of one of this program's commands. What `up` decides goes before the file.
    fn arguments(&self, command: &str, decided: &[(&str, OsString)]) -> Vec<OsString> {
        let mut arguments = vec![OsString::from(command)];
        for (flag, value) in decided {
            arguments.extend([OsString::from(flag), value.clone()]);
        }
        if let Some(config) = self.config {
            arguments.extend(["--config".into(), config.into()]);
        }
        if ["farm", "worker", "sequencer"].contains(&command) {
            // Several workers share a section of the file, and could not share a port.
            arguments.extend(["--listen-metrics".into(), "off".into()]);
        }
        if ["farm", "worker", "deploy"].contains(&command) {
            arguments.extend(["--cache-dir".into(), self.args.cache.cache_dir.clone().into()]);
            if self.args.cache.production {
                arguments.push("--production".into());
            }
        }
        arguments
    }

    /// Where a command will listen; refused if somebody else does.
    fn free_address(&self, arguments: &[OsString]) -> anyhow::Result<SocketAddr> {
        let command = arguments[0].to_string_lossy().into_owned();
        let all = [OsString::from("ashlar")]
            .into_iter()
            .chain(arguments.iter().cloned());
        let matches = self.program.clone().try_get_matches_from(all)?;
        let (_, of_command) = matches.subcommand().context("a command")?;
        let address = *of_command
            .get_one::<SocketAddr>("listen")
            .with_context(|| format!("`ashlar {command}` listens nowhere"))?;
        TcpListener::bind(address).with_context(|| {
            format!("{address} is taken: stop what listens there, or set `listen` in section [{command}]")
        })?;
        Ok(address)
    }

    async fn start(
        &mut self,
        name: &'static str,
        arguments: Vec<OsString>,
        address: Option<SocketAddr>,
        limit: Duration,
    ) -> anyhow::Result<()> {
        let process = Process::start(name, &self.args.data_dir, |command| {
            command.args(arguments);
        })?;
        self.running.push(process);
        let log = self.args.data_dir.join(format!("{name}.log"));
        if let (Some(address), Some(process)) = (address, self.running.last_mut()) {
            listening(process, name, address, limit).await?;
            crate::say!("{name:<10} {address}, log {}", log.display())?;
        } else {
            crate::say!("{name:<10} log {}", log.display())?;
        }
        Ok(())
    }

    /// The devnet's keys are public; with another L1, the operator's own file is used.
    fn operator_key_file(&self) -> anyhow::Result<PathBuf> {
        if self.args.no_devnet {
            return match self.args.operator.file() {
                Some(path) => Ok(path.to_owned()),
                None => bail!("--no-devnet needs --operator-key-file FILE"),
            };
        }
        Ok(self.args.data_dir.join("keys/operator.key"))
    }

    /// The endpoints of L1: the devnet's, or those that were given.
    async fn start_l1(&mut self) -> anyhow::Result<Vec<String>> {
        if self.args.no_devnet {
            self.operator_key_file()?;
            return Ok(self.args.l1_rpc.clone());
        }
        for (name, account) in DEVNET_USERS.iter().zip(DEV_ACCOUNTS) {
            let path = self.args.data_dir.join("keys").join(format!("{name}.key"));
            if !path.exists() {
                keys::write_secret(&path, format!("{}\n", account.secret_key).as_bytes())?;
            }
        }
        let folder = self.args.data_dir.join("devnet").into();
        let devnet = self.arguments("devnet", &[("--data-dir", folder)]);
        let address = self.free_address(&devnet)?;
        self.start("devnet", devnet, Some(address), START_LIMIT).await?;
        Ok(vec![format!("http://{address}")])
    }

    /// The deployment of an earlier `up`, if L1 still has it; else a new one. Gives its file.
    async fn deploy(&self, l1_rpc: &str) -> anyhow::Result<PathBuf> {
        let path = self.args.data_dir.join("deployment.toml");
        if path.exists() {
            let deployment = Deployment::load(&path)?;
            let found = L1::connect(L1Config::new(l1_rpc, deployment.rollup)).await;
            if let Err(L1Error::NoRollup { address, chain_id }) = found {
                bail!(
                    "{} names rollup {address}, and chain {chain_id} at {l1_rpc} has none there: L1 is another chain, or did not keep its state. Give the right L1, or start anew with another --data-dir",
                    path.display()
                );
            }
            deployment.require("L1", found?.domain())?;
            crate::say!("deployment {}, as before", path.display())?;
            return Ok(path);
        }
        for name in ["sequencer", "farm"] {
            let folder = self.args.data_dir.join(name);
            ensure!(
                !folder.exists(),
                "{} belongs to a deployment whose file is lost: put {} back, or start anew with another --data-dir",
                folder.display(),
                path.display()
            );
        }
        crate::say!("deploying (circuits and keys are made first on a fresh machine: some minutes)")?;
        let arguments = self.arguments(
            "deploy",
            &[
                ("--l1-rpc", l1_rpc.into()),
                ("--deployment", path.clone().into()),
                ("--operator-key-file", self.operator_key_file()?.into()),
            ],
        );
        let program = std::env::current_exe().context("cannot find this program's file")?;
        let output = tokio::process::Command::new(program)
            .args(crate::child::bound())
            .args(arguments)
            .stderr(std::process::Stdio::inherit())
            .kill_on_drop(true)
            .output()
            .await
            .context("cannot run `ashlar deploy`")?;
        ensure!(
            output.status.success(),
            "`ashlar deploy` ended with {}",
            output.status
        );
        crate::say!("deployment {}", path.display())?;
        Ok(path)
    }
}

/// Waits until a process listens, or ends.
async fn listening(
    process: &mut Process,
    name: &str,
    address: SocketAddr,
    limit: Duration,
) -> anyhow::Result<()> {
    let end = Instant::now() + limit;
    loop {
        if accepts(address).await {
            return process.check();
        }
        process.check()?;
        ensure!(
            Instant::now() < end,
            "{name} does not listen on {address} after {} s",
            limit.as_secs()
        );
        sleep(Duration::from_millis(50)).await;
    }
}
