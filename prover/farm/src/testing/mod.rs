//! A real coordinator on loopback with its files in a directory, and a client that plays the sequencer and the
//! workers by hand. Proving is the engine's business and is tested there: here a "proof" is a hash of its inputs.

#![allow(missing_docs, reason = "a test kit: names of fields say all")]

mod certificates;
mod databases;
mod proxy;
mod records;
mod s3;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use ashlar_identity::ServerTls;
use ashlar_proto::{
    Bytes, Digest, JobKind,
    farm::v1::{
        self as pb, admin_service_client::AdminServiceClient, batch_service_client::BatchServiceClient,
        complete_response::Outcome, lease::Job, work_service_client::WorkServiceClient,
    },
    pieces,
};
use ashlar_protocol::fold_schedule;
use tokio_util::sync::CancellationToken;
use tonic::{Status, transport::Channel};

use crate::{Farm, FarmConfig, KindPolicies, KindPolicy, Listener, ProofVerifier, Refusal, Services, serve};

pub use self::{
    certificates::{Certificates, HOUR},
    databases::{database, make_database, on_postgres},
    proxy::{Proxy, Way},
    records::Records,
    s3::S3Server,
};

/// The circuits that everybody in these tests is built for.
pub fn circuit_set() -> Digest {
    Digest::of(b"circuits")
}

/// The tenant of these tests.
pub fn tenant() -> pb::Tenant {
    tenant_number(1)
}

/// One of several.
pub fn tenant_number(n: u8) -> pb::Tenant {
    pb::Tenant {
        chain_id: 31_337,
        rollup: vec![n; 20].into(),
    }
}

/// The batches of that number.
pub fn batch_ref(number: u64) -> pb::BatchRef {
    pb::BatchRef {
        number,
        ..pb::BatchRef::default()
    }
}

/// Asks for the batch of that number of [`tenant`].
pub fn watch_request(number: u64) -> pb::WatchBatchRequest {
    pb::WatchBatchRequest {
        number,
        tenant: Some(tenant()),
        circuit_set_digest: circuit_set().into(),
    }
}

/// What a job makes here: a hash of its kind and inputs, and for compress one that needs several pieces.
pub fn hash_proof(kind: JobKind, inputs: &[Bytes]) -> Bytes {
    let seed = Digest::of_parts(
        std::iter::once(kind.name().as_bytes()).chain(inputs.iter().map(|input| &input[..])),
    );
    let repeats = if kind == JobKind::Compress { 80_000 } else { 2 };
    seed.as_ref().repeat(repeats).into()
}

/// The witness of a chunk.
pub fn witness(batch: u64, chunk: u32) -> Bytes {
    format!("witness {batch}/{chunk} ").repeat(100).into()
}

/// What a batch must end in.
pub fn expected_snark(batch: u64, chunks: u32) -> Bytes {
    expected_snark_of(batch, chunks, None)
}

/// The same of a batch whose stream is in a blob.
pub fn expected_snark_of(batch: u64, chunks: u32, blob: Option<Bytes>) -> Bytes {
    let mut proofs: Vec<Bytes> = (0..chunks)
        .map(|i| hash_proof(JobKind::Chunk, &[witness(batch, i)]))
        .collect();
    for step in fold_schedule(chunks as usize) {
        let inputs = [proofs[step.left].clone(), proofs[step.right].clone()];
        proofs.push(hash_proof(JobKind::Fold, &inputs));
    }
    let root = proofs.pop().expect("a batch has a chunk");
    let inputs: Vec<Bytes> = std::iter::once(root).chain(blob).collect();
    let compressed = hash_proof(JobKind::Compress, &inputs);
    hash_proof(JobKind::Wrap, &[compressed])
}

/// Accepts exactly [`hash_proof`]. Panics on the word "panic", and has no keys for the words "no keys".
pub struct HashVerifier;

impl ProofVerifier for HashVerifier {
    fn verify(&self, _: Digest, kind: JobKind, inputs: &[Bytes], output: &Bytes) -> Result<(), Refusal> {
        assert!(&output[..] != b"panic", "hostile bytes");
        if &output[..] == b"no keys" {
            return Err(Refusal::CannotTell("no keys on this machine".into()));
        }
        if hash_proof(kind, inputs) == output {
            Ok(())
        } else {
            Err(Refusal::Rejected("hash differs".into()))
        }
    }
}

/// Leases of 30 s: nothing expires unless a test asks for it. The job graph is in a file, or under
/// `scripts/with-postgres` in a database of the server that it names.
pub fn config(dir: &Path) -> FarmConfig {
    FarmConfig {
        database: database(dir),
        sweep_interval: Duration::from_millis(20),
        ..FarmConfig::new(dir, circuit_set())
    }
}

