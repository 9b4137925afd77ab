//! Outage: the disk under the database and the artifacts is full while batches run. The coordinator is a process of its own,
//! on a disk of its own where this machine lets one have that: a file system in memory, which nobody else sees.

#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use ashlar_farm::testing::{
    Client, Coordinator, circuit_set, config, inputs, key, on_postgres, submission, witness,
};
use ashlar_proto::{
    Bytes,
    farm::v1::{self as pb, complete_response::Outcome},
};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tonic::{Code, Status, transport::Channel};

/// Names the folder of the process's coordinator.
const DIR: &str = "ASHLAR_DISK_FULL";
const SAYS: &str = "the coordinator serves at ";
/// Room for all that the scenario makes, and not much more.
const DISK: &str = "size=24m";

/// What a disk can be short of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shortage {
    /// Blocks, on a file system of the process's own.
    Blocks,
    /// What a file may have: nothing, while it is short of that.
    FileSize,
}

impl Shortage {
    /// Those that this machine can make.
    fn all() -> Vec<Self> {
        let mounts = Command::new("unshare")
            .args(["-Urm", "mount", "-t", "tmpfs", "none", "/mnt"])
            .stderr(Stdio::null())
            .status();
        if mounts.is_ok_and(|status| status.success()) {
            return vec![Self::Blocks, Self::FileSize];
        }
        println!("skipped: a full file system, as nobody but root can mount one here");
        vec![Self::FileSize]
    }
}

/// A coordinator's process.
struct Process {
    child: Child,
    address: SocketAddr,
    /// Its folder as this process sees it.
    dir: PathBuf,
    shortage: Shortage,
}

impl Process {
    fn start(dir: &Path, shortage: Shortage) -> Self {
        let (program, before) = match shortage {
            Shortage::Blocks => (
                &["unshare", "-Urm", "sh"][..],
                format!("mount -t tmpfs -o {DISK} none \"${DIR}\""),
            ),
            // The signal would end it.
            Shortage::FileSize => (&["sh"][..], "trap '' XFSZ".to_owned()),
        };
        let mut child = Command::new(program[0])
            .args(&program[1..])
            .args(["-c", &format!("{before} && exec \"$@\""), "sh"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "disk_full::process", "--ignored", "--nocapture"])
            .env(DIR, dir)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = said
            .map_while(Result::ok)
            .find_map(|line| line.split_once(SAYS)?.1.parse().ok());
        let seen = format!("/proc/{}/root{}", child.id(), dir.display());
        Self {
            address: address.expect("it starts"),
            child,
            dir: seen.into(),
            shortage,
        }
    }

    async fn client(&self) -> Client {
        let endpoint = Channel::from_shared(format!("http://{}", self.address)).unwrap();
        Client::over(endpoint.connect().await.unwrap())
    }

    fn ballast(&self) -> PathBuf {
        self.dir.join("ballast")
    }

    fn fill(&self) {
        match self.shortage {
            Shortage::Blocks => {
                let mut ballast = File::create(self.ballast()).unwrap();
                for block in [1 << 20, 4096, 1] {
                    while ballast.write_all(&vec![0; block]).is_ok() {}
                }
            }
            Shortage::FileSize => self.limit_files(Some(0)),
        }
    }

    fn make_room(&self) {
        match self.shortage {
            Shortage::Blocks => fs::remove_file(self.ballast()).unwrap(),
            Shortage::FileSize => self.limit_files(None),
        }
    }

    fn limit_files(&self, current: Option<u64>) {
        let pid = Pid::from_child(&self.child);
        let maximum = None;
        prlimit(Some(pid), Resource::Fsize, Rlimit { current, maximum }).unwrap();
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.join("artifacts")).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Not a test: the process of the others, until its input ends.
#[tokio::test]
#[ignore = "the coordinator's process of the scenarios beside it"]
async fn process() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let coordinator = Coordinator::start(config(dir.as_ref()));
    println!("{SAYS}{}", coordinator.address);
    std::io::stdin().lines().for_each(drop);
}

