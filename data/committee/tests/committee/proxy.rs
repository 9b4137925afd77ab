//! A member that does not give all that it has, or something else.

use ashlar_proto::committee::v1::{
    self as pb,
    committee_service_client::CommitteeServiceClient,
    committee_service_server::{CommitteeService, CommitteeServiceServer},
};
use futures::stream::BoxStream;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming, transport::Channel};

/// What is made of an honest answer.
pub type Change = fn(&mut pb::GetCellsResponse);

#[derive(Clone, Debug)]
struct Proxy {
    member: CommitteeServiceClient<Channel>,
    change: Change,
}

/// Speaks for the member at an endpoint: gives no streams, and its cells changed.
pub async fn serve(member: &str, change: Change) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
    let member = CommitteeServiceClient::connect(member.to_owned()).await;
    let member = member.expect("it runs");
    let service = CommitteeServiceServer::new(Proxy { member, change });
    let serving = tonic::transport::Server::builder()
        .add_service(service)
        .serve_with_incoming(TcpListenerStream::new(listener));
    let task = tokio::spawn(async move { serving.await.expect("serves") });
    (endpoint, task)
}

#[tonic::async_trait]
impl CommitteeService for Proxy {
    async fn attest(
        &self,
        _: Request<Streaming<pb::AttestRequest>>,
    ) -> Result<Response<pb::AttestResponse>, Status> {
        Err(Status::unimplemented("the member itself is asked"))
    }

    type GetStreamStream = BoxStream<'static, Result<pb::GetStreamResponse, Status>>;

    async fn get_stream(
        &self,
        _: Request<pb::GetStreamRequest>,
    ) -> Result<Response<Self::GetStreamStream>, Status> {
        Err(Status::not_found("withheld"))
    }

    async fn get_cells(
        &self,
        request: Request<pb::GetCellsRequest>,
    ) -> Result<Response<pb::GetCellsResponse>, Status> {
        let mut answer = self.member.clone().get_cells(request.into_inner()).await?;
        (self.change)(answer.get_mut());
        Ok(answer)
    }

    async fn get_member(
        &self,
        request: Request<pb::GetMemberRequest>,
    ) -> Result<Response<pb::Member>, Status> {
        self.member.clone().get_member(request.into_inner()).await
    }
}
