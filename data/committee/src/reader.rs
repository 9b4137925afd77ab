//! Reading a batch whose rollup stream is not on L1.

use std::{sync::Arc, time::Duration};

use ashlar_contracts::{
    BatchHeader,
    encoding::{extension_to_word, word_to_extension},
};
use ashlar_report::chain;
use ashlar_statement::{
    Domain,
    hash::{F, hash_from_bytes32},
    stream::{Ext, WORD_BYTES, evaluate_bytes},
    validium_evaluation_point,
};
use plonky2::field::{
    extension::quadratic::QuadraticExtension,
    types::{Field, PrimeField64},
};

use crate::{ClientError, MemberClient};

/// Whether the evaluation point of a header is that of a batch with this bridge stream, and a rollup stream that a committee
/// keeps.
pub fn check(header: &BatchHeader, domain: &Domain, bridge: &[u8]) -> bool {
    let Some(data_hash) = hash_from_bytes32(&header.dataHash.to_be_bytes()) else {
        return false;
    };
    let z = validium_evaluation_point(domain, header.number, &data_hash, bridge, header.rollupWords);
    extension_to_word(z.map(|element: F| element.to_canonical_u64())) == header.z
}

/// Whether a stream has the length and the value that the header says. Whoever makes one up can meet both, so this does not
/// make it the batch's: executing it to the header's root does.
pub fn may_be(header: &BatchHeader, stream: &[u8]) -> bool {
    let element =
        |word: u128| -> Ext { QuadraticExtension(word_to_extension(word).map(F::from_noncanonical_u64)) };
    let z = element(header.z);
    let value = u128::try_from(header.rollupEval).ok().map(element);
    stream.len() == header.rollupWords as usize * WORD_BYTES && evaluate_bytes(stream, z) == value
}

/// Members whose streams are read, one after the other.
#[derive(Clone, Debug)]
pub struct Readers {
    endpoints: Arc<[String]>,
    limit: Duration,
}

/// No member gave the stream.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nobody was named.
    #[error(
        "the rollup stream of batch {number} is not on L1, members of the rollup's committee have it: name some (`--da-member`)"
    )]
    NoMember {
        /// The batch.
        number: u64,
    },
    /// All that were named were asked.
    #[error(
        "no member has given the rollup stream of batch {number}, nor have all together given half of its cells{}: ask others; \
         if none gives it, it is withheld",
        told(failures)
    )]
    Nowhere {
        /// The batch.
        number: u64,
        /// Each endpoint, and what it said.
        failures: Vec<(String, String)>,
    },
}

/// Each endpoint and what it said, in brackets; nothing if there is none.
pub(crate) fn told(failures: &[(String, String)]) -> String {
    let each: Vec<_> = failures
        .iter()
        .map(|(endpoint, why)| format!("{endpoint}: {why}"))
        .collect();
    match each.is_empty() {
        true => String::new(),
        false => format!(" ({})", each.join("; ")),
    }
}

/// What one of them said.
#[derive(Debug, thiserror::Error)]
enum Answer {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("it has no such batch")]
    Unknown,
    #[error("what it gave has another length or value than the batch's")]
    Other,
    #[error("what it gave does not lead to the batch's root")]
    Wrong,
}

impl Readers {
    /// Connects to nobody yet; `limit` is for each request.
    pub fn new(endpoints: &[String], limit: Duration) -> Self {
        Self {
            endpoints: endpoints.into(),
            limit,
        }
    }

    /// The rollup stream of the batch with this header, from the first member whose answer may be it ([`may_be`]) and is
    /// accepted: `accepts` executes it, or takes the member's word. If there is none, it is put together from the cells that
    /// all of them give.
    ///
    /// # Errors
    /// If no member gives such a stream, nor all together.
    pub async fn stream(
        &self,
        domain: &Domain,
        header: &BatchHeader,
        mut accepts: impl FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, ReadError> {
        let number = header.number;
        if self.endpoints.is_empty() {
            return Err(ReadError::NoMember { number });
        }
        let mut failures = Vec::new();
        for endpoint in &*self.endpoints {
            let answer = match self.ask(endpoint, domain, header).await {
                Ok(stream) if accepts(&stream) => return Ok(stream),
                Ok(_) => Answer::Wrong,
                Err(answer) => answer,
            };
            let why = chain(&answer);
            tracing::warn!(
                batch = number,
                endpoint,
                error = why,
                "another member is asked for the stream"
            );
            failures.push((endpoint.clone(), why));
        }
        let accepts = |stream: &[u8]| may_be(header, stream) && accepts(stream);
        let stream = self.stream_of_cells(domain, header, accepts).await;
        stream.ok_or(ReadError::Nowhere { number, failures })
    }

    pub(crate) fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    pub(crate) async fn client(&self, endpoint: &str, domain: &Domain) -> Result<MemberClient, ClientError> {
        MemberClient::connect(endpoint, *domain, self.limit).await
    }

    async fn ask(&self, endpoint: &str, domain: &Domain, header: &BatchHeader) -> Result<Vec<u8>, Answer> {
        let client = self.client(endpoint, domain).await?;
        let root = hash_from_bytes32(&header.newRoot.to_be_bytes()).ok_or(Answer::Unknown)?;
        let stream = client.stream(header.number, &root).await?;
        let stream = stream.ok_or(Answer::Unknown)?;
        match may_be(header, &stream) {
            true => Ok(stream),
            false => Err(Answer::Other),
        }
    }
}
