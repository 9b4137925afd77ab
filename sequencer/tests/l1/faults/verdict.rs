//! Nothing is lost, nothing is there twice, and L1 and L2 agree.

use std::collections::BTreeMap;

use alloy::{
    eips::BlockId,
    primitives::U256,
    providers::Provider,
    rpc::types::Filter,
    sol_types::{SolEvent, SolValue},
};
use ashlar_contracts::{BatchHeader, Rollup, bridge, encoding::word_to_hash, withdrawal};
use ashlar_payments::{account::Account, state::Entry};
use ashlar_sequencer::{
    rebuild::{Rebuilt, from_l1},
    store::{LogItem, Store},
};
use plonky2::field::types::PrimeField64;

use super::{
    super::support::{Deployed, expected, provider, signer},
    users::Users,
    world::Settled,
};

const UNIT: u64 = 1_000_000_000;

pub async fn pass(l1: &Deployed, users: &Users, settled: &Settled) {
    equal_roots(l1, settled).await;
    each_operation_once(l1, settled).await;
    each_batch_once(l1, settled).await;
    no_nonce_is_left_out(l1, settled).await;
    every_transaction_is_executed(users, settled);
    every_withdrawal_is_paid(l1, settled).await;
    the_same_from_l1_alone(l1, settled).await;
}

async fn equal_roots(l1: &Deployed, settled: &Settled) {
    let contract = l1.contract(1);
    let ours = settled.root.elements.map(|element| element.to_canonical_u64());
    for theirs in [
        contract.stateRoot().call().await,
        contract.committedRoot().call().await,
    ] {
        assert_eq!(ours, word_to_hash(theirs.expect("call")));
    }
}

/// Each of the queue's operations is in the log, once, in order, as the contract keeps it.
async fn each_operation_once(l1: &Deployed, settled: &Settled) {
    let queued = l1.contract(1).queuedOperations().call().await.expect("call");
    let log = settled.store.l1_operations_from(0).expect("database");
    assert_eq!(log.len() as u64, queued);
    for (expected, item) in (0..queued).zip(&log) {
        assert!(
            matches!(item, LogItem::L1 { index, .. } if *index == expected),
            "{item:?}"
        );
    }
    let client = l1.client(&[&l1.endpoint]).await;
    let head = client.head().await.expect("answers");
    client
        .require_not_replaced(&log, head)
        .await
        .expect("the queue's");
}

/// L1's chain holds one commit and one proof of each batch.
async fn each_batch_once(l1: &Deployed, settled: &Settled) {
    let node = provider(&l1.endpoint, 1);
    let filter = Filter::new().address(l1.rollup).from_block(0);
    let logs = node.get_logs(&filter).await.expect("answers");
    let numbers = |signature, number: fn(&alloy::primitives::Log) -> u64| -> Vec<u64> {
        let of_kind = logs.iter().filter(|log| log.topic0() == Some(&signature));
        of_kind.map(|log| number(&log.inner)).collect()
    };
    let all: Vec<u64> = (1..=settled.last).collect();
    let committed = numbers(Rollup::BatchCommitted::SIGNATURE_HASH, |log| {
        Rollup::BatchCommitted::decode_log(log).expect("an event").number
    });
    let proven = numbers(Rollup::BatchProven::SIGNATURE_HASH, |log| {
        Rollup::BatchProven::decode_log(log).expect("an event").number
    });
    assert_eq!((committed, proven), (all.clone(), all));
}

async fn no_nonce_is_left_out(l1: &Deployed, settled: &Settled) {
    let (node, operator) = (provider(&l1.endpoint, 1), signer(0).address());
    let count = async |block: BlockId| {
        let count = node.get_transaction_count(operator).block_id(block).await;
        count.expect("answers")
    };
    assert_eq!(count(BlockId::latest()).await, count(BlockId::pending()).await);
    assert_eq!(settled.waiting, 0, "nothing waits for a nonce before it");
}

fn accounts(store: &Store) -> BTreeMap<u32, Account> {
    let entries = store.snapshot().expect("database").entries().expect("reads");
    let account = |entry| match entry {
        Entry::Account(index, account) => Some((index, account)),
        Entry::First(..) | Entry::Listed(..) | Entry::Count(_) => None,
    };
    entries.into_iter().filter_map(account).collect()
}

/// Those that were accepted before a crash, too.
fn every_transaction_is_executed(users: &Users, settled: &Settled) {
    let accounts = accounts(&settled.store);
    for (account, accepted) in (0..).zip(users.accepted()) {
        assert_eq!(accounts[&account].nonce, accepted, "account {account}");
    }
}

/// With all withdrawals claimed, the contract holds what the accounts do.
async fn every_withdrawal_is_paid(l1: &Deployed, settled: &Settled) {
    let contract = l1.contract(4);
    let mut claimed = 0;
    for number in 1..=settled.last {
        let batch = settled.store.batch(number).expect("database").expect("sealed");
        let header = BatchHeader::abi_decode(&batch.header.expect("committed")).expect("a header");
        let paid = bridge::withdrawals(&bridge::parse(&batch.bridge).expect("whole records"));
        for (index, withdrawal) in (0..).zip(&paid) {
            let siblings = withdrawal::proof(&paid, index).expect("one of them");
            let claim = contract.claimWithdrawal(header.clone(), index, withdrawal.clone(), siblings);
            let sent = claim.send().await.expect("sent");
            assert!(sent.get_receipt().await.expect("mined").status());
            claimed += 1;
        }
    }
    println!("{} batches, {claimed} withdrawals claimed", settled.last);
    assert!(claimed > 0);
    let held: u64 = accounts(&settled.store)
        .values()
        .map(|account| account.balance(0))
        .sum();
    assert_eq!(
        contract.outstanding(0).call().await.expect("call"),
        U256::from(held)
    );
    let kept = provider(&l1.endpoint, 1).get_balance(l1.rollup).await;
    assert_eq!(kept.expect("answers"), U256::from(held) * U256::from(UNIT));
}

/// A database that is made from L1's data is the sequencer's.
async fn the_same_from_l1_alone(l1: &Deployed, settled: &Settled) {
    let folder = tempfile::tempdir().expect("folder");
    let store = Store::open(&folder.path().join("state.redb")).expect("database");
    let client = l1.client(&[&l1.endpoint]).await;
    let rebuilt = from_l1(&client, &store, expected(), None)
        .await
        .expect("rebuilds");
    let (proven, committed) = (settled.last, settled.last);
    assert_eq!(rebuilt, Rebuilt { proven, committed });
    let digest = |store: &Store| store.snapshot().expect("database").digest().expect("reads");
    assert_eq!(digest(&store), digest(&settled.store));
}
