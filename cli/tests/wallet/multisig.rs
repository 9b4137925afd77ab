//! Three parties make a key, two of them sign for an account that a contract owns.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Output};

use alloy::{
    primitives::{Address, TxKind, U256},
    providers::Provider,
    rpc::types::TransactionRequest,
};
use ashlar_client::{AccountKey, Milestone};
use sha2::{Digest, Sha512};
use tempfile::TempDir;

use super::{
    money::{User, alice, store_deployment, word},
    refused, said,
    support::{LIMIT, Rollup, signer},
};

/// Creation code of a contract that calls, with its value, the address in the first word of its input with the rest of it.
/// Anybody may tell it to: it stands for one that asks a quorum.
const FORWARDER: &str = "601a600a5f39601a5ff3602036038060205f375f5f825f345f355af16018575f5ffd5b00";

/// Three folders, and the files that go between them.
struct Parties<'a> {
    user: User<'a>,
    files: TempDir,
}

impl<'a> Parties<'a> {
    fn new(rollup: &'a Rollup) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let password = files.path().join("password");
        fs::write(&password, "correct horse\n").expect("writes");
        let user = User {
            rollup,
            deployment: store_deployment(rollup, files.path()),
            variables: vec![("ASHLAR_WALLET_PASSWORD_FILE", password.display().to_string())],
        };
        Self { user, files }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// A command of a party. Words that begin with `@` are files.
    fn run(&self, party: u16, words: &str) -> Output {
        let folder = self.path(&format!("party-{party}")).display().to_string();
        let word = |word: &str| match word.strip_prefix('@') {
            Some(name) => self.path(name).display().to_string(),
            None => word.to_owned(),
        };
        let words: Vec<_> = words.split_whitespace().map(word).collect();
        let mut arguments = vec!["multisig"];
        arguments.extend(words.iter().map(String::as_str));
        arguments.extend(["--folder", &folder]);
        self.user.wallet(&arguments)
    }

    fn said(&self, party: u16, words: &str) -> String {
        said(&self.run(party, words))
    }

    fn refused(&self, party: u16, words: &str) -> String {
        refused(&self.run(party, words))
    }

    /// The first two rounds of the ceremony.
    fn deal(&self) {
        for party in 1..=3 {
            self.said(
                party,
                &format!("new --threshold 2 --parties 3 --party {party} --out @opening-{party}"),
            );
        }
        let error = self.refused(1, "deal @opening-1 @opening-2 --out @dealing-1");
        assert!(error.contains("these parties are missing: 3"), "{error}");
        let fingerprints = (1..=3).map(|party| {
            let (one, other) = (party % 3 + 1, (party + 1) % 3 + 1);
            let text = self.said(
                party,
                &format!("deal @opening-{one} @opening-{other} --out @dealing-{party}"),
            );
            let line = text.lines().find(|line| line.starts_with("fingerprint"));
            line.expect("a fingerprint").to_owned()
        });
        let fingerprints: Vec<_> = fingerprints.collect();
        assert!(
            fingerprints
                .iter()
                .all(|of| *of == fingerprints[0] && of.len() > 40)
        );
    }

    /// The last round; gives the public key.
    fn finish(&self) -> String {
        let keys = (1..=3).map(|party| {
            let text = self.said(party, "finish @dealing-1 @dealing-2 @dealing-3");
            word(&text, "public key").to_owned()
        });
        let keys: Vec<_> = keys.collect();
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        keys[0].clone()
    }

    /// Nonces that a party keeps.
    fn nonces(&self, party: u16) -> usize {
        let names = fs::read_dir(self.path(&format!("party-{party}"))).expect("a folder");
        let names = names.map(|entry| entry.expect("readable").file_name());
        names
            .filter(|name| name.to_string_lossy().starts_with("nonces-"))
            .count()
    }

    /// Changes a share so that it is in good form and wrong.
    fn forge(&self, name: &str) {
        let text = fs::read_to_string(self.path(name)).expect("readable");
        let mut bytes = hex::decode(text.trim()).expect("hexadecimal");
        bytes.truncate(bytes.len() - 4);
        let lowest = bytes.len() - 40;
        bytes[lowest] ^= 1;
        let sum = Sha512::digest(&bytes);
        bytes.extend(&sum[..4]);
        fs::write(self.path(name), hex::encode(bytes)).expect("writes");
    }
}

/// A contract for the group's account.
async fn forwarder(rollup: &Rollup) -> Address {
    let l1 = rollup.l1(3).await;
    let code: Vec<u8> = hex::decode(FORWARDER).expect("hexadecimal");
    let request = TransactionRequest {
        to: Some(TxKind::Create),
        ..TransactionRequest::default().input(code.into())
    };
    let sent = l1
        .contract()
        .provider()
        .send_transaction(request)
        .await
        .expect("sent");
    let receipt = sent.get_receipt().await.expect("mined");
    receipt.contract_address.expect("a contract")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_parties_pay_from_an_account_that_a_contract_owns() {
    let rollup = Rollup::start(1_000).await;
    rollup.fund(&[0]).await; // account 0 earns the fees
    let parties = Parties::new(&rollup);
    parties.deal();
    let error = parties.refused(1, "auth --owner 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
    assert!(error.contains("is not at its end"), "{error}");
    let error = parties.refused(1, "finish @opening-2 @opening-3");
    assert!(
        error.contains("the opening of a key ceremony, not the dealing of a key ceremony"),
        "{error}"
    );
    parties.finish();
    let secret = fs::metadata(parties.path("party-1/secret.json")).expect("written");
    assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    let error = parties.refused(1, "new --threshold 2 --parties 3 --party 1 --out @again");
    assert!(error.contains("never overwritten"), "{error}");

    // An address with a key would be a way around the group.
    let owner = signer(1).address();
    let error = parties.refused(2, &format!("auth --owner {owner}"));
    assert!(
        error.contains("has no code") && error.contains("Let a contract own the account"),
        "{error}"
    );
    let text = parties.said(2, &format!("auth --owner {owner} --owner-can-take-all"));
    assert!(text.contains("warning:"), "{text}");
    let auth = word(&text, "auth").to_owned();

    // The contract opens the account, with what `auth` says.
    let contract = forwarder(&rollup).await;
    let text = parties.said(1, &format!("auth --owner {contract}"));
    assert!(!text.contains("warning") && word(&text, "auth") == auth, "{text}");
    let call = hex::decode(word(&text, "deposit").trim_start_matches("0x")).expect("hexadecimal");
    let input = [&rollup.address.into_word()[..], &call].concat();
    let request = TransactionRequest::default()
        .to(contract)
        .input(input.into())
        .value(U256::from(10).pow(U256::from(18)));
    let l1 = rollup.l1(3).await;
    let sent = l1
        .contract()
        .provider()
        .send_transaction(request)
        .await
        .expect("sent");
    assert!(sent.get_receipt().await.expect("mined").status());
    let client = rollup.client().await;
    let receipt = client.wait_for_l1_operation(1, Milestone::Executed, LIMIT).await;
    receipt.expect("executed");

    // The second party is down. The others sign.
    let before = client
        .account(AccountKey::Index(0))
        .await
        .expect("asked")
        .expect("there");
    let text = parties.said(1, "transfer 0.25 ETH --to 0 --account 1 --out @pay.json");
    let paid = format!("0.25 ETH from account 1 to account 0 of {}", signer(0).address());
    assert!(text.contains(&paid), "{text}");
    for party in [1, 3] {
        let text = parties.said(
            party,
            &format!("commit --transaction @pay.json --out @commitment-{party}"),
        );
        assert!(text.contains(&paid), "{text}");
        assert_eq!(parties.nonces(party), 1);
    }
    let error = parties.refused(
        1,
        "sign --transaction @pay.json --commitments @commitment-1 --out @share-1",
    );
    assert!(
        error.contains("1 of the parties have committed, 2 are needed"),
        "{error}"
    );
    assert_eq!(parties.nonces(1), 1, "nothing was signed");
    let sign = "sign --transaction @pay.json --commitments @commitment-1 @commitment-3";
    for party in [1, 3] {
        parties.said(party, &format!("{sign} --out @share-{party}"));
        assert_eq!(parties.nonces(party), 0, "before the share leaves");
    }
    let error = parties.refused(1, &format!("{sign} --out @share-1-again"));
    assert!(error.contains("no nonces for this transaction"), "{error}");
    assert!(!parties.path("share-1-again").exists());

    // A wrong share has a sender; the right one pays.
    fs::copy(parties.path("share-3"), parties.path("share-3-wrong")).expect("copies");
    parties.forge("share-3-wrong");
    let aggregate = "aggregate --transaction @pay.json --commitments @commitment-1 @commitment-3";
    let error = parties.refused(1, &format!("{aggregate} --shares @share-1 @share-3-wrong"));
    assert!(
        error.contains("wrong shares of the signature, from: 3;"),
        "{error}"
    );
    let text = parties.said(
        1,
        &format!("{aggregate} --shares @share-1 @share-3 --wait committed"),
    );
    assert!(
        text.contains("signed by parties 1, 3") && text.contains("committed: batch"),
        "{text}"
    );
    let after = client
        .account(AccountKey::Index(0))
        .await
        .expect("asked")
        .expect("there");
    let earned = after.balance(0) - before.balance(0);
    assert_eq!(earned, 250_000_010, "the amount, and the fee");

    // An account that has the group's key and an owner with a key of his own.
    let alice = alice(&rollup, &parties.user.deployment);
    said(&alice.wallet(&["deposit", "0.1 ETH"]));
    said(&alice.wallet(&["set-auth", "--auth", &auth]));
    let draft = format!("withdraw 0.05 ETH --to {owner} --account 2");
    let error = parties.refused(2, &format!("{draft} --out @withdraw.json"));
    assert!(error.contains("has no code"), "{error}");
    let text = parties.said(2, &format!("{draft} --owner-can-take-all --out @withdraw.json"));
    assert!(text.contains("warning:"), "{text}");
    let error = parties.refused(
        2,
        &format!("withdraw 1 ETH --to {owner} --account 0 --out @other.json"),
    );
    assert!(error.contains("the group does not sign for account 0"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parties_sign_nothing_but_what_they_read_for_the_rollup_that_they_know() {
    let rollup = Rollup::start(1_000).await;
    rollup.fund(&[0]).await;
    let parties = Parties::new(&rollup);
    parties.deal();
    let public_key = parties.finish();
    let draft = |amount: u64, rollup: Address| {
        format!(
            "{{\"version\":1,\"chain_id\":31337,\"rollup\":\"{rollup}\",\"public_key\":\"{public_key}\",\"account\":1,\"nonce\":0,\"pays\":{{\"account\":{{\"number\":0,\"owner\":\"{}\"}}}},\"amount\":{amount},\"fee\":10,\"token\":0}}",
            signer(0).address()
        )
    };
    let write = |name: &str, text: String| fs::write(parties.path(name), text).expect("writes");
    write("small.json", draft(1_000, rollup.address));
    write("large.json", draft(9_000, rollup.address));
    write("elsewhere.json", draft(1_000, Address::repeat_byte(7)));
    write(
        "newer.json",
        draft(1_000, rollup.address).replace("\"version\":1", "\"version\":2"),
    );
    write(
        "more.json",
        draft(1_000, rollup.address).replace("\"fee\"", "\"tip\":1,\"fee\""),
    );
    for (name, cause) in [
        ("elsewhere", "or refuse to sign"),
        ("newer", "version 2, this program knows 1"),
        ("more", "unknown field `tip`"),
    ] {
        let error = parties.refused(1, &format!("commit --transaction @{name}.json --out @no"));
        assert!(error.contains(cause), "{error}");
    }
    parties.said(1, "commit --transaction @small.json --out @one");
    parties.said(2, "commit --transaction @large.json --out @two");
    let error = parties.refused(
        1,
        "sign --transaction @small.json --commitments @one @two --out @no",
    );
    assert!(
        error.contains("party 2 has committed to another transaction"),
        "{error}"
    );
    // The same commitment as before, until it is used.
    parties.said(1, "commit --transaction @small.json --out @one-again");
    let text = |name: &str| fs::read_to_string(parties.path(name)).expect("readable");
    assert_eq!(text("one"), text("one-again"));

    for (name, content, cause) in [
        ("cut", text("one").trim()[..100].to_owned(), "have it sent again"),
        ("odd", text("one").trim()[..99].to_owned(), "have it sent again"),
        ("other", "{}".to_owned(), "no message of a multisig"),
    ] {
        write(name, content);
        let error = parties.refused(
            1,
            &format!("sign --transaction @small.json --commitments @{name} @one --out @no"),
        );
        assert!(error.contains(cause), "{name}: {error}");
    }
    fs::write(parties.path("password"), "wrong\n").expect("writes");
    let error = parties.refused(1, "commit --transaction @small.json --out @no");
    assert!(error.contains("wrong password"), "{error}");
    assert!(!parties.path("no").exists());
}
