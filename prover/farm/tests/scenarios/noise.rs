//! Bytes that no client sends, at every port and method, with and without certificates: nothing ends and nothing changes.

use std::{net::SocketAddr, time::Duration};

use ashlar_farm::{
    Allowance, FarmConfig, Services,
    testing::{Certificates, Client, Coordinator, HOUR, config, key},
};
use ashlar_identity::{ClientTls, Role};
use ashlar_proto::farm::v1 as pb;
use prost::bytes::{Buf, BufMut};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng, seq::SliceRandom};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{Bytes, http::uri::PathAndQuery},
    transport::Channel,
};

const METHODS: [&str; 13] = [
    "BatchService/SubmitBatch",
    "BatchService/WatchBatch",
    "WorkService/Register",
    "WorkService/Lease",
    "WorkService/FetchArtifact",
    "WorkService/Renew",
    "WorkService/Complete",
    "WorkService/Fail",
    "WorkService/Release",
    "AdminService/ListJobs",
    "AdminService/Requeue",
    "AdminService/ListWorkers",
    "AdminService/Inspect",
];
/// The beginning of a TLS 1.3 handshake that goes on with anything.
const HELLO: &[u8] = &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Messages as they are.
#[derive(Debug, Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        *self
    }
    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;
    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;
    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(length)))
    }
}

fn noise(rng: &mut StdRng, most: usize) -> Vec<u8> {
    let mut bytes = vec![0; rng.gen_range(0..=most)];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// Fields with plausible numbers and lengths, so that more than the first byte is looked at.
fn fields(rng: &mut StdRng) -> Vec<u8> {
    let mut message = Vec::new();
    for _ in 0..rng.gen_range(0..6) {
        let number: u8 = rng.gen_range(1..8);
        if rng.r#gen() {
            message.push(number << 3);
            message.extend(noise(rng, 9).iter().map(|byte| byte | 0x80));
            message.push(rng.gen_range(0..0x80));
        } else {
            message.push(number << 3 | 2);
            let length = *[0, 1, 15, 16, 17, 31, 32, 33, 100]
                .choose(rng)
                .expect("not empty");
            message.push(length);
            let mut bytes = vec![0; usize::from(length)];
            rng.fill_bytes(&mut bytes);
            message.extend(bytes);
        }
    }
    message
}

/// Says something and hears what comes, for a moment.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, said: &[u8]) {
    let spoken = async {
        stream.write_all(said).await?;
        stream.flush().await?;
        stream.read(&mut [0; 1024]).await
    };
    // Being cut is as good as being ignored.
    let _ = timeout(Duration::from_millis(20), spoken).await;
}

async fn tcp(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("it listens")
}

async fn strangers(address: SocketAddr, rng: &mut StdRng) {
    for turn in 0..60 {
        let start: &[u8] = [&[][..], HELLO, PREFACE][turn % 3];
        let said = [start, &noise(rng, 2000)].concat();
        talk(tcp(address).await, &said).await;
    }
}

/// Bytes of a peer that is known, beneath gRPC and beneath HTTP.
async fn known_peers(address: SocketAddr, tls: &ClientTls, rng: &mut StdRng) {
    for turn in 0..20 {
        let start: &[u8] = [&[][..], PREFACE][turn % 2];
        let said = [start, &noise(rng, 2000)].concat();
        let stream = tls.connect("127.0.0.1", tcp(address).await).await.expect("known");
        talk(stream, &said).await;
    }
}

/// Messages that are no messages, or not meant; each is answered with an error or with nothing.
async fn messages(channel: Channel, rng: &mut StdRng) -> Vec<Code> {
    let mut codes = Vec::new();
    for method in METHODS {
        let path = format!("/ashlar.farm.v1.{method}");
        let path = PathAndQuery::try_from(path).expect("a path");
        for turn in 0..12 {
            let message = if turn % 3 == 0 {
                noise(rng, 300)
            } else {
                fields(rng)
            };
            let mut grpc = Grpc::new(channel.clone());
            grpc.ready().await.expect("connected");
            let call = grpc.server_streaming(Request::new(Bytes::from(message)), path.clone(), Raw);
            let heard = timeout(Duration::from_secs(5), async {
                call.await?.into_inner().message().await.map(drop)
            });
            if let Ok(Err(status)) = heard.await {
                codes.push(status.code());
            }
        }
    }
    codes
}

/// All that a coordinator shows of itself.
async fn state(admin: &mut Client) -> (Vec<pb::JobStatus>, Vec<pb::WorkerStatus>) {
    let jobs = admin
        .admin
        .list_jobs(pb::ListJobsRequest::default())
        .await
        .unwrap();
    let workers = admin.admin.list_workers(pb::ListWorkersRequest {}).await.unwrap();
    let mut workers = workers.into_inner().workers;
    for worker in &mut workers {
        worker.last_seen_unix_ms = 0; // the one that works is heard of
    }
    (jobs.into_inner().jobs, workers)
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_at_every_port_and_method_ends_nothing_and_changes_nothing() {
    let mut rng = StdRng::seed_from_u64(1);
    let dir = tempfile::tempdir().unwrap();
    let mut certificates = Certificates::default();
    let settings = FarmConfig {
        allowance: Allowance {
            calls_per_second: 100_000,
            calls_at_once: 100_000,
            ..Allowance::default()
        },
        ..config(dir.path())
    };
    let tls = Some(certificates.coordinator());
    let address = "127.0.0.1:0".parse().unwrap();
    let coordinator = Coordinator::start_as(settings, address, tls, Services::ALL);
    let address = coordinator.address;

    let mut sequencer = certificates.client(address, Role::Sequencer, "main").await;
    let mut worker = certificates.client(address, Role::Worker, "w").await;
    let mut admin = certificates.client(address, Role::Admin, "anna").await;
    sequencer.submit(1, 2).await;
    let session = worker.register("w").await;
    let lease = worker.lease(session).await;
    let before = state(&mut admin).await;

    strangers(address, &mut rng).await;
    for role in [Role::Sequencer, Role::Worker, Role::Admin] {
        let folder = certificates.issue(role, "noisy", HOUR);
        let tls = ClientTls::open(&folder, role).unwrap();
        known_peers(address, &tls, &mut rng).await;
        let channel = certificates
            .link(address, role, "noisy")
            .connect(None)
            .await
            .unwrap();
        let codes = messages(channel, &mut rng).await;
        let refused = codes
            .iter()
            .filter(|code| **code == Code::PermissionDenied)
            .count();
        assert!(refused > 50, "most methods are another role's: {codes:?}");
        assert!(codes.len() > refused, "its own were looked at: {codes:?}");
        assert!(!codes.contains(&Code::Unknown), "something panicked: {codes:?}");
    }
    let after = state(&mut admin).await;
    assert_eq!(after, before);

    worker.renew(&lease).await.expect("the lease is untouched");
    let proof = worker.prove(&lease).await;
    worker.deliver(key(&lease), proof).await.unwrap();
    worker.work_all(session).await;
    sequencer.assert_done(1, 2).await;
}
