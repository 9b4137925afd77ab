//! Where the coordinator listens, and its health.

use ashlar_farm::{
    FarmError, Listener,
    testing::{Coordinator, config},
};
use tonic::transport::Channel;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

#[tokio::test]
async fn plain_text_is_served_on_loopback_only() {
    for address in [
        "0.0.0.0:0",
        "[::]:0",
        "192.0.2.1:50051",
        "[2001:db8::1]:50051",
        "[::ffff:10.0.0.1]:0",
    ] {
        let address = address.parse().unwrap();
        let error = Listener::bind(address, None).await.unwrap_err();
        assert!(matches!(error, FarmError::NotLoopback(found) if found == address));
        assert!(
            error.to_string().contains("ashlar certs"),
            "names the remedy: {error}"
        );
    }
    assert!(
        Listener::bind("127.0.0.1:0".parse().unwrap(), None)
            .await
            .unwrap()
            .address()
            .port()
            > 0
    );
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let first = Listener::bind("127.0.0.1:0".parse().unwrap(), None)
        .await
        .unwrap();
    let error = Listener::bind(first.address(), None).await.unwrap_err();
    assert!(matches!(error, FarmError::Bind { address, .. } if address == first.address()));
}

#[tokio::test]
async fn health_names_each_service() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let channel = Channel::from_shared(format!("http://{}", coordinator.address))
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut health = HealthClient::new(channel);
    for service in [
        "",
        "ashlar.farm.v1.BatchService",
        "ashlar.farm.v1.WorkService",
        "ashlar.farm.v1.AdminService",
    ] {
        let request = HealthCheckRequest {
            service: service.into(),
        };
        let status = health.check(request).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service}");
    }
}
