//! Answers of a store that it will give again.

use tonic::codegen::http::StatusCode;

/// Why a store does not do what it is asked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct StoreRefusal {
    /// S3's name of the error, or the HTTP status.
    pub code: String,
    /// What the store says to it.
    pub message: String,
}

impl StoreRefusal {
    /// The code of a bucket that is not there.
    pub(super) const NO_BUCKET: &str = "NoSuchBucket";
    const NO_KEYS: &str = "no keys";

    /// Where there are no keys at all, EC2 is asked for a role's.
    pub(super) fn no_keys() -> Self {
        Self {
            code: Self::NO_KEYS.to_owned(),
            message: "AWS_ACCESS_KEY_ID is not set, and this machine has no role of EC2".to_owned(),
        }
    }

    /// The refusal that an answer is. A missing object is none, nor are troubles that pass.
    pub(super) fn of(status: StatusCode, body: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(body);
        let element = |name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            rest.split_once(&format!("</{name}>"))
                .map(|(inner, _)| inner.to_owned())
        };
        let code = element("Code").unwrap_or_else(|| status.to_string());
        let is_refusal = match status {
            StatusCode::NOT_FOUND => code == Self::NO_BUCKET,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => false,
            _ => status.is_client_error() || status.is_redirection(),
        };
        let message = element("Message").unwrap_or_else(|| "the store gives no reason".to_owned());
        is_refusal.then_some(Self { code, message })
    }

    /// What its operator can do.
    pub(super) fn remedy(&self) -> &'static str {
        match self.code.as_str() {
            Self::NO_KEYS => "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            "AccessDenied" => {
                "allow its key s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket there"
            }
            "RequestTimeTooSkewed" => "set this machine's clock",
            "ExpiredToken" | "TokenRefreshRequired" => "give it a new AWS_SESSION_TOKEN",
            "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
                "set AWS_REGION to the bucket's"
            }
            _ => "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_object_and_a_passing_trouble_are_no_refusals() {
        let no_key =
            b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>";
        assert_eq!(StoreRefusal::of(StatusCode::NOT_FOUND, no_key), None);
        for status in [500, 503, 408, 429] {
            let status = StatusCode::from_u16(status).expect("a status");
            let busy =
                b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
            assert_eq!(StoreRefusal::of(status, busy), None, "{status}");
        }
        assert_eq!(
            StoreRefusal::of(StatusCode::OK, b"<Code>a proof may say anything</Code>"),
            None
        );
    }

    #[test]
    fn a_refusal_says_what_the_store_said_and_what_to_do() {
        let answer = b"<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>";
        let refusal = StoreRefusal::of(StatusCode::FORBIDDEN, answer).expect("refused");
        assert_eq!(refusal.to_string(), "AccessDenied: Access Denied.");
        assert!(refusal.remedy().contains("s3:ListBucket"));
        let elsewhere = StoreRefusal::of(StatusCode::MOVED_PERMANENTLY, b"").expect("refused");
        assert_eq!(
            elsewhere.to_string(),
            "301 Moved Permanently: the store gives no reason"
        );
        let no_bucket = b"<Error><Code>NoSuchBucket</Code></Error>";
        assert!(StoreRefusal::of(StatusCode::NOT_FOUND, no_bucket).is_some());
    }
}
