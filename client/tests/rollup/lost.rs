//! A sequencer that has lost everything starts from L1, and its users go on.

use std::error::Error;

use alloy::primitives::{Address, B256};
use ashlar_client::{AccountKey, Milestone, pb::operation::Kind};
use ashlar_sequencer::rebuild::{self, RebuildError, Rebuilt};
use tokio_util::sync::CancellationToken;

use super::support::{FEE, LIMIT, Rollup, amount, fee, payee};

#[tokio::test(flavor = "multi_thread")]
async fn users_go_on_with_a_sequencer_that_was_rebuilt_from_l1() {
    let mut rollup = Rollup::start(100).await;
    let mut senders = rollup.fund(&[0, 1, 2]).await;
    let (client, l1) = (rollup.client().await, rollup.l1(3).await);
    let sent = senders[1].transfer(payee(2, 2), 0, amount(5_000), fee()).await;
    let recipient = Address::repeat_byte(0xa5);
    let withdrawn = senders[1]
        .withdraw(recipient, 0, 700, fee())
        .await
        .expect("admitted");
    let receipt = client.wait(withdrawn, Milestone::Committed, LIMIT).await;
    let claim = receipt.expect("committed").withdrawal.expect("a withdrawal");
    let last = claim.batch_number;
    assert_eq!(l1.state().await.expect("state").committed_batches, last);
    let batches = l1.committed(1, last).await.expect("committed");
    let unproven = batches[&last].header.clone();
    for (_, batch) in batches.range(..last) {
        rollup.prove(batch.header.clone()).await;
    }
    let held = async |client: &ashlar_client::Client| {
        let mut held = Vec::new();
        for index in 0..3 {
            held.push(client.account(AccountKey::Index(index)).await.expect("asks"));
        }
        held
    };
    let before = held(&client).await;
    rollup.stop_sequencer().await;

    // What is not proven cannot be proven any more; here it is, a little later.
    let stop = CancellationToken::new();
    rollup.lose_everything();
    let early = rebuild::run(&rollup.config(), None, &stop).await;
    let (proven, committed) = (last - 1, last);
    assert!(
        matches!(early, Err(RebuildError::Unproven { proven: p, committed: c }) if (p, c) == (proven, committed)),
        "{early:?}"
    );
    rollup.prove(unproven).await;
    rollup.lose_everything();
    let rebuilt = rebuild::run(&rollup.config(), None, &stop)
        .await
        .expect("rebuilds");
    let all = Rebuilt {
        proven: last,
        committed: last,
    };
    assert_eq!(rebuilt, Some(all));
    let again = rebuild::run(&rollup.config(), None, &stop).await;
    assert!(matches!(again, Err(RebuildError::NotEmpty { .. })), "{again:?}");
    rollup.start_sequencer();

    let client = rollup.client().await;
    assert_eq!(held(&client).await, before);
    let history = client.history(1, None, 10).await.expect("lists").operations;
    let known: Vec<_> = history
        .iter()
        .map(|of| (of.kind(), of.amount, of.fee, of.nonce))
        .collect();
    let mut expected = vec![
        (Kind::Withdrawal, 700, FEE, None),
        (Kind::Transfer, 5_000, FEE, None),
        (Kind::Deposit, 100_000_000, 0, None),
    ];
    // Where one batch holds both, withdrawals come before transfers.
    if known[0].0 == Kind::Transfer {
        expected.swap(0, 1);
    }
    assert_eq!(known, expected);
    let paid = history.iter().find_map(|of| of.withdrawal.clone());
    assert_eq!(paid, Some(claim));
    // Signatures are not on L1.
    let unsigned = client.batch_items(last, 100).await.expect_err("nobody has them");
    let answer = unsigned.source().expect("the sequencer's").to_string();
    assert!(answer.contains("known from L1 alone"), "{answer}");
    assert_eq!(client.receipt(sent.expect("admitted")).await.expect("asks"), None);
    for operation in &history {
        let id = B256::from_slice(&operation.transaction_id);
        let receipt = client
            .receipt(id)
            .await
            .expect("asks")
            .expect("by the id that is shown");
        assert_eq!(receipt.operation.as_ref(), Some(operation));
    }

    let mut sender = client
        .sender(super::support::signer(1).address(), rollup.key(1))
        .await
        .expect("has an account");
    let next = sender
        .transfer(payee(2, 2), 0, amount(40), fee())
        .await
        .expect("admitted");
    let receipt = client
        .wait(next, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    assert_eq!(receipt.batch_number, Some(last + 1));
}
