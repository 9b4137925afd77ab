//! Operations of L1's queue: executed in its order, each with a receipt, whatever they find.

use ashlar_proto::sequencer::v1::{
    self as pb, get_account_request::Key as AccountKey, get_receipt_request::Key,
    list_operations_request::Of, operation::Kind, refusal,
};
use ashlar_sequencer::{
    config::{FeePolicy, Limits},
    executor::SubmitError,
    store::{BatchRecord, BatchStatus},
};
use ashlar_statement::{
    hash::{Hash, ZERO_HASH, hash_to_bytes32},
    queue::{Deposit, ForcedTransfer, ForcedWithdrawal, L1Operation, SetAuth, SetFlags},
};
use tempfile::TempDir;
use tonic::Code;

use super::{
    api::{Api, api, code, request},
    support::{Core, auth, key, owner, seal_at, transfer, transfer_to, withdraw},
};

const ALICE: u32 = 1;

pub fn set_auth(sender: &str, account: u32, auth: Hash) -> L1Operation {
    L1Operation::SetAuth(SetAuth {
        account,
        sender: owner(&key(sender)),
        auth,
    })
}

pub fn forced_withdrawal(sender: &str, account: u32, amount: u64) -> L1Operation {
    L1Operation::ForcedWithdrawal(ForcedWithdrawal {
        account,
        token: 0,
        amount,
        sender: owner(&key(sender)),
    })
}

pub fn forced_transfer(sender: &str, account: u32, to: u32, amount: u64) -> L1Operation {
    L1Operation::ForcedTransfer(ForcedTransfer {
        account,
        to,
        token: 0,
        amount,
        sender: owner(&key(sender)),
    })
}

pub fn set_flags(account: u32, flags: u8) -> L1Operation {
    L1Operation::SetFlags(SetFlags { account, flags })
}

/// Opens accounts 0 and 1, of the operator and of Alice, with a thousand each.
async fn opened(seal_after: u32) -> Api {
    let api = api(seal_after, Limits::default(), FeePolicy::default()).await;
    api.core
        .deposit(0, &[&key("operator"), &key("alice")], 1_000)
        .await;
    api
}

async fn receipt(api: &mut Api, queue_index: u64) -> Result<pb::Receipt, Code> {
    let request = pb::GetReceiptRequest {
        key: Some(Key::QueueIndex(queue_index)),
    };
    let answer = api.client.get_receipt(request).await;
    answer
        .map(tonic::Response::into_inner)
        .map_err(|status| status.code())
}

