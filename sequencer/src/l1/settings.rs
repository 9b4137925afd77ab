//! How L1 is asked, believed and paid.

use std::time::Duration;

/// What makes an L1 block final for this sequencer: operations queued in it are executed, and batches proven in it are not looked
/// at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finality {
    /// This many blocks on top.
    Depth(u64),
    /// The consensus layer's `safe` block.
    Safe,
    /// The consensus layer's `finalized` block.
    Finalized,
}

impl std::str::FromStr for Finality {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "safe" => Ok(Self::Safe),
            "finalized" => Ok(Self::Finalized),
            depth => depth
                .parse()
                .map(Self::Depth)
                .map_err(|_| format!("`{text}` is neither a number of blocks nor `safe` nor `finalized`")),
        }
    }
}

impl std::fmt::Display for Finality {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Depth(blocks) => write!(f, "{blocks}"),
            Self::Safe => f.write_str("safe"),
            Self::Finalized => f.write_str("finalized"),
        }
    }
}

/// Access to L1.
#[derive(Clone, Debug)]
pub struct L1Settings {
    /// JSON-RPC endpoints of nodes of one chain.
    pub endpoints: Vec<String>,
    /// Beacon API endpoints of consensus nodes, or archives, that blobs are read from, in the order in which they are
    /// asked. Without one the nodes themselves are asked, of which only those for development have blobs.
    pub beacons: Vec<String>,
    /// Endpoints of members of a validium's committee: its batches are signed by them, and rollup streams read from them, in
    /// the order in which they are asked.
    pub members: Vec<String>,
    /// Endpoints that must agree on an answer; more than half if not given.
    pub quorum: Option<usize>,
    /// What is final.
    pub finality: Finality,
    /// Block in which the rollup contract was deployed; searched for if not given.
    pub start_block: Option<u64>,
    /// Deadline of one request.
    pub request_timeout: Duration,
    /// When a transaction that is not included is sent again with a higher fee.
    pub resend_after: Duration,
    /// Most that the operator pays for one gas, in wei.
    pub max_fee_wei: u128,
    /// Most that he pays for one gas of blobs, in wei; a blob has 131,072.
    pub max_blob_fee_wei: u128,
}

impl Default for L1Settings {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            beacons: Vec::new(),
            members: Vec::new(),
            quorum: None,
            finality: Finality::Depth(12),
            start_block: None,
            request_timeout: Duration::from_secs(15),
            resend_after: Duration::from_secs(60),
            max_fee_wei: 500_000_000_000,
            max_blob_fee_wei: 500_000_000_000,
        }
    }
}

impl L1Settings {
    /// One node that is believed, with the other settings at their defaults.
    pub fn single(endpoint: impl Into<String>) -> Self {
        Self {
            endpoints: vec![endpoint.into()],
            ..Self::default()
        }
    }
}
