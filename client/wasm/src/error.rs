//! Why an operation gives no result, with a code for programs.

use ashlar_client_core::{amount::AmountError, key::SignatureFormError};
use ashlar_payments::{
    packing::PackingError,
    transaction::{BRIDGE_AMOUNT_BITS, DecodeError},
};

/// An operation gives no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A bug of the caller: a request that has too few bytes, or too many.
    #[error("request: {field} is missing, malformed or followed by something")]
    Request {
        /// What was read.
        field: &'static str,
    },
    /// The key was closed, or never opened.
    #[error("the rollup key is closed")]
    KeyClosed,
    /// The wallet's answer gives no rollup key.
    #[error(transparent)]
    Signature(#[from] SignatureFormError),
    /// A text is no amount.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// An amount or a fee cannot be signed as it is.
    #[error(transparent)]
    Packing(#[from] PackingError),
    /// A withdrawal of nothing, or of more than the bridge carries.
    #[error("amount: {given} units; a withdrawal takes 1 to 2^{BRIDGE_AMOUNT_BITS} - 1")]
    BridgeAmount {
        /// In units.
        given: u64,
    },
    /// Bytes are no signed transaction.
    #[error("not the encoding of a transaction: {0}")]
    Transaction(#[from] DecodeError),
    /// A hash of an inclusion proof is not canonical, or a balance is too large for any account.
    #[error("the inclusion proof is malformed: {fault}")]
    Inclusion {
        /// What is wrong.
        fault: &'static str,
    },
    /// The sequencer lies about the account, or its state is damaged.
    #[error("the account does not lead to the root that the inclusion proof names")]
    Root,
}

impl Error {
    /// For programs; `client/typescript/src/errors.ts` lists the same.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Request { .. } => "request",
            Self::KeyClosed => "key-closed",
            Self::Signature(SignatureFormError::Length { .. }) => "signature-length",
            Self::Signature(SignatureFormError::HighS) => "signature-high-s",
            Self::Amount(AmountError::Malformed { .. }) => "amount-malformed",
            Self::Amount(AmountError::TooLarge { .. })
            | Self::Packing(PackingError::TooLarge { .. } | PackingError::Exponent { .. })
            | Self::BridgeAmount { .. } => "amount-out-of-range",
            Self::Packing(PackingError::Inexact { .. }) => "amount-inexact",
            Self::Transaction(_) => "transaction-malformed",
            Self::Inclusion { .. } => "inclusion-malformed",
            Self::Root => "inclusion-root",
        }
    }
}
