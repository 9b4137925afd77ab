//! The age of L1's head is that of the newest block, whoever asked for it.

use ashlar_metrics::{Build, Registry, testing::Exposition};
use ashlar_sequencer::metrics::SequencerMetrics;

use super::support::{Guard, Node, key, l1, until};

#[tokio::test(flavor = "multi_thread")]
async fn the_age_of_the_head_is_known_once_it_was_asked_for() {
    let metrics = SequencerMetrics::default();
    let build = Build {
        version: "0",
        commit: None,
        role: "sequencer",
    };
    let registry = Registry::new(build).with(&metrics);
    let age = || Exposition::of(&registry).get("ashlar_sequencer_l1_head_age_seconds", &[]);
    let l1 = l1(Guard::Real).await;
    l1.deposit(&key("a")).await;
    let client = l1.client(&[&l1.endpoint]).await.noting(metrics.head().clone());
    assert_eq!(age(), None);
    let folder = tempfile::tempdir().expect("folder");
    let node = Node::start(folder.path(), client, l1.rollup, 100).await;
    until("the watcher has asked", async || age().is_some()).await;
    assert!(age().is_some_and(|seconds| seconds < 60.0), "{:?}", age());
    node.stop().await;
}
