//! What goes wrong between a client and the sequencer.

use std::time::Duration;

use alloy::primitives::B256;
use ashlar_proto::{
    Message,
    sequencer::v1::{self as pb, refusal::Code as RefusalCode},
};
use tonic::{Code, Status};

use crate::{
    authorisation::NotPermitted,
    types::{AccountKey, Milestone},
};

/// Why the sequencer did not admit a transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused ({}): {message}", code.as_str_name())]
pub struct Refusal {
    /// The kind of fault.
    pub code: RefusalCode,
    /// The field at fault, as named in the transaction's documentation; of [`RefusalCode::Policy`], the clause's rule:
    /// `clause.kinds`, `clause.token`, `clause.cap`, `clause.from`, `clause.until` or `clause.lock`.
    pub field: String,
    /// What was found, and the limit it broke.
    pub message: String,
}

impl From<pb::Refusal> for Refusal {
    fn from(refusal: pb::Refusal) -> Self {
        Self {
            code: refusal.code(),
            field: refusal.field,
            message: refusal.message,
        }
    }
}

/// Why the sequencer did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Correct the endpoint.
    #[error("sequencer endpoint `{endpoint}`: {reason}")]
    Endpoint {
        /// As given.
        endpoint: String,
        /// What is wrong with it, and how it should look.
        reason: &'static str,
    },
    /// Nobody listens there: start the sequencer, or correct the endpoint.
    #[error("cannot reach the sequencer at {endpoint}")]
    Connect {
        /// As given.
        endpoint: String,
        /// Why.
        #[source]
        source: tonic::transport::Error,
    },
    /// The sequencer is overloaded or hangs. A transaction may be sent again: its id stays the same.
    #[error("{request}: no answer within {} ms", after.as_millis())]
    Timeout {
        /// The method.
        request: &'static str,
        /// The limit.
        after: Duration,
    },
    /// The request failed.
    #[error("{request} failed")]
    Request {
        /// The method.
        request: &'static str,
        /// The sequencer's answer.
        #[source]
        source: Box<Status>,
    },
    /// The transaction was not admitted, and never will be as it is.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A bug of the sequencer, or not a sequencer.
    #[error("{request}: {fault}; is this endpoint a sequencer of this version?")]
    Answer {
        /// The method.
        request: &'static str,
        /// What was wrong with the answer.
        fault: &'static str,
    },
    /// Deposit first: a deposit opens the account. Or its owner gives it this `auth`, with [`crate::L1::set_auth`].
    #[error("there is no {asked}; a deposit by its owner opens one")]
    NoAccount {
        /// As it was asked for.
        asked: AccountKey,
    },
    /// Its owner has another policy set since, or has not set this one yet: take the one that the account has.
    #[error(
        "account {account} is signed for otherwise: it has another policy than this one; ask its owner which, or have it set with `set-auth`"
    )]
    OtherAuth {
        /// Its number.
        account: u32,
    },
    /// The clause that it would be signed under does not permit it, or its last minute is over; nothing was sent.
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    /// Nobody to pay: correct the number or the address, or open the account with a deposit for that address.
    #[error("nobody to pay: there is no {asked}; a deposit for its owner opens one")]
    NoPayee {
        /// As it was asked for.
        asked: AccountKey,
    },
    /// Wait longer, or look why the batch does not advance (`failure_reason` of the batch).
    #[error(
        "{what} is {} after {} s, not {wanted}", reached.map_or_else(|| "not executed".to_owned(), |m| m.to_string()), after.as_secs()
    )]
    WaitTimeout {
        /// A transaction, or an operation of the L1 queue.
        what: String,
        /// How far it came.
        reached: Option<Milestone>,
        /// How far it should have come.
        wanted: Milestone,
        /// The limit.
        after: Duration,
    },
    /// It was admitted but could not be executed any more; nothing has changed.
    #[error("transaction {id} was dropped: {reason}")]
    Dropped {
        /// Its id.
        id: B256,
        /// The sequencer's reason.
        reason: String,
    },
}

impl ClientError {
    /// Of a failed request: a refusal of a transaction where the details hold one.
    pub(crate) fn from_status(request: &'static str, status: Status) -> Self {
        let is_refusal = matches!(status.code(), Code::InvalidArgument | Code::FailedPrecondition);
        if is_refusal
            && !status.details().is_empty()
            && let Ok(refusal) = pb::Refusal::decode(status.details())
        {
            return Self::Refused(refusal.into());
        }
        let source = Box::new(status);
        Self::Request { request, source }
    }

    /// Whether the same request may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Timeout { .. } => true,
            Self::Request { source, .. } => {
                // A broken connection is UNAVAILABLE or, in the middle of an answer, UNKNOWN with a transport error.
                matches!(source.code(), Code::Unavailable | Code::ResourceExhausted)
                    || (source.code() == Code::Unknown && std::error::Error::source(&**source).is_some())
            }
            Self::Endpoint { .. }
            | Self::Refused(_)
            | Self::Answer { .. }
            | Self::NoAccount { .. }
            | Self::OtherAuth { .. }
            | Self::NotPermitted(_)
            | Self::NoPayee { .. }
            | Self::WaitTimeout { .. }
            | Self::Dropped { .. } => false,
        }
    }

    /// Whether the sequencer said that there is no such thing.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Request { source, .. } if source.code() == Code::NotFound)
    }
}
