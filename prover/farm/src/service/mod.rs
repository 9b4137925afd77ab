//! The gRPC services: thin, one per file.

mod admin;
mod batch;
mod body;
mod work;

pub(crate) use self::{admin::AdminService, batch::BatchService, work::WorkService};

/// Who calls, for people and for budgets.
fn caller_name(call: &tonic::Extensions) -> Result<String, tonic::Status> {
    let caller = ashlar_identity::grpc::caller(call)?;
    Ok(caller.map_or_else(
        || "a caller of this machine".into(),
        |identity| identity.to_string(),
    ))
}

/// The name of who calls, where a certificate says it.
fn caller_id(call: &tonic::Extensions) -> Result<Option<String>, tonic::Status> {
    let caller = ashlar_identity::grpc::caller(call)?;
    Ok(caller.map(|identity| identity.name().to_owned()))
}
