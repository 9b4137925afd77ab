//! When a batch closes, and what is stored with it.

use std::time::Duration;

use ashlar_payments::leaves::PaymentWitness;
use ashlar_sequencer::{
    config::Sealing,
    store::{BatchStatus, ReceiptRecord},
};
use ashlar_statement::witness_from_bytes;

use super::support::{Core, SLOTS, key, seal_at, transfer, withdraw};

#[tokio::test]
async fn a_full_batch_is_sealed_with_witnesses_pubdata_and_receipts() {
    let folder = tempfile::tempdir().expect("folder");
    let (operator, alice) = (key("operator"), key("alice"));
    let core = Core::open(&folder, seal_at(6));
    core.deposit(0, &[&operator, &alice], 1_000).await;
    let mut last = [0; 32];
    for nonce in 0..3 {
        core.handle
            .submit(transfer(&alice, 1, 0, 10, nonce).encode())
            .await
            .expect("accepted");
    }
    last.copy_from_slice(
        &core
            .handle
            .submit(withdraw(&alice, 1, 50, 3).encode())
            .await
            .expect("accepted"),
    );
    let batch = core.batch(1).await;
    assert_eq!((batch.status, batch.chunks), (BatchStatus::Sealed, 2));
    assert_eq!(
        (batch.l1_operations, batch.transfers, batch.withdrawals),
        (2, 3, 1)
    );
    assert_eq!(batch.first_l1_operation, Some(0));
    let inputs = batch.public_inputs().expect("27 elements");
    assert_eq!(
        (inputs.bridge_words(), inputs.rollup_words()),
        (2 * 10 + 5, 3 * 2)
    );
    assert_eq!((batch.bridge.len(), batch.rollup.len()), (2 * 70 + 35, 3 * 14));
    for bytes in core.store.chunks(1).expect("database") {
        let PaymentWitness::Chunk(witness) = witness_from_bytes(&bytes).expect("decodes") else {
            panic!("a batch of operations has chunks alone");
        };
        assert_eq!(witness.slots.len(), SLOTS);
        witness.check().expect("the witness satisfies the native rules");
    }
    let receipt = core.store.receipt(last).expect("database").expect("known");
    let ReceiptRecord::InBatch {
        batch: 1,
        slot: 5,
        withdrawal: Some(claim),
        ..
    } = receipt
    else {
        panic!("unexpected receipt {receipt:?}");
    };
    assert_eq!(
        (claim.index, claim.recipient, claim.token, claim.amount),
        (0, [7; 20], 0, 50)
    );
    core.stop();
}

#[tokio::test]
async fn an_old_batch_is_sealed_though_it_is_not_full() {
    let folder = tempfile::tempdir().expect("folder");
    let sealing = Sealing {
        max_transactions: 1_000,
        max_age: Duration::from_millis(100),
        ..Sealing::default()
    };
    let core = Core::open(&folder, sealing);
    core.deposit(0, &[&key("operator")], 5).await;
    assert_eq!(core.batch(1).await.transactions.len(), 1);
    core.stop();
}
