//! An optimistic rollup: batches are final by time, challenges are answered in time, and a batch that is taken back is
//! committed again.

use std::collections::BTreeSet;

use alloy::{
    primitives::{Address, U256},
    providers::{DynProvider, Provider},
    sol_types::SolValue,
};
use ashlar_contracts::{
    BatchHeader, OptimisticTerms,
    optimistic::{OptimisticHeader, OptimisticRollup},
};
use ashlar_sequencer::{
    demand::Demand,
    l1::Standing,
    pipeline::Challenges,
    store::{BatchStatus, Store},
};
use serde_json::json;

use super::{
    follow::{is, seal},
    support::{Guard, L1, Node, l1_optimistic, provider, signer},
};

const TERMS: OptimisticTerms = OptimisticTerms {
    window_secs: 7_200,
    answer_secs: 600,
    operator_bond_wei: 5_000,
    challenge_bond_wei: 300,
};

/// How far blocks may be ahead of this machine's clock: each is a second later than the one before.
const AHEAD_SECS: u64 = 50;

/// A rollup with the operator's bond, if that is wanted, and its sequencer, whose farm hears of `demand`.
struct World {
    l1: L1,
    node: Node,
    demand: Demand,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(is_bonded: bool) -> Self {
        let l1 = l1_optimistic(Guard::AcceptsAll, TERMS).await;
        let folder = tempfile::tempdir().expect("folder");
        let client = l1.client(&[&l1.endpoint]).await;
        let window = client.window(client.head().await.expect("answers")).await;
        assert_eq!(window.expect("answers"), Some(TERMS.window_secs));
        let mut node = Node::start(folder.path(), client, l1.rollup, 2).await;
        let demand = Demand::nothing();
        node.settlement.challenges = Some(Challenges::new(TERMS.window_secs, Some(demand.clone())));
        let world = Self {
            l1,
            node,
            demand,
            _folder: folder,
        };
        if is_bonded {
            world.post_bond().await;
        }
        world
    }

    fn contract(&self, account: usize) -> OptimisticRollup::OptimisticRollupInstance<DynProvider> {
        OptimisticRollup::new(self.l1.rollup, provider(&self.l1.endpoint, account))
    }

    async fn post_bond(&self) {
        let contract = self.contract(0);
        let call = contract.postBond().value(U256::from(TERMS.operator_bond_wei));
        let receipt = call.send().await.expect("sent").get_receipt().await;
        assert!(receipt.expect("mined").status());
    }

    /// Seals so many batches, and waits for their commits.
    async fn commit(&mut self, batches: u64) {
        for number in 1..=batches {
            seal(&self.l1, &self.node, number).await;
        }
        let errors = self
            .node
            .settle_until("the commits", is(BatchStatus::Committed, batches))
            .await;
        assert!(errors.is_empty(), "{errors:?}");
    }

    async fn pass(&self, secs: u64) {
        let node = provider(&self.l1.endpoint, 1);
        for (method, params) in [("evm_increaseTime", json!([secs])), ("evm_mine", json!([]))] {
            let done: serde_json::Value = node.raw_request(method.into(), params).await.expect("a devnet");
            drop(done);
        }
    }

    fn header(&self, number: u64) -> OptimisticHeader {
        let header = self.node.batch(number).header.expect("committed");
        let header = BatchHeader::abi_decode(&header).expect("a header");
        ashlar_contracts::optimistic::header(&header)
    }

    async fn challenge(&self, account: usize, number: u64) {
        let contract = self.contract(account);
        let call = contract.challenge(self.header(number));
        let call = call.value(U256::from(TERMS.challenge_bond_wei));
        let receipt = call.send().await.expect("sent").get_receipt().await;
        assert!(receipt.expect("mined").status());
    }

    async fn standing(&self, number: u64) -> Standing {
        let client = self.l1.client(&[&self.l1.endpoint]).await;
        let head = client.head().await.expect("answers");
        client.standing(number, head).await.expect("answers")
    }

    async fn due(&self, account: Address) -> u128 {
        self.contract(1).due(account).call().await.expect("answers").to()
    }

    async fn settle(&mut self, what: &str, done: impl FnMut(&Store) -> bool) {
        let errors = self.node.settle_until(what, done).await;
        assert!(errors.is_empty(), "{errors:?}");
    }

