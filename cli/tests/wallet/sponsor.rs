//! Bob pays the fee of what Alice has signed.

use std::fs;

use super::{
    money::{User, alice, store_deployment, word},
    refused, said,
    support::{Rollup, signer},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_sponsor_sends_what_another_has_signed_without_a_fee() {
    let rollup = Rollup::start(1_000).await;
    rollup.fund(&[0]).await; // account 0 earns the fees
    let folder = tempfile::tempdir().expect("a folder");
    let deployment = store_deployment(&rollup, folder.path());
    let alice = alice(&rollup, &deployment);
    let bob = User {
        rollup: &rollup,
        deployment,
        variables: vec![("ASHLAR_ETHEREUM_KEY", hex::encode(signer(2).to_bytes()))],
    };
    said(&alice.wallet(&["deposit", "0.5ETH"]));
    said(&bob.wallet(&["deposit", "0.5ETH"]));

    let path = folder.path().join("unpaid.json");
    let file = path.display().to_string();
    let pay = ["transfer", "0.1ETH", "--to", "0", "--for-sponsor", &file];
    let text = said(&alice.wallet(&pay));
    let id = word(&text, "transaction").to_owned();
    assert!(
        text.contains("fee 0 ETH") && text.contains("`ashlar wallet sponsor`"),
        "{text}"
    );
    let text = said(&alice.wallet(&["balance"]));
    assert!(text.contains("rollup    0.5 ETH"), "{text}");
    let error = refused(&alice.wallet(&pay));
    assert!(error.contains("is not overwritten"), "{error}");
    let error = refused(&alice.wallet(&[&pay[..], &["--fee", "0.1"]].concat()));
    assert!(error.contains("cannot be used with"), "{error}");

    // What is for another rollup, damaged, or of another version is not paid for.
    let unpaid = fs::read_to_string(&path).expect("written");
    let other = folder.path().join("other.json");
    let sponsor =
        |file: &std::path::Path| bob.wallet(&["sponsor", "--transaction", &file.display().to_string()]);
    for (part, wrong, cause) in [
        ("31337", "1", "refuse to pay for it"),
        (
            "\"version\": 1",
            "\"version\": 2",
            "version 2, this program knows 1",
        ),
        ("\"chain_id\"", "\"chain\"", "no transaction for a sponsor"),
        ("0x02", "0x01", "version: 1, only 2 is known"),
    ] {
        fs::write(&other, unpaid.replacen(part, wrong, 1)).expect("writes");
        let error = refused(&sponsor(&other));
        assert!(error.contains(cause), "{error}");
    }

    // An account does not sponsor itself; another one does, once.
    let error = refused(&alice.wallet(&["sponsor", "--transaction", &file]));
    assert!(
        error.contains("sponsor: account 1 is the transaction's own"),
        "{error}"
    );
    let text = said(&sponsor(&path));
    let paid = format!(
        "{id}: 0.1 ETH from account 1 to account 0 of {}, nonce 0",
        signer(0).address()
    );
    assert!(
        text.contains(&paid)
            && text.contains("fee 0.00000002 ETH from account 2")
            && text.contains("executed"),
        "{text}"
    );
    said(&sponsor(&path)); // it is executed already, and costs nothing more
    let text = said(&alice.wallet(&["balance"]));
    assert!(text.contains("rollup    0.4 ETH"), "{text}");
    let text = said(&bob.wallet(&["balance"]));
    assert!(text.contains("rollup    0.49999998 ETH"), "{text}");
}
