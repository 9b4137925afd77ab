//! A withdrawal that is sold before it is proven.

use super::{
    money::{User, alice, store_deployment, word},
    refused, said,
    support::{Rollup, signer},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_is_offered_bought_and_collected() {
    let rollup = Rollup::start(1_000).await;
    let folder = tempfile::tempdir().expect("a folder");
    let deployment = store_deployment(&rollup, folder.path());
    rollup.fund(&[0, 1]).await;
    let seller = alice(&rollup, &deployment);
    let buyer = User {
        rollup: &rollup,
        deployment: deployment.clone(),
        variables: vec![("ASHLAR_ETHEREUM_KEY", hex::encode(signer(2).to_bytes()))],
    };
    let market = word(&said(&buyer.run(&["fast-exit", "deploy"])), "market").to_owned();
    let place = ["--market", market.as_str()];
    let fast = |user: &User<'_>, verb: &str, offer: &str| {
        let arguments: Vec<_> = ["fast-exit", verb, offer].into_iter().chain(place).collect();
        user.run(&arguments)
    };

    // Nothing is sent on terms that nobody can mean.
    let sell = |price: &str, more: &[&str]| {
        let sale = ["withdraw", "0.05ETH", "--wait", "committed", "--sell-for", price];
        seller.wallet(&[&sale[..], more].concat())
    };
    let error = refused(&sell("0.049", &[]));
    assert!(error.contains("--market"), "{error}");
    let error = refused(&sell("0.051", &place));
    assert!(error.contains("nobody pays 0.051 ETH for 0.05 ETH"), "{error}");
    let error = refused(&sell("49 USDC", &place));
    assert!(error.contains("the price is paid in ETH"), "{error}");
    let stranger = rollup.usdc.to_string();
    let error = refused(&sell("0.049", &["--market", &stranger]));
    assert!(error.contains("no market of unproven withdrawals"), "{error}");

    let text = said(&sell("0.049", &place));
    let offer = word(&text, "offer").to_owned();
    let text = said(&fast(&buyer, "show", &offer));
    for part in [
        "0.05 ETH for 0.049 ETH",
        "not sold",
        "which is committed and not proven",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let error = refused(&fast(&buyer, "show", &offer[1..]));
    assert!(error.contains("the seller of the offer"), "{error}");
    // What was signed is the sequencer's to show.
    let mut alone = User {
        rollup: &rollup,
        deployment,
        variables: buyer.variables.clone(),
    };
    alone
        .variables
        .push(("ASHLAR_SEQUENCER", "http://127.0.0.1:1".to_owned()));
    let error = refused(&fast(&alone, "buy", &offer));
    assert!(
        error.contains("nothing was bought")
            && error.contains("whether its payments were signed is not known"),
        "{error}"
    );
    let text = said(&fast(&buyer, "buy", &offer));
    assert!(text.contains("bought withdrawal 0 of batch"), "{text}");
    let error = refused(&fast(&buyer, "buy", &offer));
    assert!(error.contains("AlreadySold"), "{error}");
    let error = refused(&fast(&buyer, "collect", &offer));
    assert!(error.contains("NothingToCollect"), "{error}");

    let l1 = rollup.l1(3).await;
    let last = l1.state().await.expect("asks").committed_batches;
    for batch in l1.committed(1, last).await.expect("committed").into_values() {
        rollup.prove(batch.header).await;
    }
    let text = said(&fast(&seller, "collect", &offer));
    assert!(
        text.contains(&format!("paid 0.05 ETH to {}", signer(2).address())),
        "{text}"
    );
    let text = said(&fast(&seller, "show", &offer));
    assert!(
        text.contains(&format!("sold to {}", signer(2).address())) && text.contains("no batch between"),
        "{text}"
    );
}
