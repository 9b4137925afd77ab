//! Rollup streams from the blobs that consensus nodes keep, and archives that serve them in the same way: by
//! `GET /eth/v1/beacon/blobs/{block_id}?versioned_hashes=` of Ethereum's beacon API.
//!
//! Execution nodes do not have blobs, and do not know slots. What they have is the root of each block's parent in the
//! beacon chain (`parentBeaconBlockRoot`, EIP-4788), which is a `block_id`: the blobs of an execution block are asked for
//! by the root that the block after it names. So neither the chain's genesis time nor the length of its slots is needed.
//!
//! Nothing that a node says is believed: a blob is the one that L1 names by its versioned hash, or it is refused
//! ([`ashlar_publication::read`]).

mod error;
mod node;

use std::{sync::Arc, time::Duration};

use alloy::{primitives::B256, transports::http::reqwest};
use ashlar_report::Chain;

pub use error::BeaconError;
use node::Node;

/// Time to open a connection; shorter than any request's deadline.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Nodes that are asked one after the other.
#[derive(Clone, Debug)]
pub struct Beacons {
    nodes: Arc<[Node]>,
    client: reqwest::Client,
}

impl Beacons {
    /// Connects to nobody yet; `timeout` is for each request.
    ///
    /// # Errors
    /// If one of them is no URL of HTTP.
    pub fn new(urls: &[String], timeout: Duration) -> Result<Self, BeaconError> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .timeout(timeout)
            .build()
            .map_err(BeaconError::HttpClient)?;
        let nodes = urls.iter().map(|url| Node::new(url));
        Ok(Self {
            nodes: nodes.collect::<Result<_, _>>()?,
            client,
        })
    }

    /// Whether there is nobody to ask.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The rollup stream of so many words in the blob `versioned_hash` of the beacon block `root`, from the first node that
    /// has it; `None` if none of them does.
    ///
    /// # Errors
    /// If no node has it and one of them was not reached, or gave something else.
    pub async fn stream(
        &self,
        root: B256,
        versioned_hash: B256,
        words: u32,
    ) -> Result<Option<Vec<u8>>, BeaconError> {
        let mut failure = None;
        for node in &*self.nodes {
            match node.stream(&self.client, root, versioned_hash, words).await {
                Ok(Some(stream)) => return Ok(Some(stream)),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(blob = %versioned_hash, error = %Chain(&error), "another node is asked for the blob");
                    failure = failure.or(Some(error));
                }
            }
        }
        failure.map_or(Ok(None), Err)
    }
}
