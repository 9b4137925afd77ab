//! The metrics of one process.

use prometheus_client::{
    encoding::prometheus_text,
    registry::{Metric as Encoded, Registry as Entries},
};

use crate::{
    names::{Kind, Metric},
    process::{self, Build},
};

/// Has instruments to be read.
pub trait Source {
    /// Puts them into a registry, once.
    fn register(&self, registry: &mut Registry);
}

/// What a process shows.
#[derive(Debug)]
pub struct Registry(Entries);

impl Registry {
    /// With what every process shows: which program it is, its memory, processor time and start.
    pub fn new(build: Build) -> Self {
        let mut registry = Self(Entries::default());
        process::register(build, &mut registry);
        registry
    }

    /// With what `source` records, too.
    #[must_use]
    pub fn with(mut self, source: &impl Source) -> Self {
        source.register(&mut self);
        self
    }

    pub(crate) fn put(&mut self, metric: &'static Metric, instrument: impl Encoded) {
        // The format's writer adds the suffix of counters.
        let name = match metric.kind {
            Kind::Counter => metric.name.trim_end_matches("_total"),
            Kind::Gauge | Kind::Histogram(_) => metric.name,
        };
        self.0.register(name, metric.help, instrument);
    }

    /// All of it in Prometheus' text format, version 0.0.4.
    pub fn text(&self) -> String {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.0).expect("text can always be appended to");
        text
    }
}
