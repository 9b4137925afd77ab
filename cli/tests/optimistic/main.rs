//! An optimistic rollup with real processes: a true batch that is challenged is proven in time by a real SNARK, one that
//! nobody challenges is final by time without a proof, and a false root that somebody posts with the operator's key is taken
//! back by `ashlar watch`, whose owner has the operator's bond.

#[allow(dead_code, reason = "the processes' own tests use more")]
#[path = "../kills/stack.rs"]
mod stack;

use std::time::{Duration, Instant};

use alloy::{
    hex,
    primitives::{Address, Bytes, U256},
    providers::Provider,
    signers::local::PrivateKeySigner,
};
use ashlar_client::{AccountKey, BatchStanding, L1, Milestone, auth_of, pb::BatchStatus, rollup_key};
use ashlar_contracts::CommitData;
use ashlar_devnet::DEV_ACCOUNTS;
use ashlar_ecgfp5::SecretKey;
use ashlar_payments::packing::{PackedAmount, PackedFee};
use stack::{Links, Role, Stack};
use tokio::time::sleep;

const LIMIT: Duration = Duration::from_secs(600);
const FUNDS: u64 = 100_000_000;
const WINDOW_SECS: u64 = 7_200;
const ANSWER_SECS: u64 = 1_800;
const OPERATOR_BOND_GWEI: u64 = 3_000_000_000;
const CHALLENGE_BOND_GWEI: u64 = 1_000_000_000;
/// How far blocks may be ahead of this machine's clock.
const AHEAD_SECS: u64 = 60;
/// Who watches, and who challenges what is true.
const WATCHER: usize = 8;
const DOUBTER: usize = 7;

fn address(user: usize) -> Address {
    DEV_ACCOUNTS[user].address
}

fn key(l1: &L1, user: usize) -> SecretKey {
    let signer = PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[user].secret_key).expect("a key");
    rollup_key(&signer, l1.domain()).expect("signs")
}

async fn pass(l1: &L1, secs: u64) {
    let provider = l1.contract().provider();
    let moved = provider.raw_request::<_, serde_json::Value>("evm_increaseTime".into(), [secs]);
    moved.await.expect("moves the clock");
    let mined = provider.raw_request::<_, serde_json::Value>("evm_mine".into(), ());
    mined.await.expect("mines");
}

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !done().await {
        assert!(start.elapsed() < LIMIT, "{what} never happens");
        sleep(Duration::from_millis(200)).await;
    }
}

/// A command over this rollup with a user's key: whether all is right, and what it prints.
fn run(stack: &Stack, user: usize, arguments: &[&str]) -> (bool, String) {
    let (links, mut command) = (stack.links(), stack.command(arguments));
    command
        .args([
            "--l1-rpc",
            &links.l1,
            "--sequencer",
            &links.sequencer,
            "--deployment",
        ])
        .arg(stack.path("deployment.toml"))
        .env("ASHLAR_ETHEREUM_KEY", hex::encode(DEV_ACCOUNTS[user].secret_key))
        .env("ASHLAR_LOG", "warn");
    let output = command.output().expect("runs");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    println!("ashlar {}: {said}", arguments[0]);
    (output.status.success(), said)
}

fn watch(stack: &Stack) -> (bool, String) {
    let arguments = [
        "watch",
        "--challenge",
        "--signatures",
        "--once",
        "--warn-below-secs",
        "1",
    ];
    run(stack, WATCHER, &arguments)
}

