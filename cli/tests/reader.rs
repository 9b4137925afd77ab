//! A second implementation reads a rollup off L1: `scripts/reader`, in Python, which was written from `docs/spec`. It comes
//! to the contract's roots, and finds whatever is not as it should be. L1 is a real EVM, the sequencer a real one; a verifier
//! that accepts everything stands for the generated one, so that nothing need be proved.

#[path = "../../client/tests/rollup/support.rs"]
#[allow(dead_code, reason = "the client's tests use more of it")]
mod support;

use std::{
    path::Path,
    process::{Command, Output},
};

use alloy::{
    primitives::{Address, B256, U256},
    providers::Provider,
};
use ashlar_client::{BatchData, Client, L1, L1Config, L1Error, Milestone, Sender, data::Record};
use ashlar_contracts::{CommitData, MintableToken};
use ashlar_statement::hash::ZERO_HASH;

use support::{LIMIT, Rollup, amount, fee, payee, signer};

/// Units that everybody deposits.
const FUNDS: u64 = 100_000_000;

fn address(user: usize) -> Address {
    signer(user).address()
}

/// Runs the reader over the rollup at this address; the other threads, on which L1 runs, go on.
fn reader(rollup: &Rollup, address: Address, arguments: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/reader");
    let mut command = Command::new("python3");
    command.arg(folder).args(["--l1", &rollup.endpoint]);
    command.args(["--rollup", &address.to_string()]).args(arguments);
    tokio::task::block_in_place(|| command.output().expect("python3 runs"))
}

/// What it says where all is as it should be.
fn accepted(rollup: &Rollup) -> String {
    let output = reader(rollup, rollup.address, &[]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}{errors}");
    text
}

