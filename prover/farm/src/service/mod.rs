//! The gRPC services: thin, one per file.

mod admin;
mod batch;
mod body;
mod work;

pub(crate) use self::{admin::AdminService, batch::BatchService, work::WorkService};
