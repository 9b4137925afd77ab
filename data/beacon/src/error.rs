//! Why a node gave no blob.

use alloy::transports::http::reqwest;
use ashlar_publication::ReadError;

/// No blob was had, though one may exist. Nodes are named by host and port alone: the rest of a URL may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum BeaconError {
    /// It cannot be asked.
    #[error(
        "`{endpoint}` is no URL of a consensus node: http://HOST:PORT is one; TLS is not spoken here, let a proxy do it"
    )]
    Endpoint {
        /// As given.
        endpoint: String,
    },
    /// This machine cannot make HTTP requests.
    #[error("no HTTP client for consensus nodes")]
    HttpClient(#[source] reqwest::Error),
    /// There was no answer in time, or it broke off.
    #[error("consensus node {node} did not answer")]
    Unreachable {
        /// Host and port.
        node: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// It refused.
    #[error("consensus node {node} refuses to give blobs: {status} {message}")]
    Refused {
        /// Host and port.
        node: String,
        /// Of HTTP.
        status: u16,
        /// In its own words.
        message: String,
    },
    /// It answered with more than all blobs that a block can have.
    #[error("consensus node {node} answered with more than {limit} bytes")]
    TooLong {
        /// Host and port.
        node: String,
        /// Bytes that are read.
        limit: usize,
    },
    /// It does not speak the beacon API.
    #[error("consensus node {node} answered with something else than blobs")]
    Answer {
        /// Host and port.
        node: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// It lies, or gives the blobs of another block.
    #[error("consensus node {node} gave {count} blobs, none of which holds the stream that was asked for")]
    Other {
        /// Host and port.
        node: String,
        /// Blobs given, not zero.
        count: usize,
        /// Of the last one.
        #[source]
        source: ReadError,
    },
}
