//! A passkey owns an account: a wallet that pays for gas brings what it has signed.

use std::{fs, path::Path, process::Output};

use alloy::primitives::B256;
use ashlar_client::{AccountKey, Assertion};
use ashlar_statement::hash::hash_to_bytes32;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use super::{
    authenticator::Authenticator,
    money::{User, alice, store_deployment, word},
    refused, said,
    support::Rollup,
};

/// What `PublicKeyCredential.toJSON()` gives.
fn store(assertion: &Assertion, path: &Path) {
    let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let credential = serde_json::json!({
        "id": "AQID",
        "rawId": "AQID",
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": {
            "authenticatorData": encoded(&assertion.authenticator_data),
            "clientDataJSON": encoded(assertion.client_data_json.as_bytes()),
            "signature": encoded(&assertion.signature),
        },
    });
    fs::write(path, credential.to_string()).expect("writes");
}

/// The user's files, and what goes between browser and command line.
struct Desk<'a> {
    user: User<'a>,
    folder: &'a Path,
}

impl Desk<'_> {
    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn passkey(&self, words: &str) -> Output {
        let words: Vec<&str> = words.split_whitespace().collect();
        self.user.wallet(&[&["passkey"], &words[..]].concat())
    }

    /// Asks, and has the device sign.
    fn signed(&self, name: &str, owner: &str, device: &Authenticator, words: &str) -> String {
        let file = self.path(name);
        let text = said(&self.passkey(&format!("ask --owner {owner} --out {file} {words}")));
        let challenge = URL_SAFE_NO_PAD.decode(word(&text, "challenge")).expect("base64");
        let assertion = device.answer(B256::from_slice(&challenge));
        store(&assertion, &self.folder.join(format!("{name}.assertion")));
        text
    }

    fn send(&self, name: &str) -> Output {
        let file = self.path(name);
        self.passkey(&format!("send --request {file} --assertion {file}.assertion"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_names_the_wallet_s_key_and_takes_the_money_out() {
    let rollup = Rollup::start(1_000).await;
    rollup.fund(&[0]).await; // account 0 earns the fees
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk {
        user: alice(&rollup, &store_deployment(&rollup, folder.path())),
        folder: folder.path(),
    };
    let device = Authenticator::new(7);
    let factory = said(&desk.passkey("deploy"));
    let which = format!(
        "--owners {} --passkey {}",
        word(&factory, "owners"),
        STANDARD.encode(device.spki())
    );
    let text = said(&desk.passkey(&format!("address {which}")));
    let owner = word(&text, "owner").to_owned();

    // Money first, then its owner.
    said(&desk.user.wallet(&["deposit", "0.5ETH", "--for", &owner]));
    let early = format!(
        "ask --owner {owner} --out {} set-auth --account 1 --lock",
        desk.path("early")
    );
    let error = refused(&desk.passkey(&early));
    assert!(
        error.contains(&owner[2..8]) && !folder.path().join("early").exists(),
        "{error}"
    );
    let text = said(&desk.passkey(&format!("create {which}")));
    assert_eq!(word(&text, "owner"), owner);

    let address = said(&desk.user.wallet(&["address"]));
    let auth = word(&address, "auth").to_owned();
    let words = format!("set-auth --account 1 --auth {auth}");
    let text = desk.signed("set", &owner, &device, &words);
    assert!(
        text.contains(&format!("auth of account 1 to be {auth}")),
        "{text}"
    );
    let text = said(&desk.send("set"));
    assert!(
        text.contains("L1 operation 2") && text.contains("executed"),
        "{text}"
    );
    let client = rollup.client().await;
    let account = client
        .account(AccountKey::Index(1))
        .await
        .expect("asks")
        .expect("there");
    assert_eq!(format!("0x{}", hex::encode(hash_to_bytes32(&account.auth))), auth);
    let error = refused(&desk.send("set"));
    assert!(error.contains("has done something since"), "{error}");

    // Who holds another device, or alters what was asked for, moves nothing.
    let words = "force-withdraw 0.2ETH --account 1";
    desk.signed("stolen", &owner, &Authenticator::new(8), words);
    let error = refused(&desk.send("stolen"));
    assert!(error.contains("not this passkey's"), "{error}");
    let text = desk.signed("out", &owner, &device, words);
    assert!(
        text.contains("up to 0.2 ETH from account 1 to the owner"),
        "{text}"
    );
    let file = folder.path().join("out");
    let asked = fs::read_to_string(&file).expect("written");
    for (part, wrong, cause) in [
        (
            "\"units\": 200000000",
            "\"units\": 300000000",
            "the file was altered",
        ),
        ("31337", "1", "it is for rollup"),
        (
            "\"version\": 1",
            "\"version\": 2",
            "version 2, this program knows 1",
        ),
        ("\"action\"", "\"actions\"", "no request to an owner"),
    ] {
        assert!(asked.contains(part), "{asked}");
        fs::write(&file, asked.replacen(part, wrong, 1)).expect("writes");
        let error = refused(&desk.send("out"));
        assert!(error.contains(cause), "{error}");
    }
    fs::write(&file, &asked).expect("writes");
    let text = said(&desk.send("out"));
    assert!(text.contains("L1 operation 3"), "{text}");
    let account = client
        .account(AccountKey::Index(1))
        .await
        .expect("asks")
        .expect("there");
    assert_eq!(account.balance(0), 300_000_000);

    // Another device from now on.
    let new = Authenticator::new(8);
    let words = format!(
        "--valid-for 30m replace-key {}",
        URL_SAFE_NO_PAD.encode(new.spki())
    );
    desk.signed("replace", &owner, &device, &words);
    let text = said(&desk.send("replace"));
    assert!(
        text.contains("another passkey") && !text.contains("L1 operation"),
        "{text}"
    );
    desk.signed("lock", &owner, &device, "set-auth --account 1 --lock");
    assert!(refused(&desk.send("lock")).contains("not this passkey's"));
    fs::remove_file(folder.path().join("lock")).expect("there");
    desk.signed("lock", &owner, &new, "set-auth --account 1 --lock");
    assert!(said(&desk.send("lock")).contains("no key signs for account 1"));

    for (words, cause) in [
        ("ask --owner 0x00 --out x set-auth --account 1 --lock", "20 bytes"),
        (
            &*format!(
                "ask --owner {owner} --out {}/y set-auth --account 1",
                folder.path().display()
            ),
            "--auth",
        ),
        (
            &*format!(
                "ask --owner {owner} --out {}/y pay 0 --to {owner}",
                folder.path().display()
            ),
            "the amount is zero",
        ),
        (
            "address --owners 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed --passkey AAAA",
            "ES256",
        ),
    ] {
        let error = refused(&desk.passkey(words));
        assert!(error.contains(cause), "{words}: {error}");
    }
}
