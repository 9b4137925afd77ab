//! What the L1 owner of an account orders without a signature and without the operator's leave, up to its payment.

use alloy::{primitives::U256, providers::Provider, sol_types::SolValue};
use ashlar_contracts::{BatchHeader, bridge, withdrawal};
use ashlar_sequencer::store::BatchStatus;

use super::support::{Guard, Node, key, l1, provider, signer, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_withdrawal_of_more_than_the_balance_is_paid_the_balance_on_l1() {
    const UNIT: u64 = 1_000_000_000;
    let l1 = l1(Guard::AcceptsAll).await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = Node::start(folder.path(), l1.client(&[&l1.endpoint]).await, l1.rollup, 4).await;
    l1.deposit(&key("alice")).await; // five units
    let owner = l1.contract(1);
    for call in [
        owner.forceWithdrawal(0, 0, 7),
        owner.forceWithdrawal(0, 0, 7),          // nothing is left
        l1.contract(2).forceWithdrawal(0, 0, 7), // a stranger's
    ] {
        let sent = call.send().await.expect("sent");
        assert!(sent.get_receipt().await.expect("mined").status());
    }
    until("the batch is sealed", async || {
        node.store.next_batch().expect("database") == 2
    })
    .await;
    let batch = node.batch(1);
    assert_eq!(
        (batch.l1_operations, batch.withdrawals, batch.transfers),
        (4, 1, 0)
    );
    node.store.put_snark(1, &l1.no_snark()).expect("database");
    let errors = node
        .settle_until("the proof", |store| {
            store.batch(1).expect("database").expect("sealed").status == BatchStatus::Proven
        })
        .await;
    assert!(errors.is_empty(), "{errors:?}");

    let header = BatchHeader::abi_decode(&node.batch(1).header.expect("committed")).expect("a header");
    let records = bridge::parse(&batch.bridge).expect("whole records");
    let paid = bridge::withdrawals(&records);
    let siblings = withdrawal::proof(&paid, 0).expect("the only one");
    let watched = provider(&l1.endpoint, 2);
    let balance = async || watched.get_balance(signer(1).address()).await.expect("answers");
    let before = balance().await;
    let anybody = l1.contract(2);
    let claim = anybody.claimWithdrawal(header, 0, paid[0].clone(), siblings);
    let sent = claim.send().await.expect("sent");
    assert!(sent.get_receipt().await.expect("mined").status());
    assert_eq!(balance().await - before, U256::from(5 * UNIT));
    node.stop().await;
}
