//! The sequencer restarts, hangs or loses a connection; another wallet uses the same key.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ashlar_client::{AccountKey, Client, ClientError, Options, pb::refusal::Code};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::support::{Rollup, amount, connect, fee, payee, signer};

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_sent_while_the_sequencer_restarts_is_executed_once() {
    let mut rollup = Rollup::start(1_000).await;
    let mut sender = rollup.fund(&[0]).await.remove(0);
    rollup.stop_sequencer().await;
    let sending = tokio::spawn(async move {
        let id = sender.transfer(payee(0, 0), 0, amount(3), fee()).await;
        (id, sender)
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    rollup.start_sequencer();
    let (id, sender) = sending.await.expect("no panic");
    let id = id.expect("admitted after the restart");
    let client = rollup.client().await;
    let account = client
        .account(AccountKey::Index(0))
        .await
        .expect("asks")
        .expect("exists");
    assert_eq!((account.nonce, sender.nonce()), (1, 1));
    assert!(client.receipt(id).await.expect("asks").is_some());
}

/// Forwards connections to `target`, and cuts each off after so many bytes that came from it.
async fn cutting_proxy(target: std::net::SocketAddr, bytes: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
    let cuts = Arc::new(AtomicUsize::new(0));
    let counter = cuts.clone();
    tokio::spawn(async move {
        while let Ok((inbound, _)) = listener.accept().await {
            let counter = counter.clone();
            tokio::spawn(async move {
                let Ok(outbound) = TcpStream::connect(target).await else {
                    return;
                };
                let (mut from_client, mut to_client) = inbound.into_split();
                let (mut from_server, mut to_server) = outbound.into_split();
                let there =
                    tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
                let (mut left, mut buffer) = (bytes, [0; 64]);
                while left > 0 {
                    match from_server.read(&mut buffer).await {
                        Ok(read) if read > 0 => {
                            left = left.saturating_sub(read);
                            if to_client.write_all(&buffer[..read]).await.is_err() {
                                break;
                            }
                        }
                        _ => break,
                    }
                }
                if left == 0 {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
                there.abort();
            });
        }
    });
    (endpoint, cuts)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_goes_on_where_it_was_and_pays_nothing_twice() {
    let rollup = Rollup::start(1_000).await;
    rollup.fund(&[0, 1]).await;
    let (endpoint, cuts) = cutting_proxy(rollup.listen, 2_000).await;
    let client = connect(&endpoint).await;
    let mut sender = client
        .sender(signer(1).address(), rollup.key(1))
        .await
        .expect("exists");
    let mut batch: Vec<_> = (0..120)
        .map(|_| sender.sign_transfer(payee(0, 0), 0, amount(5), fee()))
        .collect();
    // One is refused in its place, and the others are not disturbed.
    batch.insert(60, batch[0].clone());
    batch[60].signature = batch[1].signature;
    let outcomes = client.submit_all(&batch).await.expect("all answered");
    assert_eq!(outcomes.len(), batch.len());
    for (index, (outcome, sent)) in outcomes.iter().zip(&batch).enumerate() {
        match outcome {
            Ok(id) => assert_eq!(id.0, sent.id()),
            Err(refusal) => assert_eq!((index, refusal.code), (60, Code::Signature)),
        }
    }
    assert!(outcomes[60].is_err());
    assert!(cuts.load(Ordering::Relaxed) >= 2, "the proxy cut nothing");
    let direct = rollup.client().await;
    let payer = direct
        .account(AccountKey::Index(1))
        .await
        .expect("asks")
        .expect("exists");
    assert_eq!((payer.nonce, payer.balance(0)), (120, 100_000_000 - 120 * 15));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_wallet_with_the_same_key_costs_a_new_signature_and_no_payment() {
    let rollup = Rollup::start(1_000).await;
    let mut one = rollup.fund(&[0]).await.remove(0);
    let mut other = one.clone();
    let paid = one
        .transfer(payee(0, 0), 0, amount(1), fee())
        .await
        .expect("admitted");
    let paid_too = other
        .transfer(payee(0, 0), 0, amount(2), fee())
        .await
        .expect("signed anew");
    assert_ne!(paid, paid_too);
    assert_eq!((one.nonce(), other.nonce()), (1, 2));
}

#[tokio::test]
async fn a_silent_endpoint_ends_in_a_timeout() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
    let options = Options {
        request_timeout: Duration::from_millis(50),
        attempts: 2,
        ..Options::default()
    };
    let connecting = Client::connect_with(&endpoint, options);
    let outcome = tokio::time::timeout(Duration::from_secs(30), connecting).await;
    let error = outcome.expect("the deadline holds").expect_err("nobody answers");
    assert!(matches!(error, ClientError::Timeout { .. }), "{error:?}");
    drop(listener);
    let error = Client::connect(&endpoint).await.expect_err("nobody listens");
    assert!(matches!(error, ClientError::Connect { .. }), "{error:?}");
}
