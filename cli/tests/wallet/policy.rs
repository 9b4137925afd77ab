//! An owner lets a phone pay a little from his account, and takes that back.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Output};

use tempfile::TempDir;

use super::{
    money::{User, alice, store_deployment, word},
    refused, said,
    support::{Rollup, signer},
};

/// Somebody with a folder. Words that begin with `@` are files there.
struct Folder<'a> {
    files: TempDir,
    owner: User<'a>,
    phone: User<'a>,
}

impl<'a> Folder<'a> {
    fn new(rollup: &'a Rollup) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let password = files.path().join("password");
        fs::write(&password, "correct horse\n").expect("writes");
        let deployment = store_deployment(rollup, files.path());
        Self {
            owner: alice(rollup, &deployment),
            phone: User {
                rollup,
                deployment,
                variables: vec![("ASHLAR_WALLET_PASSWORD_FILE", password.display().to_string())],
            },
            files,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn run(&self, user: &User<'_>, words: &str) -> Output {
        let word = |word: &str| match word.strip_prefix('@') {
            Some(name) => self.path(name).display().to_string(),
            None => word.to_owned(),
        };
        let words: Vec<_> = words.split_whitespace().map(word).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        user.wallet(&words)
    }

    fn owner(&self, words: &str) -> String {
        said(&self.run(&self.owner, words))
    }

    /// The phone has no Ethereum key.
    fn phone(&self, words: &str) -> String {
        said(&self.run(&self.phone, words))
    }

    fn owner_refused(&self, words: &str) -> String {
        refused(&self.run(&self.owner, words))
    }

    fn phone_refused(&self, words: &str) -> String {
        refused(&self.run(&self.phone, words))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_pays_within_the_rules_that_its_owner_has_set_until_he_takes_them_back() {
    let rollup = Rollup::start(1_000).await;
    rollup.fund(&[0]).await; // account 0 earns the fees
    let of = Folder::new(&rollup);
    of.owner("deposit 0.5ETH");

    let key = of.phone("session new --secret @phone.json");
    let key = word(&key, "public key").to_owned();
    let mode = fs::metadata(of.path("phone.json"))
        .expect("written")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let error = of.phone_refused("session new --secret @phone.json");
    assert!(error.contains("is not overwritten"), "{error}");

    // The policy of one plain key is what the account has already.
    let plain = of.owner("policy new --out @plain.json");
    let text = of.owner("address");
    assert_eq!(word(&plain, "auth"), word(&text, "auth"));
    let add = format!("policy add --policy @plain.json --key {key} --kind transfer --cap 0.05ETH");
    let error = of.owner_refused(&format!(
        "{add} --until 2020-01-01T00:00:00Z --from 2021-01-01T00:00:00Z --out @no"
    ));
    assert!(error.contains("exchange the two"), "{error}");
    let added = of.phone(&format!("{add} --valid-for 1h --out @policy.json")); // nothing secret is in it
    assert!(
        added.contains("clause 1  transfer of up to 0.05 ETH with the fee, to the end of"),
        "{added}"
    );
    assert_eq!(
        of.phone("policy show --policy @policy.json"),
        added
            .lines()
            .take(3)
            .fold(String::new(), |text, line| text + line + "\n")
    );
    let session = "--secret @phone.json --policy @policy.json --account 1";
    let pay = |amount: &str| format!("session transfer {amount} --to 0 {session}");
    let error = of.phone_refused(&pay("0.01ETH"));
    assert!(error.contains("account 1 is signed for otherwise"), "{error}");
    let text = of.owner("set-auth --policy @policy.json");
    assert!(text.contains(word(&added, "auth")), "{text}");

    // The owner needs the policy from now on; with it his key signs everything.
    let error = of.owner_refused("transfer 0.1ETH --to 0");
    assert!(error.contains("name its policy with --policy"), "{error}");
    let text = of.owner("balance");
    assert!(text.contains("signed for otherwise"), "{text}");
    of.owner("transfer 0.1ETH --to 0 --policy @policy.json --valid-for 5m");
    let text = of.owner("balance --policy @policy.json");
    assert!(
        text.contains("account   1\n") && text.contains("0.39999999 ETH"),
        "{text}"
    );
    let error = of.owner_refused("withdraw 0.1ETH --policy @policy.json --until 2020-01-01T00:00:00Z");
    assert!(error.contains("valid_until: minute 26297280 is over"), "{error}");

    // The phone pays up to its cap.
    let text = of.phone(&pay("0.04ETH"));
    let paid = format!("0.04 ETH from account 1 to account 0 of {}", signer(0).address());
    assert!(text.contains(&paid) && text.contains("executed"), "{text}");
    let error = of.phone_refused(&pay("0.05ETH"));
    assert!(
        error.contains("amount: 50000010 with the fee, the clause permits 50000000 at once"),
        "{error}"
    );
    let error = of.phone_refused(&pay("1USDC"));
    assert!(error.contains("token: 1, the clause is for token 0"), "{error}");
    let error = of.phone_refused(&format!("session withdraw 0.01ETH {session}"));
    assert!(
        error.contains("kind: Withdraw is not among the clause's kinds"),
        "{error}"
    );
    let error = of.phone_refused(&format!("{} --place 0", pay("0.01ETH")));
    assert!(error.contains("clause 0 is for another key"), "{error}");

    // Another key, another account, another rollup's policy, a wrong password.
    of.phone("session new --secret @thief.json");
    let error = of.phone_refused(
        "session transfer 0.01ETH --to 0 --secret @thief.json --policy @policy.json --account 1",
    );
    assert!(
        error.contains("no clause of the policy is for this key"),
        "{error}"
    );
    let error = of.phone_refused(
        "session transfer 0.01ETH --to 0 --secret @phone.json --policy @policy.json --account 0",
    );
    assert!(error.contains("account 0 is signed for otherwise"), "{error}");
    let policy = fs::read_to_string(of.path("policy.json")).expect("written");
    fs::write(of.path("elsewhere.json"), policy.replace("31337", "1")).expect("writes");
    let error = of.phone_refused("policy show --policy @elsewhere.json");
    assert!(error.contains("the policy is for rollup"), "{error}");
    fs::write(of.path("password"), "wrong\n").expect("writes");
    let error = of.phone_refused(&pay("0.01ETH"));
    assert!(error.contains("wrong password"), "{error}");
    fs::write(of.path("password"), "correct horse\n").expect("writes");

    // What is left without the phone's clause is the plain policy again.
    let error = of.phone_refused("policy remove --policy @policy.json --place 2 --out @no");
    assert!(error.contains("place: 2 holds no clause"), "{error}");
    let less = of.phone("policy remove --policy @policy.json --place 1 --out @less.json");
    assert_eq!(word(&less, "auth"), word(&plain, "auth"));
    let error = of.phone_refused("policy remove --policy @less.json --place 0 --out @no");
    assert!(error.contains("lets no key sign"), "{error}");
    of.owner("set-auth --policy @less.json");
    let error = of.phone_refused(&pay("0.01ETH"));
    assert!(error.contains("account 1 is signed for otherwise"), "{error}");
    of.owner("transfer 0.1ETH --to 0");
}
