//! What a process counts, as Prometheus reads it.
//!
//! [`names`] has every metric there is, with its labels and what it means. A library makes instruments of them
//! ([`Counter`], [`Gauge`], [`Histogram`]) and records; it need not know whether anybody reads. Who runs a process puts
//! the instruments into a [`Registry`], and with the feature `endpoint` serves that over HTTP (`endpoint::Endpoint`).

#[cfg(feature = "endpoint")]
pub mod endpoint;
mod instrument;
mod labels;
pub mod names;
mod process;
mod readiness;
mod registry;
#[cfg(feature = "testing")]
pub mod testing;

pub use self::{
    instrument::{Counter, Gauge, Histogram, Reading, Sum},
    labels::Label,
    process::Build,
    readiness::Readiness,
    registry::{Registry, Source},
};
