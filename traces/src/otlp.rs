//! Export over OTLP and gRPC, in batches and from a thread of its own. What a collector does not take in time is dropped:
//! no process waits for it. The collector is one of the network of the processes: the connection is not encrypted.

use std::{sync::Arc, time::Duration};

use opentelemetry::{
    InstrumentationScope, KeyValue, Value as Attribute,
    trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor},
};

use crate::span::{Finished, Sink, Traces, Value};

/// Where spans go; nowhere if it is not set.
pub const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// Stopping waits so long for what is not exported yet.
const LAST_EXPORT: Duration = Duration::from_secs(2);

/// The endpoint is none.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot export traces to {endpoint}: {ENDPOINT} takes a plain address, such as http://127.0.0.1:4317"
)]
pub struct OtlpError {
    endpoint: String,
    #[source]
    source: ExporterBuildError,
}

/// Exports until it is dropped, which exports the rest.
#[derive(Debug)]
pub struct Exporter(Arc<Processor>);

#[derive(Debug)]
struct Processor {
    batches: BatchSpanProcessor,
    scope: InstrumentationScope,
}

impl Exporter {
    /// Exports to `endpoint` what a process of this role does. To be called within the async runtime, which makes the
    /// connection when there is something to export.
    ///
    /// # Errors
    /// [`OtlpError`] if the endpoint is no address. One that does not answer is no error.
    pub fn start(endpoint: &str, role: &'static str, version: &'static str) -> Result<Self, OtlpError> {
        let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint);
        let exporter = exporter.build().map_err(|source| OtlpError {
            endpoint: endpoint.to_owned(),
            source,
        })?;
        let mut batches = BatchSpanProcessor::builder(exporter).build();
        let resource = Resource::builder_empty().with_attributes([
            KeyValue::new("service.name", format!("ashlar-{role}")),
            KeyValue::new("service.version", version),
        ]);
        batches.set_resource(&resource.build());
        let scope = InstrumentationScope::builder("ashlar")
            .with_version(version)
            .build();
        Ok(Self(Arc::new(Processor { batches, scope })))
    }

    /// What records into it.
    pub fn traces(&self) -> Traces {
        Traces::into_sink(self.0.clone())
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.0.batches.shutdown_with_timeout(LAST_EXPORT); // a collector that is away misses the rest
    }
}

impl Sink for Processor {
    fn take(&self, span: Finished) {
        let Finished {
            name,
            context,
            parent,
            start,
            end,
            attributes,
            failure,
        } = span;
        self.batches.on_end(SpanData {
            span_context: SpanContext::new(
                TraceId::from_bytes(context.trace()),
                SpanId::from_bytes(context.span()),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: parent.map_or(SpanId::INVALID, SpanId::from_bytes),
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: name.into(),
            start_time: start,
            end_time: end,
            attributes: attributes
                .into_iter()
                .map(|(name, value)| KeyValue::new(name, attribute(value)))
                .collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: failure.map_or(Status::Unset, Status::error),
            instrumentation_scope: self.scope.clone(),
        });
    }
}

fn attribute(value: Value) -> Attribute {
    match value {
        Value::Text(text) => Attribute::from(text),
        Value::Number(number) => Attribute::I64(number),
    }
}
