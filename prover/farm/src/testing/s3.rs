//! A real S3 server on loopback, with its data in a folder: JuiceFS's gateway, which has MinIO's front end.

use std::{
    ffi::OsString,
    io::{Read, Write},
    net::TcpStream,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use ashlar_identity::Folder;
use ashlar_process::children::{Group, Signal};
use ashlar_proto::{Bytes, Digest};
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::ArtifactsAt;

const BUCKET: &str = "artifacts";
const KEY: &str = "ashlar-tests";
const SECRET: &str = "a secret of these tests";
/// How long a busy machine may need to start the server.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// The server, and its one bucket.
pub struct S3Server {
    dir: tempfile::TempDir,
    program: PathBuf,
    port: u16,
    authority: Option<PathBuf>,
    running: Option<(Group, Child)>,
}

/// Whether no thread of a process goes on; where the system does not tell, nobody knows better.
fn stands_still(process: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else {
        return true;
    };
    let stopped = |thread: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // The state is behind the name, which may have anything in it.
        stat.rsplit_once(") ")
            .is_none_or(|(_, rest)| rest.starts_with('T'))
    };
    threads.flatten().all(stopped)
}

impl S3Server {
    /// Starts the program that `scripts/s3-server` has put into the target folder, whose folder `tmp` is given; without it
    /// there is none, which is said.
    pub fn start(target_tmp: &str) -> Option<Self> {
        Self::start_as(target_tmp, None)
    }

    /// As [`Self::start`], over TLS with a certificate for loopback.
    pub fn start_as(target_tmp: &str, certificate: Option<&Folder>) -> Option<Self> {
        let program = Path::new(target_tmp).with_file_name("s3").join("juicefs");
        if !program.exists() {
            println!("skipped: there is no S3 server (scripts/s3-server installs one)");
            return None;
        }
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .unwrap()
            .port();
        let mut server = Self {
            dir: tempfile::tempdir().unwrap(),
            program,
            port,
            authority: certificate.map(|folder| folder.path().join("ca.crt")),
            running: None,
        };
        if let Some(folder) = certificate {
            let certs = server.dir.path().join(".minio/certs");
            std::fs::create_dir_all(&certs).unwrap();
            for (from, to) in [("tls.crt", "public.crt"), ("tls.key", "private.key")] {
                std::fs::copy(folder.path().join(from), certs.join(to)).unwrap();
            }
        }
        let blocks = format!("{}/blocks/", server.dir.path().display());
        let format = [
            "format",
            "--storage",
            "file",
            "--trash-days",
            "0",
            "--bucket",
            &blocks,
        ];
        let formatted = server
            .command()
            .args(format)
            .args([&server.database(), BUCKET])
            .output();
        let formatted = formatted.unwrap();
        assert!(
            formatted.status.success(),
            "{}",
            String::from_utf8_lossy(&formatted.stderr)
        );
        server.restart();
        Some(server)
    }

    fn database(&self) -> String {
        format!("sqlite3://{}/objects.sqlite", self.dir.path().display())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("HOME", self.dir.path())
            .env("MINIO_ROOT_USER", KEY)
            .env("MINIO_ROOT_PASSWORD", SECRET)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Starts it again where it was, and waits until it answers.
    pub fn restart(&mut self) {
        let address = format!("127.0.0.1:{}", self.port);
        let log = self.dir.path().join("log");
        let quiet = [
            "--no-usage-report",
            "--no-bgjob",
            "--no-banner",
            "--backup-meta",
            "0",
            "--cache-size",
            "0",
        ];
        let child = self
            .command()
            .arg("gateway")
            .args(quiet)
            .arg("--cache-dir")
            .arg(self.dir.path().join("cache"))
            .arg("--log")
            .arg(&log)
            .args([&self.database(), &address])
            .process_group(0)
            .spawn()
            .unwrap();
        self.running = Some((Group::of(&child), child));
        let start = Instant::now();
        while !answers(&address) {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            assert!(
                start.elapsed() < STARTS_WITHIN,
                "the S3 server does not start: {log}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it at once, in the middle of whatever it does.
    pub fn kill(&mut self) {
        let (group, mut child) = self.running.take().expect("it runs");
        group.signal(Signal::KILL);
        child.wait().unwrap();
    }

    /// Lets it stand still with all its connections.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
        // A thread goes on until it takes the signal: on a busy machine for longer than a call needs.
        let (start, id) = (Instant::now(), self.running.as_ref().expect("it runs").1.id());
        while !stands_still(id) {
            assert!(
                start.elapsed() < STARTS_WITHIN,
                "the S3 server does not stand still"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        self.running.as_ref().expect("it runs").0.signal(signal);
    }

    /// The environment of a coordinator that uses it.
    pub fn variables(&self) -> Vec<(OsString, OsString)> {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        let endpoint = format!("{scheme}://127.0.0.1:{}", self.port);
        let set = [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("PATH", "/bin"),
        ];
        let mut variables = set.map(|(name, value)| (name.into(), value.into())).to_vec();
        variables.extend(
            self.authority
                .iter()
                .map(|file| ("AWS_CA_BUNDLE".into(), file.into())),
        );
        variables
    }

    /// Its bucket, under a prefix.
    pub fn at(&self, prefix: &str) -> ArtifactsAt {
        ArtifactsAt::parse(&format!("s3://{BUCKET}/{prefix}"), self.variables()).unwrap()
    }

    /// All of its bucket, past whoever keeps artifacts there.
    fn objects(&self) -> Arc<dyn ObjectStore> {
        match self.at("") {
            ArtifactsAt::S3(location) => location.open().unwrap(),
            ArtifactsAt::Folder(_) => unreachable!("the URL is one of S3"),
        }
    }

    /// The bytes of an object, if it is there.
    pub async fn read(&self, name: &str) -> Option<Bytes> {
        match self.objects().get(&name.into()).await {
            Ok(found) => Some(found.bytes().await.unwrap()),
            Err(object_store::Error::NotFound { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Writes an object.
    pub async fn write(&self, name: &str, bytes: impl Into<Bytes>) {
        self.objects()
            .put(&name.into(), bytes.into().into())
            .await
            .unwrap();
    }

    /// Deletes an object.
    pub async fn delete(&self, name: &str) {
        self.objects().delete(&name.into()).await.unwrap();
    }

    /// The names of all objects, in order.
    pub async fn names(&self) -> Vec<String> {
        let objects: Vec<_> = self.objects().list(None).try_collect().await.unwrap();
        let mut names: Vec<_> = objects.iter().map(|object| object.location.to_string()).collect();
        names.sort();
        names
    }

    /// Flips one bit of an artifact under a prefix.
    pub async fn damage(&self, prefix: &str, digest: Digest) {
        let name = format!("{prefix}/{digest}");
        let mut bytes = self.read(&name).await.expect("the artifact is there").to_vec();
        bytes[0] ^= 1;
        self.write(&name, bytes).await;
    }
}

/// Whether the server says that it is alive, or, if it speaks TLS, that this is no TLS.
fn answers(address: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET /minio/health/live HTTP/1.0\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(head.ends_with(b" 200") || head.ends_with(b" 400"))
    };
    ask().unwrap_or(false)
}

impl Drop for S3Server {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.kill();
        }
    }
}
