//! A batch's way through the processes, as one trace.
//!
//! Every process that knows what a batch is made of computes the same [`Context`] from it, so nothing is stored and no
//! protocol carries it; who does not know it is told a `traceparent` in the metadata of a call. Libraries record
//! [`Span`]s with [`Traces`], which does nothing unless whoever runs the process gives it a [`Sink`]: with the
//! feature `otlp`, one that exports over OTLP.

mod context;
#[cfg(feature = "otlp")]
pub mod otlp;
mod span;

pub use self::{
    context::{Context, TRACEPARENT},
    span::{Finished, Sink, Span, Traces, Value},
};
