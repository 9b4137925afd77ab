//! What is recorded.

use std::{borrow::Cow, fmt, sync::Arc, time::SystemTime};

use crate::context::Context;

/// What an attribute says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(Cow<'static, str>),
    /// A number.
    Number(i64),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// A span that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Its name, of a small set.
    pub name: &'static str,
    /// Which it is.
    pub context: Context,
    /// Its parent's span, in the same trace; none for the root.
    pub parent: Option<[u8; 8]>,
    /// When it began.
    pub start: SystemTime,
    /// When it ended.
    pub end: SystemTime,
    /// What is known of it.
    pub attributes: Vec<(&'static str, Value)>,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// Takes spans. Never waits, and drops what it has no room for.
pub trait Sink: Send + Sync {
    /// Takes one.
    fn take(&self, span: Finished);
}

/// Records spans, or does nothing, which is the default.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<dyn Sink>>);

impl Traces {
    /// Records into a sink.
    pub fn into_sink(sink: Arc<dyn Sink>) -> Self {
        Self(Some(sink))
    }

    /// Whether anybody hears of spans: what they say need not be found out else.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Begins a span below `parent`; it ends when it is dropped.
    pub fn span(&self, name: &'static str, parent: Context) -> Span {
        self.begin(name, parent.any_child(), Some(parent.span()))
    }

    /// Begins the span that `context` names: a root, or one whose name others know.
    pub fn begin(&self, name: &'static str, context: Context, parent: Option<[u8; 8]>) -> Span {
        let now = SystemTime::now();
        Span {
            traces: self.clone(),
            inner: Finished {
                name,
                context,
                parent,
                start: now,
                end: now,
                attributes: Vec::new(),
                failure: None,
            },
        }
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traces").field("is_on", &self.is_on()).finish()
    }
}

/// A span in progress.
#[derive(Debug)]
pub struct Span {
    traces: Traces,
    inner: Finished,
}

impl Span {
    /// To be the parent of others.
    pub const fn context(&self) -> Context {
        self.inner.context
    }

    /// With this known of it.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.inner.attributes.push((name, value.into()));
        self
    }

    /// It began already.
    #[must_use]
    pub const fn since(mut self, start: SystemTime) -> Self {
        self.inner.start = start;
        self
    }

    /// It failed.
    pub fn fail(&mut self, reason: impl Into<String>) {
        self.inner.failure = Some(reason.into());
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(sink) = &self.traces.0 {
            self.inner.end = SystemTime::now();
            sink.take(self.inner.clone());
        }
    }
}
