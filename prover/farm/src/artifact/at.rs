//! Where artifacts are kept, as it is written.

use std::{env, ffi::OsString, fmt, path::PathBuf, str::FromStr};

use ashlar_proto::Digest;
use object_store::path::Path;

use super::s3::S3Location;

/// Where artifacts are kept.
#[derive(Debug, Clone)]
pub enum ArtifactsAt {
    /// In a folder of this machine.
    Folder(PathBuf),
    /// In a bucket of S3 or of a store that speaks its protocol.
    S3(S3Location),
}

/// Why a place for artifacts cannot be one.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactsAtError {
    /// The text is neither a path nor a URL of S3.
    #[error("{0} is neither a folder nor s3://BUCKET/PREFIX: artifacts are kept in one of these")]
    Scheme(String),
    /// The URL names no bucket.
    #[error("{0} names no bucket: write s3://BUCKET/PREFIX")]
    NoBucket(String),
    /// The bucket's name cannot be one. It is not shown: people write keys there.
    #[error(
        "what follows s3:// must be a bucket's name, of letters, digits, dots, hyphens and underscores: keys belong in \
         AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a host in AWS_ENDPOINT_URL"
    )]
    Bucket,
    /// The prefix cannot be one.
    #[error(
        "the prefix {prefix} cannot be one: write s3://BUCKET/SOME/PREFIX, without empty parts, . and .."
    )]
    Prefix {
        /// As written.
        prefix: String,
        /// What is wrong with it.
        #[source]
        source: object_store::path::Error,
    },
    /// The store would be spoken to in plain text.
    #[error(
        "refusing to send artifacts and signatures in plain text to {0}: give an AWS_ENDPOINT_URL of https://, or set \
         AWS_ALLOW_HTTP=true if everybody on the way may read and change them"
    )]
    PlainText(String),
    /// One of the AWS_* variables does not fit.
    #[error("the AWS_* variables do not describe a store: correct or unset the one that is named")]
    Variables(#[source] object_store::Error),
    /// This machine trusts no authority.
    #[error(
        "this machine has no root certificates, so no store can show who it is: install ca-certificates, or name a file in \
         SSL_CERT_FILE"
    )]
    NoRoots,
}

impl ArtifactsAt {
    /// Reads a folder's path or `s3://BUCKET/PREFIX`, the latter with these environment variables: `AWS_REGION`,
    /// `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and the others of S3's tools.
    ///
    /// # Errors
    /// What is wrong with the text or a variable.
    pub fn parse(
        text: &str,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ArtifactsAtError> {
        if let Some(rest) = text.strip_prefix("s3://") {
            return S3Location::parse(text, rest, variables).map(Self::S3);
        }
        if text.contains("://") || text.is_empty() {
            return Err(ArtifactsAtError::Scheme(text.to_owned()));
        }
        Ok(Self::Folder(text.into()))
    }

    /// Where a damaged copy is kept.
    pub(super) fn aside(&self, digest: Digest) -> Path {
        match self {
            Self::Folder(_) => Path::from(format!("{digest}.damaged")),
            Self::S3(_) => Path::from(format!("damaged/{digest}")),
        }
    }
}

impl FromStr for ArtifactsAt {
    type Err = ArtifactsAtError;

    /// As [`Self::parse`], with this process's variables.
    fn from_str(text: &str) -> Result<Self, ArtifactsAtError> {
        Self::parse(text, env::vars_os())
    }
}

impl fmt::Display for ArtifactsAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::S3(location) => location.fmt(f),
        }
    }
}
