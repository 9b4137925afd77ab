//! Operations of the L1 queue: what an account's L1 owner does without a signature, and without the sequencer's leave.

use alloy::{primitives::Address, providers::Provider};
use ashlar_client::{
    Account, AccountKey, Client, ClientError, L1Error, Milestone,
    data::{Record, accounts_of},
    pb,
};
use ashlar_statement::hash::ZERO_HASH;

use super::support::{LIMIT, Rollup, amount, fee, payee, signer};

/// Units that everybody deposits.
const FUNDS: u64 = 100_000_000;

async fn executed(client: &Client, queue_index: u64) {
    client
        .wait_for_l1_operation(queue_index, Milestone::Executed, LIMIT)
        .await
        .expect("executed");
}

async fn account(client: &Client, index: u32) -> Account {
    let found = client.account(AccountKey::Index(index)).await;
    found.expect("asks").expect("exists")
}

fn owner(user: usize) -> Address {
    signer(user).address()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_moves_money_without_a_signature_and_a_stranger_moves_nothing() {
    let rollup = Rollup::start(100).await;
    rollup.fund(&[0, 1, 2]).await;
    let (client, l1, stranger) = (rollup.client().await, rollup.l1(1).await, rollup.l1(2).await);

    let ours = l1.force_withdrawal(1, 0, 700).await.expect("queued");
    let theirs = stranger.force_withdrawal(1, 0, 300).await.expect("queued");
    let paid = l1.force_transfer(1, 2, 0, 2 * FUNDS).await.expect("queued");
    let nobody = l1.force_transfer(1, 77, 0, 5).await.expect("queued");
    assert_eq!([ours, theirs, paid, nobody], [3, 4, 5, 6]);
    executed(&client, nobody).await;
    let left = (
        account(&client, 1).await.balance(0),
        account(&client, 2).await.balance(0),
    );
    assert_eq!(
        left,
        (0, 2 * FUNDS - 700),
        "all that there was, not what was asked for"
    );

    // The receipt says what was paid; L1's data say the same.
    let mut receipts = Vec::new();
    for index in [ours, theirs, paid, nobody] {
        let receipt = client
            .wait_for_l1_operation(index, Milestone::Committed, LIMIT)
            .await;
        receipts.push(receipt.expect("committed"));
    }
    let told: Vec<_> = receipts
        .iter()
        .map(|receipt| receipt.operation.as_ref().expect("sealed"))
        .map(|operation| (operation.kind(), operation.amount, operation.requested))
        .collect();
    let (withdrawal, transfer) = (
        pb::operation::Kind::ForcedWithdrawal,
        pb::operation::Kind::ForcedTransfer,
    );
    let expected = [
        (withdrawal, 700, Some(700)),
        (withdrawal, 0, Some(300)),
        (transfer, FUNDS - 700, Some(2 * FUNDS)),
        (transfer, 0, Some(5)),
    ];
    assert_eq!(told, expected);
    let last = l1.state().await.expect("state").committed_batches;
    let batches = l1.committed(1, last).await.expect("committed");
    let mut records = Vec::new();
    for batch in batches.values() {
        records.extend(l1.data(batch).await.expect("public data").records);
    }
    assert!(records.contains(&Record::ForcedTransfer {
        from: 1,
        to: 2,
        token: 0,
        requested: 2 * FUNDS,
        paid: FUNDS - 700,
        sender: owner(1),
    }));

    // A forced withdrawal is claimed as a signed one is; one that paid nothing is no withdrawal.
    assert_eq!(receipts[1].withdrawal, None);
    let claim = receipts[0].withdrawal.as_ref().expect("a withdrawal");
    assert_eq!(claim.recipient.as_ref(), owner(1).as_slice());
    for batch in batches.values() {
        rollup.prove(batch.header.clone()).await;
    }
    // What L1 has proven is all that is needed to know what everybody holds.
    let proven = l1.proven_state().await.expect("leads to L1's root");
    assert_eq!((proven.batch, proven.committed), (last, last));
    let held: Vec<_> = proven
        .accounts
        .accounts()
        .map(|(_, account)| account.balance(0))
        .collect();
    assert_eq!(held, [FUNDS, 0, 2 * FUNDS - 700]);
    let proof = l1
        .withdrawal_proof(claim.batch_number, claim.withdrawal_index)
        .await
        .expect("the withdrawal is there");
    assert_eq!((proof.withdrawal.amount, proof.withdrawal.to), (700, owner(1)));
    let balance = async || {
        l1.contract()
            .provider()
            .get_balance(owner(1))
            .await
            .expect("balance")
    };
    let before = balance().await;
    rollup.l1(9).await.claim(&proof).await.expect("pays");
    let unit = l1.token(0).await.expect("ETH").base_units(1);
    assert_eq!(
        balance().await - before,
        unit * alloy::primitives::U256::from(700)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_a_stranger_opened_is_its_owner_s_to_give_a_key() {
    let rollup = Rollup::start(100).await;
    rollup.fund(&[0]).await;
    let (client, l1, stranger) = (rollup.client().await, rollup.l1(1).await, rollup.l1(2).await);
    let eth = l1.token(0).await.expect("ETH");

    let error = stranger
        .deposit(&eth, 1_000, owner(1), &rollup.auth(2))
        .await
        .expect_err("a stranger's key");
    assert!(matches!(error, L1Error::ForeignAuth { .. }), "{error}");
    let queued = stranger
        .deposit(&eth, 1_000, owner(1), &ZERO_HASH)
        .await
        .expect("queued");
    executed(&client, queued).await;
    let asked = AccountKey::Owner {
        l1_owner: owner(1),
        auth: None,
    };
    let found = client.account(asked).await.expect("asks").expect("exists");
    assert_eq!((found.index, found.auth, found.balance(0)), (1, ZERO_HASH, 1_000));
    let error = client
        .sender(owner(1), rollup.key(1))
        .await
        .expect_err("no key signs for it");
    assert!(matches!(error, ClientError::NoAccount { .. }), "{error}");

    // Nobody but the owner gives it a key.
    let queued = stranger.set_auth(1, &rollup.auth(2)).await.expect("queued");
    executed(&client, queued).await;
    assert_eq!(account(&client, 1).await.auth, ZERO_HASH);
    let queued = l1.set_auth(1, &rollup.auth(1)).await.expect("queued");
    executed(&client, queued).await;
    let mut sender = client.sender(owner(1), rollup.key(1)).await.expect("its key");
    sender
        .transfer(payee(0, 0), 0, amount(5), fee())
        .await
        .expect("admitted");

    // Locked, the key signs no more; L1's data say who owns what.
    let queued = l1.set_auth(1, &ZERO_HASH).await.expect("queued");
    client
        .wait_for_l1_operation(queued, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    let refused = sender.transfer(payee(0, 0), 0, amount(5), fee()).await;
    let Err(ClientError::Refused(refusal)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refusal.code, pb::refusal::Code::Owner);
    let last = l1.state().await.expect("state").committed_batches;
    let mut records = Vec::new();
    for batch in l1.committed(1, last).await.expect("committed").values() {
        records.extend(l1.data(batch).await.expect("public data").records);
    }
    let owned = accounts_of(owner(1), &records);
    assert_eq!(owned.into_iter().collect::<Vec<_>>(), [(1, ZERO_HASH)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_somebody_else_s_auth_is_not_taken_for_the_wallet_s() {
    let rollup = Rollup::start(100).await;
    let (client, l1, copycat) = (rollup.client().await, rollup.l1(1).await, rollup.l1(2).await);
    let eth = l1.token(0).await.expect("ETH");
    // The copycat is first, with an account of his own that names our auth.
    copycat
        .deposit(&eth, 1_000, owner(2), &rollup.auth(1))
        .await
        .expect("queued");
    let queued = l1
        .deposit(&eth, 2_000, owner(1), &rollup.auth(1))
        .await
        .expect("queued");
    executed(&client, queued).await;
    let found = client
        .account(rollup.owned(1))
        .await
        .expect("asks")
        .expect("exists");
    assert_eq!(
        (found.index, found.l1_owner, found.balance(0)),
        (1, owner(1), 2_000)
    );
    let sender = client.sender(owner(1), rollup.key(1)).await.expect("ours");
    assert_eq!(sender.account(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_to_another_owner_than_the_payee_s_is_refused() {
    let rollup = Rollup::start(100).await;
    let mut sender = rollup.fund(&[0, 1]).await.remove(0);
    let client = rollup.client().await;
    let refused = sender.transfer(payee(1, 5), 0, amount(5), fee()).await;
    let Err(ClientError::Refused(refusal)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refusal.code, pb::refusal::Code::Payee);
    for asked in [AccountKey::Index(1), rollup.owned(1)] {
        let payee = client.payee(asked).await.expect("asks");
        assert_eq!((payee.account, payee.l1_owner), (1, owner(1)));
        sender
            .transfer(payee, 0, amount(5), fee())
            .await
            .expect("admitted");
    }
}