/// As [`config`], with leases that are soon over: 300 ms where only their end matters, and long enough for a busy
/// machine where a test does something in time.
pub fn leases_of(dir: &Path, lease_ms: u64) -> FarmConfig {
    let policy = KindPolicy {
        lease: Duration::from_millis(lease_ms),
        ..KindPolicy::default()
    };
    FarmConfig {
        policies: KindPolicies::uniform(policy),
        ..config(dir)
    }
}

/// A coordinator in a runtime of its own, so that it can be made to crash.
pub struct Coordinator {
    pub address: SocketAddr,
    pub data_dir: PathBuf,
    crash: CancellationToken,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Coordinator {
    pub fn start(config: FarmConfig) -> Self {
        Self::start_at(config, "127.0.0.1:0".parse().unwrap())
    }

    pub fn start_at(config: FarmConfig, address: SocketAddr) -> Self {
        Self::start_as(config, address, None, Services::ALL)
    }

    /// With a certificate, and these services on its one address.
    pub fn start_as(
        config: FarmConfig,
        address: SocketAddr,
        tls: Option<ServerTls>,
        services: Services,
    ) -> Self {
        let (crash, stop) = (CancellationToken::new(), CancellationToken::new());
        let (sender, receiver) = mpsc::channel();
        let (data_dir, crashed, stopped) = (config.data_dir.clone(), crash.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(crashed.run_until_cancelled(async {
                make_database(&config.database).await;
                let farm = Farm::open(config, Arc::new(HashVerifier)).await.unwrap();
                let listener = Listener::bind(address, tls).await.unwrap().offering(services);
                sender.send(listener.address()).unwrap();
                serve(farm, vec![listener], stopped).await.unwrap();
            }));
            runtime.shutdown_timeout(Duration::from_secs(5)); // drops every task where it stands
        });
        let address = receiver.recv().expect("the coordinator starts");
        Self {
            address,
            data_dir,
            crash,
            stop,
            thread: Some(thread),
        }
    }

    /// Ends it at once, in the middle of whatever it does.
    pub async fn crash(mut self) {
        self.crash.cancel();
        self.join().await;
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.join().await;
    }

    async fn join(&mut self) {
        let thread = self.thread.take().unwrap();
        tokio::task::spawn_blocking(|| thread.join())
            .await
            .unwrap()
            .unwrap();
    }

    pub async fn client(&self) -> Client {
        let channel = Channel::from_shared(format!("http://{}", self.address))
            .unwrap()
            .connect()
            .await
            .unwrap();
        Client::over(channel)
    }

    pub fn artifact_path(&self, digest: Digest) -> PathBuf {
        self.data_dir.join("artifacts").join(digest.to_string())
    }

    /// Flips one bit of a stored artifact.
    pub fn damage(&self, digest: Digest) {
        let path = self.artifact_path(digest);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[0] ^= 1;
        std::fs::write(path, bytes).unwrap();
    }
}

