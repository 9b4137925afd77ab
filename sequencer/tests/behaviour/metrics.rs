//! What a sequencer counts, each number by its cause.

use std::time::{Duration, Instant};

use ashlar_metrics::{Build, Registry, testing::Exposition};
use ashlar_proto::sequencer::v1 as pb;
use ashlar_sequencer::{
    config::{FeePolicy, Limits},
    metrics::SequencerMetrics,
    store::BatchStatus,
};

use super::{
    api::{api, request},
    support::{key, transfer},
};

fn read(metrics: &SequencerMetrics) -> Exposition {
    let build = Build {
        version: "0",
        commit: None,
        role: "sequencer",
    };
    Exposition::of(&Registry::new(build).with(metrics))
}

fn refused(metrics: &SequencerMetrics, reason: &str) -> Option<f64> {
    read(metrics).get(
        "ashlar_sequencer_transactions_refused_total",
        &[("reason", reason)],
    )
}

fn accepted(metrics: &SequencerMetrics) -> Option<f64> {
    read(metrics).get("ashlar_sequencer_transactions_total", &[])
}

/// The newest batches that are sealed, committed and proven.
fn batches(metrics: &SequencerMetrics) -> [Option<f64>; 3] {
    let shown = read(metrics);
    ["sealed", "committed", "proven"]
        .map(|status| shown.get("ashlar_sequencer_batches", &[("status", status)]))
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_senders_are_told_is_counted_on_every_way_in() {
    let mut api = api(10_000, Limits::default(), FeePolicy::default()).await;
    let metrics = api.service.config.metrics.clone();
    let (operator, alice) = (key("operator"), key("alice"));
    api.core.deposit(0, &[&operator, &alice], 1_000).await;
    assert_eq!(
        (accepted(&metrics), refused(&metrics, "balance")),
        (Some(0.0), Some(0.0))
    );

    let good = request(transfer(&alice, 1, 0, 10, 0).encode());
    api.client.submit_transaction(good).await.expect("admitted");
    let rich = request(transfer(&alice, 1, 0, 5_000, 1).encode());
    api.client.submit_transaction(rich).await.expect_err("too much");
    assert_eq!(
        (accepted(&metrics), refused(&metrics, "balance")),
        (Some(1.0), Some(1.0))
    );

    let sent = [
        transfer(&alice, 1, 0, 10, 1).encode(),
        vec![1, 2, 3],
        transfer(&operator, 1, 0, 10, 2).encode(),
    ];
    let requests = (0..)
        .zip(sent)
        .map(|(reference, encoded)| pb::SubmitStreamRequest {
            reference,
            encoded: encoded.into(),
        });
    let requests: Vec<_> = requests.collect();
    let answers = api.client.submit_stream(tokio_stream::iter(requests)).await;
    let mut answers = answers.expect("opens").into_inner();
    while answers.message().await.expect("goes on").is_some() {}
    assert_eq!(accepted(&metrics), Some(2.0));
    assert_eq!(
        [refused(&metrics, "encoding"), refused(&metrics, "owner")],
        [Some(1.0); 2]
    );
    assert_eq!(
        read(&metrics).sum("ashlar_sequencer_transactions_refused_total"),
        3.0
    );
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_shown_as_far_as_they_have_come() {
    let mut api = api(4, Limits::default(), FeePolicy::default()).await;
    let metrics = api.service.config.metrics.clone();
    let (operator, alice) = (key("operator"), key("alice"));
    until("no batch is a number too", || batches(&metrics) == [Some(0.0); 3]).await;
    api.core.deposit(0, &[&operator, &alice], 1_000).await;
    let pending = || read(&metrics).get("ashlar_sequencer_pending_transactions", &[]);
    until("two deposits are pending", || pending() == Some(2.0)).await;
    for nonce in 0..6 {
        let encoded = transfer(&alice, 1, 0, 1, nonce).encode();
        api.client
            .submit_transaction(request(encoded))
            .await
            .expect("admitted");
    }
    until("two are sealed", || {
        batches(&metrics) == [Some(2.0), Some(0.0), Some(0.0)]
    })
    .await;
    until("nothing is left", || pending() == Some(0.0)).await;

    let come_to = |number, status| {
        let change = |batch: &mut ashlar_sequencer::store::BatchRecord| batch.status = status;
        api.core.store.update_batch(number, change).expect("database");
        api.core.changes.notify();
    };
    come_to(1, BatchStatus::Committed);
    until("one is committed", || {
        batches(&metrics) == [Some(2.0), Some(1.0), Some(0.0)]
    })
    .await;
    come_to(2, BatchStatus::Committed);
    come_to(1, BatchStatus::Proven);
    until("one is proven", || {
        batches(&metrics) == [Some(2.0), Some(2.0), Some(1.0)]
    })
    .await;
    come_to(1, BatchStatus::Sealed);
    come_to(2, BatchStatus::Sealed);
    until("L1 took both back", || {
        batches(&metrics) == [Some(2.0), Some(0.0), Some(0.0)]
    })
    .await;
    api.end();
}
