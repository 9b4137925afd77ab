//! Somebody pays for another's transaction: both are executed, the one behind the other in one batch, or neither.

use std::{collections::BTreeMap, time::Duration};

use alloy::primitives::B256;
use ashlar_client::{Account, AccountKey, Client, ClientError, Milestone, Refusal, pb::refusal::Code};
use ashlar_payments::{packing::PackedFee, transaction::SignedTransaction};
use ashlar_sequencer::config::FeePolicy;

use super::support::{LIMIT, Rollup, amount, fee, payee, signer};

const FEE: u64 = 20;

fn zero() -> PackedFee {
    PackedFee::exact(0).expect("representable")
}

fn both() -> PackedFee {
    PackedFee::exact(FEE).expect("representable")
}

async fn refusal(client: &Client, signed: &SignedTransaction, sponsor: &SignedTransaction) -> Refusal {
    match client.submit_sponsored(signed, sponsor).await {
        Err(ClientError::Refused(refusal)) => refusal,
        outcome => panic!("{outcome:?}"),
    }
}

async fn account(client: &Client, index: u32) -> Account {
    let found = client.account(AccountKey::Index(index)).await;
    found.expect("asks").expect("exists")
}

/// Batch and slot of a sealed transaction.
async fn place(client: &Client, id: B256) -> (u64, u32) {
    let receipt = client
        .wait(id, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    (
        receipt.batch_number.expect("sealed"),
        receipt.slot.expect("sealed"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sponsor_pays_for_both_or_nothing_is_executed() {
    let mut rollup = Rollup::start(1_000).await;
    rollup.stop_sequencer().await;
    rollup.fees = FeePolicy {
        floors: BTreeMap::from([(0, 10)]), // units of ETH for an operation
        reference_seconds: 0.0,
    };
    rollup.start_sequencer();
    rollup.fund(&[0]).await;
    let mut users = rollup.fund(&[1, 2]).await;
    let (mut sponsor, mut user) = (users.pop().expect("account 2"), users.pop().expect("account 1"));
    let client = rollup.client().await;
    let pays = |user: &mut ashlar_client::Sender| user.sign_transfer(payee(0, 0), 0, amount(1_000), zero());

    // Without a fee it is not taken alone, and half of the fee is not enough for two.
    let unpaid = pays(&mut user);
    let alone = client.submit(&unpaid).await;
    assert!(
        matches!(&alone, Err(ClientError::Refused(refusal)) if refusal.code == Code::Fee),
        "{alone:?}"
    );
    let half = sponsor.sign_sponsorship(0, fee());
    let refused = refusal(&client, &unpaid, &half).await;
    assert_eq!((refused.code, &*refused.field), (Code::Fee, "fee"));
    assert!(
        refused.message.contains("10 units of token 0, at least 20"),
        "{}",
        refused.message
    );

    // More than the sponsor has; the user's transaction changes nothing either.
    sponsor.refresh().await.expect("there");
    let beyond = PackedFee::ceil(150_000_000).expect("representable");
    let too_much = sponsor.sign_sponsorship(0, beyond);
    let (before, nonce) = (account(&client, 1).await, account(&client, 2).await.nonce);
    let refused = refusal(&client, &unpaid, &too_much).await;
    assert_eq!((refused.code, &*refused.field), (Code::Balance, "sponsor.amount"));
    assert_eq!(account(&client, 1).await, before);
    // More than the user has: the sponsor pays nothing.
    user.refresh().await.expect("there");
    let beyond = user.sign_transfer(payee(0, 0), 0, amount(200_000_000), zero());
    sponsor.refresh().await.expect("there");
    let paid = sponsor.sign_sponsorship(0, both());
    let refused = refusal(&client, &beyond, &paid).await;
    assert_eq!((refused.code, &*refused.field), (Code::Balance, "amount"));
    assert_eq!(account(&client, 2).await.nonce, nonce);

    // The two together, once; they are neighbours.
    let earned = account(&client, 0).await.balance(0);
    let id = client.submit_sponsored(&unpaid, &paid).await.expect("both");
    assert_eq!(
        client.submit_sponsored(&unpaid, &paid).await.expect("sent again"),
        id
    );
    let (first, second) = (place(&client, id).await, place(&client, paid.id().into()).await);
    assert_eq!((first.0, first.1 + 1), second);
    assert_eq!(account(&client, 0).await.balance(0) - earned, 1_000 + FEE);

    // What the sponsor has signed pays for nothing else afterwards.
    user.refresh().await.expect("there");
    let next = pays(&mut user);
    let refused = refusal(&client, &next, &paid).await;
    assert_eq!((refused.code, &*refused.field), (Code::Nonce, "sponsor.nonce"));
    let other = client.submit(&paid).await.expect("the same as before");
    assert_eq!(other, B256::from(paid.id()));
    assert_eq!(account(&client, 2).await.nonce, nonce + 1);

    // A fee of its own, an account's own sponsor, and a foreign signature.
    user.refresh().await.expect("there");
    sponsor.refresh().await.expect("there");
    let fresh = sponsor.sign_sponsorship(0, both());
    let with_fee = user.sign_transfer(payee(0, 0), 0, amount(1_000), fee());
    let refused = refusal(&client, &with_fee, &fresh).await;
    assert_eq!((refused.code, &*refused.field), (Code::Fee, "fee"));
    let own = user.sign_sponsorship(0, both());
    let refused = refusal(&client, &next, &own).await;
    assert_eq!((refused.code, &*refused.field), (Code::Owner, "sponsor.from"));
    let mut forged = fresh.clone();
    forged.valid_until -= 1;
    let refused = refusal(&client, &next, &forged).await;
    assert_eq!(
        (refused.code, &*refused.field),
        (Code::Signature, "sponsor.signature")
    );

    // A restart executes the two again as two that belong together.
    let id = client.submit_sponsored(&next, &fresh).await.expect("both");
    rollup.stop_sequencer().await;
    rollup.start_sequencer();
    let client = rollup.client().await;
    let (first, second) = (place(&client, id).await, place(&client, fresh.id().into()).await);
    assert_eq!((first.0, first.1 + 1), second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_has_room_for_one_is_closed_before_two() {
    // Three operations in a batch: without the rule, every second pair would be taken apart.
    let rollup = Rollup::start(3).await;
    rollup.fund(&[0]).await;
    let mut users = rollup.fund(&[1, 2]).await;
    let (mut sponsor, mut user) = (users.pop().expect("account 2"), users.pop().expect("account 1"));
    let client = rollup.client().await;
    let pairs: Vec<_> = (0..6)
        .map(|_| {
            let unpaid = user.sign_transfer(payee(0, 0), 0, amount(1_000), zero());
            (unpaid, sponsor.sign_sponsorship(0, both()))
        })
        .collect();
    for (unpaid, paid) in &pairs {
        client.submit_sponsored(unpaid, paid).await.expect("both");
    }
    // Ahead of its turn the first waits; the one that it waits for lets it go on.
    let early = user.sign_transfer(payee(0, 0), 0, amount(1), fee());
    let last = user.sign_transfer(payee(0, 0), 0, amount(2), zero());
    let paid = sponsor.sign_sponsorship(0, both());
    let waits = tokio::spawn({
        let (client, last, paid) = (client.clone(), last.clone(), paid.clone());
        async move { client.submit_sponsored(&last, &paid).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.submit(&early).await.expect("its turn");
    waits.await.expect("no panic").expect("both");
    for (unpaid, paid) in pairs.iter().chain([&(last, paid)]) {
        let (first, second) = (
            place(&client, unpaid.id().into()).await,
            place(&client, paid.id().into()).await,
        );
        assert_eq!((first.0, first.1 + 1), second);
    }
    let sponsored = account(&client, 2).await;
    assert_eq!(sponsored.l1_owner, signer(2).address());
    assert_eq!(sponsored.balance(0), 100_000_000 - 7 * FEE);
}
