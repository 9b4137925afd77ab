//! Where a service sends its traces.

use ashlar_traces::otlp::{ENDPOINT, Exporter};

/// Exports what a process of this role does, if the environment says where to. To be called within the async runtime.
pub fn exporter(role: &'static str) -> anyhow::Result<Option<Exporter>> {
    let endpoint = std::env::var(ENDPOINT)
        .ok()
        .filter(|endpoint| !endpoint.is_empty());
    let start = |endpoint: String| Exporter::start(&endpoint, role, env!("CARGO_PKG_VERSION"));
    Ok(endpoint.map(start).transpose()?)
}
