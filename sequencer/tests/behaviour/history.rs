//! The index of operations: by account, by batch, taken back, and built for databases that lack it.

use ashlar_payments::transaction::SignedTransaction;
use ashlar_proto::sequencer::v1::{
    self as pb, batch_item::Item, list_operations_request::Of, operation::Kind,
};
use ashlar_sequencer::{
    config::{FeePolicy, Limits},
    store::{self, Place, Store},
};
use redb::{Database, TableDefinition};
use tempfile::TempDir;
use tonic::Code;

use super::{
    api::{api, request},
    support::{Core, key, seal_at, transfer, withdraw},
};

fn account(account: u64, store: &Store) -> Vec<(u64, u32)> {
    let places = store
        .places(store::Of::Account(account), None, 100)
        .expect("database");
    places
        .iter()
        .map(|Place { batch, slot }| (*batch, *slot))
        .collect()
}

/// Two batches: deposits of accounts 0 and 1 with two transfers, then a transfer to itself, a withdrawal and two transfers.
async fn two_batches(core: &Core) {
    let (operator, alice) = (key("operator"), key("alice"));
    core.deposit(0, &[&operator, &alice], 1_000).await;
    for signed in [
        transfer(&alice, 1, 0, 5, 0),
        transfer(&operator, 0, 1, 6, 0),
        transfer(&alice, 1, 1, 7, 1),
        withdraw(&alice, 1, 8, 2),
        transfer(&alice, 1, 0, 9, 3),
        transfer(&operator, 0, 1, 10, 1),
    ] {
        core.handle.submit(signed.encode()).await.expect("admitted");
    }
    core.batch(2).await;
}

