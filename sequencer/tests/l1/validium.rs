//! Batches of a validium are committed with the signatures of two thirds of its committee, and with fewer they are not.

use ashlar_committee::GatherError;
use ashlar_contracts::DataMode;
use ashlar_sequencer::{pipeline::SettleError, store::BatchStatus};

use super::{
    follow::is,
    members::MEMBERS,
    rebuild::world::World,
    support::{Node, PATIENCE, until},
};

const PER_BATCH: u32 = 6;
const USERS: u32 = 6;

async fn committed(world: &World) -> u64 {
    world
        .l1
        .contract(1)
        .committedBatches()
        .call()
        .await
        .expect("answers")
}

/// Transfers and withdrawals until a batch is full.
async fn fill(world: &mut World, node: &Node, batch: u64) {
    world
        .submit(node, (batch as u32 - 2) * PER_BATCH, PER_BATCH)
        .await;
    until("the batch is sealed", async || {
        node.store.next_batch().expect("database") > batch
    })
    .await;
}

async fn commits(node: &mut Node, batch: u64) -> Vec<SettleError> {
    node.settle_until("its commit", is(BatchStatus::Committed, batch))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thirds_of_the_committee_commit_a_batch_and_fewer_do_not() {
    let mut world = World::new(DataMode::Validium).await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = world.node_of(folder.path(), PER_BATCH).await;

    // Deposits are on L1: nobody need sign that he keeps them.
    let mut committee = world.members.take().expect("a committee");
    for member in 0..MEMBERS {
        committee.stop(member).await;
    }
    for account in 0..USERS {
        world.deposit(account, 1_000_000).await;
    }
    until("the first batch is sealed", async || {
        node.store.next_batch().expect("database") == 2
    })
    .await;
    let errors = commits(&mut node, 1).await;
    assert!(errors.is_empty(), "{errors:?}");

    for member in [0, 1] {
        committee.come_back(member).await;
    }
    fill(&mut world, &node, 2).await;
    let start = std::time::Instant::now();
    let error = loop {
        assert!(start.elapsed() < PATIENCE, "it is never tried");
        match node.settlement.advance().await {
            Ok(()) => {}
            Err(error) => break error,
        }
    };
    let SettleError::Committee(GatherError::TooFew {
        number: 2,
        signed: 2,
        needed: 3,
        failures,
    }) = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(failures.len(), 2, "{error}");
    assert_eq!(committed(&world).await, 1);
    let told = node.batch(2).failure.expect("a reason, for people");
    assert!(
        told.contains("2 members of the committee have signed, 3 must"),
        "{told}"
    );
    assert_eq!(
        [committee.last(0).await, committee.last(1).await],
        [2, 2],
        "they have signed"
    );

    committee.come_back(2).await;
    commits(&mut node, 2).await;
    assert_eq!(committee.last(2).await, 2, "it was given both");

    // Who has seen nothing is given all, and another is away.
    committee.come_back(3).await;
    committee.stop(0).await;
    node.restart_settlement();
    fill(&mut world, &node, 3).await;
    let errors = commits(&mut node, 3).await;
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(committee.last(3).await, 3);
    assert_eq!(committed(&world).await, 3);
    node.stop().await;
}
