//! Why an identity cannot be used.

use std::{io, path::PathBuf, time::SystemTime};

use crate::role::{Identity, Role};

/// Why certificates cannot be read, made or used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No such role.
    #[error("`{0}` is no role: coordinator, sequencer, worker and admin are")]
    Role(String),
    /// Not a name.
    #[error("`{0}` is no name: use 1 to 128 letters, digits, `.`, `_` and `-`")]
    Name(String),
    /// A file cannot be read or written.
    #[error("cannot access {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what its name says.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The certificate is over.
    #[error("the certificate of {identity} in {} ended {ago}: issue a new one (`ashlar certs renew`)", path.display(), ago = crate::certificate::ago(*ended))]
    Expired {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        identity: Identity,
        /// When.
        ended: SystemTime,
    },
    /// The certificate is for something else.
    #[error("{} is the certificate of {found}, one of the role {expected} is needed here: `ashlar certs issue --role {expected}`", path.display())]
    WrongRole {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        found: Identity,
        /// What is needed.
        expected: Role,
    },
    /// Certificate, key and authority do not make a whole.
    #[error("{}: certificate, key and authority do not fit together", folder.display())]
    Mismatch {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        #[source]
        source: rustls::Error,
    },
    /// The folder has an authority already.
    #[error("{} exists: one authority is enough, and its key must not be lost", .0.display())]
    AuthorityExists(PathBuf),
    /// Making a certificate failed.
    #[error("cannot make the certificate")]
    Make(#[from] rcgen::Error),
    /// The authority never issued that.
    #[error("the authority in {} has issued nothing to {identity} that could be revoked or renewed", folder.display())]
    NeverIssued {
        /// The authority's folder.
        folder: PathBuf,
        /// Who was asked for.
        identity: Identity,
    },
    /// A coordinator's certificate must say where it is reached.
    #[error("a coordinator's certificate needs the names or addresses it is reached by: add --host")]
    NoHost,
    /// A host is neither a DNS name nor an address.
    #[error("`{0}` is neither a DNS name nor an IP address")]
    Host(String),
}
