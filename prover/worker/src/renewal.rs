//! Keeping a lease alive while its job is proved.

use std::{io, thread::JoinHandle, time::Duration};

use ashlar_identity::grpc::Link;
use ashlar_proto::farm::v1::{RenewRequest, work_service_client::WorkServiceClient};
use tokio::{
    runtime,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::Code;

use crate::lease::Lease;

/// Renews a lease until dropped. It has an OS thread and a connection of its own, so that proving on every core
/// cannot starve it of the async runtime.
#[derive(Debug)]
pub struct Renewal {
    news: News,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

/// What renewing tells.
#[derive(Debug, Clone)]
struct News {
    lost: CancellationToken,
    drained: CancellationToken,
}

impl Renewal {
    /// Starts renewing. Cancels `drained` when it hears that the operator drains this worker.
    pub fn start(coordinator: &Link, lease: &Lease, drained: CancellationToken) -> io::Result<Self> {
        let (stop, lost) = (CancellationToken::new(), CancellationToken::new());
        let news = News { lost, drained };
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (coordinator, lease, stopped) = (coordinator.clone(), lease.clone(), stop.clone());
        let told = news.clone();
        let thread = std::thread::Builder::new()
            .name("renew-lease".into())
            .spawn(move || {
                runtime.block_on(stopped.run_until_cancelled(renew(&coordinator, &lease, &told)));
                runtime.shutdown_background();
            })?;
        Ok(Self {
            news,
            stop,
            thread: Some(thread),
        })
    }

    /// Cancelled when the coordinator says that the lease is no longer this worker's.
    pub const fn lost(&self) -> &CancellationToken {
        &self.news.lost
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().ok(); // ends at once: it waits for nothing but `stop`
        }
    }
}

/// Renews every third of the term, and sooner after a failure, until the lease is lost.
async fn renew(coordinator: &Link, lease: &Lease, news: &News) {
    let mut client = WorkServiceClient::new(coordinator.channel());
    let request = RenewRequest {
        job_id: lease.job_id,
        token: lease.token.clone(),
    };
    let mut term = lease.expires_in;
    let mut pause = term / 3;
    loop {
        sleep(pause).await;
        pause = match timeout(term / 3, client.renew(request.clone())).await {
            Ok(Ok(response)) => {
                let response = response.into_inner();
                if response.drained {
                    news.drained.cancel();
                }
                term = Duration::from_millis(response.expires_in_ms);
                term / 3
            }
            Ok(Err(status)) if matches!(status.code(), Code::FailedPrecondition | Code::NotFound) => {
                // What is being proved goes on: a late proof is welcome as long as nobody else delivered one.
                tracing::warn!(job = lease.job_id, reason = status.message(), "lease lost");
                news.lost.cancel();
                return;
            }
            Ok(Err(status)) => {
                tracing::debug!(job = lease.job_id, %status, "renewal failed");
                term / 10
            }
            Err(_) => {
                // The connection may be dead without a word, which keepalive finds out after the lease is lost.
                client = WorkServiceClient::new(coordinator.channel());
                term / 10
            }
        };
    }
}
