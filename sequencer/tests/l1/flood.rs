//! More operations of L1's queue than one batch can carry to L1.

use std::time::Duration;

use alloy::primitives::U256;
use ashlar_sequencer::config::Sealing;

use super::support::{Guard, Node, auth_word, key, l1, signer};

/// At commit 99c039d these made one batch of 147,000 bytes, which L1 refused for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_deposits_is_committed_in_several_batches() {
    const DEPOSITS: u64 = 3_000;
    let l1 = l1(Guard::Real).await;
    let contract = l1.contract(0);
    let auth = auth_word(&key("alice"));
    let mut last = None;
    for _ in 0..DEPOSITS {
        let deposit = contract
            .depositETH(signer(0).address(), auth)
            .value(U256::from(1_000_000_000u64))
            .gas(200_000);
        last = Some(deposit.send().await.expect("sent"));
    }
    last.expect("some").get_receipt().await.expect("mined");
    assert_eq!(contract.queuedOperations().call().await.expect("call"), DEPOSITS);

    let folder = tempfile::tempdir().expect("folder");
    let sealing = Sealing {
        max_transactions: 8_000,
        max_age: Duration::from_secs(2),
        ..Sealing::default()
    };
    let client = l1.client(&[&l1.endpoint]).await;
    let slots = ashlar_payments::batch::SHAPES.largest();
    let mut node = Node::with_slots(folder.path(), client, l1.rollup, sealing, slots).await;
    node.settle_until("the commit of all deposits", |store| {
        let end = store.next_batch().expect("database");
        let committed = |number| {
            store
                .batch(number)
                .expect("database")
                .is_some_and(|batch| batch.commit.is_some())
        };
        store.sealed_to().expect("database") == DEPOSITS && (1..end).all(committed)
    })
    .await;
    assert_eq!(
        contract.committedOperations().call().await.expect("call"),
        DEPOSITS
    );
    let end = node.store.next_batch().expect("database");
    assert!(end > 2, "several batches");
    for number in 1..end {
        let commit = node.batch(number).commit.expect("committed");
        assert!(commit.gas_used <= 16_777_216, "{commit:?}");
    }
    node.stop().await;
}
