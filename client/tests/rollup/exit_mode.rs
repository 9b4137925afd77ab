//! A rollup that anybody has put into exit mode: who still wants to pay into it is told before anything is spent, and its
//! sequencer goes on telling what it knows.

use alloy::providers::Provider;
use ashlar_client::{AccountKey, ClientError, ExitState, L1Error, pb::refusal::Code};
use ashlar_contracts::{DEFAULT_EXIT_DEADLINE_SECS, MintableToken};
use ashlar_sequencer::{
    NodeError,
    l1::IdentityError,
    rebuild::{self, RebuildError},
};
use tokio_util::sync::CancellationToken;

use super::support::{Rollup, amount, fee, payee, signer};

#[tokio::test(flavor = "multi_thread")]
async fn in_exit_mode_nothing_is_spent_and_everything_can_be_read() {
    let mut rollup = Rollup::start(100).await;
    let mut sender = rollup.fund(&[0]).await.remove(0);
    let (client, l1) = (rollup.client().await, rollup.l1(0).await);
    let user = signer(0).address();
    let usdc = l1.find_token("USDC").await.expect("registered");
    let provider = l1.contract().provider();
    let token = MintableToken::new(usdc.address, provider);
    let minted = token.mint(user, usdc.base_units(500));
    let receipt = minted
        .send()
        .await
        .expect("sent")
        .get_receipt()
        .await
        .expect("mined");
    assert!(receipt.status());
    let waits = l1.exit_state().await.expect("answers");
    assert!(matches!(waits, ExitState::Waits { index: 0, .. }), "{waits:?}");
    let _: serde_json::Value = provider
        .raw_request("evm_increaseTime".into(), [DEFAULT_EXIT_DEADLINE_SECS + 3_600])
        .await
        .expect("the clock goes on");
    let _: serde_json::Value = provider.raw_request("evm_mine".into(), ()).await.expect("mines");
    rollup.l1(5).await.enter_exit_mode().await.expect("it is due");
    assert_eq!(l1.exit_state().await.expect("answers"), ExitState::Entered);

    let before = provider.get_transaction_count(user).await.expect("answers");
    let (eth, auth) = (l1.token(0).await.expect("ETH"), rollup.auth(0));
    for (method, sent) in [
        ("depositETH", l1.deposit(&eth, 5, user, &auth).await),
        ("depositERC20", l1.deposit(&usdc, 5, user, &auth).await),
        ("setAuth", l1.set_auth(0, &rollup.auth(1)).await),
        ("forceWithdrawal", l1.force_withdrawal(0, 0, 5).await),
        ("forceTransfer", l1.force_transfer(0, 0, 0, 5).await),
    ] {
        let error = sent.expect_err("is refused");
        assert!(
            matches!(error, L1Error::ExitMode { call } if call == method),
            "{error:?}"
        );
        assert!(error.to_string().contains("`ashlar exit`"), "{error}");
    }
    let after = provider.get_transaction_count(user).await.expect("answers");
    assert_eq!(before, after, "not even an allowance was paid for");

    let restarts = async |rollup: &mut Rollup| {
        rollup.stop_sequencer().await;
        rollup.start_sequencer();
        rollup.client().await
    };
    let knows = async |client: &ashlar_client::Client| loop {
        let info = client.info().await.expect("answers");
        if info.exit_mode.is_some_and(|of| of.entered) {
            break info;
        }
    };
    let info = knows(&client).await;
    let anew = restarts(&mut rollup).await;
    assert_eq!(knows(&anew).await.root, info.root);
    let refused = sender.transfer(payee(0, 0), 0, amount(5), fee()).await;
    assert!(
        matches!(&refused, Err(ClientError::Refused(refusal)) if refusal.code == Code::ExitMode),
        "{refused:?}"
    );
    let account = anew
        .account(AccountKey::Index(0))
        .await
        .expect("answers")
        .expect("there");
    assert_eq!(account.balance(0), 100_000_000);

    // Without its database it has nothing to do there any more.
    rollup.stop_sequencer().await;
    rollup.lose_everything();
    let stop = CancellationToken::new();
    let error = rebuild::run(&rollup.config(), None, &stop)
        .await
        .expect_err("is refused");
    assert!(
        matches!(error, RebuildError::Identity(IdentityError::ExitMode { rollup: of }) if of == rollup.address),
        "{error:?}"
    );
    let error = ashlar_sequencer::run(rollup.config(), stop)
        .await
        .expect_err("is refused");
    assert!(
        matches!(error, NodeError::Identity(IdentityError::ExitMode { .. })),
        "{error:?}"
    );
}
