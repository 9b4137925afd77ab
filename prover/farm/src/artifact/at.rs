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
         AWS_CA_BUNDLE"
    )]
    NoRoots,
    /// The file of trusted authorities has none.
    #[error("there is no certificate in {0}, which AWS_CA_BUNDLE names: it must be a PEM file")]
    Authorities(String),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, variables: &[(&str, &str)]) -> Result<ArtifactsAt, ArtifactsAtError> {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        ArtifactsAt::parse(text, variables)
    }

    const LOCAL: (&str, &str) = ("AWS_ENDPOINT_URL", "http://127.0.0.1:9000");

    #[test]
    fn a_path_is_a_folder_and_a_url_of_s3_a_bucket() {
        for path in ["artifacts", "/srv/artifacts", "./s3:", "C:\\artifacts"] {
            let at = parse(path, &[]).expect("a path");
            assert!(
                matches!(&at, ArtifactsAt::Folder(found) if found.as_os_str() == path),
                "{at:?}"
            );
        }
        for (url, shown) in [
            ("s3://bucket", "s3://bucket"),
            ("s3://bucket/", "s3://bucket"),
            ("s3://my.bucket-1/a/farm/", "s3://my.bucket-1/a/farm"),
        ] {
            let at = parse(url, &[LOCAL]).expect("a URL");
            assert!(matches!(at, ArtifactsAt::S3(_)));
            assert_eq!(at.to_string(), shown);
        }
    }

    #[test]
    fn what_is_neither_is_refused_with_what_it_should_be() {
        for (text, error) in [
            (
                "https://store/bucket",
                "https://store/bucket is neither a folder nor s3://BUCKET/PREFIX: artifacts are kept in one of these",
            ),
            ("s3://", "s3:// names no bucket: write s3://BUCKET/PREFIX"),
            (
                "s3:///prefix",
                "s3:///prefix names no bucket: write s3://BUCKET/PREFIX",
            ),
            (
                "s3://bucket/a//b",
                "the prefix a//b cannot be one: write s3://BUCKET/SOME/PREFIX, without empty parts, . and ..",
            ),
            (
                "s3://bucket/../other",
                "the prefix ../other cannot be one: write s3://BUCKET/SOME/PREFIX, without empty parts, . and ..",
            ),
        ] {
            assert_eq!(parse(text, &[LOCAL]).expect_err(text).to_string(), error);
        }
        let error = parse("s3://key:secret@bucket/farm", &[LOCAL]).expect_err("keys");
        assert!(!error.to_string().contains("secret@"), "{error}");
    }

    #[test]
    fn plain_text_is_for_this_machine_unless_it_is_asked_for() {
        let at = |endpoint, allowed: Option<&str>| {
            let mut variables = vec![("AWS_ENDPOINT_URL", endpoint)];
            variables.extend(allowed.map(|value| ("AWS_ALLOW_HTTP", value)));
            parse("s3://bucket", &variables)
        };
        for here in [
            "http://127.0.0.1:9000",
            "http://localhost",
            "http://[::1]:9000",
            "HTTP://127.1.2.3",
        ] {
            at(here, None).expect(here);
        }
        for elsewhere in [
            "http://minio:9000",
            "http://10.0.0.5",
            "http://127.0.0.1.example",
            "http://localhost@minio",
        ] {
            let error = at(elsewhere, None).expect_err(elsewhere);
            assert!(
                matches!(&error, ArtifactsAtError::PlainText(found) if found == elsewhere),
                "{error}"
            );
            at(elsewhere, Some("false")).expect_err(elsewhere);
            at(elsewhere, Some("true")).expect(elsewhere);
        }
    }

    #[test]
    fn variables_that_do_not_fit_are_refused_and_their_values_not_shown() {
        let half = parse("s3://bucket", &[LOCAL, ("AWS_ACCESS_KEY_ID", "half")]).expect_err("half a key");
        assert!(matches!(half, ArtifactsAtError::Variables(_)), "{half}");
        let none = parse("s3://bucket", &[("AWS_CA_BUNDLE", "/dev/null")]).expect_err("no authority");
        assert_eq!(
            none.to_string(),
            "there is no certificate in /dev/null, which AWS_CA_BUNDLE names: it must be a PEM file"
        );
        let keys = [
            LOCAL,
            ("AWS_ACCESS_KEY_ID", "the key"),
            ("AWS_SECRET_ACCESS_KEY", "the secret"),
        ];
        let shown = format!("{:?}", parse("s3://bucket", &keys).expect("fits"));
        assert!(shown.contains("aws_secret_access_key"), "{shown}");
        assert!(
            !shown.contains("the key") && !shown.contains("the secret"),
            "{shown}"
        );
    }
}
