//! What libraries record with. An instrument is cheap to clone, and all clones are one.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, PoisonError, RwLock, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::{MetricType, counter, family::Family, family::MetricConstructor, histogram},
};

use crate::{
    labels::{Label, Labels},
    names::{Kind, Metric},
    registry::{Registry, Source},
};

/// No labels.
const NONE: [Label; 0] = [];

/// Counts, by the values of `N` labels.
#[derive(Debug, Clone)]
pub struct Counter<const N: usize = 0> {
    metric: &'static Metric,
    family: Family<Labels<N>, counter::Counter>,
}

impl<const N: usize> Counter<N> {
    /// An instrument of this metric, at zero for each of these values of its labels: what was never seen is no zero.
    pub fn new(metric: &'static Metric, known: impl IntoIterator<Item = [&'static str; N]>) -> Self {
        assert_eq!(metric.kind, Kind::Counter, "{}", metric.name);
        let family = Family::default();
        for values in known {
            drop(family.get_or_create(&Labels::new(metric.labels, values)));
        }
        Self { metric, family }
    }

    /// One more with these labels.
    pub fn count(&self, values: [&'static str; N]) {
        self.family
            .get_or_create(&Labels::new(self.metric.labels, values))
            .inc();
    }

    /// So many more with these labels.
    pub fn add(&self, values: [&'static str; N], many: u64) {
        self.family
            .get_or_create(&Labels::new(self.metric.labels, values))
            .inc_by(many);
    }

    /// How many there were with these labels.
    pub fn value(&self, values: [&'static str; N]) -> u64 {
        let labels = Labels::new(self.metric.labels, values);
        self.family.get(&labels).map_or(0, |counter| counter.get())
    }
}

impl<const N: usize> Source for Counter<N> {
    fn register(&self, registry: &mut Registry) {
        registry.put(self.metric, self.family.clone());
    }
}

/// Adds up amounts, by the values of `N` labels, which need not be known before.
#[derive(Debug, Clone)]
pub struct Sum<const N: usize> {
    metric: &'static Metric,
    family: Family<Labels<N>, counter::Counter<f64, AtomicU64>>,
}

impl<const N: usize> Sum<N> {
    /// An instrument of this metric, a counter, that has seen nothing.
    pub fn new(metric: &'static Metric) -> Self {
        assert_eq!(metric.kind, Kind::Counter, "{}", metric.name);
        let family = Family::default();
        Self { metric, family }
    }

    /// So much more with these labels. Nothing is ever taken away.
    pub fn add(&self, values: [Label; N], amount: f64) {
        let sum = self
            .family
            .get_or_create(&Labels::new(self.metric.labels, values));
        sum.inc_by(amount.max(0.0));
    }
}

impl<const N: usize> Source for Sum<N> {
    fn register(&self, registry: &mut Registry) {
        registry.put(self.metric, self.family.clone());
    }
}

/// What each histogram of a family begins as.
#[derive(Clone)]
struct Buckets(&'static [f64]);

impl MetricConstructor<histogram::Histogram> for Buckets {
    fn new_metric(&self) -> histogram::Histogram {
        histogram::Histogram::new(self.0.iter().copied())
    }
}

/// How long things take, by the values of `N` labels.
#[derive(Clone)]
pub struct Histogram<const N: usize = 0> {
    metric: &'static Metric,
    family: Family<Labels<N>, histogram::Histogram, Buckets>,
}

impl<const N: usize> Histogram<N> {
    /// An instrument of this metric, empty for each of these values of its labels.
    pub fn new(metric: &'static Metric, known: impl IntoIterator<Item = [&'static str; N]>) -> Self {
        let Kind::Histogram(bounds) = metric.kind else {
            panic!("{} is no histogram", metric.name);
        };
        let family = Family::new_with_constructor(Buckets(bounds));
        for values in known {
            drop(family.get_or_create(&Labels::new(metric.labels, values)));
        }
        Self { metric, family }
    }

    /// Something with these labels took so long.
    pub fn observe(&self, values: [&'static str; N], took: Duration) {
        let labels = Labels::new(self.metric.labels, values);
        self.family.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

impl<const N: usize> fmt::Debug for Histogram<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("metric", &self.metric.name)
            .finish_non_exhaustive()
    }
}

impl<const N: usize> Source for Histogram<N> {
    fn register(&self, registry: &mut Registry) {
        registry.put(self.metric, self.family.clone());
    }
}

/// What is the case now, by the values of `N` labels.
#[derive(Debug, Clone)]
pub struct Gauge<const N: usize = 0> {
    metric: &'static Metric,
    values: Arc<RwLock<BTreeMap<Labels<N>, f64>>>,
}

impl<const N: usize> Gauge<N> {
    /// An instrument of this metric, that says nothing as yet.
    pub fn new(metric: &'static Metric) -> Self {
        assert_eq!(metric.kind, Kind::Gauge, "{}", metric.name);
        Self {
            metric,
            values: Arc::default(),
        }
    }

    /// From now on it is this with these labels.
    pub fn set(&self, values: [impl Into<Label>; N], value: f64) {
        let mut known = self.values.write().unwrap_or_else(PoisonError::into_inner); // whole after every step
        known.insert(Labels::new(self.metric.labels, values), value);
    }

    /// From now on it is this and nothing else. Who reads sees all of it or nothing.
    pub fn replace(&self, all: impl IntoIterator<Item = ([Label; N], f64)>) {
        let all = all
            .into_iter()
            .map(|(values, value)| (Labels::new(self.metric.labels, values), value));
        let all = all.collect();
        *self.values.write().unwrap_or_else(PoisonError::into_inner) = all;
    }
}

impl Gauge<0> {
    /// From now on it is this.
    pub fn be(&self, value: f64) {
        self.set(NONE, value);
    }
}

impl<const N: usize> Source for Gauge<N> {
    fn register(&self, registry: &mut Registry) {
        registry.put(self.metric, self.clone());
    }
}

impl<const N: usize> EncodeMetric for Gauge<N> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        for (labels, value) in &*self.values.read().unwrap_or_else(PoisonError::into_inner) {
            encode_gauge(&mut encoder, labels, *value)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

fn encode_gauge(
    encoder: &mut MetricEncoder<'_>,
    labels: &impl EncodeLabelSet,
    value: f64,
) -> Result<(), fmt::Error> {
    encoder.encode_family(labels)?.encode_gauge(&value)
}

/// A value without labels that is looked up when somebody reads it; it may be unknown.
#[derive(Clone)]
pub struct Reading {
    metric: &'static Metric,
    read: Arc<dyn Fn() -> Option<f64> + Send + Sync>,
}

impl Reading {
    /// An instrument of this metric. `read` is called at every reading and should be quick.
    pub fn new(metric: &'static Metric, read: impl Fn() -> Option<f64> + Send + Sync + 'static) -> Self {
        assert!(metric.labels.is_empty(), "{}", metric.name);
        Self {
            metric,
            read: Arc::new(read),
        }
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("metric", &self.metric.name)
            .finish_non_exhaustive()
    }
}

impl Source for Reading {
    fn register(&self, registry: &mut Registry) {
        registry.put(self.metric, self.clone());
    }
}

impl EncodeMetric for Reading {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        match ((self.read)(), self.metric.kind) {
            (None, _) | (_, Kind::Histogram(_)) => Ok(()),
            (Some(value), Kind::Counter) => encoder.encode_counter::<NoLabelSet, f64, f64>(&value, None),
            (Some(value), Kind::Gauge) => encoder.encode_gauge(&value),
        }
    }

    fn metric_type(&self) -> MetricType {
        match self.metric.kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
            Kind::Histogram(_) => MetricType::Unknown,
        }
    }
}
