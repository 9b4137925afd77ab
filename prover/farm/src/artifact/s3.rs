//! Artifacts in a bucket of S3, or of a store that speaks its protocol.

use std::{ffi::OsString, fmt, sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    path::Path,
    prefix::PrefixStore,
};
use tonic::transport::Uri;

use super::{ArtifactsAtError, http::Connector};
use crate::error::FarmError;

/// Longer than a restart of a store behind a balancer takes, shorter than a caller waits: after that the caller is told.
const RETRIES: RetryConfig = RetryConfig {
    backoff: BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(1),
        base: 2.,
    },
    max_retries: 5,
    retry_timeout: Duration::from_secs(4),
};

/// A prefix in a bucket, and how to reach it.
#[derive(Clone)]
pub struct S3Location {
    bucket: String,
    prefix: Path,
    settings: Vec<(AmazonS3ConfigKey, String)>,
    /// A file with the certificates of authorities that are trusted instead of this machine's.
    authorities: Option<String>,
}

/// Names that file, as it does to S3's other tools.
const AUTHORITIES: &str = "AWS_CA_BUNDLE";

impl S3Location {
    /// Reads what follows `s3://`, and the variables that begin with `AWS_`; those that are not about S3 are ignored.
    pub(super) fn parse(
        url: &str,
        rest: &str,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ArtifactsAtError> {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(ArtifactsAtError::NoBucket(url.to_owned()));
        }
        if !bucket
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        {
            return Err(ArtifactsAtError::Bucket);
        }
        let prefix = Path::parse(prefix).map_err(|source| ArtifactsAtError::Prefix {
            prefix: prefix.to_owned(),
            source,
        })?;
        let mut location = Self {
            bucket: bucket.to_owned(),
            prefix,
            settings: Vec::new(),
            authorities: None,
        };
        for (name, value) in variables {
            let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) else {
                continue; // none of those that are known
            };
            if name == AUTHORITIES {
                location.authorities = Some(value);
            } else if name.starts_with("AWS_")
                && let Ok(key) = name.to_ascii_lowercase().parse()
            {
                location.settings.push((key, value));
            }
        }
        location.require_cipher()?;
        location.client()?; // what the variables lack is said where they are read
        Ok(location)
    }

    /// Its bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The store's address, for people.
    pub(super) fn endpoint(&self) -> String {
        self.configured_endpoint()
            .map_or_else(|| "Amazon S3".to_owned(), str::to_owned)
    }

    fn setting(&self, key: AmazonS3ConfigKey) -> Option<&str> {
        let found = self.settings.iter().rev().find(|(of, _)| *of == key)?;
        Some(&found.1)
    }

    fn configured_endpoint(&self) -> Option<&str> {
        self.setting(AmazonS3ConfigKey::S3Endpoint)
            .or_else(|| self.setting(AmazonS3ConfigKey::Endpoint))
    }

    fn is_plain_text(&self) -> bool {
        self.configured_endpoint()
            .is_some_and(|endpoint| endpoint.to_ascii_lowercase().starts_with("http://"))
    }

    fn allows_plain_text(&self) -> bool {
        self.setting(AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp))
            .is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on"))
    }

    /// Plain text is for this machine, unless it is asked for.
    fn require_cipher(&self) -> Result<(), ArtifactsAtError> {
        match self.configured_endpoint() {
            Some(endpoint) if self.is_plain_text() && !is_loopback(endpoint) && !self.allows_plain_text() => {
                Err(ArtifactsAtError::PlainText(endpoint.to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn client(&self) -> Result<Arc<dyn ObjectStore>, ArtifactsAtError> {
        let connector = Connector::new(self.authorities.as_deref());
        if !self.is_plain_text() && !connector.trusts_somebody() {
            return Err(match &self.authorities {
                Some(file) => ArtifactsAtError::Authorities(file.clone()),
                None => ArtifactsAtError::NoRoots,
            });
        }
        let builder = self
            .settings
            .iter()
            .fold(AmazonS3Builder::new(), |builder, (key, value)| {
                builder.with_config(*key, value)
            });
        let s3 = builder
            .with_bucket_name(&self.bucket)
            .with_allow_http(self.is_plain_text())
            .with_retry(RETRIES)
            .with_disable_bulk_delete(true) // several that speak the protocol lack it
            .with_http_connector(connector)
            .build()
            .map_err(ArtifactsAtError::Variables)?;
        Ok(Arc::new(PrefixStore::new(s3, self.prefix.clone())))
    }

    /// The objects under the prefix; nothing is sent yet.
    ///
    /// # Errors
    /// [`FarmError::ArtifactsAt`] if this machine can reach no store.
    pub(crate) fn open(&self) -> Result<Arc<dyn ObjectStore>, FarmError> {
        Ok(self.client()?)
    }
}

fn is_loopback(endpoint: &str) -> bool {
    let uri = endpoint.parse::<Uri>().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

impl fmt::Display for S3Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if !self.prefix.as_ref().is_empty() {
            write!(f, "/{}", self.prefix)?;
        }
        Ok(())
    }
}

/// Without the settings' values: keys are among them.
impl fmt::Debug for S3Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings: Vec<_> = self.settings.iter().map(|(key, _)| key.as_ref()).collect();
        f.debug_struct("S3Location")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix.as_ref())
            .field("settings", &settings)
            .finish()
    }
}
