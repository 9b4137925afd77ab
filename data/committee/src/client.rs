//! The operator's side, and the readers'.

use std::{future::Future, time::Duration};

use alloy::{
    primitives::{Address, Signature, U256},
    signers::local::PrivateKeySigner,
};
use ashlar_proto::{
    MAX_MESSAGE_BYTES,
    committee::v1::{self as pb, committee_service_client::CommitteeServiceClient},
};
use ashlar_statement::{
    Domain,
    hash::{Hash, hash_to_bytes32},
};
use tokio::time::timeout;
use tonic::{
    Code, Response, Status,
    transport::{Channel, Endpoint},
};

use crate::{
    Proposal,
    attestation::cells_digest,
    cells::{Cell, Commitment, Place},
    wire,
};

/// Time to open a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Bytes of a stream that are read, at most: more than a batch can have.
const MAX_STREAM_BYTES: usize = 64 << 20;

/// Why a member has not answered.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Correct the endpoint.
    #[error("member `{endpoint}`: not a URL; write http://HOST:PORT")]
    Endpoint {
        /// As given.
        endpoint: String,
    },
    /// Nobody listens there.
    #[error("cannot reach member {endpoint}")]
    Connect {
        /// As given.
        endpoint: String,
        /// Why.
        #[source]
        source: tonic::transport::Error,
    },
    /// It hangs.
    #[error("{request}: no answer within {} s", after.as_secs())]
    Timeout {
        /// The method.
        request: &'static str,
        /// The limit.
        after: Duration,
    },
    /// It refuses, or fails.
    #[error("{request} failed")]
    Request {
        /// The method.
        request: &'static str,
        /// Its answer.
        #[source]
        source: Box<Status>,
    },
    /// A bug of the member, or no member.
    #[error("{request}: {fault}; is this endpoint a member of this version?")]
    Answer {
        /// The method.
        request: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A member of another rollup's committee.
    #[error("it keeps the streams of rollup {rollup} on chain {chain_id}")]
    OtherRollup {
        /// As it says.
        rollup: Address,
        /// As it says.
        chain_id: u64,
    },
    /// The operator's key failed.
    #[error("cannot sign")]
    Sign(#[from] alloy::signers::Error),
}

impl ClientError {
    /// Whether the member has looked at the batch, and does not sign it.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Request { source, .. } if source.code() == Code::FailedPrecondition)
    }
}

/// How far a member has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberState {
    /// Whose signatures it makes.
    pub address: Address,
    /// The last batch that it has executed; 0 before the first.
    pub last_batch: u64,
}

/// What a member says of a batch's cells, and those that it gives.
#[derive(Clone, Debug)]
pub struct Custody {
    /// To each blob of the rollup stream.
    pub commitments: Vec<Commitment>,
    /// Of the commitments.
    pub signature: Signature,
    /// As it gives them: whether they are the commitments', [`crate::cells::are_of`] tells.
    pub cells: Vec<Cell>,
}

impl Custody {
    /// Who signs that these are the commitments of this batch's cells; `None` for a signature of nobody.
    pub fn signer(&self, domain: &Domain, number: u64, new_root: U256) -> Option<Address> {
        let digest = cells_digest(domain, number, new_root, &self.commitments);
        let signature = self.signature.normalized_s();
        signature.recover_address_from_prehash(&digest).ok()
    }
}

/// A connection to a member.
#[derive(Clone, Debug)]
pub struct MemberClient {
    service: CommitteeServiceClient<Channel>,
    domain: Domain,
    limit: Duration,
}

