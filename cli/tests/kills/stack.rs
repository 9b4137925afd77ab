//! The processes: started over their folders, killed, started again.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use alloy::{hex, primitives::Address, signers::local::PrivateKeySigner};
use ashlar_client::{Client, L1, L1Config, Options, pb::BatchStatus};
use ashlar_devnet::DEV_ACCOUNTS;
use tempfile::TempDir;
use tokio::time::sleep;

/// On a fresh machine circuits and keys are made first.
const START_LIMIT: Duration = Duration::from_secs(900);
/// For the proofs of all that the users did, on a busy machine with two cores.
const SETTLE_LIMIT: Duration = Duration::from_secs(1_500);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Devnet,
    Farm,
    WorkerOne,
    WorkerTwo,
    Sequencer,
}

const ROLES: [Role; 5] = [
    Role::Devnet,
    Role::Farm,
    Role::WorkerOne,
    Role::WorkerTwo,
    Role::Sequencer,
];
/// The coordinator's address, as if it were another machine: to this one nobody speaks but over TLS.
const FARM_HOST: &str = "127.0.0.2";

/// Of a validium's committee.
const MEMBERS: u8 = 4;

/// Where users find the rollup.
#[derive(Clone, Debug)]
pub struct Links {
    pub l1: String,
    pub sequencer: String,
    pub rollup: Address,
    /// Members of a validium's committee.
    pub members: Vec<String>,
}