    fn wanted(&self, of: u64) -> BTreeSet<u64> {
        (1..=of).filter(|number| self.demand.wants(*number)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_that_nobody_challenges_are_final_in_order_when_their_windows_end() {
    let mut world = World::new(true).await;
    world.commit(2).await;
    assert_eq!(world.wanted(2), [].into());
    world.pass(TERMS.window_secs - 60).await;
    world.node.settlement.advance().await.expect("nothing to do");
    assert_eq!(
        world.node.batch(1).status,
        BatchStatus::Committed,
        "its window is open"
    );
    world.pass(60 + AHEAD_SECS).await;
    world
        .settle("the end of the windows", is(BatchStatus::Proven, 2))
        .await;
    for number in 1..=2 {
        let batch = world.node.batch(number);
        let by = batch.prove.expect("its receipt");
        assert_ne!(Some(&by), batch.commit.as_ref());
        assert!(world.node.store.snark(number).expect("database").is_none());
        assert_eq!(batch.failure, None);
    }
    let proven = world.contract(1).provenBatches().call().await;
    assert_eq!(proven.expect("answers"), 2);
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenged_batch_is_proven_out_of_turn_and_final_in_its_turn() {
    let mut world = World::new(true).await;
    world.commit(3).await;
    world.challenge(1, 2).await;
    world.node.settlement.advance().await.expect("hears of it");
    assert_eq!(world.wanted(3), [2].into());
    assert!(world.standing(2).await.answer_by.is_some());
    // Another process hears of it, too.
    world.node.restart_settlement();
    let demand = Demand::nothing();
    world.node.settlement.challenges = Some(Challenges::new(TERMS.window_secs, Some(demand.clone())));
    world.node.settlement.advance().await.expect("hears of it");
    assert!(demand.wants(2) && !demand.wants(1));

    let snark = world.l1.no_snark();
    world.node.store.put_snark(2, &snark).expect("database");
    for _ in 0..2 {
        world.node.settlement.advance().await.expect("answers");
    }
    let standing = world.standing(2).await;
    assert!(standing.answered && standing.answer_by.is_none(), "{standing:?}");
    assert_eq!(world.due(signer(0).address()).await, TERMS.challenge_bond_wei);
    world.node.settlement.advance().await.expect("nothing to do");
    assert!(!demand.wants(2));
    assert_eq!(
        world.node.batch(2).status,
        BatchStatus::Committed,
        "the first is not final"
    );

    // The next one to become final is answered by what makes it final.
    world.challenge(1, 1).await;
    world.node.store.put_snark(1, &snark).expect("database");
    world.settle("both are final", is(BatchStatus::Proven, 2)).await;
    assert_eq!(world.node.batch(3).status, BatchStatus::Committed);
    assert_eq!(world.due(signer(0).address()).await, 2 * TERMS.challenge_bond_wei);
    world.pass(TERMS.window_secs + AHEAD_SECS).await;
    world
        .settle("the end of the last window", is(BatchStatus::Proven, 3))
        .await;
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_taken_back_unanswered_is_committed_again_with_another_bond() {
    let mut world = World::new(true).await;
    world.commit(2).await;
    let challenger = signer(1).address();
    world.challenge(1, 1).await;
    world.pass(TERMS.answer_secs + AHEAD_SECS).await;
    // A proof that comes too late is not sent.
    world
        .node
        .store
        .put_snark(1, &world.l1.no_snark())
        .expect("database");
    for _ in 0..2 {
        // The plain proof of the next batch is refused for its lateness, which is told.
        drop(world.node.settlement.advance().await);
    }
    let failure = world.node.batch(1).failure.unwrap_or_default();
    assert!(failure.contains("ChallengeLapsed"), "{failure}");
    let contract = world.contract(2);
    let receipt = contract
        .revertUnanswered(world.header(1))
        .send()
        .await
        .expect("sent");
    assert!(receipt.get_receipt().await.expect("mined").status());
    let both = TERMS.challenge_bond_wei + TERMS.operator_bond_wei;
    assert_eq!(world.due(challenger).await, both);

    let errors = world
        .node
        .settle_until("both are back", is(BatchStatus::Sealed, 2))
        .await;
    drop(errors); // L1 changes meanwhile
    drop(world.node.settlement.advance().await);
    let failure = world.node.batch(1).failure.unwrap_or_default();
    assert!(failure.contains("BondMissing"), "{failure}");
    world.post_bond().await;
    world.node.restart_settlement(); // without the pause after a refusal
    let demand = Some(world.demand.clone());
    world.node.settlement.challenges = Some(Challenges::new(TERMS.window_secs, demand));
    world
        .settle("both are committed again", is(BatchStatus::Committed, 2))
        .await;
    assert_eq!(
        world.wanted(2),
        [].into(),
        "nobody has challenged what stands now"
    );
    world.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_operator_s_bond_nothing_is_committed_and_the_reason_is_told() {
    let mut world = World::new(false).await;
    seal(&world.l1, &world.node, 1).await;
    let error = world.node.settlement.advance().await.expect_err("refused");
    let text = ashlar_report::chain(&error);
    assert!(text.contains("BondMissing") && text.contains("5000"), "{text}");
    assert_eq!(world.node.batch(1).failure, Some(text));
    world.node.stop().await;
}
