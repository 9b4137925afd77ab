//! A batch at the farm is the root of the trace that farm and workers go on with.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use ashlar_farm::testing::{Coordinator, circuit_set, config};
use ashlar_proto::Digest;
use ashlar_sequencer::{
    farm::{Account, Link},
    pipeline::Proving,
    progress::Progress,
};
use ashlar_traces::{Context, Finished, Sink, Traces, Value};
use tokio_util::sync::CancellationToken;

use super::support::{Core, key, seal_at};

#[derive(Default)]
struct Memory(Mutex<Vec<Finished>>);

impl Sink for Memory {
    fn take(&self, span: Finished) {
        self.0.lock().expect("whole").push(span);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proven_batch_is_the_root_of_its_trace_and_named_by_its_content() {
    let (folder, farm) = (
        tempfile::tempdir().expect("folder"),
        tempfile::tempdir().expect("folder"),
    );
    let core = Core::open(&folder, seal_at(2));
    core.deposit(0, &[&key("operator"), &key("alice")], 1_000).await;
    core.batch(1).await;
    let coordinator = Coordinator::start(config(farm.path()));
    let (memory, stop) = (Arc::new(Memory::default()), CancellationToken::new());
    let proving = Proving {
        store: core.store.clone(),
        changes: core.changes.clone(),
        progress: Progress::default(),
        farm: Link::new(&format!("http://{}", coordinator.address), None).expect("an address"),
        account: Account {
            chain_id: 1,
            rollup: [7; 20],
            circuit_set: circuit_set().0,
        },
        interval: Duration::from_millis(50),
        traces: Traces::into_sink(memory.clone()),
        demand: Default::default(),
        exit_mode: core.handle.exit_mode().clone(),
    };
    let proving = tokio::spawn(proving.run(stop.clone()));
    let mut client = coordinator.client().await;
    let worker = client.register("by hand").await;
    let start = Instant::now();
    while core.store.snark(1).expect("database").is_none() {
        assert!(start.elapsed() < Duration::from_secs(30), "it is not proven");
        client.work_all(worker).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    proving.await.expect("no panic");

    let chunks = core.store.chunks(1).expect("database");
    let digests: Vec<_> = chunks.iter().map(|chunk| Digest::of(chunk)).collect();
    let set = circuit_set();
    let content = Digest::of_parts(std::iter::once(&set).chain(&digests).map(AsRef::as_ref));
    let spans = memory.0.lock().expect("whole").clone();
    let [batch] = &spans[..] else {
        panic!("one batch: {spans:?}");
    };
    assert_eq!((batch.name, batch.parent), ("batch", None));
    assert_eq!(batch.context, Context::root(&content.0));
    assert_eq!(batch.attributes, [("batch", Value::Number(1))]);
    assert!(batch.end.duration_since(batch.start).expect("it took a time") > Duration::ZERO);
}
