//! What became of batches on their chain, and whom it is charged to.

use ashlar_farm::{
    FarmConfig,
    testing::{Client, Coordinator, HOUR, Records, circuit_set, config, submission, tenant_number, witness},
};
use ashlar_metrics::{Build, Registry, testing::Exposition};
use ashlar_proto::{Digest, farm::v1 as pb};
use tonic::Code;

const fn came_to(number: u64, transactions: u64, l1_gas: u64) -> pb::SettledBatch {
    pb::SettledBatch {
        number,
        transactions,
        l1_gas,
    }
}

async fn overview(client: &mut Client) -> pb::OverviewResponse {
    let answer = client.admin.overview(pb::OverviewRequest { batches: 0 }).await;
    answer.expect("it answers").into_inner()
}

/// Batches, transactions, gas and CPU seconds of the only tenant.
async fn sum(client: &mut Client) -> (u64, u64, u64, f64) {
    let tenants = overview(client).await.tenants;
    assert_eq!(tenants.len(), 1);
    let sum = tenants[0].settled.expect("it is always told");
    let cost = sum.cost.expect("with its cost");
    (sum.batches, sum.transactions, sum.l1_gas, cost.cpu_seconds)
}

#[tokio::test]
async fn a_batch_is_charged_once_with_the_proofs_it_had_and_stays_charged_when_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let settings = config(dir.path());
    let (metrics, records) = (settings.metrics.clone(), Records::of(&settings));
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    for number in 1..=3 {
        client.submit(number, 2).await;
    }
    client.work_all(worker).await;
    assert_eq!(sum(&mut client).await, (0, 0, 0, 0.0));

    // The second is told later, as when its receipt was not to be had.
    client
        .settle_with(2, vec![came_to(1, 40, 500_000)])
        .await
        .unwrap();
    assert_eq!(sum(&mut client).await, (1, 40, 500_000, 2.5), "five jobs");
    let again = vec![came_to(1, 41, 9), came_to(2, 60, 700_000), came_to(2, 1, 1)];
    client.settle_with(2, again).await.unwrap();
    let expected = (2, 100, 1_200_000, 5.0);
    assert_eq!(sum(&mut client).await, expected, "what was told first counts");
    let told: Vec<_> = overview(&mut client)
        .await
        .batches
        .iter()
        .map(|batch| batch.settled)
        .collect();
    assert_eq!(
        told,
        [None, Some(came_to(2, 60, 700_000)), Some(came_to(1, 40, 500_000))]
    );

    // Gone, submitted again, proved again and settled again.
    records.age(48 * HOUR).await;
    assert_eq!(client.collect(false).await.unwrap().batches_retired, 2);
    assert_eq!(sum(&mut client).await, expected);
    assert!(client.submit(1, 2).await.already_known);
    assert_eq!(client.work_all(worker).await.len(), 5);
    client
        .settle_with(2, vec![came_to(1, 40, 500_000)])
        .await
        .unwrap();
    assert_eq!(sum(&mut client).await, expected);

    let build = Build {
        version: "0",
        commit: None,
        role: "farm",
    };
    let shown = Exposition::of(&Registry::new(build).with(&metrics));
    let tenant = format!("31337:0x{}", "01".repeat(20));
    let counted = |name: &str| shown.get(name, &[("tenant", &tenant)]);
    assert_eq!(
        [
            counted("ashlar_farm_settled_transactions_total"),
            counted("ashlar_farm_l1_gas_total")
        ],
        [Some(100.0), Some(1_200_000.0)]
    );
}

#[tokio::test]
async fn nothing_is_charged_for_what_the_farm_does_not_have() {
    let dir = tempfile::tempdir().unwrap();
    let settings = config(dir.path());
    let records = Records::of(&settings);
    let coordinator = Coordinator::start(settings);
    let mut client = coordinator.client().await;
    client.settle_with(3, vec![came_to(3, 1, 1)]).await.unwrap();
    assert!(overview(&mut client).await.tenants.is_empty(), "no such tenant");

    client.submit(1, 1).await;
    client.settle_with(2, vec![came_to(2, 1, 1)]).await.unwrap();
    assert_eq!(sum(&mut client).await, (0, 0, 0, 0.0), "no such batch");
    let mut of_another = pb::SettleBatchesRequest {
        tenant: Some(tenant_number(2)),
        through_number: 1,
        batches: vec![came_to(1, 1, 1)],
    };
    client.batch.settle_batches(of_another.clone()).await.unwrap();
    of_another.tenant = None;
    let status = client.batch.settle_batches(of_another).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(sum(&mut client).await, (0, 0, 0, 0.0), "another's");

    records.age(48 * HOUR).await;
    assert_eq!(client.collect(false).await.unwrap().batches_retired, 1);
    client.settle_with(1, vec![came_to(1, 1, 1)]).await.unwrap();
    assert_eq!(
        sum(&mut client).await,
        (0, 0, 0, 0.0),
        "what it cost is no longer known"
    );
}

#[tokio::test]
async fn a_number_under_two_circuit_sets_is_charged_once_to_the_one_that_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let other = Digest::of(b"other circuits");
    let both = || FarmConfig {
        circuit_sets: vec![circuit_set(), other],
        ..config(dir.path())
    };
    let coordinator = Coordinator::start(both());
    let mut client = coordinator.client().await;
    let worker = client.register("w").await;
    client.submit(1, 1).await;
    client
        .submit_parts(submission(1, other, &[witness(1, 0)]))
        .await
        .unwrap();
    client.work_all(worker).await;
    for _ in 0..2 {
        client.settle_with(1, vec![came_to(1, 8, 100)]).await.unwrap();
    }
    let jobs = 3.0; // a chunk, its compression and its wrap
    assert_eq!(sum(&mut client).await, (1, 8, 100, 0.5 * jobs));
    let batches = overview(&mut client).await.batches;
    let told: Vec<_> = batches
        .iter()
        .map(|of| (of.state(), of.settled.is_some()))
        .collect();
    assert_eq!(
        told,
        [(pb::BatchState::Running, false), (pb::BatchState::Done, true)]
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_nothing_of_the_call_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(config(dir.path()));
    let mut client = coordinator.client().await;
    client.submit(1, 1).await;
    let gas = (1 << 36) - 1;
    for (wrong, reason) in [
        (
            came_to(2, 1, 1),
            "batches.number: must be at most through_number 1, is 2",
        ),
        (
            came_to(1, 1 << 32, 1),
            "batches.transactions: must be less than 4294967296, is 4294967296",
        ),
        (
            came_to(1, 1, gas + 1),
            "batches.l1_gas: must be less than 68719476736, is 68719476736",
        ),
    ] {
        let status = client
            .settle_with(1, vec![came_to(1, 1, 1), wrong])
            .await
            .unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::InvalidArgument, reason));
    }
    let many = vec![came_to(1, 1, 1); 257];
    let status = client.settle_with(1, many).await.unwrap_err();
    assert_eq!(status.message(), "batches: at most 256, not 257");
    assert_eq!(sum(&mut client).await, (0, 0, 0, 0.0));
    client.settle_with(1, vec![came_to(1, 1, gas)]).await.unwrap();
    assert_eq!(sum(&mut client).await, (1, 1, gas, 0.0));
}