const OF_0: [(u64, u32); 5] = [(2, 3), (2, 2), (1, 3), (1, 2), (1, 0)];
const OF_1: [(u64, u32); 7] = [(2, 3), (2, 2), (2, 1), (2, 0), (1, 3), (1, 2), (1, 1)];

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_listed_by_account_and_by_batch_the_latest_first() {
    let mut api = api(4, Limits::default(), FeePolicy::default()).await;
    two_batches(&api.core).await;
    let mut list = async |of, before: Option<(u64, u32)>, limit| {
        let before = before.map(|(batch_number, slot)| pb::Place { batch_number, slot });
        let request = pb::ListOperationsRequest { of, before, limit };
        let answer = api.client.list_operations(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let places = |list: &pb::ListOperationsResponse| -> Vec<_> {
        list.operations
            .iter()
            .map(|of| (of.batch_number, of.slot))
            .collect()
    };
    let all = list(Some(Of::Account(1)), None, 0).await.expect("lists");
    assert_eq!((places(&all), all.next), (OF_1.to_vec(), None));
    let told: Vec<_> = all
        .operations
        .iter()
        .map(|of| (of.kind(), of.from, of.to, of.amount, of.fee))
        .collect();
    assert_eq!(told[0], (Kind::Transfer, Some(0), Some(1), 10, 1));
    assert_eq!(told[2], (Kind::Withdrawal, Some(1), None, 8, 1));
    assert_eq!(told[3], (Kind::Transfer, Some(1), Some(1), 7, 1));
    assert_eq!(told[6], (Kind::Deposit, None, Some(1), 1_000, 0));
    assert_eq!(all.operations[6].queue_index, Some(1));
    assert_eq!(
        all.operations[2].withdrawal.as_ref().map(|claim| claim.amount),
        Some(8)
    );
    assert_eq!(all.operations[1].nonce, Some(3));

    // Page after page, nothing twice and nothing left out, whatever is the size of a page.
    for limit in 1..=8 {
        let (mut before, mut found) = (None, Vec::new());
        loop {
            let page = list(Some(Of::Account(1)), before, limit).await.expect("lists");
            found.extend(places(&page));
            let Some(next) = page.next else { break };
            before = Some((next.batch_number, next.slot));
        }
        assert_eq!(found, OF_1, "pages of {limit}");
    }
    let batch = list(Some(Of::BatchNumber(1)), None, 3).await.expect("lists");
    assert_eq!(places(&batch), [(1, 3), (1, 2), (1, 1)]);
    assert_eq!(
        batch.next,
        Some(pb::Place {
            batch_number: 1,
            slot: 1
        })
    );
    let rest = list(Some(Of::BatchNumber(1)), Some((1, 1)), 3)
        .await
        .expect("lists");
    assert_eq!((places(&rest), rest.next), (vec![(1, 0)], None));
    assert_eq!(
        places(
            &list(Some(Of::BatchNumber(2)), Some((1, 9)), 0)
                .await
                .expect("lists")
        ),
        []
    );
    for unknown in [Of::Account(77), Of::BatchNumber(3)] {
        assert_eq!(places(&list(Some(unknown), None, 0).await.expect("lists")), []);
    }
    let neither = list(None, None, 0).await.expect_err("of what?");
    assert_eq!(neither.code(), Code::InvalidArgument);
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_shown_as_what_it_was_made_of_in_the_order_of_execution() {
    let mut api = api(4, Limits::default(), FeePolicy::default()).await;
    two_batches(&api.core).await;
    let mut list = async |batch_number, from_slot, limit| {
        let request = pb::ListBatchItemsRequest {
            batch_number,
            from_slot,
            limit,
        };
        let answer = api.client.list_batch_items(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let l1 = |index| pb::BatchItem {
        item: Some(Item::QueueIndex(index)),
    };
    let signed = |signed: SignedTransaction| pb::BatchItem {
        item: Some(Item::Signed(signed.encode().into())),
    };
    let (operator, alice) = (key("operator"), key("alice"));
    let first = [
        l1(0),
        l1(1),
        signed(transfer(&alice, 1, 0, 5, 0)),
        signed(transfer(&operator, 0, 1, 6, 0)),
    ];
    let second = [
        signed(transfer(&alice, 1, 1, 7, 1)),
        signed(withdraw(&alice, 1, 8, 2)),
        signed(transfer(&alice, 1, 0, 9, 3)),
        signed(transfer(&operator, 0, 1, 10, 1)),
    ];
    for (number, items) in [(1, &first), (2, &second)] {
        let all = list(number, 0, 0).await.expect("lists");
        assert_eq!((&all.items[..], all.next_slot), (&items[..], None));
    }
    let page = list(1, 1, 2).await.expect("lists");
    assert_eq!((&page.items[..], page.next_slot), (&first[1..3], Some(3)));
    let rest = list(1, 3, 2).await.expect("lists");
    assert_eq!((&rest.items[..], rest.next_slot), (&first[3..], None));
    let behind = list(1, 4, 2).await.expect("lists");
    assert_eq!((behind.items.len(), behind.next_slot), (0, None));
    assert_eq!(
        list(3, 0, 0).await.expect_err("not sealed").code(),
        Code::NotFound
    );
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_tells_what_a_sealed_transaction_did() {
    let mut api = api(3, Limits::default(), FeePolicy::default()).await;
    let (operator, alice) = (key("operator"), key("alice"));
    api.core.deposit(0, &[&operator, &alice], 1_000).await;
    let sent = api
        .client
        .submit_transaction(request(transfer(&alice, 1, 0, 5, 0).encode()))
        .await;
    let id = sent.expect("admitted").into_inner().transaction_id;
    api.core.batch(1).await;
    let asked = pb::GetReceiptRequest {
        key: Some(pb::get_receipt_request::Key::TransactionId(id.clone())),
    };
    let receipt = api.client.get_receipt(asked).await.expect("known").into_inner();
    let operation = receipt.operation.expect("sealed");
    assert_eq!(
        (operation.kind(), operation.from, operation.to),
        (Kind::Transfer, Some(1), Some(0))
    );
    assert_eq!((operation.transaction_id, operation.amount), (id, 5));
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_has_a_proof_once_its_batch_is_committed() {
    let mut api = api(4, Limits::default(), FeePolicy::default()).await;
    two_batches(&api.core).await;
    let mut proof = async |batch_number, withdrawal_index| {
        let request = pb::GetWithdrawalProofRequest {
            batch_number,
            withdrawal_index,
        };
        let answer = api.client.get_withdrawal_proof(request).await;
        answer
            .map(tonic::Response::into_inner)
            .map_err(|status| status.code())
    };
    assert_eq!(proof(3, 0).await, Err(Code::NotFound));
    assert_eq!(proof(2, 1).await, Err(Code::NotFound));
    assert_eq!(proof(2, 0).await, Err(Code::FailedPrecondition));
    let commit = |batch: &mut store::BatchRecord| {
        (batch.status, batch.header) = (store::BatchStatus::Committed, Some(vec![9; 32]));
    };
    api.core.store.update_batch(2, commit).expect("database");
    let proof = proof(2, 0).await.expect("committed");
    let claim = proof.claim.as_ref().expect("set");
    assert_eq!((claim.amount, claim.recipient.as_ref()), (8, &[7u8; 20][..]));
    assert_eq!((proof.header.as_ref(), proof.siblings.len()), (&[9u8; 32][..], 0)); // the only leaf is the root
    assert_eq!(proof.batch_status(), pb::BatchStatus::Committed);
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_goes_back_with_a_batch_and_comes_again_with_it() {
    let folder = TempDir::new().expect("folder");
    let core = Core::open(&folder, seal_at(4));
    two_batches(&core).await;
    assert_eq!(account(1, &core.store), OF_1);
    core.stop();
    let store = Store::open(&folder.path().join("state.redb")).expect("opens");
    store.unseal(2, None).expect("L1 holds none");
    assert_eq!(account(0, &store), OF_0[2..]);
    assert_eq!(account(1, &store), OF_1[4..]);
    assert_eq!(
        store.operation(Place { batch: 2, slot: 0 }).expect("database"),
        None
    );
    drop(store);
    // Sealed again, at other places: two batches of two.
    let core = Core::open(&folder, seal_at(2));
    core.batch(3).await;
    assert_eq!(account(1, &core.store)[..4], [(3, 1), (3, 0), (2, 1), (2, 0)]);
    assert_eq!(account(0, &core.store)[..2], [(3, 1), (3, 0)]);
    core.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_the_index_is_indexed_at_start() {
    let folder = TempDir::new().expect("folder");
    let core = Core::open(&folder, seal_at(4));
    two_batches(&core).await;
    core.stop();
    let path = folder.path().join("state.redb");
    let before_the_index = || {
        let db = Database::create(&path).expect("opens");
        let txn = db.begin_write().expect("begins");
        txn.delete_table(TableDefinition::<(u64, u32), &[u8]>::new("operations"))
            .expect("was there");
        txn.delete_table(TableDefinition::<(u64, u64, u32), ()>::new("history"))
            .expect("was there");
        txn.open_table(TableDefinition::<&str, u64>::new("counters"))
            .expect("was there")
            .remove("indexed_to")
            .expect("removes");
        txn.commit().expect("commits");
    };
    before_the_index();
    let core = Core::open(&folder, seal_at(4));
    assert_eq!(account(0, &core.store), OF_0);
    assert_eq!(account(1, &core.store), OF_1);
    assert!(core.store.unindexed().expect("database").is_empty());
    core.stop();
    // A batch can be taken back before.
    before_the_index();
    let store = Store::open(&path).expect("opens");
    store.unseal(2, None).expect("L1 holds none");
    drop(store);
    let core = Core::open(&folder, seal_at(4));
    core.batch(2).await;
    assert_eq!(account(1, &core.store), OF_1);
    core.stop();
}
