//! Scenarios of the farm over real gRPC on loopback and real files, one file per outage. One binary: linking the
//! services once is most of the build.

mod accounts;
mod ahead;
mod artifact_store_away;
mod artifacts;
mod artifacts_on_s3;
mod bad_proofs;
mod blob;
mod clock_jump;
mod coordinator_restarted;
mod damaged_artifact;
mod dashboard;
mod devices;
mod disk_full;
mod flooding_tenant;
mod full_graph;
mod garbage;
mod identity;
mod late_completion;
mod metrics;
mod model;
mod noise;
mod overview;
mod retention;
mod several_coordinators;
mod stragglers;
mod submission;
mod transport;
mod whose_fault;
mod worker_killed;
mod wrong_digest;