impl Links {
    /// A client that is patient enough for any restart.
    pub async fn client(&self) -> Client {
        let options = Options {
            request_timeout: Duration::from_secs(10),
            attempts: 60,
            max_pause: Duration::from_secs(1),
            ..Options::default()
        };
        let start = Instant::now();
        loop {
            match Client::connect_with(&self.sequencer, options).await {
                Ok(client) => return client,
                Err(error) => assert!(start.elapsed() < START_LIMIT, "{error}"),
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// L1, paid by one of the devnet's accounts.
    pub async fn l1(&self, account: usize) -> L1 {
        let key = DEV_ACCOUNTS[account].secret_key;
        let start = Instant::now();
        loop {
            let config = L1Config {
                signer: Some(PrivateKeySigner::from_bytes(&key).expect("a key")),
                request_timeout: Duration::from_secs(5),
                mining_timeout: Duration::from_secs(5),
                members: self.members.clone(),
                ..L1Config::new(&self.l1, self.rollup)
            };
            match L1::connect(config).await {
                Ok(l1) => return l1,
                Err(error) => assert!(start.elapsed() < START_LIMIT, "{error}"),
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}

struct Running {
    child: Child,
    log: PathBuf,
}

pub struct Stack {
    folder: TempDir,
    addresses: [SocketAddr; 3],
    running: [Option<Running>; 5],
    members: Vec<(String, Running)>,
    rollup: Address,
}

impl Stack {
    pub async fn start() -> Self {
        Self::start_with(&[], &[Role::WorkerOne, Role::WorkerTwo]).await
    }

    /// Over a rollup that is deployed with these arguments, too.
    pub async fn start_with(terms: &[&str], workers: &[Role]) -> Self {
        let ports = ["127.0.0.1", FARM_HOST, "127.0.0.1"]
            .map(|host| TcpListener::bind((host, 0)).expect("a free port"));
        let addresses = ports
            .each_ref()
            .map(|port| port.local_addr().expect("it is bound"));
        drop(ports);
        let mut stack = Self {
            folder: tempfile::tempdir().expect("a folder"),
            addresses,
            running: [const { None }; 5],
            members: Vec::new(),
            rollup: Address::ZERO,
        };
        let key = hex::encode(DEV_ACCOUNTS[0].secret_key);
        fs::write(stack.path("operator.key"), key).expect("writes");
        stack.certify();
        stack.run(Role::Devnet);
        stack.listens(Role::Devnet).await;
        let committee = committee();
        let mut terms = terms.to_vec();
        let is_validium = terms.contains(&"validium");
        if is_validium {
            terms.extend(["--committee", &committee]);
        }
        stack.rollup = stack.deploy(&terms);
        for member in 0..if is_validium { MEMBERS } else { 0 } {
            let running = stack.run_member(member).await;
            stack.members.push(running);
        }
        for role in [&[Role::Farm], workers, &[Role::Sequencer]].concat() {
            stack.run(role);
        }
        stack.listens(Role::Sequencer).await;
        stack
    }

    pub fn links(&self) -> Links {
        Links {
            l1: self.url(Role::Devnet),
            sequencer: self.url(Role::Sequencer),
            rollup: self.rollup,
            members: self
                .members
                .iter()
                .map(|(endpoint, _)| endpoint.clone())
                .collect(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn address(&self, role: Role) -> SocketAddr {
        let [devnet, farm, sequencer] = self.addresses;
        match role {
            Role::Devnet => devnet,
            Role::Farm | Role::WorkerOne | Role::WorkerTwo => farm,
            Role::Sequencer => sequencer,
        }
    }

    fn url(&self, role: Role) -> String {
        let scheme = if role == Role::Farm { "https" } else { "http" };
        format!("{scheme}://{}", self.address(role))
    }

    /// Gives everybody at the farm a certificate.
    fn certify(&self) {
        let certs = self.path("certs");
        let certs = certs.to_str().expect("UTF-8");
        let issue = |role, name| vec!["certs", "issue", "--dir", certs, "--role", role, "--name", name];
        let coordinator = [issue("coordinator", "main"), vec!["--host", FARM_HOST]].concat();
        for arguments in [
            vec!["certs", "init", "--dir", certs],
            coordinator,
            issue("sequencer", "main"),
            issue("worker", "one"),
            issue("worker", "two"),
            issue("admin", "test"),
        ] {
            succeeds(&mut self.command(&arguments));
        }
    }

    /// What `ashlar farm` tells an operator.
    pub fn operator(&self, arguments: &[&str]) -> String {
        let mut command = self.command(&["farm"]);
        command
            .args(arguments)
            .args(["--farm", &self.url(Role::Farm), "--farm-tls"])
            .arg(self.certificate("admin-test"));
        succeeds(&mut command)
    }

    /// The folder of a holder's certificate.
    fn certificate(&self, holder: &str) -> PathBuf {
        self.path("certs").join("issued").join(holder)
    }

    /// The program, over the folder where circuits and keys are cached.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ASHLAR_")) {
            command.env_remove(name); // nobody's own settings
        }
        command
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")) // circuits and keys are cached there
            .env("ASHLAR_LOG", "info")
            .stdin(Stdio::null())
            .args(arguments);
        command
    }

    fn deploy(&self, terms: &[&str]) -> Address {
        let file = self.path("deployment.toml");
        let mut command = self.command(&["deploy", "--l1-rpc", &self.url(Role::Devnet), "--deployment"]);
        command
            .arg(&file)
            .arg("--operator-key-file")
            .arg(self.path("operator.key"))
            .args(terms);
        succeeds(&mut command);
        let text = fs::read_to_string(file).expect("a deployment");
        let deployment: toml::Table = text.parse().expect("TOML");
        deployment["rollup"]
            .as_str()
            .expect("text")
            .parse()
            .expect("an address")
    }

    /// Starts a member of the committee; gives where it serves, too.
    async fn run_member(&self, member: u8) -> (String, Running) {
        let name = format!("member-{member}");
        let log = self.path(&format!("{name}.log"));
        let mut command = self.command(&["da", "--listen", "127.0.0.1:0", "--deployment"]);
        command
            .arg(self.path("deployment.toml"))
            .arg("--data-dir")
            .arg(self.path(&name))
            .env("ASHLAR_MEMBER_KEY", hex::encode(member_key(member).to_bytes()))
            .env("NO_COLOR", "1");
        let mut running = start(command, log);
        let begin = Instant::now();
        loop {
            let said = fs::read_to_string(&running.log).expect("a log");
            let line = said
                .lines()
                .find(|line| line.contains("committee member serving"));
            let address = line.and_then(|line| line.split_once("address=")?.1.split(' ').next());
            if let Some(address) = address {
                return (format!("http://{address}"), running);
            }
            let ended = running.child.try_wait().expect("a child of this process");
            assert!(ended.is_none() && begin.elapsed() < START_LIMIT, "{said}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// SIGKILL.
    pub fn kill_member(&mut self, place: usize) {
        let (_, running) = &mut self.members[place];
        running.child.kill().expect("it runs");
        running.child.wait().expect("it ends");
    }

    /// Starts a process over its folder.
    pub fn run(&mut self, role: Role) {
        let name = format!("{role:?}").to_lowercase();
        let log = self.path(&format!("{name}.log"));
        let listen = self.address(role).to_string();
        let farm = self.url(Role::Farm);
        let mut command = self.command(&[match role {
            Role::Devnet => "devnet",
            Role::Farm => "farm",
            Role::WorkerOne | Role::WorkerTwo => "worker",
            Role::Sequencer => "sequencer",
        }]);
        match role {
            Role::Devnet | Role::Farm | Role::Sequencer => command
                .arg("--data-dir")
                .arg(self.path(&name))
                .args(["--listen", &listen]),
            Role::WorkerOne | Role::WorkerTwo => command.args(["--farm", &farm]),
        };
        match role {
            Role::Devnet => &mut command,
            Role::Farm => command.arg("--tls").arg(self.certificate("coordinator-main")),
            Role::WorkerOne => command.arg("--farm-tls").arg(self.certificate("worker-one")),
            Role::WorkerTwo => command.arg("--farm-tls").arg(self.certificate("worker-two")),
            Role::Sequencer => command.arg("--farm-tls").arg(self.certificate("sequencer-main")),
        };
        if role == Role::Sequencer {
            let path = |name| self.path(name);
            command
                .args(["--l1-rpc", &self.url(Role::Devnet), "--farm", &farm])
                .arg("--deployment")
                .arg(path("deployment.toml"))
                .arg("--operator-key-file")
                .arg(path("operator.key"))
                // Few and small batches: each is proved.
                .args([
                    "--max-transactions",
                    "120",
                    "--max-age-secs",
                    "20",
                    "--confirmations",
                    "0",
                ])
                .args([
                    "--poll-ms",
                    "200",
                    "--resend-after-secs",
                    "3",
                    "--l1-timeout-ms",
                    "3000",
                ]);
            for (endpoint, _) in &self.members {
                command.args(["--da-member", endpoint]);
            }
        }
        self.running[role as usize] = Some(start(command, log));
    }

    /// SIGKILL.
    pub fn kill(&mut self, role: Role) {
        self.check();
        if let Some(mut running) = self.running[role as usize].take() {
            running.child.kill().expect("it runs");
            running.child.wait().expect("it ends");
        }
    }

    /// Nobody ends but by being killed.
    fn check(&mut self) {
        for role in ROLES {
            if let Some(running) = &mut self.running[role as usize]
                && let Some(status) = running.child.try_wait().expect("a child of this process")
            {
                panic!("{role:?} ended with {status}: {}", tail(&running.log));
            }
        }
    }

    async fn listens(&mut self, role: Role) {
        let start = Instant::now();
        let address = self.address(role);
        let is_own = |stream: TcpStream| stream.local_addr().is_ok_and(|own| own == address); // reached itself
        while TcpStream::connect(address).map_or(true, is_own) {
            self.check();
            assert!(start.elapsed() < START_LIMIT, "{role:?} does not listen");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until all that was executed is proven on L1, and the sequencer has seen that, with nobody killed any more.
    pub async fn settle(&mut self) {
        let links = self.links();
        let (client, l1) = (links.client().await, links.l1(0).await);
        let start = Instant::now();
        loop {
            self.check();
            let info = client.info().await.expect("it answers");
            let state = l1.state().await.expect("it answers");
            if info.unsealed_operations == 0
                && info.next_queue_index == state.queued_operations
                && info.next_batch == state.proven_batches + 1
                && is_proven(&client, state.proven_batches).await
            {
                println!("{} batches proven", state.proven_batches);
                return;
            }
            assert!(
                start.elapsed() < SETTLE_LIMIT,
                "not settled: {info:?}, {state:?}: {}",
                tail(&self.path("sequencer.log"))
            );
            sleep(Duration::from_millis(500)).await;
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let members = self.members.iter_mut().map(|(_, running)| running);
        for running in self.running.iter_mut().flatten().chain(members) {
            let _ = running.child.kill(); // it may have ended by itself
            let _ = running.child.wait();
        }
        if std::thread::panicking() {
            for role in ROLES {
                let name = format!("{role:?}").to_lowercase();
                println!("{name}: {}", tail(&self.path(&format!("{name}.log"))));
            }
        }
    }
}

fn member_key(member: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_slice(&[member + 1; 32]).expect("a key")
}

/// Addresses of the members, as a flag has them.
fn committee() -> String {
    let members: Vec<_> = (0..MEMBERS)
        .map(|member| member_key(member).address().to_string())
        .collect();
    members.join(",")
}

/// Starts a process that writes both outputs to a file.
fn start(mut command: Command, log: PathBuf) -> Running {
    let file = File::options()
        .create(true)
        .append(true)
        .open(&log)
        .expect("a log");
    let child = command
        .stdout(file.try_clone().expect("a log"))
        .stderr(file)
        .spawn()
        .expect("the binary runs");
    Running { child, log }
}

/// The sequencer follows L1 by asking now and then: it is told of a proof later than L1 has it.
async fn is_proven(client: &Client, number: u64) -> bool {
    let batch = client.batch(number).await.expect("it answers");
    batch.is_some_and(|batch| batch.status() == BatchStatus::Proven)
}

/// Runs a command to its end; gives what it printed.
fn succeeds(command: &mut Command) -> String {
    let output = command.output().expect("the binary runs");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