impl MemberClient {
    /// Connects to a member of this rollup's committee; `limit` is for each request.
    ///
    /// # Errors
    /// If nobody listens there, or a member of another rollup's.
    pub async fn connect(endpoint: &str, domain: Domain, limit: Duration) -> Result<Self, ClientError> {
        let wrong = || ClientError::Endpoint {
            endpoint: endpoint.to_owned(),
        };
        if !endpoint.starts_with("http://") {
            return Err(wrong());
        }
        let transport = Endpoint::from_shared(endpoint.to_owned()).map_err(|_| wrong())?;
        let channel = transport
            .connect_timeout(CONNECT_LIMIT.min(limit))
            .connect()
            .await;
        let channel = channel.map_err(|source| ClientError::Connect {
            endpoint: endpoint.to_owned(),
            source,
        })?;
        let client = Self {
            service: CommitteeServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES),
            domain,
            limit,
        };
        client.state().await?;
        Ok(client)
    }

    async fn answer<T>(
        &self,
        request: &'static str,
        call: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, ClientError> {
        match timeout(self.limit, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(status)) => Err(ClientError::Request {
                request,
                source: Box::new(status),
            }),
            Err(_) => Err(ClientError::Timeout {
                request,
                after: self.limit,
            }),
        }
    }

    /// How far it has come.
    ///
    /// # Errors
    /// If it does not answer, or is of another rollup.
    pub async fn state(&self) -> Result<MemberState, ClientError> {
        const REQUEST: &str = "get_member";
        let mut service = self.service.clone();
        let found = self
            .answer(REQUEST, service.get_member(pb::GetMemberRequest {}))
            .await?;
        let found = found.into_inner();
        let address = |bytes: &[u8]| match Address::try_from(bytes) {
            Ok(address) => Ok(address),
            Err(_) => Err(ClientError::Answer {
                request: REQUEST,
                fault: "an address has not 20 bytes",
            }),
        };
        let (rollup, chain_id) = (address(&found.rollup)?, found.chain_id);
        if (rollup.into_array(), chain_id) != (self.domain.rollup, self.domain.chain_id) {
            return Err(ClientError::OtherRollup { rollup, chain_id });
        }
        Ok(MemberState {
            address: address(&found.address)?,
            last_batch: found.last_batch,
        })
    }

    /// Has a batch executed, kept and signed; `None` if there was nothing to sign. What is signed by whom is not looked at:
    /// [`crate::Committee::attestation`] leaves out what does not count.
    ///
    /// # Errors
    /// If it refuses, or does not answer.
    pub async fn attest(
        &self,
        proposal: &Proposal,
        operator: &PrivateKeySigner,
    ) -> Result<Option<Signature>, ClientError> {
        const REQUEST: &str = "attest";
        let requests = wire::requests(proposal, &self.domain, operator)?;
        let mut service = self.service.clone();
        let call = service.attest(tokio_stream::iter(requests));
        let answer = self.answer(REQUEST, call).await?.into_inner();
        if answer.signature.is_empty() {
            return Ok(None);
        }
        let signature = Signature::from_raw(&answer.signature);
        signature.map(Some).map_err(|_| ClientError::Answer {
            request: REQUEST,
            fault: "the signature has not 65 bytes",
        })
    }

    /// The rollup stream of a batch, by its number and the root after it; `None` if the member has it not. Whether it is the
    /// batch's, whoever executes it finds out.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn stream(&self, number: u64, new_root: &Hash) -> Result<Option<Vec<u8>>, ClientError> {
        const REQUEST: &str = "get_stream";
        let request = pb::GetStreamRequest {
            number,
            new_root: hash_to_bytes32(new_root).to_vec().into(),
        };
        let mut service = self.service.clone();
        let read = async {
            let mut pieces = service.get_stream(request).await.map(Response::into_inner)?;
            let mut stream = Vec::new();
            while let Some(piece) = pieces.message().await? {
                stream.extend(piece.data);
                if stream.len() > MAX_STREAM_BYTES {
                    return Err(Status::out_of_range("more than a batch can have"));
                }
            }
            Ok(stream)
        };
        found(self.answer(REQUEST, read).await)
    }

    /// What the member signs of a batch's cells, and the cells at these places, at most [`CELLS`](crate::cells::CELLS);
    /// `None` if it has not the batch. What is no cell is left out.
    ///
    /// # Errors
    /// If it does not answer, or its cells are not ready.
    pub async fn cells(
        &self,
        number: u64,
        new_root: &Hash,
        places: &[Place],
    ) -> Result<Option<Custody>, ClientError> {
        const REQUEST: &str = "get_cells";
        let request = pb::GetCellsRequest {
            number,
            new_root: hash_to_bytes32(new_root).to_vec().into(),
            cells: places.iter().map(wire::place).collect(),
        };
        let mut service = self.service.clone();
        let answer = self.answer(REQUEST, service.get_cells(request)).await;
        let Some(answer) = found(answer)?.map(Response::into_inner) else {
            return Ok(None);
        };
        let wrong = |fault| ClientError::Answer {
            request: REQUEST,
            fault,
        };
        let commitments = answer.commitments.iter().map(|of| (**of).try_into().ok());
        let commitments: Option<_> = commitments.collect();
        Ok(Some(Custody {
            commitments: commitments.ok_or(wrong("a commitment has not 48 bytes"))?,
            signature: Signature::from_raw(&answer.signature)
                .map_err(|_| wrong("the signature has not 65 bytes"))?,
            cells: answer.cells.iter().filter_map(wire::from_cell).collect(),
        }))
    }
}

/// What is not kept is no failure.
fn found<T>(answer: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match answer {
        Err(ClientError::Request { source, .. }) if source.code() == Code::NotFound => Ok(None),
        answer => answer.map(Some),
    }
}
