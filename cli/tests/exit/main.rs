//! The operator dies after a commit and before its proof, with deposits on the way and a forced withdrawal in the queue.
//! Everybody is paid all the same, from L1's data alone, by a Merkle path, by a proof for one, by a proof for all; and the
//! contract is empty. What pays them then, the operator cannot use before. Real processes, real proofs.

mod refused;
#[allow(dead_code, reason = "the processes' own tests use more")]
#[path = "../kills/stack.rs"]
mod stack;

use std::{collections::BTreeMap, time::Duration};

use alloy::{
    consensus::Transaction as _,
    hex,
    primitives::{Address, U256},
    providers::Provider,
    sol_types::SolCall,
};
use ashlar_client::{AccountKey, L1, Milestone, auth_of, rollup_key};
use ashlar_contracts::{MintableToken, Rollup, deploy_token};
use ashlar_devnet::DEV_ACCOUNTS;
use ashlar_ecgfp5::SecretKey;
use ashlar_payments::packing::{PackedAmount, PackedFee};
use ashlar_statement::hash::ZERO_HASH;

use stack::{Links, Role, Stack};

const LIMIT: Duration = Duration::from_secs(600);
const FUNDS: u64 = 100_000_000;
/// Longer than an operation may wait by default.
const LATER: u64 = 8 * 86_400;
/// Who pays for the exits, and has nothing on the rollup.
const VOLUNTEER: usize = 9;

fn address(user: usize) -> Address {
    DEV_ACCOUNTS[user].address
}

fn key(l1: &L1, user: usize) -> SecretKey {
    let signer = alloy::signers::local::PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[user].secret_key);
    rollup_key(&signer.expect("a key"), l1.domain()).expect("signs")
}

/// Of a user for himself.
async fn deposit(links: &Links, user: usize, token: u8, units: u64) -> u64 {
    let l1 = links.l1(user).await;
    let token = l1.token(token).await.expect("registered");
    let auth = auth_of(&key(&l1, user).public_key());
    l1.deposit(&token, units, address(user), &auth)
        .await
        .expect("queued")
}

/// A token that the operator registers as number 1, with money for a user.
async fn token(links: &Links, user: usize, units: u64) -> Address {
    let operator = links.l1(0).await;
    let provider = operator.contract().provider();
    let token = deploy_token(provider, "USD Coin", "USDC", 6)
        .await
        .expect("deploys");
    let register = operator.contract().registerToken(token, U256::ZERO);
    register
        .send()
        .await
        .expect("sent")
        .get_receipt()
        .await
        .expect("mined");
    let contract = MintableToken::new(token, provider);
    let mint = contract.mint(address(user), U256::from(units));
    mint.send()
        .await
        .expect("sent")
        .get_receipt()
        .await
        .expect("mined");
    token
}

/// What everybody has on L1, in base units, of ETH and of the token.
async fn wealth(l1: &L1, token: Address) -> BTreeMap<usize, (U256, U256)> {
    let provider = l1.contract().provider();
    let token = MintableToken::new(token, provider);
    let mut all = BTreeMap::new();
    for user in 1..=6 {
        let ether = provider.get_balance(address(user)).await.expect("answers");
        let tokens = token.balanceOf(address(user)).call().await.expect("answers");
        all.insert(user, (ether, tokens));
    }
    all
}

/// What the transactions cost in which balances have left so far.
async fn gas_of_exits(l1: &L1) -> Vec<(&'static str, u64)> {
    let exited = l1.contract().BalanceExited_filter().from_block(0).query().await;
    let (mut all, mut last) = (Vec::new(), None);
    for (_, log) in exited.expect("answers") {
        let hash = log.transaction_hash.expect("mined");
        if last.replace(hash) == Some(hash) {
            continue; // two balances in one
        }
        let provider = l1.contract().provider();
        let (sent, receipt) = (
            provider.get_transaction_by_hash(hash).await.expect("answers"),
            provider.get_transaction_receipt(hash).await.expect("answers"),
        );
        let is_path = sent
            .expect("mined")
            .input()
            .starts_with(&Rollup::exitByPathCall::SELECTOR);
        let way = if is_path { "by a path" } else { "by a proof" };
        all.push((way, receipt.expect("mined").gas_used));
    }
    assert!(all.iter().any(|(way, _)| *way == "by a path"), "{all:?}");
    assert!(all.iter().any(|(way, _)| *way == "by a proof"), "{all:?}");
    all
}

