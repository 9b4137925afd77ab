//! What a transfer costs where a blob is full of them, on a node that people run.

use std::time::Duration;

use alloy::primitives::U256;
use ashlar_contracts::DataMode;
use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    transaction::{Domain, Transaction, Transfer},
};
use ashlar_sequencer::{
    config::Sealing,
    l1::{L1Client, L1Settings},
    store::BatchStatus,
};

use super::{
    faults::anvil::Anvil,
    follow::is,
    support::{Deployed, Guard, Node, auth_word, key, operator_key, signer, until},
};

/// As many transfers as a blob holds.
const FULL: u32 = 8_192;
/// Of a real `proveBatch` of a full blob on anvil (`benches/results/2026-12-01-full-blob.json`): the proof is the same size
/// for every batch.
const PROVE_GAS: u64 = 380_575;

mod slow {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "slow: 16,000 signatures are checked"]
    async fn a_transfer_costs_62_gas_where_a_blob_is_full_of_them() {
        let anvil = Anvil::start("osaka").await.expect("scripts/test installs it");
        let l1 = Deployed::in_mode(&anvil.url, Guard::AcceptsAll, DataMode::Blob).await;
        let settings = L1Settings {
            request_timeout: Duration::from_secs(30), // it checks blobs
            ..l1.settings(&[&anvil.url])
        };
        let client = L1Client::connect(settings, l1.rollup.into_array(), operator_key())
            .await
            .expect("connects");
        let domain = Domain {
            chain_id: client.chain_id(),
            rollup: l1.rollup.into_array(),
        };
        let sealing = Sealing {
            max_transactions: FULL,
            max_age: Duration::from_secs(3_600),
            ..Sealing::default()
        };
        let folder = tempfile::tempdir().expect("folder");
        let mut node = Node::with_slots(
            folder.path(),
            client,
            l1.rollup,
            sealing.in_mode(DataMode::Blob),
            128,
        )
        .await;
        let payer = key("payer");
        for key in [&payer, &key("payee")] {
            let contract = l1.contract(1);
            let deposit = contract.depositETH(signer(1).address(), auth_word(key));
            let sent = deposit.value(U256::from(1_000_000_000)).send().await;
            assert!(sent.expect("sent").get_receipt().await.expect("mined").status());
        }
        until("the accounts are there", async || {
            node.store.next_queue_index().expect("database") == 2
        })
        .await;
        // The first batch has the deposits, and writes what is zero; the second is like all that follow.
        for nonce in 0..2 * FULL - 2 {
            let transfer = Transaction::Transfer(Transfer {
                from: 0,
                to: 1,
                to_owner: signer(1).address().into_array(),
                token: 0,
                amount: PackedAmount::exact(0).expect("representable"),
                fee: PackedFee::exact(0).expect("representable"),
                nonce,
            });
            let signed = transfer.sign(&domain, &payer).encode();
            node.executor.submit(signed).await.expect("taken");
        }
        until("both are sealed", async || {
            node.store.next_batch().expect("database") == 3
        })
        .await;
        // Anvil takes its time with blobs, and may mine in the middle of a look.
        let _errors = node
            .settle_until("their commits", is(BatchStatus::Committed, 2))
            .await;
        let batch = node.batch(2);
        assert_eq!((batch.transfers, batch.l1_operations), (FULL, 0));
        let commit = batch.commit.expect("included").gas_used;
        let of_one = (commit + PROVE_GAS) as f64 / f64::from(FULL);
        println!("{commit} gas to commit {FULL} transfers, {of_one:.2} a transfer with the proof");
        assert!(of_one <= 62.0, "{of_one}");
        node.stop().await;
    }
}
