//! TLS as a client of a coordinator speaks it.

use std::{
    error::Error,
    fmt, io,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use rustls::{
    AlertDescription, CertificateError, ClientConfig,
    client::{Resumption, WebPkiServerVerifier},
    pki_types::ServerName,
    version::TLS13,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    certificate::Certificate,
    error::IdentityError,
    folder::{Folder, Material, provider},
    role::{Identity, Role},
    watched::Watched,
};

/// TLS 1.3 for a client: it shows its certificate, and speaks to nobody but a coordinator of its authority that is meant by
/// the address. A connection is made with the certificate that the folder has then.
#[derive(Debug, Clone)]
pub struct ClientTls {
    watched: Arc<Watched<State>>,
    fault: Arc<Mutex<Option<Fault>>>,
}

#[derive(Debug)]
struct State {
    config: Arc<ClientConfig>,
    material: Material,
}

/// Why there is no connection, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// With what to do about it.
    pub text: String,
    /// Nothing changes it but an operator.
    pub lasting: bool,
}

impl ClientTls {
    /// Reads the folder of a process that has `role`.
    ///
    /// # Errors
    /// [`IdentityError`]: a file is missing or damaged, they do not fit together, or the certificate is over or of another
    /// role.
    pub fn open(folder: &Folder, role: Role) -> Result<Self, IdentityError> {
        let watched = Watched::open(folder.files(), State::load)?;
        watched.current().material.require(role)?;
        Ok(Self {
            watched: Arc::new(watched),
            fault: Arc::default(),
        })
    }

    /// Whose certificate is shown.
    pub fn identity(&self) -> Identity {
        self.watched.current().material.certificate.identity.clone()
    }

    /// Speaks TLS over a connection to `host`, a DNS name or an IP address.
    ///
    /// # Errors
    /// Why not, in words that say what to do.
    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        host: &str,
        stream: S,
    ) -> io::Result<ClientStream<S>> {
        let connected = self.handshake(host, stream).await;
        connected.map_err(|error| self.told(error, host))
    }

    async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        host: &str,
        stream: S,
    ) -> io::Result<ClientStream<S>> {
        let server = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let state = self.watched.current();
        let stream = TlsConnector::from(state.config.clone())
            .connect(server, stream)
            .await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let found = shown.map(|shown| Certificate::from_der(shown));
        match found {
            Some(Ok(found)) if found.identity.role() == Role::Coordinator => Ok(ClientStream {
                stream,
                tls: self.clone(),
                host: host.to_owned(),
            }),
            found => {
                let whose = match found {
                    Some(Ok(found)) => found.identity.to_string(),
                    Some(Err(_)) | None => "nobody that this program knows".into(),
                };
                Err(io::Error::other(lasting(format!(
                    "{host} shows the certificate of {whose}, which is no coordinator"
                ))))
            }
        }
    }

    /// What went wrong with the last connection, if it was a matter of certificates.
    pub fn fault(&self) -> Option<Fault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Notes what a failure of the stream says about certificates.
    fn told(&self, error: io::Error, host: &str) -> io::Error {
        let folder = self.watched.current().material.folder.clone();
        let Some(fault) = explain(&error, host, &folder, &self.identity()) else {
            return error;
        };
        self.note(Some(fault.clone()));
        io::Error::new(error.kind(), fault)
    }
}

impl State {
    fn load(files: &[PathBuf]) -> Result<Self, IdentityError> {
        let material = Material::read(files)?;
        let unusable = material.mismatch();
        let verifier = WebPkiServerVerifier::builder_with_provider(material.roots.clone(), provider())
            .with_crls(material.revocations.clone())
            .only_check_end_entity_revocation()
            .allow_unknown_revocation_status()
            .build()
            .map_err(|error| unusable(rustls::Error::General(error.to_string())))?;
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .map_err(&unusable)?
            .with_webpki_verifier(verifier)
            .with_client_auth_cert(material.chain.clone(), material.key.clone_key())
            .map_err(&unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Self {
            config: Arc::new(config),
            material,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Fault {}

const fn lasting(text: String) -> Fault {
    Fault { text, lasting: true }
}

/// What a failure of a stream says about certificates.
fn explain(error: &io::Error, host: &str, folder: &std::path::Path, own: &Identity) -> Option<Fault> {
    let inner = error.get_ref()?;
    if let Some(fault) = inner.downcast_ref::<Fault>() {
        return Some(fault.clone());
    }
    let folder = folder.display();
    Some(match inner.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => lasting(format!(
            "{host} shows a certificate of another authority than {folder}/{}: take that of this farm",
            Folder::AUTHORITY
        )),
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => lasting(format!(
            "the coordinator's certificate is not for {host}: issue one with --host {host}, or use a name that it has"
        )),
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => Fault {
            text:
                "the coordinator's certificate is over: it needs a new one (or this machine's clock is wrong)"
                    .into(),
            lasting: false,
        },
        rustls::Error::InvalidCertificate(CertificateError::Revoked) => {
            lasting("the coordinator's certificate was revoked".into())
        }
        rustls::Error::InvalidMessage(_) => lasting(format!("{host} does not speak TLS on this port")),
        rustls::Error::AlertReceived(alert) => refused_by(*alert, own, folder)?,
        _ => return None,
    })
}

/// What the coordinator's alert says about this process's certificate (RFC 8446, section 6.2).
fn refused_by(alert: AlertDescription, own: &Identity, folder: impl fmt::Display) -> Option<Fault> {
    Some(match alert {
        AlertDescription::CertificateRevoked => lasting(format!(
            "the coordinator refuses the certificate of {own}: it was revoked; `ashlar certs issue` makes a new one"
        )),
        AlertDescription::CertificateExpired => Fault {
            text: format!(
                "the coordinator refuses the certificate of {own}: it is over; `ashlar certs renew`, then replace {folder}"
            ),
            lasting: false, // the next connection is made with what the folder has then
        },
        // The second for one of the same name.
        AlertDescription::UnknownCA | AlertDescription::DecryptError => lasting(format!(
            "the coordinator refuses the certificate of {own}: another authority issued it than the one it trusts"
        )),
        AlertDescription::CertificateRequired
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => lasting(format!(
            "the coordinator refuses the certificate of {own} ({alert:?}); its log says why"
        )),
        _ => return None,
    })
}

/// A client's end of a connection over TLS.
#[derive(Debug)]
pub struct ClientStream<S> {
    stream: TlsStream<S>,
    tls: ClientTls,
    host: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for ClientStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let this = &mut *self;
        // The server judges this client's certificate after the client's part of the handshake: here one hears of it.
        Pin::new(&mut this.stream)
            .poll_read(cx, buffer)
            .map(|read| match read {
                Ok(()) => {
                    if buffer.filled().len() > before {
                        this.tls.note(None);
                    }
                    Ok(())
                }
                Err(error) => Err(this.tls.told(error, &this.host)),
            })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ClientStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