/// Gives an account code: `5f5ffd` reverts.
async fn set_code(provider: &impl Provider, account: Address, code: &str) {
    let parameters = (account, code);
    let set = provider.raw_request::<_, serde_json::Value>("anvil_setCode".into(), parameters);
    set.await.expect("sets");
}

/// `ashlar exit`: whether it succeeds, and what it prints.
fn exit(stack: &Stack, arguments: &[&str]) -> (bool, String) {
    let mut command = stack.command(&["exit", "--l1-rpc", &stack.links().l1]);
    for member in stack.links().members {
        command.args(["--da-member", &member]);
    }
    command
        .arg("--deployment")
        .arg(stack.path("deployment.toml"))
        .env(
            "ASHLAR_ETHEREUM_KEY",
            hex::encode(DEV_ACCOUNTS[VOLUNTEER].secret_key),
        )
        .env("ASHLAR_LOG", "warn")
        .args(arguments);
    let output = command.output().expect("runs");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    println!("ashlar exit {arguments:?}: {said}");
    (output.status.success(), said)
}

/// On a rollup that is deployed with these arguments, too.
async fn everybody_is_paid(terms: &[&str]) {
    let mut stack = Stack::start_with(terms, &[Role::WorkerOne, Role::WorkerTwo]).await;
    let links = stack.links();
    let client = links.client().await;
    let usdc = token(&links, 2, 5_000).await;

    // While the operator lives: payments, and a withdrawal by L1's order, all proven.
    deposit(&links, 1, 0, FUNDS).await;
    deposit(&links, 2, 0, FUNDS).await;
    deposit(&links, 2, 1, 5_000).await;
    let last = deposit(&links, 3, 0, FUNDS).await;
    client
        .wait_for_l1_operation(last, Milestone::Executed, LIMIT)
        .await
        .expect("executed");
    let own = |user| AccountKey::Owner {
        l1_owner: address(user),
        auth: None,
    };
    let volunteer = links.l1(VOLUNTEER).await;
    let mut sender = client
        .sender(address(1), key(&volunteer, 1))
        .await
        .expect("an account");
    let (amount, fee) = (PackedAmount::floor(30_000), PackedFee::exact(10).expect("small"));
    let payee = client.payee(own(2)).await.expect("an account");
    sender.transfer(payee, 0, amount, fee).await.expect("admitted");
    let third = client.payee(own(3)).await.expect("an account");
    let served = links
        .l1(3)
        .await
        .force_withdrawal(third.account, 0, 700)
        .await
        .expect("queued");
    client
        .wait_for_l1_operation(served, Milestone::Executed, LIMIT)
        .await
        .expect("served");
    stack.settle().await;
    let proven = volunteer.proven_state().await.expect("from L1");

    // Nothing is proven any more; one batch is committed, with a payment and a deposit; then the operator is gone.
    stack.kill(Role::WorkerOne);
    stack.kill(Role::WorkerTwo);
    if !links.members.is_empty() {
        stack.kill_member(0);
    }
    let lost = sender.transfer(third, 0, amount, fee).await.expect("admitted");
    let unproven = deposit(&links, 4, 0, 2_000).await;
    client
        .wait(lost, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    client
        .wait_for_l1_operation(unproven, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    stack.kill(Role::Sequencer);
    stack.kill(Role::Farm);
    let ignored = links.l1(3).await.force_withdrawal(third.account, 0, 900).await;
    ignored.expect("queued");
    let fifth = links.l1(5).await;
    let ether = fifth.token(0).await.expect("ETH");
    let gift = fifth.deposit(&ether, 3_000, address(6), &ZERO_HASH).await;
    gift.expect("queued");

    refused::an_exit_in_an_ordinary_batch_is_refused_for_its_record_alone(&links, &proven).await;

    // Not before the time is over.
    let (early, said) = exit(&stack, &["--all"]);
    assert!(!early && said.contains("try again then"), "{said}");
    let provider = volunteer.contract().provider();
    let () = provider
        .raw_request::<_, serde_json::Value>("evm_increaseTime".into(), [LATER])
        .await
        .map(drop)
        .expect("moves the clock");
    let mined = provider
        .raw_request::<_, serde_json::Value>("evm_mine".into(), ())
        .await;
    mined.expect("mines");
    let (_, said) = exit(&stack, &["--status"]);
    assert!(said.contains("has expired unproven"), "{said}");

    // One leaves by a path, one by a proof of his own, the rest together.
    let before = wealth(&volunteer, usdc).await;
    let (first, second) = (address(1).to_string(), address(2).to_string());
    for arguments in [&["--owner", &first, "--by-path"][..], &["--owner", &second]] {
        let (done, said) = exit(&stack, arguments);
        assert!(done, "{said}");
    }
    for (way, gas) in gas_of_exits(&volunteer).await {
        println!("{way}: {gas} gas");
        assert!(
            gas <= if way == "by a path" { 900_000 } else { 500_000 },
            "{way}: {gas}"
        );
    }
    // One to whom nothing can be paid for now holds up nobody.
    set_code(provider, address(4), "0x5f5ffd").await;
    let (done, said) = exit(&stack, &["--all"]);
    assert!(!done && said.contains("1 payments failed"), "{said}");
    let third = wealth(&volunteer, usdc).await[&3].0 - before[&3].0;
    assert!(!third.is_zero(), "his claims come after the refund that failed");
    set_code(provider, address(4), "0x").await;
    let (done, said) = exit(&stack, &["--all"]);
    assert!(done && said.contains("0 balances are left"), "{said}");
    let after = wealth(&volunteer, usdc).await;
    let gwei = U256::from(1_000_000_000);
    for user in 1..=6 {
        let held = |token| {
            let accounts = proven.accounts.accounts();
            let own = accounts.filter(|(_, account)| account.l1_owner == address(user).into_array());
            U256::from(own.map(|(_, account)| account.balance(token)).sum::<u64>())
        };
        let extra = match user {
            3 => 700,   // withdrawn while the operator lived, and never claimed
            4 => 2_000, // deposited, and never proven
            5 => 3_000, // given to the sixth, who never had it
            _ => 0,
        };
        let gained = (after[&user].0 - before[&user].0, after[&user].1 - before[&user].1);
        let owed = ((held(0) + U256::from(extra)) * gwei, held(1));
        assert_eq!(gained, owed, "user {user}");
    }
    let rollup = *volunteer.contract().address();
    let left = provider.get_balance(rollup).await.expect("answers");
    assert_eq!(left, U256::ZERO, "wei");
    let left = MintableToken::new(usdc, provider).balanceOf(rollup).call().await;
    assert_eq!(left.expect("answers"), U256::ZERO, "tokens");

    // Nobody is paid twice.
    for arguments in [&["--all"][..], &["--all", "--by-path"]] {
        let (done, said) = exit(&stack, arguments);
        assert!(done && said.contains("0 balances are left"), "{said}");
    }
    assert_eq!(wealth(&volunteer, usdc).await, after);
}

mod slow {
    use super::everybody_is_paid;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "slow: real processes and several real proofs, some three minutes"]
    async fn everybody_is_paid_when_the_operator_dies_between_a_commit_and_its_proof() {
        everybody_is_paid(&[]).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "slow: real processes and several real proofs, some three minutes"]
    async fn they_are_paid_when_the_transfers_are_in_blobs() {
        everybody_is_paid(&["--data", "blob"]).await;
    }

    /// One member is gone for ever.
    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "slow: real processes and several real proofs, some three minutes"]
    async fn they_are_paid_when_a_committee_keeps_the_transfers() {
        everybody_is_paid(&["--data", "validium"]).await;
    }
}