impl Drop for Coordinator {
    fn drop(&mut self) {
        self.crash.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

#[derive(Clone)]
pub struct Client {
    pub batch: BatchServiceClient<Channel>,
    pub work: WorkServiceClient<Channel>,
    pub admin: AdminServiceClient<Channel>,
    /// What it says that a job took.
    pub seconds: f64,
}

/// The parts of a submission as the sequencer sends them.
pub fn submission(number: u64, circuit_set: Digest, witnesses: &[Bytes]) -> Vec<pb::SubmitBatchRequest> {
    let header = pb::BatchHeader {
        number,
        chunk_count: witnesses.len() as u32,
        circuit_set_digest: circuit_set.into(),
        tenant: Some(tenant()),
        blob: Bytes::new(),
    };
    let mut parts = vec![pb::SubmitBatchRequest {
        part: Some(pb::submit_batch_request::Part::Header(header)),
    }];
    for (witness, chunk_index) in witnesses.iter().zip(0..) {
        let half = witness.len() / 2;
        for (data, last) in [(witness.slice(..half), false), (witness.slice(half..), true)] {
            let piece = pb::WitnessPiece {
                chunk_index,
                data,
                last,
            };
            parts.push(pb::SubmitBatchRequest {
                part: Some(pb::submit_batch_request::Part::Piece(piece)),
            });
        }
    }
    parts
}

/// Random bytes that name a session or a lease.
pub type Secret = [u8; 16];

/// Bytes of the wire as a secret.
pub fn secret(bytes: &Bytes) -> Secret {
    bytes[..].try_into().expect("16 bytes")
}

pub fn key(lease: &pb::Lease) -> (u64, Secret) {
    (lease.job_id, secret(&lease.token))
}

pub fn kind(lease: &pb::Lease) -> JobKind {
    match lease.job {
        Some(Job::Chunk(_)) => JobKind::Chunk,
        Some(Job::Fold(_)) => JobKind::Fold,
        Some(Job::Compress(_)) => JobKind::Compress,
        Some(Job::Wrap(_)) => JobKind::Wrap,
        None => panic!("a lease names its job"),
    }
}

pub fn inputs(lease: &pb::Lease) -> Vec<Digest> {
    let inputs = match lease.job.clone() {
        Some(Job::Chunk(job)) => vec![job.witness],
        Some(Job::Fold(job)) => vec![job.left, job.right],
        Some(Job::Compress(job)) => std::iter::once(job.root)
            .chain(Some(job.blob).filter(|blob| !blob.is_empty()))
            .collect(),
        Some(Job::Wrap(job)) => vec![job.compressed],
        None => panic!("a lease names its job"),
    };
    inputs
        .iter()
        .map(|digest| Digest::try_from(&digest[..]).unwrap())
        .collect()
}

impl Client {
    /// A client of all services.
    pub fn over(channel: Channel) -> Self {
        Self {
            batch: BatchServiceClient::new(channel.clone()),
            work: WorkServiceClient::new(channel.clone()),
            admin: AdminServiceClient::new(channel),
            seconds: 0.25,
        }
    }

    pub async fn submit(&mut self, number: u64, chunks: u32) -> pb::SubmitBatchResponse {
        let witnesses: Vec<Bytes> = (0..chunks).map(|i| witness(number, i)).collect();
        self.submit_parts(submission(number, circuit_set(), &witnesses))
            .await
            .unwrap()
    }

    /// The same for the tenant of that number.
    pub async fn submit_for(
        &mut self,
        tenant: u8,
        number: u64,
        chunks: u32,
    ) -> Result<pb::SubmitBatchResponse, Status> {
        let witnesses: Vec<Bytes> = (0..chunks).map(|i| witness(number, i)).collect();
        let mut parts = submission(number, circuit_set(), &witnesses);
        if let Some(pb::submit_batch_request::Part::Header(header)) = &mut parts[0].part {
            header.tenant = Some(tenant_number(tenant));
        }
        self.submit_parts(parts).await
    }

    pub async fn submit_parts(
        &mut self,
        parts: Vec<pb::SubmitBatchRequest>,
    ) -> Result<pb::SubmitBatchResponse, Status> {
        Ok(self
            .batch
            .submit_batch(tokio_stream::iter(parts))
            .await?
            .into_inner())
    }

    pub fn capabilities(name: &str) -> pb::RegisterRequest {
        pb::RegisterRequest {
            name: name.into(),
            circuit_set_digest: circuit_set().into(),
            kinds: JobKind::ALL.map(|kind| pb::JobKind::from(kind) as i32).to_vec(),
            backend: "hash".into(),
            ram_bytes: 1 << 30,
            ..pb::RegisterRequest::default()
        }
    }

    pub async fn register(&mut self, name: &str) -> Secret {
        let registered = self.work.register(Self::capabilities(name)).await;
        secret(&registered.unwrap().into_inner().session)
    }

    pub async fn try_lease(&mut self, session: Secret, wait_ms: u32) -> Option<pb::Lease> {
        self.work
            .lease(pb::LeaseRequest {
                session: session.to_vec().into(),
                wait_ms,
                ahead: false,
            })
            .await
            .unwrap()
            .into_inner()
            .lease
    }

    pub async fn lease(&mut self, session: Secret) -> pb::Lease {
        self.try_lease(session, 10_000).await.expect("a job is ready")
    }

    pub async fn fetch(&mut self, digest: Digest) -> Result<Bytes, Status> {
        let request = pb::FetchArtifactRequest {
            digest: digest.into(),
        };
        let mut stream = self.work.fetch_artifact(request).await?.into_inner();
        let mut bytes = Vec::new();
        while let Some(piece) = stream.message().await? {
            bytes.extend_from_slice(&piece.data);
        }
        Ok(bytes.into())
    }

    /// Does the job of a lease as a worker would, short of delivering.
    pub async fn prove(&mut self, lease: &pb::Lease) -> Bytes {
        let mut bytes = Vec::new();
        for digest in inputs(lease) {
            let input = self.fetch(digest).await.unwrap();
            assert_eq!(Digest::of(&input), digest);
            bytes.push(input);
        }
        hash_proof(kind(lease), &bytes)
    }

    pub async fn deliver(&mut self, lease: (u64, Secret), proof: Bytes) -> Result<(Outcome, String), Status> {
        self.deliver_with(lease, proof, "").await
    }

    pub async fn deliver_with(
        &mut self,
        (job_id, token): (u64, Secret),
        proof: Bytes,
        fallback: &str,
    ) -> Result<(Outcome, String), Status> {
        let step = pb::StepTiming {
            name: "hash".into(),
            seconds: self.seconds,
            peak_rss_bytes: 4096,
            cpu_seconds: 0.5,
            device_seconds: 0.125,
        };
        let header = pb::CompletionHeader {
            job_id,
            token: token.to_vec().into(),
            digest: Digest::of(&proof).into(),
            size_bytes: proof.len() as u64,
            steps: vec![step],
            fallback: fallback.into(),
        };
        let header = pb::CompleteRequest {
            part: Some(pb::complete_request::Part::Header(header)),
        };
        let data = pieces(proof).map(|data| pb::CompleteRequest {
            part: Some(pb::complete_request::Part::Data(data)),
        });
        let parts: Vec<_> = std::iter::once(header).chain(data).collect();
        let response = self.work.complete(tokio_stream::iter(parts)).await?.into_inner();
        Ok((response.outcome(), response.reason))
    }

    pub async fn work_one(&mut self, session: Secret) -> pb::Lease {
        let lease = self.lease(session).await;
        let proof = self.prove(&lease).await;
        assert_eq!(
            self.deliver(key(&lease), proof).await.unwrap(),
            (Outcome::Accepted, String::new())
        );
        lease
    }

    /// Works until nothing is ready. Returns the kinds in the order worked.
    pub async fn work_all(&mut self, session: Secret) -> Vec<JobKind> {
        let mut kinds = Vec::new();
        while let Some(lease) = self.try_lease(session, 0).await {
            let proof = self.prove(&lease).await;
            assert_eq!(
                self.deliver(key(&lease), proof).await.unwrap().0,
                Outcome::Accepted
            );
            kinds.push(kind(&lease));
        }
        kinds
    }

    pub async fn fail(&mut self, lease: &pb::Lease, reason: &str, retryable: bool) -> bool {
        let (job_id, token) = key(lease);
        let request = pb::FailRequest {
            job_id,
            token: token.to_vec().into(),
            reason: reason.into(),
            retryable,
        };
        self.work.fail(request).await.unwrap().into_inner().counted
    }

    pub async fn renew(&mut self, lease: &pb::Lease) -> Result<u64, Status> {
        let (job_id, token) = key(lease);
        Ok(self
            .work
            .renew(pb::RenewRequest {
                job_id,
                token: token.to_vec().into(),
            })
            .await?
            .into_inner()
            .expires_in_ms)
    }

    /// Collects what nobody needs, or tells what would go.
    pub async fn collect(&mut self, dry_run: bool) -> Result<pb::CollectGarbageResponse, Status> {
        let request = pb::CollectGarbageRequest { dry_run };
        Ok(self.admin.collect_garbage(request).await?.into_inner())
    }

    /// Says that the batches of [`tenant`] through that number are proven on its chain.
    pub async fn settle(&mut self, through_number: u64) {
        self.settle_with(through_number, Vec::new()).await.unwrap();
    }

    /// The same, and what they came to.
    pub async fn settle_with(
        &mut self,
        through_number: u64,
        batches: Vec<pb::SettledBatch>,
    ) -> Result<(), Status> {
        let request = pb::SettleBatchesRequest {
            tenant: Some(tenant()),
            through_number,
            batches,
        };
        self.batch.settle_batches(request).await.map(drop)
    }

    pub async fn job(&mut self, job_id: u64) -> pb::InspectResponse {
        self.admin
            .inspect(pb::InspectRequest { job_id })
            .await
            .unwrap()
            .into_inner()
    }

    /// The number of a current lease.
    pub async fn number(&mut self, lease: &pb::Lease) -> u64 {
        let leases = self.job(lease.job_id).await.leases;
        leases.last().expect("it is leased").number
    }

    /// The first status that the watch reports.
    pub async fn status(&mut self, number: u64) -> pb::BatchStatus {
        let mut stream = self
            .batch
            .watch_batch(watch_request(number))
            .await
            .unwrap()
            .into_inner();
        stream
            .message()
            .await
            .unwrap()
            .expect("a watch begins with the present status")
    }

    /// Watches until the stream ends; the final status.
    pub async fn wait(&mut self, number: u64) -> pb::BatchStatus {
        let mut stream = self
            .batch
            .watch_batch(watch_request(number))
            .await
            .unwrap()
            .into_inner();
        let mut last = None;
        while let Some(status) = stream.message().await.unwrap() {
            last = Some(status);
        }
        last.expect("a watch begins with the present status")
    }

    /// Asserts that the batch is done with the right snark.
    pub async fn assert_done(&mut self, number: u64, chunks: u32) {
        let status = self.wait(number).await;
        assert_eq!(
            (status.state(), &status.failure_reason[..]),
            (pb::BatchState::Done, "")
        );
        assert_eq!(status.snark, expected_snark(number, chunks));
    }
}
