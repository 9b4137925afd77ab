//! How S3 is spoken to: HTTP/1.1 over hyper, TLS by rustls with ring. `object_store` would bring reqwest, whose TLS needs a
//! cryptography provider installed for the whole process, also in the programs that use reqwest for L1 and have none.

use std::{sync::Arc, time::Duration};

use http_body::Body;
use http_body_util::BodyExt;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{self, Client, connect},
    rt::{TokioExecutor, TokioTimer},
};
use object_store::{
    ClientConfigKey, ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
        HttpService,
    },
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_native_certs::{load_certs_from_paths, load_native_certs};
use tokio::time::timeout;

use super::refusal::StoreRefusal;

/// A store that does not answer for so long is away.
const PATIENCE: Duration = Duration::from_secs(4);
/// So is one that does not take a connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(2);
/// Is in the question for an EC2 machine's role, which is asked where no keys are set.
const EC2_ROLE: &str = "x-aws-ec2-metadata-token-ttl-seconds";
/// A store slower than this is as good as away; large artifacts get their time by it.
const SLOWEST_BYTES_PER_SECOND: u64 = 1 << 20;

/// Makes clients that trust the authorities of a file, or of this machine: its certificate store, or what `SSL_CERT_FILE`
/// names.
#[derive(Debug)]
pub struct Connector {
    roots: Arc<RootCertStore>,
}

impl Connector {
    pub fn new(authorities: Option<&str>) -> Self {
        let found = match authorities {
            Some(file) => load_certs_from_paths(Some(file.as_ref()), None),
            None => load_native_certs(),
        };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        Self {
            roots: Arc::new(roots),
        }
    }

    /// Whether any authority is trusted.
    pub fn trusts_somebody(&self) -> bool {
        !self.roots.is_empty()
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| object_store::Error::Generic {
                store: "S3",
                source: Box::new(error),
            })?
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        let mut tcp = connect::HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_PATIENCE));
        let schemes = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls);
        let schemes = match options.get_config_value(&ClientConfigKey::AllowHttp).as_deref() {
            Some("true") => schemes.https_or_http(),
            _ => schemes.https_only(),
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(schemes.enable_http1().wrap_connector(tcp));
        Ok(HttpClient::new(Service(client)))
    }
}

#[derive(Debug)]
struct Service(Client<HttpsConnector<connect::HttpConnector>, HttpRequestBody>);

#[tonic::async_trait]
impl HttpService for Service {
    /// Sends a request and takes the whole answer, so that one that breaks off is asked for again as one that never came.
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let asks_for_role = request.headers().contains_key(EC2_ROLE);
        match self.answer(request).await {
            Err(_) if asks_for_role => Err(refused(StoreRefusal::no_keys())),
            answer => answer,
        }
    }
}

impl Service {
    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let sent = request.body().size_hint().lower();
        let answer = in_time(sent, self.0.request(request)).await?;
        let (head, body) = answer.map_err(unanswered)?.into_parts();
        let expected = body.size_hint().lower();
        let body = in_time(expected, body.collect()).await?;
        let body = body
            .map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error))?
            .to_bytes();
        match StoreRefusal::of(head.status, &body) {
            Some(refusal) => Err(refused(refusal)),
            None => Ok(HttpResponse::from_parts(head, body.into())),
        }
    }
}

/// A refusal as an error that is not asked again and that `fault` finds; of an answer `object_store` shows no more than the text.
fn refused(refusal: StoreRefusal) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, refusal)
}

/// Waits [`PATIENCE`], and longer where that many bytes move.
async fn in_time<T>(bytes: u64, step: impl Future<Output = T>) -> Result<T, HttpError> {
    let limit = PATIENCE + Duration::from_secs(bytes / SLOWEST_BYTES_PER_SECOND);
    let waited = timeout(limit, step).await;
    waited.map_err(|elapsed| HttpError::new(HttpErrorKind::Timeout, elapsed))
}

/// Both kinds are asked again.
fn unanswered(error: legacy::Error) -> HttpError {
    let kind = if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        HttpErrorKind::Interrupted
    };
    HttpError::new(kind, error)
}
