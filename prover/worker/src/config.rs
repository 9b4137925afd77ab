//! Settings of a worker.

use std::{net::IpAddr, time::Duration};

use ashlar_proto::{Digest, JobKind};
use tonic::transport::{Channel, Endpoint};

use crate::error::WorkerError;

/// Where the coordinator is. Connections are made when needed, and again when they break.
#[derive(Debug, Clone)]
pub struct Coordinator {
    endpoint: Endpoint,
}

impl Coordinator {
    /// Takes a URL such as `http://127.0.0.1:50051`.
    ///
    /// # Errors
    /// [`WorkerError::Address`], or [`WorkerError::NotLoopback`] for a host other than this machine.
    pub fn new(url: &str) -> Result<Self, WorkerError> {
        let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|source| WorkerError::Address {
            url: url.to_owned(),
            source,
        })?;
        let host = endpoint.uri().host().unwrap_or_default();
        let address = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>();
        if host != "localhost" && !address.is_ok_and(|address| address.to_canonical().is_loopback()) {
            return Err(WorkerError::NotLoopback(url.to_owned()));
        }
        let endpoint = endpoint
            .connect_timeout(Duration::from_secs(5))
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(20))
            .keep_alive_while_idle(true);
        Ok(Self { endpoint })
    }

    pub(crate) fn channel(&self) -> Channel {
        self.endpoint.connect_lazy()
    }
}

/// Settings of a worker.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Where the jobs come from.
    pub coordinator: Coordinator,
    /// Unique in the farm.
    pub name: String,
    /// The circuits this worker proves.
    pub circuit_set: Digest,
    /// The kinds of job it takes.
    pub kinds: Vec<JobKind>,
    /// How its heavy arithmetic runs, for example `cpu`.
    pub backend: String,
    /// Memory it may use.
    pub ram_bytes: u64,
    /// How long one call waits for a job, at most 30 s.
    pub lease_wait: Duration,
    /// When told to stop, the present job gets so long to finish before it is handed back.
    pub drain_timeout: Duration,
    /// First and longest delay before a failed call is repeated.
    pub retry_delay: (Duration, Duration),
}

impl WorkerConfig {
    /// Default settings: every kind on the CPU, with all of the machine's memory.
    pub fn new(coordinator: Coordinator, name: impl Into<String>, circuit_set: Digest) -> Self {
        Self {
            coordinator,
            name: name.into(),
            circuit_set,
            kinds: JobKind::ALL.to_vec(),
            backend: "cpu".into(),
            ram_bytes: ashlar_report::memory::total_bytes().unwrap_or(0),
            lease_wait: Duration::from_secs(20),
            drain_timeout: Duration::from_secs(120),
            retry_delay: (Duration::from_millis(100), Duration::from_secs(5)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_in_plain_text() {
        for url in [
            "http://127.0.0.1:1",
            "http://localhost:1",
            "http://[::1]:1",
            "http://127.9.9.9:1",
        ] {
            assert!(Coordinator::new(url).is_ok(), "{url}");
        }
        for url in [
            "http://10.0.0.1:1",
            "http://example.org:1",
            "http://[2001:db8::1]:1",
            "http://0.0.0.0:1",
        ] {
            assert!(
                matches!(Coordinator::new(url), Err(WorkerError::NotLoopback(found)) if found == url),
                "{url}"
            );
        }
        assert!(matches!(
            Coordinator::new("not a url"),
            Err(WorkerError::Address { .. })
        ));
    }
}
