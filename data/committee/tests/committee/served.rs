//! A member that is served.

use std::time::Duration;

use alloy::signers::local::PrivateKeySigner;
use ashlar_committee::{Member, MemberClient, Service};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::support::{DOMAIN, member};

pub const LIMIT: Duration = Duration::from_secs(30);

pub struct Served {
    pub endpoint: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

pub async fn serve(place: usize, folder: &TempDir, operator: &PrivateKeySigner) -> Served {
    serve_member(member(DOMAIN, place, folder.path()), operator).await
}

pub async fn serve_member(member: Member, operator: &PrivateKeySigner) -> Served {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
    let service = Service::new(member, operator.address());
    let stop = CancellationToken::new();
    let token = stop.clone();
    let task = tokio::spawn(async move { service.serve(listener, token).await.expect("serves") });
    Served { endpoint, stop, task }
}

impl Served {
    pub async fn client(&self) -> MemberClient {
        MemberClient::connect(&self.endpoint, DOMAIN, LIMIT)
            .await
            .expect("connects")
    }

    pub async fn end(self) {
        self.stop.cancel();
        self.task.await.expect("ends");
    }
}
