//! Deposit, balance, transfer, withdraw, claim, history, watch; and what an operator asks about batches.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use alloy::{
    primitives::{Address, B256, U256},
    providers::Provider,
};
use ashlar_contracts::MintableToken;

use super::{
    ashlar, refused, said,
    support::{Rollup, signer},
};

/// The word after `label` in what a command said.
pub fn word<'a>(text: &'a str, label: &str) -> &'a str {
    let (_, rest) = text
        .split_once(label)
        .unwrap_or_else(|| panic!("no {label} in {text}"));
    rest.split_whitespace().next().expect("a word")
}

pub struct User<'a> {
    pub rollup: &'a Rollup,
    pub deployment: String,
    pub variables: Vec<(&'a str, String)>,
}

impl User<'_> {
    pub fn run(&self, arguments: &[&str]) -> std::process::Output {
        let (sequencer, l1) = (self.rollup.url(), self.rollup.endpoint.clone());
        let mut variables = vec![
            ("ASHLAR_SEQUENCER", sequencer.as_str()),
            ("ASHLAR_L1_RPC", l1.as_str()),
            ("ASHLAR_DEPLOYMENT", self.deployment.as_str()),
        ];
        variables.extend(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        // The sequencer runs in this process: other threads must go on while the command waits.
        tokio::task::block_in_place(|| ashlar(arguments, &variables))
    }

    pub fn wallet(&self, arguments: &[&str]) -> std::process::Output {
        self.run(&[&["wallet"], arguments].concat())
    }
}

/// The owner of the devnet's account 1.
pub fn alice<'a>(rollup: &'a Rollup, deployment: &str) -> User<'a> {
    User {
        rollup,
        deployment: deployment.to_owned(),
        variables: vec![("ASHLAR_ETHEREUM_KEY", hex::encode(signer(1).to_bytes()))],
    }
}

/// An ETH on L1, for gas.
async fn fund(l1: &ashlar_client::L1, to: &str) {
    let funding = alloy::rpc::types::TransactionRequest::default()
        .to(to.parse().expect("an address"))
        .value(U256::from(10).pow(U256::from(18)));
    let sent = l1.contract().provider().send_transaction(funding).await;
    sent.expect("sent").get_receipt().await.expect("mined");
}

