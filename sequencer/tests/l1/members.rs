//! A validium's committee in this process.

use std::{net::SocketAddr, pin::Pin, time::Duration};

use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
};
use ashlar_committee::{Committee, Gatherer, Member, MemberClient, Patience, Service, Terms};
use ashlar_payments::batch::Shapes;
use ashlar_proto::committee::v1::{
    self as pb,
    committee_service_client::CommitteeServiceClient,
    committee_service_server::{CommitteeService, CommitteeServiceServer},
};
use ashlar_statement::Domain;
use futures::Stream;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Response, Status, Streaming,
    transport::{Channel, Server, server::TcpIncoming},
};

use super::support::signer;

pub const MEMBERS: usize = 4;
const LIMIT: Duration = Duration::from_secs(30);

fn key(member: usize) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(member as u8 + 1)).expect("a key")
}

pub fn addresses() -> Vec<Address> {
    let mut all: Vec<_> = (0..MEMBERS).map(|member| key(member).address()).collect();
    all.sort_unstable();
    all
}

/// A member where it was once served, and is again when it comes back.
struct Seat {
    folder: TempDir,
    address: SocketAddr,
    running: Option<(CancellationToken, JoinHandle<()>)>,
}

pub struct Members {
    domain: Domain,
    shapes: Shapes,
    seats: Vec<Seat>,
}

impl Members {
    pub async fn start(domain: Domain, shapes: Shapes) -> Self {
        let mut members = Self {
            domain,
            shapes,
            seats: Vec::new(),
        };
        for member in 0..MEMBERS {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
            members.seats.push(Seat {
                folder: tempfile::tempdir().expect("a folder"),
                address: listener.local_addr().expect("bound"),
                running: None,
            });
            members.serve(member, listener);
        }
        members
    }

    fn serve(&mut self, member: usize, listener: TcpListener) {
        let terms = Terms {
            domain: self.domain,
            shapes: self.shapes,
        };
        let seat = &mut self.seats[member];
        let opened = Member::open(key(member), terms, seat.folder.path()).expect("opens");
        let (service, stop) = (
            Service::new(opened, signer(0).address()),
            CancellationToken::new(),
        );
        let token = stop.clone();
        let task = tokio::spawn(async move { service.serve(listener, token).await.expect("serves") });
        seat.running = Some((stop, task));
    }

    pub async fn stop(&mut self, member: usize) {
        let (stop, task) = self.seats[member].running.take().expect("runs");
        stop.cancel();
        task.await.expect("ends");
    }

    pub async fn come_back(&mut self, member: usize) {
        let listener = TcpListener::bind(self.seats[member].address)
            .await
            .expect("its port");
        self.serve(member, listener);
    }

    pub fn endpoint(&self, member: usize) -> String {
        format!("http://{}", self.seats[member].address)
    }

    pub fn endpoints(&self) -> Vec<String> {
        (0..MEMBERS).map(|member| self.endpoint(member)).collect()
    }

    /// The last batch that a member has executed.
    pub async fn last(&self, member: usize) -> u64 {
        let client = MemberClient::connect(&self.endpoint(member), self.domain, LIMIT).await;
        client.expect("runs").state().await.expect("answers").last_batch
    }

    /// The operator's side.
    pub fn gatherer(&self) -> Gatherer {
        let committee = Committee::new(addresses()).expect("four");
        let patience = Patience::default();
        Gatherer::new(committee, self.domain, self.endpoints(), signer(0), patience)
    }
}

/// Answers as a member does, but for streams and cells, of which the last byte is wrong.
pub struct Liar(CommitteeServiceClient<Channel>);

impl Liar {
    /// Beside the member at this endpoint; gives its own.
    pub async fn beside(endpoint: String) -> String {
        let honest = CommitteeServiceClient::connect(endpoint).await.expect("runs");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let server = Server::builder().add_service(CommitteeServiceServer::new(Self(honest)));
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        format!("http://{address}")
    }
}

#[tonic::async_trait]
impl CommitteeService for Liar {
    async fn attest(
        &self,
        _: Request<Streaming<pb::AttestRequest>>,
    ) -> Result<Response<pb::AttestResponse>, Status> {
        Err(Status::unimplemented("it only lies to readers"))
    }

    type GetStreamStream = Pin<Box<dyn Stream<Item = Result<pb::GetStreamResponse, Status>> + Send>>;

    async fn get_stream(
        &self,
        request: Request<pb::GetStreamRequest>,
    ) -> Result<Response<Self::GetStreamStream>, Status> {
        let mut pieces = self
            .0
            .clone()
            .get_stream(request.into_inner())
            .await?
            .into_inner();
        let mut stream = Vec::new();
        while let Some(piece) = pieces.message().await? {
            stream.extend(piece.data);
        }
        if let Some(last) = stream.last_mut() {
            *last ^= 1;
        }
        let piece = Ok(pb::GetStreamResponse { data: stream.into() });
        Ok(Response::new(Box::pin(tokio_stream::iter([piece]))))
    }

    async fn get_cells(
        &self,
        request: Request<pb::GetCellsRequest>,
    ) -> Result<Response<pb::GetCellsResponse>, Status> {
        let mut answer = self.0.clone().get_cells(request.into_inner()).await?;
        for cell in &mut answer.get_mut().cells {
            let mut data = cell.data.to_vec();
            if let Some(last) = data.last_mut() {
                *last ^= 1;
            }
            cell.data = data.into();
        }
        Ok(answer)
    }

    async fn get_member(&self, _: Request<pb::GetMemberRequest>) -> Result<Response<pb::Member>, Status> {
        self.0.clone().get_member(pb::GetMemberRequest {}).await
    }
}
