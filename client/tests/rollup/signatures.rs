//! Whether a batch's payments were signed, as its sequencer shows it.

use std::time::Duration;

use alloy::{primitives::U256, providers::Provider};
use ashlar_client::{Finding, L1, L1Config, Milestone, NotShown, Options, Watcher};
use ashlar_contracts::CommitData;
use ashlar_ecgfp5::SecretKey;
use ashlar_payments::{
    batch::{BlockBuilder, BlockConfig, SHAPES, SealedBatch},
    serve::serve,
    state::MemoryStore,
    transaction::{Deposit, L1Operation, Operation, Transaction, Transfer},
};
use ashlar_sequencer::config::CommitWhen;
use ashlar_statement::hash::{Hash, hash_to_bytes32};

use super::{
    support::{LIMIT, Rollup, Terms, amount, fee, payee, signer},
    watch::look,
};

fn watcher(rollup: &Rollup, l1: &L1) -> Watcher {
    let options = Options {
        attempts: 1,
        connect_timeout: Duration::from_secs(2),
        ..Options::default()
    };
    Watcher::with_sequencer(l1.clone(), rollup.url(), options)
}

fn unshown(watcher: &Watcher) -> Vec<(u64, bool)> {
    let unshown = watcher.unshown();
    unshown.map(|of| (of.batch.header.number, of.is_wrong)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_is_shown_and_asked_for_again_while_the_sequencer_is_away() {
    let mut rollup = Rollup::start(100).await;
    let mut senders = rollup.fund(&[0, 1, 2]).await;
    let (client, l1) = (rollup.client().await, rollup.l1(3).await);
    // In a batch of their own.
    client
        .wait_for_l1_operation(2, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    let mut paid = None;
    for units in [5_000, 6_000, 7_000] {
        let id = senders[1].transfer(payee(2, 2), 0, amount(units), fee()).await;
        paid = Some(id.expect("admitted"));
    }
    client
        .wait(paid.expect("three"), Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    let last = l1.state().await.expect("asks").committed_batches;
    assert!(last > 1);

    let expected: Vec<_> = (1..=last)
        .flat_map(|number| [format!("right {number}"), format!("signed {number}")])
        .collect();
    let mut first = watcher(&rollup, &l1);
    assert_eq!(look(&mut first).await, expected);
    assert_eq!(unshown(&first), []);

    // Another watcher begins while the sequencer is away. Each batch is told once.
    rollup.stop_sequencer().await;
    let expected: Vec<_> = (1..=last)
        .flat_map(|number| [format!("right {number}"), format!("not shown {number}")])
        .collect();
    let mut second = watcher(&rollup, &l1);
    assert_eq!(look(&mut second).await, expected);
    assert_eq!(look(&mut second).await, [""; 0]);
    assert_eq!(
        unshown(&second),
        (1..=last).map(|number| (number, false)).collect::<Vec<_>>()
    );

    // What is final need not be shown any more.
    rollup
        .prove(l1.committed_batch(1).await.expect("committed").header)
        .await;
    assert_eq!(look(&mut second).await, ["proven 1"]);
    rollup.start_sequencer();
    rollup.client().await;
    let expected: Vec<_> = (2..=last).map(|number| format!("signed {number}")).collect();
    assert_eq!(look(&mut second).await, expected);
    assert_eq!(unshown(&second), []);
    assert_eq!(look(&mut first).await, ["proven 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sequencer_of_another_rollup_is_not_asked() {
    let rollup = Rollup::start(100).await;
    let (_, other) = Rollup::deploy(&rollup.endpoint, Terms::default()).await;
    let connect = async |account| {
        let config = L1Config {
            signer: Some(signer(account)),
            ..L1Config::new(&rollup.endpoint, other)
        };
        L1::connect(config).await.expect("connects")
    };
    let operator = connect(0).await;
    let root = operator.state().await.expect("asks").state_root;
    let empty = CommitData {
        number: 1,
        time: 0,
        newRoot: root.into(),
        dataHash: U256::ZERO,
        feeAccount: 0,
        bridge: Default::default(),
        rollup: Default::default(),
    };
    commit(&operator, empty).await;
    let mut watcher = watcher(&rollup, &connect(3).await);
    let mut found = Vec::new();
    watcher.look(&mut found).await.expect("L1 answers");
    let [
        Finding::Right { number: 1 },
        Finding::NotShown { number: 1, error },
    ] = &found[..]
    else {
        panic!("{found:?}");
    };
    assert!(
        matches!(error, NotShown::OtherRollup { rollup: asked, .. } if *asked == rollup.address),
        "{error:?}"
    );
    assert_eq!(unshown(&watcher), [(1, false)]);
}

async fn commit(operator: &L1, batch: CommitData) {
    let sent = operator.contract().commitBatch(batch).send().await.expect("sent");
    assert!(sent.get_receipt().await.expect("mined").status());
}

/// What an operator commits who pays from account 1 to account 2 without a signature.
fn forged(rollup: &Rollup, l1: &L1, time: u32, users: &[usize]) -> SealedBatch {
    let config = BlockConfig {
        domain: *l1.domain(),
        fee_owner: signer(0).address().into_array(),
        shapes: SHAPES,
    };
    let mut builder = BlockBuilder::new(MemoryStore::new(), config).expect("in memory");
    builder.set_time(time);
    for user in users {
        let deposit = L1Operation::Deposit(Deposit {
            token: 0,
            amount: 100_000_000,
            owner: signer(*user).address().into_array(),
            auth: rollup.auth(*user),
        });
        let served = serve(builder.state(), &deposit).expect("in memory");
        builder.push_verified(served.into()).expect("a deposit");
    }
    let transfer = Transaction::Transfer(Transfer {
        from: 1,
        to: 2,
        to_owner: signer(2).address().into_array(),
        token: 0,
        amount: amount(90_000_000),
        fee: fee(),
        nonce: 0,
    });
    let mut signed = transfer.sign(l1.domain(), &rollup.key(1));
    signed.signature = transfer
        .sign(l1.domain(), &SecretKey::from_seed(b"a thief"))
        .signature;
    builder
        .push_verified(Operation::from(signed))
        .expect("it is not looked at");
    builder.seal(1).expect("not empty").0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_nobody_signed_leads_to_its_root_and_is_not_shown() {
    let mut rollup = Rollup::start(100).await;
    rollup.stop_sequencer().await;
    rollup.commit_when = CommitWhen::WithProof;
    rollup.start_sequencer();
    let users = [0, 1, 2];
    rollup.fund(&users).await;
    let (l1, operator) = (rollup.l1(3).await, rollup.l1(0).await);
    let newest = l1
        .contract()
        .provider()
        .get_block_by_number(Default::default())
        .await;
    let time = newest.expect("answers").expect("there").header.timestamp / 60;
    let batch = forged(&rollup, &l1, time as u32, &users);
    let word = |elements| U256::from_be_bytes(hash_to_bytes32(&Hash { elements }));
    let data = CommitData {
        number: 1,
        time: time as u32,
        newRoot: word(batch.public_inputs.new_root),
        dataHash: word(batch.public_inputs.data_hash),
        feeAccount: 0,
        bridge: batch.bridge.into(),
        rollup: batch.rollup.into(),
    };
    commit(&operator, data).await;

    let client = rollup.client().await;
    client
        .wait_for_l1_operation(0, Milestone::Executed, LIMIT)
        .await
        .expect("executed");
    while client.batch(1).await.expect("answers").is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut watcher = watcher(&rollup, &l1);
    assert_eq!(look(&mut watcher).await, ["right 1", "wrongly shown 1"]);
    assert_eq!(look(&mut watcher).await, [""; 0], "told once");
    assert_eq!(unshown(&watcher), [(1, true)]);
    assert_eq!(watcher.wrong(), None, "its data are right");
}
