//! The files of one process.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem::PemObject},
};
use x509_parser::{prelude::FromDer, revocation_list::CertificateRevocationList};

use crate::{
    certificate::{Certificate, trimmed},
    error::IdentityError,
    role::Role,
};

/// Where a process finds its certificate, as Kubernetes mounts a TLS secret: `tls.crt` (its own certificate, then any
/// between that and the authority's), `tls.key`, `ca.crt` (whom it trusts), and `ca.crl` if any certificate is revoked. All
/// are PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The certificate's file.
    pub const CERTIFICATE: &str = "tls.crt";
    /// The private key's file.
    pub const KEY: &str = "tls.key";
    /// The file of the authorities that are trusted.
    pub const AUTHORITY: &str = "ca.crt";
    /// The file of what these have revoked; need not exist.
    pub const REVOKED: &str = "ca.crl";

    /// A folder; nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The certificate in it.
    ///
    /// # Errors
    /// [`IdentityError::File`] or [`IdentityError::Content`].
    pub fn certificate(&self) -> Result<Certificate, IdentityError> {
        Ok(read_chain(&self.0.join(Self::CERTIFICATE))?.1)
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        [Self::CERTIFICATE, Self::KEY, Self::AUTHORITY, Self::REVOKED]
            .map(|name| self.0.join(name))
            .to_vec()
    }
}

/// What the files of a [`Folder`] hold.
#[derive(Debug)]
pub(crate) struct Material {
    pub folder: PathBuf,
    pub certificate: Certificate,
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
    pub roots: Arc<RootCertStore>,
    pub revocations: Vec<CertificateRevocationListDer<'static>>,
    pub revoked: HashSet<Vec<u8>>,
}

impl Material {
    /// Reads [`Folder::files`].
    pub fn read(files: &[PathBuf]) -> Result<Self, IdentityError> {
        let [chain_path, key_path, roots_path, revoked_path] = files else {
            unreachable!("a folder has four files")
        };
        let folder = chain_path.parent().unwrap_or(Path::new(".")).to_owned();
        let (chain, certificate) = read_chain(chain_path)?;
        let key = PrivateKeyDer::from_pem_slice(&read(key_path)?)
            .map_err(|error| content(key_path, format!("no private key: {error}")))?;
        let mut roots = RootCertStore::empty();
        for root in read_certificates(roots_path)? {
            roots
                .add(root)
                .map_err(|error| content(roots_path, format!("not an authority's certificate: {error}")))?;
        }
        let (revocations, revoked) = read_revoked(revoked_path)?;
        Ok(Self {
            folder,
            certificate,
            chain,
            key,
            roots: Arc::new(roots),
            revocations,
            revoked,
        })
    }

    /// Refuses a certificate that is over or is not of `role`.
    pub fn require(&self, role: Role) -> Result<(), IdentityError> {
        let path = self.folder.join(Folder::CERTIFICATE);
        let identity = self.certificate.identity.clone();
        if identity.role() != role {
            return Err(IdentityError::WrongRole {
                path,
                found: identity,
                expected: role,
            });
        }
        if self.certificate.is_over() {
            return Err(IdentityError::Expired {
                path,
                identity,
                ended: self.certificate.not_after,
            });
        }
        Ok(())
    }

    pub fn mismatch(&self) -> impl Fn(rustls::Error) -> IdentityError + use<> {
        let folder = self.folder.clone();
        move |source| IdentityError::Mismatch {
            folder: folder.clone(),
            source,
        }
    }
}

/// The cryptography of all connections.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

pub(crate) fn content(path: &Path, reason: impl Into<String>) -> IdentityError {
    IdentityError::Content {
        path: path.to_owned(),
        reason: reason.into(),
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, IdentityError> {
    fs::read(path).map_err(|source| IdentityError::File {
        path: path.to_owned(),
        source,
    })
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<_, _>>()
        .map_err(|error| content(path, format!("not PEM: {error}")))?;
    if found.is_empty() {
        return Err(content(path, "holds no certificate"));
    }
    Ok(found)
}

fn read_chain(path: &Path) -> Result<(Vec<CertificateDer<'static>>, Certificate), IdentityError> {
    let chain = read_certificates(path)?;
    let certificate = Certificate::from_der(&chain[0]).map_err(|reason| content(path, reason))?;
    Ok((chain, certificate))
}

type Revocations = (Vec<CertificateRevocationListDer<'static>>, HashSet<Vec<u8>>);

fn read_revoked(path: &Path) -> Result<Revocations, IdentityError> {
    let bytes = match read(path) {
        // Nothing else may pass for nothing revoked, such as a file that cannot be read.
        Err(IdentityError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(Revocations::default());
        }
        bytes => bytes?,
    };
    let lists: Vec<_> = CertificateRevocationListDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| content(path, format!("not PEM: {error}")))?;
    if lists.is_empty() {
        return Err(content(path, "holds no list of revoked certificates"));
    }
    let mut revoked = HashSet::new();
    for list in &lists {
        let (_, parsed) = CertificateRevocationList::from_der(list)
            .map_err(|error| content(path, format!("not a list of revoked certificates: {error}")))?;
        revoked.extend(
            parsed
                .iter_revoked_certificates()
                .map(|entry| trimmed(entry.raw_serial())),
        );
    }
    Ok((lists, revoked))
}
