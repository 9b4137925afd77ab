//! A batch's way through coordinator and worker is one trace.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use ashlar_farm::{
    FarmConfig,
    testing::{self, Coordinator, circuit_set, witness},
};
use ashlar_proto::Digest;
use ashlar_traces::{Context, Finished, Sink, Traces, Value};
use ashlar_worker::WorkerConfig;

use crate::runner::{HashRunner, Worker, config};

#[derive(Default)]
struct Memory(Mutex<Vec<Finished>>);

impl Sink for Memory {
    fn take(&self, span: Finished) {
        self.0.lock().unwrap().push(span);
    }
}

impl Memory {
    fn spans(&self) -> Vec<Finished> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_lie_below_their_batch_and_a_worker_s_steps_below_their_job() {
    let (farm, work) = (Arc::new(Memory::default()), Arc::new(Memory::default()));
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start(FarmConfig {
        traces: Traces::into_sink(farm.clone()),
        ..testing::config(dir.path())
    });
    let mut client = coordinator.client().await;
    let content = client.submit(1, 2).await.content_digest;
    let worker = WorkerConfig {
        traces: Traces::into_sink(work.clone()),
        prefetch: 0, // a lease that goes back unseen would have spans of its own
        ..config(coordinator.address, "w")
    };
    let worker = Worker::start(worker, HashRunner::quick());
    client.assert_done(1, 2).await;
    worker.stop().await;
    coordinator.stop().await;

    let digests = [witness(1, 0), witness(1, 1)].map(|witness| Digest::of(&witness));
    let parts = [circuit_set(), digests[0], digests[1]];
    let computed = Digest::of_parts(parts.iter().map(AsRef::as_ref));
    assert_eq!(computed.as_ref(), &content[..], "a sequencer computes the same");
    let root = Context::root(&computed.0);
    let (farm, work) = (farm.spans(), work.spans());
    let jobs: Vec<_> = farm.iter().filter(|span| span.name == "job").collect();
    assert_eq!((jobs.len(), farm.len()), (5, 10), "each with its verification");
    let ids: BTreeSet<_> = jobs.iter().map(|span| span.context.span()).collect();
    assert_eq!(ids.len(), 5);
    for span in farm.iter().chain(&work) {
        assert_eq!(span.context.trace(), root.trace(), "{span:?}");
        assert!(span.start <= span.end && span.failure.is_none(), "{span:?}");
    }
    for job in jobs {
        assert_eq!(job.parent, Some(root.span()));
        assert!(
            job.attributes.contains(&("worker", Value::from("w".to_owned()))),
            "{job:?}"
        );
        let below: BTreeSet<_> = work
            .iter()
            .filter(|span| span.parent == Some(job.context.span()))
            .map(|span| span.name)
            .collect();
        assert_eq!(below, ["deliver", "fetch", "prove"].into(), "{job:?}");
    }
    assert_eq!(work.len(), 15);
}