fn assert_no_room<T: std::fmt::Debug>(result: Result<T, Status>) {
    let status = result.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    let said = status.message();
    let artifacts = said.starts_with("no room is left for ")
        && said.ends_with("artifacts: make some, or name a larger disk; calls are good again then");
    assert!(
        artifacts || said == "the job database cannot be reached or has no room: call again",
        "{said}"
    );
}

/// As workers and sequencer do: again, as long as they are told to.
async fn until_good<T>(what: &str, mut call: impl AsyncFnMut() -> Result<T, Status>) -> T {
    let start = Instant::now();
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{what}: {status}"),
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{what}: there is room");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn parts(number: u64, chunks: u32) -> Vec<pb::SubmitBatchRequest> {
    let witnesses: Vec<Bytes> = (0..chunks).map(|chunk| witness(number, chunk)).collect();
    submission(number, circuit_set(), &witnesses)
}

#[tokio::test]
async fn nothing_is_lost_and_everything_goes_on_when_there_is_room() {
    for shortage in Shortage::all() {
        let dir = tempfile::tempdir().unwrap();
        let process = Process::start(dir.path(), shortage);
        let mut client = process.client().await;
        let worker = client.register("w").await;
        client.submit(1, 3).await;
        client.work_one(worker).await;
        let lease = client.lease(worker).await;
        let proof = client.prove(&lease).await;
        let (before, stored) = (client.status(1).await, process.files());

        process.fill();
        for _ in 0..3 {
            assert_no_room(client.deliver(key(&lease), proof.clone()).await);
            assert_no_room(client.submit_parts(parts(2, 1)).await);
        }
        let registered = client.work.register(Client::capabilities("another")).await;
        if !on_postgres() {
            assert_no_room(registered); // the database is on the same disk
            assert_no_room(client.renew(&lease).await);
        }
        assert_eq!(
            client.status(1).await,
            before,
            "nobody is blamed, nothing is lost"
        );
        assert_eq!(process.files(), stored, "no part of a file is left");
        assert_eq!(client.fetch(inputs(&lease)[0]).await.unwrap(), witness(1, 1));

        process.make_room();
        let delivered = until_good("deliver", async || {
            client.deliver(key(&lease), proof.clone()).await
        })
        .await;
        assert_eq!(delivered.0, Outcome::Accepted, "{shortage:?}");
        let submitted = until_good("submit", async || client.submit_parts(parts(2, 1)).await).await;
        assert!(!submitted.already_known);
        client.work_all(worker).await;
        client.assert_done(1, 3).await;
        client.assert_done(2, 1).await;
        for job in [client.status(1).await.jobs, client.status(2).await.jobs].concat() {
            assert_eq!((job.failed_attempts, job.machine_faults), (0, 0));
        }
        client.collect(false).await.unwrap();
    }
}

#[tokio::test]
async fn a_batch_is_proved_although_the_disk_is_full_again_and_again() {
    for shortage in Shortage::all() {
        let dir = tempfile::tempdir().unwrap();
        let process = Process::start(dir.path(), shortage);
        let mut client = process.client().await;
        let worker = client.register("w").await;
        client.submit(1, 2).await;
        let mut proved = 0;
        let request = pb::LeaseRequest {
            session: worker.to_vec().into(),
            wait_ms: 0,
            ahead: false,
        };
        while let Some(lease) = until_good("lease", async || client.work.lease(request.clone()).await)
            .await
            .into_inner()
            .lease
        {
            let proof = client.prove(&lease).await;
            process.fill();
            assert_no_room(client.deliver(key(&lease), proof.clone()).await);
            process.make_room();
            let delivered = until_good("deliver", async || {
                client.deliver(key(&lease), proof.clone()).await
            })
            .await;
            assert_eq!(delivered.0, Outcome::Accepted);
            proved += 1;
        }
        assert_eq!(proved, 5, "each job once: {shortage:?}");
        client.assert_done(1, 2).await;
    }
}
