//! The farm's coordinator opens verifying keys alone. Real processes.

#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tonic::transport::Endpoint;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// Most that it may ever have held until it serves: its highest resident set. With circuits and proving keys it is over a
/// gibibyte.
const MOST_KIB: u64 = 200 << 10;
/// On a fresh machine circuits and keys are made first.
const PREPARATION: Duration = Duration::from_secs(900);

/// The workspace's root, where the cache of the other tests is.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn ashlar(cache: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
    command
        .current_dir(root())
        .env("ASHLAR_LOG", "info")
        .env("NO_COLOR", "1");
    command.env("ASHLAR_CACHE_DIR", cache).stdin(Stdio::null());
    command
}

/// The cache of the other tests, with all that belongs there.
fn cache() -> PathBuf {
    let cache = root().join("target/ashlar");
    let setup = ashlar(&cache).arg("setup").output().expect("the binary runs");
    assert!(
        setup.status.success(),
        "{}",
        String::from_utf8_lossy(&setup.stderr)
    );
    cache
}

/// The file of verifying keys in a cache.
fn keys(cache: &Path) -> PathBuf {
    let entries = fs::read_dir(cache).expect("a cache").flatten();
    let mut names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let name =
        names.find(|name| name.starts_with("verifier-") && name.ends_with("-insecure-development.keys"));
    cache.join(name.expect("a setup leaves verifying keys"))
}

/// Killed with the test.
struct Farm {
    child: Child,
    log: PathBuf,
}

impl Farm {
    /// Starts it and waits until it says that it serves.
    async fn serving(folder: &Path, cache: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        drop(listener);
        let log = folder.join("farm.log");
        let data = folder.join("farm");
        let child = ashlar(cache)
            .args(["farm", "--listen", &address.to_string(), "--data-dir"])
            .arg(data)
            .stderr(File::create(&log).expect("a log"))
            .spawn()
            .expect("the binary runs");
        let mut farm = Self { child, log };
        let start = Instant::now();
        while !serves(address).await {
            assert!(farm.child.try_wait().expect("ours").is_none(), "{}", farm.text());
            assert!(start.elapsed() < PREPARATION, "{}", farm.text());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        farm
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The highest resident set that it has had.
    fn peak_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line
            .and_then(|line| line.split_whitespace().next())
            .expect("Linux");
        number.parse().expect("a number")
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended by itself
        let _ = self.child.wait();
    }
}

async fn serves(address: SocketAddr) -> bool {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("a URL");
    let Ok(channel) = endpoint.connect().await else {
        return false;
    };
    let mut health = HealthClient::new(channel);
    let answer = health.check(HealthCheckRequest::default()).await;
    answer.is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving)
}

#[tokio::test]
async fn a_coordinator_whose_keys_are_there_serves_within_200_mib() {
    let (folder, cache) = (tempfile::tempdir().expect("a folder"), cache());
    let farm = Farm::serving(folder.path(), &cache).await;
    let peak_kib = farm.peak_kib();
    println!("{peak_kib} KiB");
    assert!(peak_kib < MOST_KIB, "{peak_kib} KiB: {}", farm.text());
}

#[tokio::test]
async fn damaged_keys_are_made_anew_and_production_takes_none_of_the_development_string() {
    let (folder, whole) = (tempfile::tempdir().expect("a folder"), cache());
    let cache = folder.path().join("cache");
    fs::create_dir(&cache).expect("a folder");
    let original = keys(&whole);
    for entry in fs::read_dir(&whole).expect("a cache").flatten() {
        if entry.path() != original {
            let target = entry.path().canonicalize().expect("there");
            symlink(target, cache.join(entry.file_name())).expect("a link");
        }
    }
    let bytes = fs::read(&original).expect("keys");
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 1;
    let name = original.file_name().expect("a file").to_str().expect("ASCII");
    fs::write(cache.join(name), damaged).expect("writable");

    let farm = Farm::serving(folder.path(), &cache).await;
    let text = farm.text();
    assert!(text.contains("replacing unusable verifying keys"), "{text}");
    assert!(fs::read(cache.join(name)).expect("keys") == bytes, "made anew");
    let peak_kib = farm.peak_kib();
    assert!(
        peak_kib < MOST_KIB,
        "{peak_kib} KiB: it started over without the rest"
    );
    drop(farm);

    let ceremony = name.replace("insecure-development", "powers-of-tau");
    fs::copy(&original, cache.join(ceremony)).expect("writable");
    let output = ashlar(&cache)
        .args(["farm", "--production", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder.path().join("production"))
        .output()
        .expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{text}");
    assert!(
        text.contains("another reference string") && text.contains("no ceremony reference string"),
        "{text}"
    );
}
