//! From a deposit to a claimed withdrawal, and what can be checked on the way.

use alloy::{
    primitives::{Address, U256},
    providers::Provider,
};
use ashlar_client::{
    AccountKey, ClientError, L1Error, Milestone, Standing, data::Record, inclusion::InclusionError, pb,
};

use ashlar_contracts::MintableToken;

use super::support::{FEE, LIMIT, Rollup, amount, fee, payee, signer};

const RECIPIENT: Address = Address::repeat_byte(0xa5);

#[tokio::test(flavor = "multi_thread")]
async fn deposited_money_is_transferred_withdrawn_and_claimed_with_l1_s_data_alone() {
    let rollup = Rollup::start(100).await;
    let mut senders = rollup.fund(&[0, 1, 2]).await;
    let (client, l1) = (rollup.client().await, rollup.l1(3).await);
    let accounts: Vec<u32> = senders.iter().map(|sender| sender.account()).collect();
    assert_eq!(accounts, [0, 1, 2]);

    senders[1]
        .transfer(payee(2, 2), 0, amount(5_000), fee())
        .await
        .expect("admitted");
    let first = senders[1]
        .withdraw(RECIPIENT, 0, 700, fee())
        .await
        .expect("admitted");
    let second = senders[2]
        .withdraw(RECIPIENT, 0, 1_300, fee())
        .await
        .expect("admitted");
    assert_eq!((senders[1].nonce(), senders[2].nonce()), (2, 1));
    let mut claims = Vec::new();
    for id in [first, second] {
        let receipt = client
            .wait(id, Milestone::Committed, LIMIT)
            .await
            .expect("committed");
        claims.push(receipt.withdrawal.expect("a withdrawal"));
    }

    // The sequencer's index pages through the same from the end.
    let (mut before, mut found) = (None, Vec::new());
    loop {
        let page = client.history(1, before, 1).await.expect("pages");
        found.extend(page.operations);
        let Some(next) = page.next else { break };
        before = Some(next);
    }
    let kinds: Vec<_> = found.iter().map(|of| (of.kind(), of.amount, of.fee)).collect();
    let expected = [
        (pb::operation::Kind::Withdrawal, 700, FEE),
        (pb::operation::Kind::Transfer, 5_000, FEE),
        (pb::operation::Kind::Deposit, 100_000_000, 0),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(found[0].withdrawal.as_ref(), Some(&claims[0]));
    assert_eq!(
        client
            .history(77, None, 0)
            .await
            .expect("an account without history")
            .operations,
        []
    );

    // What L1 has in calldata says the same as the sequencer's receipts, and more.
    let last = l1.state().await.expect("state").committed_batches;
    let batches = l1.committed(1, last).await.expect("committed");
    let mut records = Vec::new();
    for batch in batches.values() {
        records.extend(l1.data(batch).await.expect("public data").records);
    }
    assert!(records.contains(&Record::Transfer {
        from: 1,
        to: 2,
        token: 0,
        amount: 5_000,
        fee: FEE
    }));
    let deposits = records.iter().filter(|r| matches!(r, Record::Deposit { .. }));
    assert_eq!(deposits.count(), 3);
    assert_eq!(records.iter().filter(|record| record.concerns(2)).count(), 3);

    for claim in &claims {
        let proof = l1
            .withdrawal_proof(claim.batch_number, claim.withdrawal_index)
            .await
            .expect("the withdrawal is there");
        assert_eq!(
            (proof.withdrawal.amount, proof.withdrawal.to),
            (claim.amount, RECIPIENT)
        );
        if claim.batch_number > l1.state().await.expect("state").proven_batches {
            let error = l1.claim(&proof).await.expect_err("not proven yet");
            assert!(matches!(error, L1Error::NotProven { .. }), "{error}");
        }
        let proven = l1.state().await.expect("state").proven_batches;
        for number in proven + 1..=claim.batch_number {
            rollup.prove(batches[&number].header.clone()).await;
        }
        assert!(
            !l1.is_claimed(claim.batch_number, claim.withdrawal_index)
                .await
                .expect("call")
        );
        l1.claim(&proof).await.expect("pays");
        assert!(
            l1.is_claimed(claim.batch_number, claim.withdrawal_index)
                .await
                .expect("call")
        );
        // The refusal costs no nonce: the next claim is mined.
        let error = l1.claim(&proof).await.expect_err("once only");
        assert!(error.to_string().contains("WithdrawalAlreadyClaimed"), "{error}");
    }
    let paid = l1
        .contract()
        .provider()
        .get_balance(RECIPIENT)
        .await
        .expect("balance");
    assert_eq!(paid, U256::from(2_000_000_000_000u64)); // 2,000 gwei

    let snark = l1.proven_batch(claims[0].batch_number).await.expect("proven");
    assert_eq!(snark.proof, [7; 64]);
    let index = claims[0].withdrawal_index + 9;
    let error = l1
        .withdrawal_proof(claims[0].batch_number, index)
        .await
        .expect_err("too far");
    assert!(matches!(error, L1Error::NoWithdrawal { .. }), "{error}");
    let error = l1.committed_batch(last + 5).await.expect_err("not there yet");
    assert!(matches!(error, L1Error::NotCommitted { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_is_checked_against_the_root_on_l1() {
    let rollup = Rollup::start(100).await;
    rollup.fund(&[0, 1]).await;
    let (client, l1) = (rollup.client().await, rollup.l1(3).await);
    let account = client
        .account(rollup.owned(1))
        .await
        .expect("asks")
        .expect("exists");
    assert_eq!((account.index, account.balance(0)), (1, 100_000_000));
    assert_eq!(client.account(AccountKey::Index(77)).await.expect("asks"), None);

    client
        .wait_for_l1_operation(1, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    let included = client
        .inclusion(1)
        .await
        .expect("asks")
        .expect("leads to the root");
    assert_eq!(included.account, Some(account));
    let standing = l1
        .standing(included.batch, &included.root)
        .await
        .expect("L1's root");
    assert_eq!(standing, Standing::Committed);
    let batches = l1.committed(1, included.batch).await.expect("committed");
    for batch in batches.into_values() {
        rollup.prove(batch.header).await;
    }
    let standing = l1
        .standing(included.batch, &included.root)
        .await
        .expect("L1's root");
    assert_eq!(standing, Standing::Proven);
    let genesis = ashlar_payments::tree::empty_accounts_root();
    assert_eq!(l1.standing(0, &genesis).await.expect("genesis"), Standing::Proven);
    let ahead = l1
        .standing(included.batch + 1, &included.root)
        .await
        .expect("asks");
    assert_eq!(ahead, Standing::NotOnL1);

    // A sequencer that shows a state L1 does not have is found out.
    let error = l1
        .standing(included.batch, &rollup.auth(1))
        .await
        .expect_err("no root");
    assert!(matches!(error, L1Error::Root { .. }), "{error}");
    let nobody = client.inclusion(77).await.expect("asks").expect("an empty leaf");
    assert_eq!(nobody.account, None);
    let lie = pb::InclusionProof {
        root: vec![0; 32].into(),
        ..Default::default()
    };
    let malformed = ashlar_client::inclusion::Inclusion::verify(&lie, 1);
    assert!(
        matches!(malformed, Err(InclusionError::Malformed { .. })),
        "{malformed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_found_by_name_and_deposited_with_an_approval() {
    let rollup = Rollup::start(100).await;
    let (client, l1) = (rollup.client().await, rollup.l1(1).await);
    let token = MintableToken::new(rollup.usdc, l1.contract().provider());
    let mint = token.mint(signer(1).address(), U256::from(20_000_000));
    mint.send()
        .await
        .expect("sent")
        .get_receipt()
        .await
        .expect("mined");
    for name in ["USDC", "usdc", "1", &rollup.usdc.to_string()] {
        assert_eq!(l1.find_token(name).await.expect(name).id, 1);
    }
    assert_eq!(l1.find_token("").await.expect("ETH").symbol, "ETH");
    let error = l1
        .find_token("DAI")
        .await
        .expect_err("not registered")
        .to_string();
    assert!(error.contains("ETH (0), USDC (1)"), "{error}");

    let usdc = l1.find_token("USDC").await.expect("registered");
    let units = usdc.parse("12.25").expect("an amount").units;
    let (owner, auth) = (signer(1).address(), rollup.auth(1));
    let number = l1.deposit(&usdc, units, owner, &auth).await.expect("deposits");
    client
        .wait_for_l1_operation(number, Milestone::Executed, LIMIT)
        .await
        .expect("executed");
    let account = client
        .account(rollup.owned(1))
        .await
        .expect("asks")
        .expect("exists");
    assert_eq!((account.balance(1), account.balance(0)), (12_250_000, 0));
    // More than the wallet has: the token's own refusal, and nothing is stuck behind it.
    let error = l1
        .deposit(&usdc, 90_000_000, owner, &auth)
        .await
        .expect_err("too much");
    assert!(error.to_string().contains("depositERC20"), "{error}");
    l1.deposit(&usdc, 1, owner, &auth)
        .await
        .expect("the next one is mined");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_its_code_and_a_wait_says_how_far_it_came() {
    let rollup = Rollup::start(100).await;
    let mut sender = rollup.fund(&[0]).await.remove(0);
    let client = rollup.client().await;
    let Err(ClientError::Refused(refusal)) = sender.transfer(payee(99, 0), 0, amount(1), fee()).await else {
        panic!("nobody has account 99")
    };
    assert_eq!(refusal.code, pb::refusal::Code::UnknownAccount);
    let error = client
        .sender(signer(5).address(), rollup.key(5))
        .await
        .expect_err("never deposited");
    assert!(matches!(error, ClientError::NoAccount { .. }), "{error}");
    let error = client
        .payee(AccountKey::Index(99))
        .await
        .expect_err("nobody to pay");
    assert!(error.to_string().contains("there is no account 99"), "{error}");

    let id = sender
        .transfer(payee(0, 0), 0, amount(1), fee())
        .await
        .expect("admitted");
    let limit = std::time::Duration::from_millis(1);
    let error = client
        .wait(id, Milestone::Proven, limit)
        .await
        .expect_err("no farm");
    let ClientError::WaitTimeout { reached, wanted, .. } = &error else {
        panic!("{error:?}")
    };
    assert!(*reached >= Some(Milestone::Executed) && *wanted == Milestone::Proven);
    let never = client.wait(Default::default(), Milestone::Executed, limit).await;
    let error = never.expect_err("never sent").to_string();
    assert!(error.contains("not executed after 0 s"), "{error}");
}
