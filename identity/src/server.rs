//! TLS as a server speaks it, which wants to know its clients.

use std::{
    collections::HashMap,
    io::{self, IoSlice},
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use rustls::{
    ServerConfig,
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    version::TLS13,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};
use tokio_rustls::{Accept, TlsAcceptor, server::TlsStream};

use crate::{
    certificate::{Certificate, ago},
    error::IdentityError,
    folder::{Folder, Material, provider},
    role::{Identity, Role},
    watched::Watched,
};

/// TLS 1.3 for a server: every client shows a certificate of the authority that is neither over nor revoked. That is asked
/// again whenever a connection is used, so one that is open ends with its certificate.
#[derive(Debug, Clone)]
pub struct ServerTls {
    watched: Arc<Watched<State>>,
    /// Open connections of each peer.
    open: Arc<Mutex<HashMap<Identity, usize>>>,
}

/// Who has not shown a certificate by then is no client.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Connections that one peer may have at a time; a worker has two. One peer must not use up the server's places.
const CONNECTIONS_OF_A_PEER: usize = 32;

#[derive(Debug)]
struct State {
    config: Arc<ServerConfig>,
    material: Material,
}

impl ServerTls {
    /// Reads the folder of a coordinator.
    ///
    /// # Errors
    /// [`IdentityError`]: a file is missing or damaged, they do not fit together, or the certificate is over or of another
    /// role.
    pub fn open(folder: &Folder) -> Result<Self, IdentityError> {
        Ok(Self {
            watched: Arc::new(Watched::open(folder.files(), State::load)?),
            open: Arc::default(),
        })
    }

    /// Whose certificate the server shows.
    pub fn identity(&self) -> Identity {
        self.watched.current().material.certificate.identity.clone()
    }

    /// Speaks TLS over an accepted connection. Nothing is awaited here: the handshake is part of the first use.
    pub fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> TlsConnection<S> {
        let config = self.watched.current().config.clone();
        TlsConnection {
            stream: Stage::Handshake(Box::new(TlsAcceptor::from(config).accept(stream))),
            limit: Box::pin(sleep(HANDSHAKE_LIMIT)),
            place: None,
            peer: Peer(Arc::new(OnceLock::new())),
            tls: self.clone(),
        }
    }

    /// Why a certificate that was good at the handshake is none any more.
    fn refusal(&self, certificate: &Certificate) -> Option<String> {
        let Certificate {
            identity,
            serial,
            not_after,
        } = certificate;
        if certificate.is_over() {
            return Some(format!("the certificate of {identity} ended {}", ago(*not_after)));
        }
        let state = self.watched.current();
        (state.material.revoked.contains(serial))
            .then(|| format!("the certificate of {identity} was revoked"))
    }
}

/// One of the connections that a peer may have.
#[derive(Debug)]
struct Place {
    open: Arc<Mutex<HashMap<Identity, usize>>>,
    identity: Identity,
}

impl Place {
    fn take(open: &Arc<Mutex<HashMap<Identity, usize>>>, identity: &Identity) -> Option<Self> {
        let mut counts = open.lock().unwrap_or_else(PoisonError::into_inner); // whole after every step
        let count = counts.entry(identity.clone()).or_default();
        if *count == CONNECTIONS_OF_A_PEER {
            return None;
        }
        *count += 1;
        let (open, identity) = (open.clone(), identity.clone());
        Some(Self { open, identity })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.identity) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.identity);
            }
        }
    }
}

impl State {
    fn load(files: &[PathBuf]) -> Result<Self, IdentityError> {
        let material = Material::read(files)?;
        material.require(Role::Coordinator)?;
        let unusable = material.mismatch();
        let verifier = WebPkiClientVerifier::builder_with_provider(material.roots.clone(), provider())
            .with_crls(material.revocations.clone())
            .only_check_end_entity_revocation()
            .allow_unknown_revocation_status() // of one among several authorities there may be no list
            .build()
            .map_err(|error| unusable(rustls::Error::General(error.to_string())))?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .map_err(&unusable)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(material.chain.clone(), material.key.clone_key())
            .map_err(&unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        // A resumed session would show no certificate.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self {
            config: Arc::new(config),
            material,
        })
    }
}

/// Who is at the other end of a [`TlsConnection`]; known from the first byte that it delivers.
#[derive(Debug, Clone)]
pub struct Peer(Arc<OnceLock<Certificate>>);

impl Peer {
    /// Whose certificate was shown.
    pub fn identity(&self) -> Option<&Identity> {
        self.0.get().map(|certificate| &certificate.identity)
    }
}

/// A server's end of a connection over TLS.
#[derive(Debug)]
pub struct TlsConnection<S> {
    stream: Stage<S>,
    limit: Pin<Box<Sleep>>,
    place: Option<Place>,
    peer: Peer,
    tls: ServerTls,
}

enum Stage<S> {
    Handshake(Box<Accept<S>>),
    Open(Box<TlsStream<S>>),
    Refused,
}

impl<S> std::fmt::Debug for Stage<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Handshake(_) => "Handshake",
            Self::Open(_) => "Open",
            Self::Refused => "Refused",
        })
    }
}

fn refused(reason: String) -> io::Error {
    tracing::warn!(reason, "connection refused");
    io::Error::new(io::ErrorKind::PermissionDenied, reason)
}

impl<S> TlsConnection<S> {
    /// Who is at the other end.
    pub const fn peer(&self) -> &Peer {
        &self.peer
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsConnection<S> {
    /// The open stream, whose certificate is still good.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Pin<&mut TlsStream<S>>>> {
        if let Stage::Handshake(handshake) = &mut self.stream {
            let shaken = Pin::new(handshake.as_mut()).poll(cx);
            if shaken.is_pending() && self.limit.as_mut().poll(cx).is_ready() {
                self.stream = Stage::Refused;
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            match ready!(shaken) {
                Ok(stream) => self.opened(stream)?,
                Err(error) => {
                    self.stream = Stage::Refused;
                    tracing::warn!(%error, "no TLS with a client: it needs a certificate of this farm's authority");
                    return Poll::Ready(Err(error));
                }
            }
        }
        let refusal = self
            .peer
            .0
            .get()
            .and_then(|certificate| self.tls.refusal(certificate));
        if let Some(reason) = refusal {
            self.stream = Stage::Refused;
            return Poll::Ready(Err(refused(reason)));
        }
        match &mut self.stream {
            Stage::Open(stream) => Poll::Ready(Ok(Pin::new(stream.as_mut()))),
            Stage::Handshake(_) | Stage::Refused => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn opened(&mut self, stream: TlsStream<S>) -> io::Result<()> {
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate = shown
            .ok_or_else(|| "no certificate".to_owned())
            .and_then(|certificate| Certificate::from_der(certificate));
        match certificate {
            Ok(certificate) => {
                let Some(place) = Place::take(&self.tls.open, &certificate.identity) else {
                    let identity = certificate.identity;
                    self.stream = Stage::Refused;
                    return Err(refused(format!(
                        "{identity} has {CONNECTIONS_OF_A_PEER} connections already"
                    )));
                };
                self.place = Some(place);
                self.peer.0.set(certificate).ok(); // empty until now
                self.stream = Stage::Open(Box::new(stream));
                Ok(())
            }
            Err(reason) => {
                self.stream = Stage::Refused;
                Err(refused(format!("a client's certificate: {reason}")))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsConnection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsConnection<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        matches!(&self.stream, Stage::Open(stream) if stream.is_write_vectored())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stage::Open(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            Stage::Handshake(_) | Stage::Refused => Poll::Ready(Ok(())), // dropped, which closes it
        }
    }
}
