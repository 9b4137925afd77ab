//! Export to a receiver that speaks OTLP by its official types.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use ashlar_traces::{Context, otlp::Exporter};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::any_value::Value,
    trace::v1::status::StatusCode,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Receiver {
    async fn start() -> (Self, String) {
        let receiver = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server =
            tonic::transport::Server::builder().add_service(TraceServiceServer::new(receiver.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        (receiver, url)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_arrive_with_their_names_parents_and_what_is_known_of_them() {
    let (receiver, url) = Receiver::start().await;
    let exporter = Exporter::start(&url, "worker", "0.1.0").unwrap();
    let traces = exporter.traces();
    let root = Context::root(&[7; 32]);
    {
        let mut prove = traces.span("prove", root).with("job", 12).with("kind", "chunk");
        prove.fail("out of memory");
        drop(traces.span("fetch", prove.context()));
        drop(traces.begin("batch", root, None));
    }
    tokio::task::spawn_blocking(move || drop(exporter)).await.unwrap(); // it exports the rest
    let requests = receiver.0.lock().unwrap().clone();
    let resource = requests[0].resource_spans[0].resource.as_ref().unwrap();
    let service = resource
        .attributes
        .iter()
        .find(|of| of.key == "service.name")
        .unwrap();
    let service = service.value.as_ref().unwrap().value.clone();
    assert_eq!(service, Some(Value::StringValue("ashlar-worker".into())));
    let spans: Vec<_> = requests
        .iter()
        .flat_map(|request| &request.resource_spans)
        .flat_map(|resource| &resource.scope_spans)
        .flat_map(|scope| &scope.spans)
        .collect();
    let named = |name: &str| *spans.iter().find(|span| span.name == name).unwrap();
    let (fetch, prove, batch) = (named("fetch"), named("prove"), named("batch"));
    assert_eq!(spans.len(), 3);
    assert!(spans.iter().all(|span| span.trace_id == [7; 16]));
    assert_eq!(
        (&batch.span_id[..], &batch.parent_span_id[..]),
        (&[7; 8][..], &[][..])
    );
    assert_eq!(prove.parent_span_id, batch.span_id);
    assert_eq!(fetch.parent_span_id, prove.span_id);
    let status = prove.status.as_ref().unwrap();
    assert_eq!(
        (status.code(), &status.message[..]),
        (StatusCode::Error, "out of memory")
    );
    let known = |key: &str| {
        prove
            .attributes
            .iter()
            .find(|of| of.key == key)
            .unwrap()
            .value
            .clone()
            .unwrap()
            .value
    };
    assert_eq!(known("job"), Some(Value::IntValue(12)));
    assert_eq!(known("kind"), Some(Value::StringValue("chunk".into())));
    assert!(
        prove.end_time_unix_nano >= fetch.end_time_unix_nano
            && fetch.start_time_unix_nano >= prove.start_time_unix_nano
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_or_silent_keeps_nobody() {
    // Accepts connections and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    for url in ["http://127.0.0.1:1", &silent] {
        let exporter = Exporter::start(url, "farm", "0.1.0").unwrap();
        let (traces, root) = (exporter.traces(), Context::root(&[1; 32]));
        let start = Instant::now();
        for _ in 0..10_000 {
            drop(traces.span("more than there is room for", root));
        }
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "{url}: {:?}",
            start.elapsed()
        );
        let stopping = tokio::task::spawn_blocking(move || drop(exporter));
        tokio::time::timeout(Duration::from_secs(10), stopping)
            .await
            .expect(url)
            .unwrap();
    }
}

#[tokio::test]
async fn an_endpoint_that_is_no_address_is_told_with_the_variable() {
    let error = Exporter::start("not an address", "farm", "0.1.0").unwrap_err();
    assert!(
        error.to_string().contains("OTEL_EXPORTER_OTLP_ENDPOINT"),
        "{error}"
    );
}
