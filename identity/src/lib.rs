//! Who is at the other end of a connection: certificates with a role and a name, TLS by them, and a small certificate
//! authority for those who have none.
//!
//! A certificate names its holder by a SPIFFE ID ([`Identity`]), so any authority can issue it. A process finds its own in
//! a folder ([`Folder`]) laid out as Kubernetes mounts a TLS secret, and reads it again when a file in it changes: rotation
//! and revocation need no restart, and end connections that are open ([`ServerTls`], [`ClientTls`]). [`Authority`] issues
//! and revokes.
//!
//! Nothing here knows what a role may do.

mod authority;
mod certificate;
mod client;
mod error;
mod folder;
#[cfg(feature = "grpc")]
pub mod grpc;
mod role;
mod server;
mod watched;

pub use self::{
    authority::{Authority, Issued, Request},
    certificate::Certificate,
    client::ClientTls,
    error::IdentityError,
    folder::Folder,
    role::{Identity, Role},
    server::{Peer, ServerTls, TlsConnection},
};