pub fn store_deployment(rollup: &Rollup, folder: &Path) -> String {
    let path = folder.join("deployment.toml");
    let (zero, zero_address) = (B256::ZERO, Address::ZERO);
    let text = format!(
        "chain_id = 31337\ndata = \"calldata\"\noperator = \"{zero_address}\"\nrollup = \"{}\"\nverifier = \"{}\"\nrouter = \"{}\"\npath = \"{}\"\nexit_deadline_secs = 604800\nverifier_digest = \"\"\ncircuit_set = \"{zero}\"\ngenesis_root = \"{zero}\"\nfee_owner = \"{}\"\nblock = 0\n",
        rollup.address,
        Address::ZERO,
        Address::ZERO,
        Address::ZERO,
        signer(0).address()
    );
    fs::write(&path, text).expect("writes");
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_goes_from_its_first_key_to_a_claimed_withdrawal() {
    let rollup = Rollup::start(1_000).await;
    let folder = tempfile::tempdir().expect("a folder");
    let deployment = store_deployment(&rollup, folder.path());
    rollup.fund(&[0]).await; // account 0 earns the fees
    let alice = alice(&rollup, &deployment);

    // Bob's key is made, encrypted, and opens with its password alone.
    let (keystore, password) = (folder.path().join("bob.json"), folder.path().join("password"));
    fs::write(&password, "correct horse\n").expect("writes");
    let [keystore, password] = [&keystore, &password].map(|path| path.display().to_string());
    let bob = User {
        rollup: &rollup,
        deployment,
        variables: vec![
            ("ASHLAR_WALLET_KEY_FILE", keystore.clone()),
            ("ASHLAR_WALLET_PASSWORD_FILE", password.clone()),
        ],
    };
    let made = said(&bob.wallet(&["new"]));
    let bob_address = word(&made, "address").to_owned();
    let text = said(&bob.wallet(&["address"]));
    assert_eq!(word(&text, "address"), bob_address);
    assert_eq!(word(&text, "auth"), word(&made, "auth"));
    let mode = fs::metadata(&keystore).expect("written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let error = refused(&bob.wallet(&["new"]));
    assert!(error.contains("never overwritten"), "{error}");
    fs::write(&password, "wrong\n").expect("writes");
    let error = refused(&bob.wallet(&["address"]));
    assert!(error.contains("wrong password"), "{error}");
    fs::write(&password, "correct horse\n").expect("writes");
    let both = [
        ("ASHLAR_WALLET_KEY_FILE", keystore.as_str()),
        ("ASHLAR_ETHEREUM_KEY", "00"),
    ];
    let error = refused(&ashlar(&["wallet", "address"], &both));
    assert!(error.contains("may be different wallets"), "{error}");

    // Money comes from L1, for Alice and by her for Bob; in tokens too.
    let text = said(&alice.wallet(&["balance"]));
    assert!(text.contains("none yet"), "{text}");
    let error = refused(&alice.wallet(&["transfer", "0.1", "--to", "0"]));
    assert!(error.contains("a deposit by its owner opens one"), "{error}");
    let text = said(&alice.wallet(&["deposit", "0.5", "ETH"]));
    assert!(text.contains("executed: account 1"), "{text}");
    let error = refused(&alice.wallet(&["transfer", "0.1ETH", "--to", &bob_address]));
    assert!(error.contains("ashlar wallet deposit --for"), "{error}");
    let text = said(&alice.wallet(&["deposit", "0.1234567891ETH", "--for", &bob_address]));
    assert!(
        text.contains("rounded down to 0.123456789 ETH") && text.contains("account 2"),
        "{text}"
    );
    let l1 = rollup.l1(1).await;
    let usdc = MintableToken::new(rollup.usdc, l1.contract().provider());
    let mint = usdc.mint(signer(1).address(), U256::from(100_000_000));
    mint.send()
        .await
        .expect("sent")
        .get_receipt()
        .await
        .expect("mined");
    said(&alice.wallet(&["deposit", "12.25 USDC"]));

    // Transfers say what they carry, to the last unit.
    let text = said(&alice.wallet(&[
        "transfer",
        "0.123456789ETH",
        "--to",
        &bob_address,
        "--fee",
        "0.0000000333",
    ]));
    let paid = format!("0.123456789 ETH from account 1 to account 2 of {bob_address}, fee 0.00000004 ETH");
    assert!(
        text.contains("fee rounded up to 0.00000004 ETH") && text.contains(&paid),
        "{text}"
    );
    assert!(!text.contains("rounded down"), "{text}");
    let text = said(&alice.wallet(&["transfer", "0.2345678912ETH", "--to", "2", "--wait", "committed"]));
    assert!(
        text.contains("rounded down to 0.23456789 ETH") && text.contains("committed: batch"),
        "{text}"
    );
    said(&alice.wallet(&["transfer", "2.25", "USDC", "--to", "2"]));
    let error = refused(&alice.wallet(&["transfer", "77", "USDC", "--to", "2"]));
    assert!(error.contains("CODE_BALANCE"), "{error}");
    let error = refused(&alice.wallet(&["transfer", "1", "DAI", "--to", "2"]));
    assert!(error.contains("USDC (1)"), "{error}");

    // No key signs for what Alice has opened for Bob, until he sets his own; that costs gas.
    let text = said(&bob.wallet(&["balance"]));
    assert!(text.contains("account   2, which no key signs for"), "{text}");
    let error = refused(&bob.wallet(&["withdraw", "0.05ETH"]));
    assert!(error.contains("`ashlar wallet set-auth`"), "{error}");
    fund(&l1, &bob_address).await;
    let text = said(&bob.wallet(&["set-auth"]));
    assert!(
        text.contains(word(&made, "auth")) && text.contains("executed"),
        "{text}"
    );
    let error = refused(&bob.wallet(&["set-auth"]));
    assert!(error.contains("account 2 has this auth"), "{error}");

    // What is withdrawn waits for its proof, and is paid once.
    let recipient = Address::repeat_byte(0x5a);
    let to = recipient.to_string();
    let withdrawn = bob.wallet(&["withdraw", "0.05ETH", "--to", &to, "--wait", "committed"]);
    let batch: u64 = word(&said(&withdrawn), "committed: batch")
        .parse()
        .expect("a number");
    let text = said(&alice.wallet(&["withdraw", "9 USDC", "--wait", "committed"]));
    let last: u64 = word(&text, "committed: batch").parse().expect("a number");
    let text = said(&bob.wallet(&["claim"]));
    assert!(
        text.contains("waits for the proof") && text.contains("nothing to claim"),
        "{text}"
    );
    let batches = rollup.l1(3).await.committed(1, last).await.expect("committed");
    for data in batches.into_values() {
        rollup.prove(data.header).await;
    }
    let text = said(&alice.wallet(&["claim"]));
    assert!(text.contains("claimed 9 USDC"), "{text}");
    assert_eq!(
        usdc.balanceOf(signer(1).address()).call().await.expect("call"),
        U256::from(96_750_000)
    );
    let text = said(&bob.wallet(&["claim"]));
    assert!(text.contains(&format!("claimed 0.05 ETH for {to}")), "{text}");
    let text = said(&bob.wallet(&["claim"]));
    assert_eq!(text, "nothing to claim\n");
    let paid = l1
        .contract()
        .provider()
        .get_balance(recipient)
        .await
        .expect("balance");
    assert_eq!(paid, U256::from(50_000_000_000_000_000u64));

    // Everything is found again from the key alone.
    let text = said(&bob.wallet(&["balance", "--verify"]));
    assert!(
        text.contains("proven on L1") && text.contains("2.25 USDC"),
        "{text}"
    );
    let text = said(&bob.wallet(&["history"]));
    for line in [
        "deposit   +0.123456789 ETH",
        "transfer  +0.23456789 ETH from account 1",
        "transfer  +2.25 USDC from account 1",
        "set-auth  by",
        "withdraw  -0.05 ETH to",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    let text = said(&alice.wallet(&["watch", "--from-batch", "1", "--for-secs", "2"]));
    assert!(text.contains("deposit   +0.5 ETH"), "{text}");

    operator_s_commands(&alice, batch, last, folder.path());
}

fn operator_s_commands(user: &User<'_>, batch: u64, last: u64, folder: &Path) {
    let text = said(&user.run(&["batch", "list"]));
    assert_eq!(text.lines().count() as u64, last, "{text}");
    let number = batch.to_string();
    let text = said(&user.run(&["batch", "show", &number, "--json"]));
    let shown: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (&shown["number"], &shown["withdrawals"]),
        (&batch.into(), &1.into())
    );
    let error = refused(&user.run(&["batch", "show", "999"]));
    assert!(error.contains("is not sealed"), "{error}");
    let text = said(&user.run(&["batch", "watch", "--for-secs", "1"]));
    assert!(text.lines().count() as u64 >= last, "{text}");
    let error = refused(&user.run(&["batch", "watch", "--for-secs", "1", "--until-proven", "999"]));
    assert!(error.contains("batch 999 is not proven after 1 s"), "{error}");

    let out = folder.join("export");
    let out = out.display().to_string();
    said(&user.run(&["batch", "export", &number, "--out", &out]));
    let read = |name: &str| fs::read(Path::new(&out).join(name)).expect(name);
    // The withdrawal, and deposits that a busy machine put into the same batch.
    let deposits = shown["l1_operations"].as_u64().expect("a number");
    assert_eq!(read("bridge.bin").len() as u64, 35 + 70 * deposits);
    let snark = String::from_utf8(read("snark.json")).expect("text");
    assert!(snark.contains(&"07".repeat(64)), "{snark}");
    assert!(!read("public-inputs.json").is_empty() && !read("header.json").is_empty());

    let farm = format!("http://{}", super::support::free_address());
    let output = user.run(&["status", "--json", "--farm", &farm]);
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(status["l1"]["proven_batches"], last);
    assert_eq!(status["sequencer"]["next_batch"], last + 1);
    assert!(status["farm"]["error"].is_string());
    let error = refused(&output);
    assert!(error.contains("not available: farm"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_orders_through_l1_s_queue_with_and_without_a_sequencer() {
    let mut rollup = Rollup::start(1_000).await;
    let folder = tempfile::tempdir().expect("a folder");
    let deployment = store_deployment(&rollup, folder.path());
    rollup.fund(&[0, 1]).await;
    let address = signer(1).address();
    let user = alice(&rollup, &deployment);
    let text = said(&user.wallet(&["force-withdraw", "0.03ETH", "--wait", "committed"]));
    assert!(
        text.contains(&format!(
            "L1 operation 2: up to 0.03 ETH from account 1 to {address} on L1"
        )) && text.contains("paid 0.03 ETH of 0.03 ETH"),
        "{text}"
    );
    let text = said(&user.wallet(&["force-transfer", "7 ETH", "--to", "0", "--wait", "committed"]));
    let payee = format!("from account 1 to account 0 of {}", signer(0).address());
    assert!(
        text.contains(&payee) && text.contains("paid 0.07 ETH of 7 ETH"),
        "{text}"
    );
    // Somebody else's account pays nothing.
    let others = ["force-withdraw", "1ETH", "--account", "0", "--wait", "committed"];
    let text = said(&user.wallet(&others));
    assert!(text.contains("paid 0 ETH of 1 ETH"), "{text}");
    let error = refused(&user.wallet(&["force-transfer", "1ETH", "--to", "nobody"]));
    assert!(
        error.contains("neither an account's number nor an L1 address"),
        "{error}"
    );

    // Without a sequencer L1 says which account it is; the sequencer does as it is told when it is back.
    rollup.stop_sequencer().await;
    let user = alice(&rollup, &deployment);
    let text = said(&user.wallet(&["set-auth", "--lock", "--wait", "sent"]));
    assert!(text.contains("L1 operation 5: auth of account 1"), "{text}");
    rollup.start_sequencer();
    let client = rollup.client().await;
    client
        .wait_for_l1_operation(5, ashlar_client::Milestone::Committed, super::support::LIMIT)
        .await
        .expect("committed");
    let user = alice(&rollup, &deployment);
    let text = said(&user.wallet(&["balance"]));
    assert!(text.contains("account   1, which no key signs for"), "{text}");
    for lines in [
        said(&user.wallet(&["history"])),
        said(&user.wallet(&["history", "--remote"])),
    ] {
        for line in [
            "deposit   +0.1 ETH",
            "force     -0.03 ETH of 0.03 ETH to",
            "force     -0.07 ETH of 7 ETH to account 0",
            "set-auth  by",
        ] {
            assert!(lines.contains(line), "{line} is not in {lines}");
        }
    }

    // A forced withdrawal is claimed like any other.
    let l1 = rollup.l1(3).await;
    let last = l1.state().await.expect("state").committed_batches;
    for batch in l1.committed(1, last).await.expect("committed").into_values() {
        rollup.prove(batch.header).await;
    }
    let text = said(&user.wallet(&["claim"]));
    assert!(
        text.contains(&format!("claimed 0.03 ETH for {address}")) && text.lines().count() == 1,
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_refuses_another_rollup_than_its_deployment_file_names() {
    let rollup = Rollup::start(1_000).await;
    drop(rollup.client().await); // it listens
    let folder = tempfile::tempdir().expect("a folder");
    let deployment = store_deployment(&rollup, folder.path());
    let text = fs::read_to_string(&deployment).expect("written");
    fs::write(&deployment, text.replace("31337", "1")).expect("writes");
    let user = User {
        rollup: &rollup,
        deployment,
        variables: vec![("ASHLAR_ETHEREUM_KEY", hex::encode(signer(1).to_bytes()))],
    };
    let error = refused(&user.wallet(&["deposit", "1"]));
    assert!(error.contains("the deployment file names chain 1"), "{error}");
    let error = refused(&user.wallet(&["balance", "--sequencer", "127.0.0.1:7001"]));
    assert!(error.contains("write http://HOST:PORT"), "{error}");
    let error = refused(&user.wallet(&["balance", "--key", "00"]));
    assert!(error.contains("unexpected argument"), "{error}");
}
