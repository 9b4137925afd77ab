//! Streams from the blobs of a devnet, and what is done about nodes that have none, or lie.

use std::{net::SocketAddr, time::Duration};

use alloy::{
    network::{EthereumWallet, TransactionBuilder4844},
    primitives::{Address, B256},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};
use ashlar_beacon::{BeaconError, Beacons};
use ashlar_devnet::DEV_ACCOUNTS;
use ashlar_publication::Publication;
use axum::{Router, body::Body, http::StatusCode, routing::get};

const LIMIT: Duration = Duration::from_secs(20);
const WORDS: u32 = 36;

fn stream() -> Vec<u8> {
    (0..=251).collect()
}

struct Node {
    handle: ashlar_devnet::Handle,
    provider: DynProvider,
}

impl Node {
    async fn start() -> Self {
        let handle = ashlar_devnet::serve(([127, 0, 0, 1], 0).into(), Default::default())
            .await
            .expect("it starts");
        let signer = PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[0].secret_key).expect("a key");
        let url = handle.url().parse().expect("a URL");
        let provider = ProviderBuilder::new()
            .wallet(EthereumWallet::from(signer))
            .connect_http(url)
            .erased();
        Self { handle, provider }
    }

    fn beacons(&self) -> Beacons {
        Beacons::new(&[self.handle.url()], LIMIT).expect("a URL")
    }

    /// Mines it, and another block: root of the beacon block with it.
    async fn publish(&self, blob: &Publication) -> B256 {
        let to = Address::repeat_byte(7);
        let request = TransactionRequest::default()
            .to(to)
            .max_fee_per_blob_gas(1_000_000_000)
            .with_blob_sidecar(blob.sidecar().expect("computed").into());
        let sent = self.provider.send_transaction(request).await.expect("taken");
        let block = sent.get_receipt().await.expect("mined").block_number;
        let plain = TransactionRequest::default().to(to);
        let sent = self.provider.send_transaction(plain).await.expect("taken");
        sent.get_receipt().await.expect("mined");
        let next = (block.expect("mined") + 1).into();
        let next = self.provider.get_block_by_number(next).await.expect("answers");
        let header = next.expect("mined").header;
        header.parent_beacon_block_root.expect("since Cancun")
    }
}

/// A node that says the same to everybody.
async fn saying(status: StatusCode, body: impl Into<Vec<u8>>) -> String {
    let body = body.into();
    let answer = get(move || async move { (status, Body::from(body)) });
    let app = Router::new().route("/eth/v1/beacon/blobs/{block}", answer);
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    let listener = listener.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn error_of(url: &str, blob: B256) -> BeaconError {
    let beacons = Beacons::new(&[url.to_owned()], LIMIT).expect("a URL");
    let asked = beacons.stream(B256::ZERO, blob, WORDS).await;
    asked.expect_err("no blob")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_read_by_the_root_that_the_next_block_names() {
    let node = Node::start().await;
    let blob = Publication::of(&stream()).expect("short");
    let other = Publication::of(&stream()[7..]).expect("short");
    let root = node.publish(&blob).await;
    let of_other = node.publish(&other).await;
    let beacons = node.beacons();
    let hash = blob.versioned_hash();
    let found = beacons.stream(root, hash, WORDS).await.expect("answers");
    assert_eq!(found, Some(stream()));
    let elsewhere = beacons.stream(of_other, hash, WORDS).await.expect("answers");
    assert_eq!(elsewhere, None, "in another block");
    let nowhere = beacons.stream(B256::repeat_byte(1), hash, WORDS).await;
    assert_eq!(nowhere.expect("answers"), None, "no such block");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lies_or_fails_only_makes_the_next_one_be_asked() {
    let node = Node::start().await;
    let blob = Publication::of(&stream()).expect("short");
    let root = node.publish(&blob).await;
    let hash = blob.versioned_hash();
    let other = Publication::of(&stream()[7..]).expect("short");
    let other = other.sidecar().expect("computed").blobs[0];
    let lie = format!(r#"{{"data":["{other}"]}}"#);
    let liar = saying(StatusCode::OK, lie).await;
    let error = error_of(&liar, hash).await;
    assert!(matches!(error, BeaconError::Other { count: 1, .. }), "{error}");
    let broken = saying(StatusCode::INTERNAL_SERVER_ERROR, "disk full").await;
    let error = error_of(&broken, hash).await;
    let place = broken.trim_start_matches("http://");
    assert_eq!(
        error.to_string(),
        format!("consensus node {place} refuses to give blobs: 500 disk full")
    );
    let none = saying(StatusCode::NOT_FOUND, "").await;
    let urls = [liar, broken, none, node.handle.url()];
    let beacons = Beacons::new(&urls, LIMIT).expect("URLs");
    let found = beacons.stream(root, hash, WORDS).await.expect("the last has it");
    assert_eq!(found, Some(stream()));
    let without = Beacons::new(&urls[..3], LIMIT).expect("URLs");
    let error = without.stream(root, hash, WORDS).await.expect_err("none has it");
    assert!(
        matches!(error, BeaconError::Other { .. }),
        "the first failure: {error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_told_without_the_key_in_the_url() {
    let blob = B256::repeat_byte(1);
    let page = saying(StatusCode::OK, "<html>").await;
    let error = error_of(&format!("{page}/?key=secret"), blob).await;
    assert!(matches!(error, BeaconError::Answer { .. }), "{error}");
    let endless = saying(StatusCode::OK, vec![b' '; (16 << 20) + 1]).await;
    let error = error_of(&endless, blob).await;
    assert!(
        matches!(
            error,
            BeaconError::TooLong {
                limit: 16_777_216,
                ..
            }
        ),
        "{error}"
    );
    let error = error_of("http://127.0.0.1:1/?key=secret", blob).await;
    assert!(matches!(error, BeaconError::Unreachable { .. }), "{error}");
    let told = format!("{error:?} {error}");
    assert!(told.contains("127.0.0.1:1") && !told.contains("secret"), "{told}");
    for url in ["https://127.0.0.1:1", "127.0.0.1:5052", "unix:/socket"] {
        let error = Beacons::new(&[url.to_owned()], LIMIT).expect_err("cannot be asked");
        assert!(matches!(error, BeaconError::Endpoint { .. }), "{error}");
    }
}