/// Pays from the first user to the second, and waits until it is committed; gives the last committed batch.
async fn pay(links: &Links, l1: &L1) -> u64 {
    let client = links.client().await;
    let mut sender = client.sender(address(1), key(l1, 1)).await.expect("an account");
    let (amount, fee) = (PackedAmount::floor(30_000), PackedFee::exact(10).expect("small"));
    let payee = AccountKey::Owner {
        l1_owner: address(2),
        auth: None,
    };
    let payee = client.payee(payee).await.expect("an account");
    let id = sender.transfer(payee, 0, amount, fee).await.expect("admitted");
    client
        .wait(id, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    l1.state().await.expect("answers").committed_batches
}

/// With the operator's key: an empty batch that leads to another root.
async fn post_a_lie(operator: &L1) {
    let committed = operator.state().await.expect("answers").committed_batches;
    let last = operator.committed(committed, committed).await.expect("committed");
    let header = &last[&committed].header;
    let batch = CommitData {
        number: committed + 1,
        time: header.time,
        newRoot: header.newRoot ^ U256::from(1),
        dataHash: header.dataHash,
        feeAccount: 0,
        bridge: Bytes::new(),
        rollup: Bytes::new(),
    };
    let sent = operator
        .contract()
        .commitBatch(batch)
        .send()
        .await
        .expect("taken");
    assert!(sent.get_receipt().await.expect("mined").status());
}

mod slow {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "slow: real processes and a real proof, some two minutes"]
    async fn what_is_true_is_final_and_what_is_false_is_taken_back() {
        let [window, answer, operator_bond, challenge_bond] =
            [WINDOW_SECS, ANSWER_SECS, OPERATOR_BOND_GWEI, CHALLENGE_BOND_GWEI]
                .map(|number| number.to_string());
        let terms = [
            ["--optimistic-window", &window],
            ["--answer-time", &answer],
            ["--operator-bond-gwei", &operator_bond],
            ["--challenge-bond-gwei", &challenge_bond],
        ];
        let mut stack = Stack::start_with(&terms.concat(), &[Role::WorkerOne]).await;
        let links = stack.links();
        let (doubter, operator) = (links.l1(DOUBTER).await, links.l1(0).await);
        let terms = doubter
            .optimistic_terms()
            .await
            .expect("answers")
            .expect("optimistic");
        assert_eq!((terms.window_secs, terms.answer_secs), (WINDOW_SECS, ANSWER_SECS));
        assert!(
            doubter.is_bonded().await.expect("answers"),
            "deployed with its bond"
        );

        let client = links.client().await;
        let mut queued = 0;
        for user in [1, 2] {
            let l1 = links.l1(user).await;
            let ether = l1.token(0).await.expect("ETH");
            let auth = auth_of(&key(&l1, user).public_key());
            let deposit = l1.deposit(&ether, FUNDS, address(user), &auth).await;
            queued = deposit.expect("queued");
        }
        client
            .wait_for_l1_operation(queued, Milestone::Committed, LIMIT)
            .await
            .expect("committed");
        let last = pay(&links, &doubter).await;
        let (good, said) = watch(&stack);
        assert!(good && said.contains("all is right"), "{said}");
        let signed = format!("batch {last}: its payments were signed");
        assert!(said.contains(&signed), "{said}");

        // The last true batch is challenged. The farm, which had nothing to do so far, proves it.
        let (good, said) = run(&stack, DOUBTER, &["bond", "challenge", &last.to_string()]);
        assert!(good && said.contains("challenged, with a bond of 1."), "{said}");
        until("the answer", async || {
            let standing = doubter.batch_standing(last, &terms).await.expect("answers");
            match standing {
                BatchStanding::Challenged { by, .. } => assert_eq!(by, address(DOUBTER)),
                BatchStanding::Unchallengeable => return true,
                BatchStanding::Open { .. } | BatchStanding::Lapsed { .. } => panic!("{standing:?}"),
            }
            false
        })
        .await;
        let due = doubter.bonds_due(address(0)).await.expect("answers");
        assert_eq!(due.to::<u128>(), terms.challenge_bond_wei);
        assert_eq!(
            doubter.state().await.expect("answers").proven_batches,
            0,
            "those before it wait"
        );

        // Those before it are final by time, and nobody has proven them.
        pass(&doubter, WINDOW_SECS + AHEAD_SECS).await;
        until("the windows' end", async || {
            doubter.state().await.expect("answers").proven_batches == last
        })
        .await;
        for number in 1..=last {
            let mut snark_bytes = 0;
            until("the sequencer hears", async || {
                let batch = client.batch(number).await.expect("answers").expect("sealed");
                snark_bytes = batch.snark_bytes;
                batch.status == BatchStatus::Proven as i32 && batch.prove.is_some()
            })
            .await;
            assert_eq!(snark_bytes > 0, number == last, "batch {number}");
        }

        // Somebody has the operator's key, and posts what is not true. The watcher challenges it; nobody can answer.
        stack.kill(Role::Sequencer);
        post_a_lie(&operator).await;
        let (good, said) = watch(&stack);
        assert!(
            !good && said.contains("WRONG") && said.contains("challenged"),
            "{said}"
        );
        let before = balance(&doubter, address(WATCHER)).await;
        pass(&doubter, ANSWER_SECS + AHEAD_SECS).await;
        let (_, said) = watch(&stack);
        assert!(said.contains("was not answered; it is taken back"), "{said}");
        let (good, said) = watch(&stack);
        assert!(
            good && said.contains("batch 1: final") && said.contains("all is right"),
            "{said}"
        );
        let state = doubter.state().await.expect("answers");
        assert_eq!((state.committed_batches, state.proven_batches), (last, last));
        let gained = balance(&doubter, address(WATCHER)).await - before;
        let both = U256::from(terms.challenge_bond_wei + terms.operator_bond_wei);
        let gas = U256::from(10_000_000_000_000_000_u64);
        assert!(gained < both && gained > both - gas, "{gained} wei");
        let (good, said) = run(&stack, 0, &["bond", "show"]);
        assert!(good && said.contains("is NOT there"), "{said}");
        let (good, said) = run(&stack, 0, &["bond", "post"]);
        assert!(good && doubter.is_bonded().await.expect("answers"), "{said}");
    }
}

async fn balance(l1: &L1, of: Address) -> U256 {
    l1.contract().provider().get_balance(of).await.expect("answers")
}