async fn account(api: &mut Api, key: AccountKey) -> Result<pb::Account, Code> {
    let answer = api
        .client
        .get_account(pb::GetAccountRequest { key: Some(key) })
        .await;
    answer
        .map(tonic::Response::into_inner)
        .map_err(|status| status.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_of_l1_s_queue_is_executed_in_its_order_and_has_its_receipt() {
    let mut api = opened(8).await;
    let open = receipt(&mut api, 1).await.expect("executed");
    assert_eq!(
        (open.status(), open.batch_number),
        (pb::TransactionStatus::Executed, None)
    );
    let alice = owner(&key("alice"));
    let any_auth = Deposit {
        token: 0,
        amount: 5,
        owner: alice,
        auth: ZERO_HASH,
    };
    api.core
        .l1(
            2,
            &[
                L1Operation::Deposit(any_auth),
                set_flags(ALICE, 9),
                forced_transfer("alice", ALICE, 0, 30),
                forced_withdrawal("alice", ALICE, 10),
                set_auth("alice", ALICE, auth(&key("bob"))),
                set_auth("alice", 0, ZERO_HASH), // the operator's account
            ],
        )
        .await;
    let batch = api.core.batch(1).await;
    assert_eq!(
        (batch.l1_operations, batch.withdrawals, batch.transfers),
        (8, 1, 0)
    );

    let mut told = Vec::new();
    for index in 0..8 {
        let receipt = receipt(&mut api, index).await.expect("sealed");
        let operation = receipt.operation.expect("sealed");
        assert_eq!(
            (receipt.batch_number, receipt.slot),
            (Some(1), Some(index as u32))
        );
        assert_eq!(
            (operation.queue_index, operation.fee, operation.nonce),
            (Some(index), 0, None)
        );
        assert_eq!(operation.transaction_id, receipt.transaction_id);
        told.push((
            receipt.account.expect("each names one"),
            operation.kind(),
            operation.from,
            operation.to,
            operation.amount,
            operation.requested,
        ));
    }
    assert_eq!(
        told,
        [
            (0, Kind::Deposit, None, Some(0), 1_000, None),
            (1, Kind::Deposit, None, Some(1), 1_000, None),
            (1, Kind::Deposit, None, Some(1), 5, None),
            (1, Kind::SetFlags, None, Some(1), 0, None),
            (1, Kind::ForcedTransfer, Some(1), Some(0), 30, Some(30)),
            (1, Kind::ForcedWithdrawal, Some(1), None, 10, Some(10)),
            (1, Kind::SetAuth, None, Some(1), 0, None),
            (0, Kind::SetAuth, None, Some(0), 0, None),
        ]
    );
    assert_eq!(receipt(&mut api, 8).await, Err(Code::NotFound));

    let (bob, operator) = (auth(&key("bob")), auth(&key("operator")));
    let found = account(&mut api, AccountKey::Index(ALICE)).await.expect("exists");
    assert_eq!(
        (&found.l1_owner[..], &found.auth[..]),
        (&alice[..], &hash_to_bytes32(&bob)[..])
    );
    assert_eq!((found.flags, found.balances[0].amount), (9, 1_000 + 5 - 30 - 10));
    let found = account(&mut api, AccountKey::Index(0)).await.expect("exists");
    assert_eq!(
        (&found.auth[..], found.balances[0].amount),
        (&hash_to_bytes32(&operator)[..], 1_030)
    );
    let info = api.client.get_info(pb::GetInfoRequest {}).await.expect("answers");
    assert_eq!(info.into_inner().next_queue_index, 8);
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_withdrawal_of_more_than_the_balance_pays_the_balance_and_can_be_claimed() {
    let mut api = opened(4).await;
    let signed = withdraw(&key("alice"), ALICE, 99, 0); // and a fee of one
    api.client
        .submit_transaction(request(signed.encode()))
        .await
        .expect("admitted");
    api.core
        .l1(2, &[forced_withdrawal("alice", ALICE, 1 << 50)])
        .await;
    api.core.batch(1).await;
    let receipt = receipt(&mut api, 2).await.expect("sealed");
    let claim = receipt.withdrawal.expect("it paid");
    assert_eq!((claim.withdrawal_index, claim.amount), (1, 900));
    assert_eq!(claim.recipient[..], owner(&key("alice")));
    let operation = receipt.operation.expect("sealed");
    assert_eq!(
        (
            operation.amount,
            operation.requested,
            operation.withdrawal.as_ref()
        ),
        (900, Some(1 << 50), Some(&claim))
    );
    assert_eq!(api.core.nonce_and_balance(ALICE).await, (1, 0));

    let commit = |batch: &mut BatchRecord| {
        (batch.status, batch.header) = (BatchStatus::Committed, Some(vec![9; 32]));
    };
    api.core.store.update_batch(1, commit).expect("database");
    let proof = pb::GetWithdrawalProofRequest {
        batch_number: 1,
        withdrawal_index: 1,
    };
    let proof = api
        .client
        .get_withdrawal_proof(proof)
        .await
        .expect("committed")
        .into_inner();
    assert_eq!((proof.claim, proof.siblings.len()), (Some(claim), 1));
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_s_forced_operation_pays_nothing_and_still_has_a_receipt() {
    let mut api = opened(6).await;
    api.core
        .l1(
            2,
            &[
                forced_withdrawal("bob", ALICE, 7),
                forced_transfer("bob", ALICE, 0, 7),
                forced_transfer("alice", ALICE, 77, 7), // to nobody
                forced_withdrawal("bob", 77, 7),        // of nobody
            ],
        )
        .await;
    let batch = api.core.batch(1).await;
    assert_eq!((batch.l1_operations, batch.withdrawals), (6, 0));
    for (index, account) in [(2, ALICE), (3, ALICE), (4, ALICE), (5, 77)] {
        let receipt = receipt(&mut api, index).await.expect("sealed");
        assert_eq!((receipt.account, receipt.withdrawal), (Some(account), None));
        let operation = receipt.operation.expect("sealed");
        assert_eq!(
            (operation.amount, operation.requested),
            (0, Some(7)),
            "operation {index}"
        );
    }
    assert_eq!(api.core.nonce_and_balance(ALICE).await, (0, 1_000));
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn set_auth_locks_the_old_key_out() {
    let mut api = opened(100).await;
    let (alice, bob) = (key("alice"), key("bob"));
    let pay = |key, nonce| request(transfer(key, ALICE, 0, 1, nonce).encode());
    let mut client = api.client.clone();
    client.submit_transaction(pay(&alice, 0)).await.expect("admitted");
    api.core.l1(2, &[set_auth("alice", ALICE, auth(&bob))]).await;
    let refused = client
        .submit_transaction(pay(&alice, 1))
        .await
        .expect_err("locked out");
    assert_eq!(code(&refused), (Code::FailedPrecondition, refusal::Code::Owner));
    client.submit_transaction(pay(&bob, 1)).await.expect("admitted");
    // Zero locks everybody out but the owner on L1.
    api.core.l1(3, &[set_auth("alice", ALICE, ZERO_HASH)]).await;
    for key in [&alice, &bob] {
        let refused = client
            .submit_transaction(pay(key, 2))
            .await
            .expect_err("locked out");
        assert_eq!(code(&refused), (Code::FailedPrecondition, refusal::Code::Owner));
    }
    api.core
        .l1(
            4,
            &[
                forced_transfer("alice", ALICE, 0, 1),
                set_auth("alice", ALICE, auth(&alice)),
            ],
        )
        .await;
    client.submit_transaction(pay(&alice, 2)).await.expect("admitted");
    assert_eq!(api.core.nonce_and_balance(ALICE).await, (3, 1_000 - 3 * 2 - 1));
    assert_eq!(
        receipt(&mut api, 5).await.expect("known").status(),
        pb::TransactionStatus::Executed
    );
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_waits_while_its_key_is_locked_out_is_told_so() {
    let folder = TempDir::new().expect("folder");
    let limits = Limits {
        patience: std::time::Duration::from_millis(200),
        ..Limits::default()
    };
    let core = Core::with_limits(&folder, seal_at(100), limits);
    core.deposit(0, &[&key("operator"), &key("alice")], 1_000).await;
    let verified = core
        .handle
        .verify(transfer(&key("alice"), ALICE, 0, 1, 1).encode());
    let waiting = core
        .handle
        .hand_over(verified.expect("signed"))
        .await
        .expect("runs");
    core.l1(2, &[set_auth("alice", ALICE, ZERO_HASH)]).await;
    let error = waiting.outcome().await.expect_err("locked out");
    assert!(matches!(error, SubmitError::SignerReplaced), "{error:?}");
    core.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_signed_for_another_owner_than_the_account_s_is_refused_with_its_code() {
    let mut api = opened(100).await;
    let (alice, bob) = (key("alice"), owner(&key("bob")));
    let meant_for_bob = transfer_to(&alice, ALICE, (0, bob), 5, 0).encode();
    let refused = api.client.submit_transaction(request(meant_for_bob)).await;
    let refused = refused.expect_err("account 0 is the operator's");
    assert_eq!(code(&refused), (Code::FailedPrecondition, refusal::Code::Payee));
    assert!(refused.message().contains("to_owner: account 0"), "{refused}");
    assert_eq!(api.core.nonce_and_balance(ALICE).await, (0, 1_000));
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_s_history_shows_forced_operations_of_it_and_to_it() {
    let mut api = opened(6).await;
    api.core
        .l1(
            2,
            &[
                forced_transfer("alice", ALICE, 0, 5_000),
                forced_transfer("operator", 0, 0, 6),
                forced_withdrawal("bob", ALICE, 7),
                set_auth("bob", 0, ZERO_HASH),
            ],
        )
        .await;
    api.core.batch(1).await;
    let mut list = async |of| {
        let request = pb::ListOperationsRequest {
            of: Some(of),
            before: None,
            limit: 0,
        };
        let page = api
            .client
            .list_operations(request)
            .await
            .expect("lists")
            .into_inner();
        let told = page.operations.iter();
        told.map(|of| (of.slot, of.kind(), of.amount)).collect::<Vec<_>>()
    };
    let transfers = [
        (2, Kind::ForcedTransfer, 1_000),
        (3, Kind::ForcedTransfer, 6), // to itself, told once
    ];
    assert_eq!(
        list(Of::Account(0)).await,
        [
            (5, Kind::SetAuth, 0),
            transfers[1],
            transfers[0],
            (0, Kind::Deposit, 1_000)
        ]
    );
    assert_eq!(
        list(Of::Account(ALICE)).await,
        [
            (4, Kind::ForcedWithdrawal, 0),
            transfers[0],
            (1, Kind::Deposit, 1_000)
        ]
    );
    assert_eq!(list(Of::BatchNumber(1)).await.len(), 6);
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_found_by_their_owner_alone_or_with_their_auth() {
    let mut api = opened(100).await;
    let (alice, bob) = (owner(&key("alice")), owner(&key("bob")));
    let deposit = |owner, auth| {
        L1Operation::Deposit(Deposit {
            token: 0,
            amount: 1,
            owner,
            auth,
        })
    };
    // A second account of Alice's, and one of Bob's with Alice's auth.
    let (first, second) = (auth(&key("alice")), auth(&key("second")));
    api.core
        .l1(2, &[deposit(alice, second), deposit(bob, first)])
        .await;
    let mut found = async |l1_owner: &[u8], auth: Option<Hash>| {
        let owner = pb::Owner {
            l1_owner: l1_owner.to_vec().into(),
            auth: auth.map(|auth| hash_to_bytes32(&auth).to_vec().into()),
        };
        let found = account(&mut api, AccountKey::Owner(owner)).await;
        found.map(|account| account.index)
    };
    assert_eq!(found(&alice, None).await, Ok(1));
    assert_eq!(found(&alice, Some(first)).await, Ok(1));
    assert_eq!(found(&alice, Some(second)).await, Ok(2));
    assert_eq!(found(&bob, None).await, Ok(3));
    assert_eq!(found(&bob, Some(second)).await, Err(Code::NotFound));
    assert_eq!(found(&[9; 20], None).await, Err(Code::NotFound));
    assert_eq!(found(&alice[1..], None).await, Err(Code::InvalidArgument));
    api.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_executes_the_queue_s_operations_again_to_the_same_state() {
    let folder = TempDir::new().expect("folder");
    let core = Core::open(&folder, seal_at(100));
    core.deposit(0, &[&key("operator"), &key("alice")], 1_000).await;
    let operations = [
        forced_withdrawal("alice", ALICE, 300),
        forced_transfer("alice", ALICE, 0, 5_000),
        set_auth("alice", ALICE, ZERO_HASH),
    ];
    core.l1(2, &operations).await;
    let root = core.handle.root().await.expect("runs");
    core.stop();
    let core = Core::open(&folder, seal_at(6));
    assert_eq!(core.handle.root().await.expect("runs"), root);
    core.l1(2, &operations).await; // read again
    assert_eq!(core.handle.root().await.expect("runs"), root);
    assert_eq!(
        (
            core.nonce_and_balance(0).await.1,
            core.nonce_and_balance(ALICE).await.1
        ),
        (1_700, 0)
    );
    core.stop();
}
