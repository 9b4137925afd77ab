//! gRPC over these connections.

use std::{net::IpAddr, time::Duration};

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tonic::{
    Code, Status,
    codegen::http::{Uri, uri::Scheme},
    transport::{Channel, Endpoint, server::Connected},
};

use crate::{
    client::ClientTls,
    role::{Identity, Role},
    server::{Peer, TlsConnection},
};

/// A connection that nothing comes through is asked for a sign of life this often, and ended if it gives none.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

impl<S> Connected for TlsConnection<S> {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer().clone()
    }
}

/// Lets calls through whose certificate has `role`, and those of connections without TLS, which come from this machine.
///
/// # Errors
/// PERMISSION_DENIED, with what is needed.
pub fn require_role(call: &tonic::Extensions, role: Role) -> Result<(), Status> {
    match caller(call)? {
        Some(identity) if identity.role() != role => Err(Status::permission_denied(format!(
            "this service is for the role {role}, and the certificate shown is that of {identity}: `ashlar certs issue --role {role}`"
        ))),
        Some(_) | None => Ok(()),
    }
}

/// Who calls; `None` on a connection without TLS.
///
/// # Errors
/// UNAUTHENTICATED if the connection is over TLS and its certificate is not known, which is a bug.
pub fn caller(call: &tonic::Extensions) -> Result<Option<Identity>, Status> {
    call.get::<Peer>()
        .map(|peer| {
            peer.identity()
                .cloned()
                .ok_or_else(|| Status::unauthenticated("no certificate was shown"))
        })
        .transpose()
}

/// The way to a coordinator: plain text on this machine, TLS to every other. Connections are made when needed, and again
/// when they break.
#[derive(Debug, Clone)]
pub struct Link {
    endpoint: Endpoint,
    url: String,
    tls: Option<ClientTls>,
}

/// Why there is no way to a coordinator.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Not a URL.
    #[error(
        "{url} is not a coordinator's address; write it like http://127.0.0.1:7002 or https://farm.example:7002"
    )]
    Address {
        /// As given.
        url: String,
    },
    /// Plain text must not leave the machine.
    #[error(
        "refusing to speak plain text to {0}: use https:// and a certificate (`ashlar certs`, --farm-tls), or a loopback address"
    )]
    PlainText(String),
    /// TLS without a certificate of one's own.
    #[error("{0} needs a certificate: name its folder with --farm-tls (`ashlar certs issue` makes one)")]
    NoCertificate(String),
    /// A certificate without TLS.
    #[error("{0} is plain text, which shows no certificate: write https://, or leave --farm-tls away")]
    NoTls(String),
    /// Nobody answers, or not as a coordinator.
    #[error("cannot reach the coordinator at {url}{reason}")]
    Unreachable {
        /// The address.
        url: String,
        /// What certificates have to do with it; may be empty.
        reason: String,
        /// The cause.
        #[source]
        source: tonic::transport::Error,
    },
}

impl Link {
    /// Takes a URL such as `http://127.0.0.1:7002`, or `https://farm.example:7002` with a certificate to show there.
    ///
    /// # Errors
    /// [`LinkError`], any but the last variant.
    pub fn new(url: &str, tls: Option<ClientTls>) -> Result<Self, LinkError> {
        let wrong = || LinkError::Address { url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let (scheme, host) = (uri.scheme().ok_or_else(wrong)?, uri.host().ok_or_else(wrong)?);
        let is_https = *scheme == Scheme::HTTPS;
        if !is_https && *scheme != Scheme::HTTP {
            return Err(wrong());
        }
        match (is_https, &tls) {
            (true, None) => return Err(LinkError::NoCertificate(url.to_owned())),
            (false, Some(_)) => return Err(LinkError::NoTls(url.to_owned())),
            (false, None) if !is_this_machine(host) => return Err(LinkError::PlainText(url.to_owned())),
            (true, Some(_)) | (false, None) => {}
        }
        let endpoint = Endpoint::from_shared(url.to_owned())
            .map_err(|_| wrong())?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(true);
        Ok(Self {
            endpoint,
            url: url.to_owned(),
            tls,
        })
    }

    /// Where it leads.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whose certificate is shown there.
    pub fn identity(&self) -> Option<Identity> {
        self.tls.as_ref().map(ClientTls::identity)
    }

    /// A channel that connects when it is first used.
    pub fn channel(&self) -> Channel {
        match self.tls.clone() {
            Some(tls) => self.endpoint.connect_with_connector_lazy(connector(tls)),
            None => self.endpoint.connect_lazy(),
        }
    }

    /// A channel that is connected, whose calls may take `limit` each, if one is given.
    ///
    /// # Errors
    /// [`LinkError::Unreachable`].
    pub async fn connect(&self, limit: Option<Duration>) -> Result<Channel, LinkError> {
        let mut endpoint = self.endpoint.clone();
        if let Some(limit) = limit {
            endpoint = endpoint.timeout(limit);
        }
        let connected = match self.tls.clone() {
            Some(tls) => endpoint.connect_with_connector(connector(tls)).await,
            None => endpoint.connect().await,
        };
        connected.map_err(|source| LinkError::Unreachable {
            url: self.url.clone(),
            reason: self
                .fault()
                .map_or_else(String::new, |fault| format!(": {fault}")),
            source,
        })
    }

    fn fault(&self) -> Option<crate::client::Fault> {
        self.tls.as_ref().and_then(ClientTls::fault)
    }

    /// What a failed call means: where certificates are why there is no connection, that is said instead of the
    /// transport's words, as UNAUTHENTICATED if nothing but an operator can change it, else as UNAVAILABLE.
    pub fn explain(&self, status: Status) -> Status {
        let of_transport = matches!(
            status.code(),
            Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled
        );
        match self.fault() {
            Some(fault) if of_transport => {
                let code = if fault.lasting {
                    Code::Unauthenticated
                } else {
                    Code::Unavailable
                };
                Status::new(code, fault.text)
            }
            Some(_) | None => status,
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

type Connection = TokioIo<crate::client::ClientStream<TcpStream>>;

fn connector(
    tls: ClientTls,
) -> impl tower::Service<Uri, Response = Connection, Error = std::io::Error, Future: Send> + Send + 'static {
    tower::service_fn(move |uri: Uri| {
        let tls = tls.clone();
        async move {
            let host = uri.host().unwrap_or_default();
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let tcp = TcpStream::connect((host, uri.port_u16().unwrap_or(443))).await?;
            tcp.set_nodelay(true)?;
            Ok(TokioIo::new(tls.connect(host, tcp).await?))
        }
    })
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
            assert!(Link::new(url, None).is_ok(), "{url}");
        }
        for url in [
            "http://10.0.0.1:1",
            "http://example.org:1",
            "http://[2001:db8::1]:1",
            "http://0.0.0.0:1",
        ] {
            let error = Link::new(url, None).unwrap_err();
            assert!(
                matches!(error, LinkError::PlainText(found) if found == url),
                "{url}"
            );
        }
        for url in ["not a url", "ftp://127.0.0.1:1", "/path", "127.0.0.1:1"] {
            let error = Link::new(url, None).unwrap_err();
            assert!(matches!(error, LinkError::Address { .. }), "{url}: {error}");
        }
        let error = Link::new("https://10.0.0.1:1", None).unwrap_err();
        assert!(matches!(error, LinkError::NoCertificate(_)));
    }
}
