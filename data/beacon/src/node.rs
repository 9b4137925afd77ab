//! One consensus node.

use std::sync::Arc;

use alloy::{
    primitives::{B256, Bytes},
    transports::http::reqwest::{self, Response, StatusCode, Url},
};
use serde::Deserialize;

use crate::BeaconError;

/// All blobs of a block in hex, for a node that does not know the parameter that narrows the answer: 60 of 262,146
/// characters; a block has at most 21 at the time of writing.
const MOST_BYTES: usize = 16 << 20;
/// Of what a node says when it refuses.
const MOST_MESSAGE_BYTES: usize = 300;

#[derive(Clone, Debug)]
pub(crate) struct Node {
    name: Arc<str>,
    url: Url,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Bytes>,
}

impl Node {
    pub(crate) fn new(url: &str) -> Result<Self, BeaconError> {
        let malformed = || BeaconError::Endpoint {
            endpoint: url.to_owned(),
        };
        let parsed: Url = url.parse().map_err(|_| malformed())?;
        let host = parsed.host_str().filter(|_| parsed.scheme() == "http");
        let (host, port) = host.zip(parsed.port_or_known_default()).ok_or_else(malformed)?;
        Ok(Self {
            name: format!("{host}:{port}").into(),
            url: parsed,
        })
    }

    /// With what the URL has of a path and of a query, which may be a key.
    fn request(&self, root: B256, versioned_hash: B256) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .extend(["eth", "v1", "beacon", "blobs", &root.to_string()]);
        }
        url.query_pairs_mut()
            .append_pair("versioned_hashes", &versioned_hash.to_string());
        url
    }

    pub(crate) async fn stream(
        &self,
        client: &reqwest::Client,
        root: B256,
        versioned_hash: B256,
        words: u32,
    ) -> Result<Option<Vec<u8>>, BeaconError> {
        let request = client.get(self.request(root, versioned_hash));
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let body = self.body(response).await?;
        if !status.is_success() {
            let message = &body[..body.len().min(MOST_MESSAGE_BYTES)];
            return Err(BeaconError::Refused {
                node: self.name(),
                status: status.as_u16(),
                message: String::from_utf8_lossy(message).into_owned(),
            });
        }
        let answer: Answer = serde_json::from_slice(&body).map_err(|source| BeaconError::Answer {
            node: self.name(),
            source,
        })?;
        let mut wrong = None;
        for blob in &answer.data {
            match ashlar_publication::read(blob, versioned_hash, words) {
                Ok(stream) => return Ok(Some(stream)),
                Err(source) => wrong = Some(source),
            }
        }
        wrong.map_or(Ok(None), |source| {
            Err(BeaconError::Other {
                node: self.name(),
                count: answer.data.len(),
                source,
            })
        })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, BeaconError> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            if body.len() + part.len() > MOST_BYTES {
                return Err(BeaconError::TooLong {
                    node: self.name(),
                    limit: MOST_BYTES,
                });
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }

    fn unreachable(&self, error: reqwest::Error) -> BeaconError {
        BeaconError::Unreachable {
            node: self.name(),
            source: error.without_url(),
        }
    }

    fn name(&self) -> String {
        self.name.to_string()
    }
}
