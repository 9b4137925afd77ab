//! Every metric of every process. Dashboards and alerts go by these names: one that changes here changes there.

/// A metric as it is declared.
#[derive(Debug, PartialEq)]
pub struct Metric {
    /// Its name, with the suffix that its kind asks for.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Names of its labels, in order.
    pub labels: &'static [&'static str],
    /// What it says, without a full stop.
    pub help: &'static str,
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows, and begins at zero with the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations up to each of these bounds, and beyond.
    Histogram(&'static [f64]),
}

impl Kind {
    /// As the text format has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// A chunk on a large machine takes a second, a wrap on a small one minutes.
const JOB_SECONDS: Kind = Kind::Histogram(&[
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0,
]);
/// From a worker that waited already to a farm without one.
const LEASE_SECONDS: Kind = Kind::Histogram(&[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
]);
/// From a read out of memory to a database that is in trouble.
const STORE_SECONDS: Kind = Kind::Histogram(&[
    0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
]);

macro_rules! metrics {
    ($($constant:ident = $name:literal, $kind:expr, [$($label:literal),*], $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $constant: &Metric = &Metric { name: $name, kind: $kind, labels: &[$($label),*], help: $help };
        )*
        /// All of them.
        pub const ALL: &[&Metric] = &[$($constant),*];
    };
}

metrics! {
    BUILD_INFO = "ashlar_build_info", Kind::Gauge, ["version", "commit", "role"],
        "Always 1: which program runs here, and as what";
    PROCESS_RESIDENT_MEMORY = "process_resident_memory_bytes", Kind::Gauge, [],
        "Resident memory of the process in bytes";
    PROCESS_CPU_SECONDS = "process_cpu_seconds_total", Kind::Counter, [],
        "Processor time that the process has used, user and system, in seconds";
    PROCESS_START_TIME = "process_start_time_seconds", Kind::Gauge, [],
        "When the process started, in seconds since 1970";

    WORKER_JOBS = "ashlar_worker_jobs_total", Kind::Counter, ["kind", "result"],
        "Jobs of this worker by what became of them: proved and delivered, failed or refused, or released unfinished";
    WORKER_JOB_SECONDS = "ashlar_worker_job_seconds", JOB_SECONDS, ["kind"],
        "Time from the beginning of a job's proving to its delivered proof, without that in which it waited for another, of jobs that were proved";
    WORKER_BUSY = "ashlar_worker_busy", Kind::Gauge, [],
        "1 while this worker proves a job or two, else 0";
    WORKER_FALLBACKS = "ashlar_worker_fallbacks_total", Kind::Counter, [],
        "Proofs that were not made where they were meant to be, such as on the CPU and not on a card";

    SEQUENCER_TRANSACTIONS = "ashlar_sequencer_transactions_total", Kind::Counter, [],
        "Transactions that were acknowledged to their senders; one that is sent again counts again";
    SEQUENCER_TRANSACTIONS_REFUSED = "ashlar_sequencer_transactions_refused_total", Kind::Counter, ["reason"],
        "Transactions that were refused, by the code of the refusal";
    SEQUENCER_BATCHES = "ashlar_sequencer_batches", Kind::Gauge, ["status"],
        "Number of the newest batch that has come at least so far: sealed, committed or proven";
    SEQUENCER_L1_HEAD_AGE = "ashlar_sequencer_l1_head_age_seconds", Kind::Gauge, [],
        "Time since the newest L1 block that was seen, by its own timestamp";
    SEQUENCER_EXIT_MODE = "ashlar_sequencer_exit_mode", Kind::Gauge, [],
        "1 while the rollup is in exit mode on L1, else 0; not there before L1 was asked";
    SEQUENCER_OLDEST_OPERATION_EXPIRY = "ashlar_sequencer_oldest_operation_expiry_seconds", Kind::Gauge, [],
        "Time until the oldest unproven operation of the queue of L1 expires and anybody may enter exit mode, negative afterwards; not there while none waits, or in exit mode";
    SEQUENCER_EXIT_DEADLINE = "ashlar_sequencer_exit_deadline_seconds", Kind::Gauge, [],
        "How long an operation of the queue of L1 may wait for its proof, as the contract says; there while one waits";
    SEQUENCER_PENDING_TRANSACTIONS = "ashlar_sequencer_pending_transactions", Kind::Gauge, [],
        "Transactions and L1 operations that are durable and in no sealed batch yet";

    FARM_JOBS = "ashlar_farm_jobs", Kind::Gauge, ["state", "kind"],
        "Jobs of running batches that are not done, by where they stand";
    FARM_JOBS_DONE = "ashlar_farm_jobs_done_total", Kind::Counter, ["kind"],
        "Jobs whose proof was accepted";
    FARM_BATCHES = "ashlar_farm_batches", Kind::Gauge, ["state", "tenant"],
        "Batches that the coordinator keeps";
    FARM_QUEUE_SECONDS = "ashlar_farm_queue_seconds", Kind::Gauge, [],
        "How long the oldest job that could be leased has waited; 0 if none waits";
    FARM_WORKERS = "ashlar_farm_workers", Kind::Gauge, ["state"],
        "Workers that were heard of lately: live, and of these quarantined from a kind, paused or draining";
    FARM_LEASE_SECONDS = "ashlar_farm_lease_seconds", LEASE_SECONDS, [],
        "Time from when a job could be leased to its lease";
    FARM_CPU_SECONDS = "ashlar_farm_cpu_seconds_total", Kind::Counter, ["tenant", "kind"],
        "CPU time of the workers' processes for proofs that were accepted; a tenant is CHAIN_ID:0xROLLUP";
    FARM_DEVICE_SECONDS = "ashlar_farm_device_seconds_total", Kind::Counter, ["tenant", "kind"],
        "Time in calls of devices for proofs that were accepted";
    FARM_SETTLED_TRANSACTIONS = "ashlar_farm_settled_transactions_total", Kind::Counter, ["tenant"],
        "Transactions and L1 operations in batches that are proven on their chain, as sequencers told it";
    FARM_L1_GAS = "ashlar_farm_l1_gas_total", Kind::Counter, ["tenant"],
        "Gas of the L1 transactions that committed and proved these batches";
    FARM_JOB_SECONDS = "ashlar_farm_job_seconds", JOB_SECONDS, ["kind"],
        "Time from a lease to the accepted proof";
    FARM_ATTEMPTS = "ashlar_farm_attempts_total", Kind::Counter, ["kind", "ending"],
        "Leases by how they ended; one whose proof came late has two endings";
    FARM_STORE_SECONDS = "ashlar_farm_store_seconds", STORE_SECONDS, ["operation"],
        "Time of a transaction of the job store, with the wait for its turn";
    FARM_ARTIFACT_BYTES = "ashlar_farm_artifact_bytes", Kind::Gauge, [],
        "Bytes of the stored witnesses and proofs";
    FARM_COLLECTIONS = "ashlar_farm_collections_total", Kind::Counter, ["result"],
        "Collections of what nobody needs: done, or failed, to be tried again";
    FARM_BATCHES_RETIRED = "ashlar_farm_batches_retired_total", Kind::Counter, [],
        "Batches whose jobs went after their retention";
    FARM_DELETED_BYTES = "ashlar_farm_deleted_bytes_total", Kind::Counter, [],
        "Bytes of the artifacts that were deleted because nobody needed them";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_say_what_they_are() {
        let names: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len());
        for Metric {
            name,
            kind,
            labels,
            help,
        } in ALL
        {
            let is_plain = |text: &str| {
                text.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            };
            assert!(
                is_plain(name) && labels.iter().all(|label| is_plain(label)),
                "{name}"
            );
            assert!(
                name.starts_with("ashlar_") || name.starts_with("process_"),
                "{name}"
            );
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(!help.ends_with('.'), "{name}: the text format adds it");
        }
    }

    #[test]
    fn bounds_of_buckets_rise() {
        for metric in ALL {
            if let Kind::Histogram(bounds) = metric.kind {
                assert!(bounds.is_sorted_by(|a, b| a < b), "{}", metric.name);
            }
        }
    }
}