/// What it says of a byte that it was made to read wrongly.
fn refused(rollup: &Rollup, batch: u64, stream: &str, byte: usize) -> String {
    let flip = format!("{batch}:{stream}:{byte}");
    let output = reader(rollup, rollup.address, &["--flip", &flip]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{flip}: {text}{errors}");
    assert!(
        text.contains(&format!("batch {batch}: WRONG\n")),
        "{flip}: {text}"
    );
    assert!(text.contains("evaluation point"), "{flip}: {text}");
    assert!(
        text.contains(&format!("evaluation of the {stream} stream")),
        "{flip}: {text}"
    );
    text
}

/// A deposit of a token that is not ETH.
async fn deposit_usdc(rollup: &Rollup, user: usize) {
    let l1 = rollup.l1(user).await;
    let token = MintableToken::new(rollup.usdc, l1.contract().provider());
    let mint = token.mint(address(user), U256::from(20_000_000)).send().await;
    mint.expect("sent").get_receipt().await.expect("mined");
    let usdc = l1.find_token("USDC").await.expect("registered");
    let auth = rollup.auth(user);
    l1.deposit(&usdc, 12_000_000, address(user), &auth)
        .await
        .expect("deposits");
}

/// Everything that L1 can order, what comes to nothing included; gives the last one's index.
async fn order(rollup: &Rollup) -> u64 {
    let (l1, stranger, operator) = (rollup.l1(1).await, rollup.l1(2).await, rollup.l1(0).await);
    let eth = l1.token(0).await.expect("ETH");
    // Account 3 is opened for its owner by another, and has no key until he sets one.
    l1.deposit(&eth, FUNDS, address(3), &ZERO_HASH)
        .await
        .expect("queued");
    deposit_usdc(rollup, 1).await;
    for (of, account, units) in [(&l1, 1, 700), (&stranger, 1, 300), (&l1, 77, 5)] {
        of.force_withdrawal(account, 0, units).await.expect("queued");
    }
    for (account, to, units) in [(1, 2, 1_000), (1, 77, 5), (2, 1, 5), (1, 1, 9)] {
        l1.force_transfer(account, to, 0, units).await.expect("queued");
    }
    // More than there is, and a withdrawal of it.
    l1.force_transfer(1, 0, 1, 20_000_000).await.expect("queued");
    rollup
        .l1(3)
        .await
        .set_auth(3, &rollup.auth(3))
        .await
        .expect("queued");
    l1.set_auth(2, &ZERO_HASH).await.expect("queued"); // not his
    for account in [2, 78] {
        let call = operator.contract().setFlags(account, 5);
        let pending = call.send().await.expect("sent");
        assert!(pending.get_receipt().await.expect("mined").status());
    }
    l1.set_auth(1, &ZERO_HASH).await.expect("queued")
}

/// Payments of all kinds; gives the last one's id.
async fn pay(senders: &mut [Sender]) -> B256 {
    for round in 0..3u64 {
        for (from, to) in [(1, 2), (2, 1), (2, 2), (0, 1)] {
            let sent = senders[from].transfer(payee(to as u32, to), 0, amount(1_000 + round), fee());
            sent.await.expect("admitted");
        }
    }
    let sent = senders[2].withdraw(address(9), 0, 1_234, fee()).await;
    sent.expect("admitted")
}

/// The batches' public data.
async fn data(l1: &L1) -> Vec<BatchData> {
    let last = l1.state().await.expect("state").committed_batches;
    let mut batches = Vec::new();
    for batch in l1.committed(1, last).await.expect("committed").values() {
        batches.push(l1.data(batch).await.expect("public data"));
    }
    batches
}

async fn committed(client: &Client, payment: B256, queue_index: u64) {
    let paid = client.wait(payment, Milestone::Committed, LIMIT).await;
    paid.expect("committed");
    client
        .wait_for_l1_operation(queue_index, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_implementation_rebuilds_the_state_from_l1_alone_and_finds_a_wrong_byte() {
    let rollup = Rollup::start(12).await;
    let text = accepted(&rollup);
    assert!(text.starts_with("0 batches, 0 of them proven"), "{text}");

    let (client, l1) = (rollup.client().await, rollup.l1(4).await);
    let mut senders = rollup.fund(&[0, 1, 2]).await;
    let first = pay(&mut senders).await;
    let last = order(&rollup).await;
    committed(&client, first, last).await;
    let sent = senders[2].transfer(payee(3, 3), 0, amount(77), fee()).await;
    committed(&client, sent.expect("admitted"), last).await;

    // Some are proven, the last one is not.
    let batches = data(&l1).await;
    let (unproven, proven) = batches.split_last().expect("several");
    for batch in proven {
        rollup.prove(batch.header.clone()).await;
    }
    let text = accepted(&rollup);
    let state = l1.state().await.expect("state");
    assert_ne!(state.state_root, B256::from(unproven.header.newRoot));
    for line in [
        format!("stateRoot {}", state.state_root),
        format!(
            "{} batches, {} of them proven, 4 accounts",
            batches.len(),
            proven.len()
        ),
        format!("root {}, not proven yet", B256::from(unproven.header.newRoot)),
    ] {
        assert!(text.contains(&line), "{line} is not in {text}");
    }

    // A payee's number, an amount, a fee.
    for byte in [7, 12, 13] {
        let text = refused(&rollup, unproven.header.number, "rollup", byte);
        assert!(text.contains("new root"), "{text}");
    }
    // The amount of a withdrawal: another root of the withdrawals too.
    let is_withdrawal = |record: &Record| matches!(record, Record::Withdrawal { .. });
    let withdrawn = batches
        .iter()
        .find(|batch| batch.records.iter().any(is_withdrawal));
    let withdrawn = withdrawn.expect("one");
    let at = offset(withdrawn, is_withdrawal);
    let text = refused(&rollup, withdrawn.header.number, "bridge", at + 13);
    assert!(
        text.contains("withdrawals root") && text.contains("new root"),
        "{text}"
    );
    // What was queued, and what the operator filled in.
    let is_forced = |record: &Record| matches!(record, Record::ForcedWithdrawal { .. });
    let forced = batches.iter().find(|batch| batch.records.iter().any(is_forced));
    let forced = forced.expect("one");
    let at = offset(forced, is_forced);
    let text = refused(&rollup, forced.header.number, "bridge", at + 13);
    assert!(
        text.contains(&format!("byte {at}: forced withdrawal: queue index"))
            && text.contains("another operation was queued"),
        "{text}"
    );
    let text = refused(&rollup, forced.header.number, "bridge", at + 41);
    assert!(text.contains("amount paid out of range"), "{text}");

    // No contract there: neither right nor wrong.
    let output = reader(&rollup, Address::repeat_byte(9), &[]);
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_one_transaction_committed_and_proved_is_read_as_any_other() {
    let mut rollup = Rollup::start(12).await;
    drop(rollup.fund(&[1]).await);
    let (client, l1) = (rollup.client().await, rollup.l1(0).await);
    client
        .wait_for_l1_operation(0, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    rollup.stop_sequencer().await; // it would commit again what is taken back
    let batch = l1.batch_data(1).await.expect("public data");
    let header = batch.header.clone();
    let contract = l1.contract();
    let reverting = contract.revertBatches(header.clone()).send().await;
    assert!(
        reverting
            .expect("sent")
            .get_receipt()
            .await
            .expect("mined")
            .status()
    );
    let proof = vec![7; 64];
    let data = CommitData {
        number: header.number,
        time: header.time,
        newRoot: header.newRoot,
        dataHash: header.dataHash,
        feeAccount: header.feeAccount,
        bridge: batch.bridge.clone().into(),
        rollup: batch.rollup.clone().into(),
    };
    let both = contract
        .commitAndProveBatch(data, proof.clone().into())
        .send()
        .await;
    assert!(both.expect("sent").get_receipt().await.expect("mined").status());

    assert_eq!(l1.batch_data(1).await.expect("public data"), batch);
    assert_eq!(l1.proven_batch(1).await.expect("proven").proof, proof);
    let text = accepted(&rollup);
    assert!(text.contains("1 batches, 1 of them proven"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollup_of_another_data_mode_is_read_by_neither_implementation() {
    let rollup = Rollup::start(12).await;
    let elsewhere = Address::repeat_byte(0x77);
    // PUSH32 "plasma", MSTORE at 0, RETURN 32 bytes from 0: so it answers every call.
    let code = format!("0x7f{:0<64}5f5260205ff3", hex::encode("plasma"));
    let provider = rollup.l1(0).await.contract().provider().clone();
    let set: serde_json::Value = provider
        .raw_request("anvil_setCode".into(), (elsewhere, code))
        .await
        .expect("a devnet sets code");
    drop(set);

    let output = reader(&rollup, elsewhere, &[]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("data mode b'plasma'"), "{errors}");

    let l1 = L1::connect(L1Config::new(&rollup.endpoint, elsewhere)).await;
    let error = l1.expect("connects").data_mode().await.expect_err("unknown");
    assert!(
        matches!(&error, L1Error::DataMode(unknown) if unknown.name == "plasma"),
        "{error:?}"
    );
}

/// Where the first such record begins in the bridge stream.
fn offset(batch: &BatchData, is_it: impl Fn(&Record) -> bool) -> usize {
    let before = batch.records.iter().take_while(|record| !is_it(record));
    let bytes = before.map(|record| match record {
        Record::Deposit { .. } | Record::SetAuth { .. } => 70,
        Record::ForcedWithdrawal { .. } => 42,
        Record::ForcedTransfer { .. } => 49,
        Record::SetFlags { .. } => 7,
        Record::Withdrawal { .. } | Record::Exit { .. } => 35,
        Record::Transfer { .. } => panic!("not of the bridge stream"),
    });
    bytes.sum()
}

#[test]
fn its_hashes_have_the_known_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/reader");
    let output = Command::new("python3").arg(folder).arg("--selftest").output();
    let output = output.expect("python3 runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("30 of 30 checks hold"), "{text}");
}
