//! Processes of the binary under test.

use std::{
    ffi::OsStr,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use alloy::{
    network::EthereumWallet, primitives::Address, providers::ProviderBuilder,
    signers::local::PrivateKeySigner,
};
use ashlar_contracts::{DeployConfig, deploy, encoding::hash_to_word};
use ashlar_devnet::DEV_ACCOUNTS;
use plonky2::field::types::PrimeField64;

/// Beyond what anything here takes that needs no circuits.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// For what needs circuits and keys, which are made first on a fresh machine, and for proofs.
pub const PREPARATION: Duration = Duration::from_secs(900);
/// What stopping may take. The longest grace of a service is half of it.
pub const BOUND: Duration = Duration::from_secs(15);

/// Any port of this machine that is free.
pub const ANY_PORT: &str = "127.0.0.1:0";

/// The workspace's root, where the cache of the other tests is.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn operator_key() -> String {
    DEV_ACCOUNTS[0].secret_key.to_string()
}

pub fn wait<T>(what: &str, limit: Duration, mut found: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process of the binary with its log in a file. Killed with the test.
pub struct Process {
    pub child: Child,
    pub log: PathBuf,
}

impl Process {
    pub fn start(folder: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let arguments: Vec<_> = arguments
            .into_iter()
            .map(|argument| argument.as_ref().to_owned())
            .collect();
        let log = folder.join(format!("{}.log", arguments[0].display()));
        let file = std::fs::File::create(&log).expect("a log");
        let child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
            .args(&arguments)
            .current_dir(root())
            .env("ASHLAR_LOG", "info")
            .env("NO_COLOR", "1")
            .env("ASHLAR_OPERATOR_KEY", operator_key()) // of the contract that `rollup` deploys
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a log"))
            .stderr(file)
            .spawn()
            .expect("the binary runs");
        Self { child, log }
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Where it listens, which may have needed circuits: it was told to take any free port, and says which. A port chosen
    /// here could be somebody else's by the time that it starts.
    pub fn listening(&mut self) -> SocketAddr {
        let told = |process: &Self| {
            let log = process.text();
            let line = log.lines().find(|line| line.contains(" serving"))?;
            let (_, address) = line.split_once(" address=")?;
            Some(address.split(' ').next()?.parse().expect("an address"))
        };
        self.until("it listens", PREPARATION, |process| told(process).is_some());
        told(self).expect("the log only grows")
    }

    /// Waits for what it shall do while it runs.
    pub fn until(&mut self, what: &str, limit: Duration, mut done: impl FnMut(&Self) -> bool) {
        wait(what, limit, || {
            let ended = self.child.try_wait().expect("a child of this process");
            assert!(ended.is_none(), "it ended: {}", self.text());
            done(self).then_some(())
        });
    }

    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let kill = Command::new("kill").args([signal, &id]).status();
        assert!(kill.expect("kill runs").success());
    }

    /// Waits for its end, which must come within the bound.
    pub fn ends(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of this process") {
                return status;
            }
            assert!(
                start.elapsed() < BOUND,
                "still there after {BOUND:?}: {}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to end, politely; it does, within the bound and without an error.
    pub fn stops(&mut self) {
        self.signal("-TERM");
        let status = self.ends();
        assert!(status.success(), "{status}: {}", self.text());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended by itself
        let _ = self.child.wait();
    }
}

/// A running devnet, and where it answers.
pub fn devnet(folder: &Path) -> (Process, SocketAddr) {
    let mut devnet = Process::start(folder, ["devnet", "--listen", ANY_PORT]);
    let address = devnet.listening();
    (devnet, address)
}

/// A rollup on that devnet.
pub async fn rollup(l1: SocketAddr) -> Address {
    let signer = PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[0].secret_key).expect("a key");
    let operator = signer.address();
    let provider = ProviderBuilder::new()
        .wallet(EthereumWallet::from(signer))
        .connect_http(format!("http://{l1}").parse().expect("a URL"));
    let genesis = ashlar_payments::tree::empty_accounts_root();
    let genesis = hash_to_word(genesis.elements.map(|element| element.to_canonical_u64()));
    let verifier = ashlar_contracts::generated_verifier().expect("committed artifact");
    let config = DeployConfig::new(verifier.creation_code, verifier.route, genesis, operator);
    deploy(provider, config).await.expect("deployed").rollup
}

/// A sequencer of that rollup; its farm is nowhere.
pub fn sequencer(folder: &Path, l1: SocketAddr, rollup: Address) -> Process {
    let data = folder.join("state");
    let (l1, rollup) = (format!("http://{l1}"), rollup.to_string());
    let arguments = [
        "sequencer",
        "--data-dir",
        data.to_str().expect("UTF-8"),
        "--listen",
        ANY_PORT,
        "--l1-rpc",
        &l1,
        "--rollup",
        &rollup,
        "--farm",
        "http://127.0.0.1:1",
        "--circuit-set",
        &"00".repeat(32),
        "--poll-ms",
        "100",
    ];
    Process::start(folder, arguments)
}
