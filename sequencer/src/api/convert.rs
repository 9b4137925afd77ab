//! Between the wire and the domain.

use std::collections::BTreeMap;

use ashlar_payments::{Payments, packing::PackedFee, policy::PolicyError, validate::TransactionError};
use ashlar_proto::{Bytes, sequencer::v1 as pb};
use ashlar_report::{Chain, chain};
use ashlar_statement::hash::{Hash, hash_from_bytes32, hash_to_bytes32};
use tonic::{Code, Status};

use super::{AccountKey, AccountView};
use crate::{
    executor::SubmitError,
    exit_mode::Outlook,
    progress::{BatchJobs, STEPS},
    store::{BatchRecord, BatchStatus, L1Receipt, StepRecord, StoreError, WithdrawalRecord},
};

/// A refusal with the status code that goes with it.
pub(super) fn refusal(error: &SubmitError<Payments>) -> (Code, pb::Refusal) {
    use pb::refusal::Code as R;
    let (status, code, field) = match error {
        SubmitError::Decode(_) => (Code::InvalidArgument, R::Encoding, "encoding"),
        SubmitError::TooLarge { .. } => (Code::InvalidArgument, R::TooLarge, "encoding"),
        SubmitError::TooFarAhead { .. } | SubmitError::NotInTime { .. } | SubmitError::Overtaken { .. } => {
            (Code::FailedPrecondition, R::Nonce, "nonce")
        }
        SubmitError::SignerReplaced => (Code::FailedPrecondition, R::Owner, "public_key"),
        SubmitError::TooManyWaiting { .. } => (Code::ResourceExhausted, R::MempoolFull, "nonce"),
        SubmitError::NotReplaced { .. } => (Code::FailedPrecondition, R::Fee, "fee"),
        SubmitError::FeeTooLow { .. } => (Code::FailedPrecondition, R::Fee, "fee"),
        SubmitError::FeeToken { .. } => (Code::FailedPrecondition, R::Fee, "token"),
        SubmitError::Replaced { .. } => (Code::FailedPrecondition, R::Replaced, "fee"),
        SubmitError::Busy { .. } | SubmitError::Lagging { .. } => (Code::ResourceExhausted, R::Busy, ""),
        SubmitError::ExitMode => (Code::FailedPrecondition, R::ExitMode, ""),
        // Of L1 operations, which do not come through the API.
        SubmitError::OperationGap { .. } => (Code::Internal, R::Unspecified, ""),
        SubmitError::Stopped => (Code::Unavailable, R::Unspecified, ""),
        SubmitError::SponsoredPays { .. } => (Code::InvalidArgument, R::Fee, "fee"),
        SubmitError::OwnSponsor { .. } => (Code::InvalidArgument, R::Owner, "sponsor.from"),
        SubmitError::Refused(refused) | SubmitError::Sponsor(refused) => execution(refused),
    };
    let field = match error {
        SubmitError::Sponsor(_) => format!("sponsor.{field}"),
        _ => field.to_owned(),
    };
    let message = chain(error);
    (
        status,
        pb::Refusal {
            code: code.into(),
            field,
            message,
        },
    )
}

/// Of what cannot be executed on the present state.
fn execution(refused: &TransactionError) -> (Code, pb::refusal::Code, &'static str) {
    use pb::refusal::Code as R;
    match refused {
        TransactionError::UnknownAccount { field, .. } => {
            (Code::FailedPrecondition, R::UnknownAccount, field)
        }
        TransactionError::NotOwner { field, .. } => (Code::FailedPrecondition, R::Owner, field),
        TransactionError::Policy(fault) => (Code::FailedPrecondition, R::Policy, rule(fault)),
        TransactionError::Expired { .. } => (Code::FailedPrecondition, R::Expired, "valid_until"),
        TransactionError::PayeeChanged { .. } => (Code::FailedPrecondition, R::Payee, "to_owner"),
        TransactionError::NoFeeAccount => (Code::FailedPrecondition, R::UnknownAccount, "fee_account"),
        TransactionError::AccountLimit { .. } => (Code::ResourceExhausted, R::Unspecified, "account"),
        TransactionError::Nonce { .. } | TransactionError::NonceExhausted { .. } => {
            (Code::FailedPrecondition, R::Nonce, "nonce")
        }
        TransactionError::InsufficientBalance { .. } | TransactionError::BalanceLimit { .. } => {
            (Code::FailedPrecondition, R::Balance, "amount")
        }
        // Of L1 operations.
        TransactionError::Payment { .. } => (Code::Internal, R::Unspecified, ""),
        TransactionError::BridgeAmount { .. } => (Code::InvalidArgument, R::Amount, "amount"),
        TransactionError::Signature(_) => (Code::InvalidArgument, R::Signature, "signature"),
    }
}

/// The rule of a clause that does not permit a transaction.
fn rule(fault: &PolicyError) -> &'static str {
    match fault {
        PolicyError::Kind { .. } => "clause.kinds",
        PolicyError::Token { .. } => "clause.token",
        PolicyError::AboveCap { .. } => "clause.cap",
        PolicyError::TooEarly { .. } => "clause.from",
        PolicyError::TooLate { .. } => "clause.until",
        PolicyError::NoPreimage | PolicyError::WrongPreimage | PolicyError::NoLock => "clause.lock",
        // Of policies that cannot be, which no decoded clause is of.
        PolicyError::ClauseCount { .. }
        | PolicyError::NoClause { .. }
        | PolicyError::NoKind
        | PolicyError::Cap { .. }
        | PolicyError::Time { .. }
        | PolicyError::EmptyWindow { .. }
        | PolicyError::ZeroLock => "clause",
    }
}

/// The same as a status whose details hold the encoded refusal.
pub(super) fn refusal_status(error: &SubmitError<Payments>) -> Status {
    let (code, refusal) = refusal(error);
    let message = refusal.message.clone();
    Status::with_details(
        code,
        message,
        ashlar_proto::Message::encode_to_vec(&refusal).into(),
    )
}

pub(super) fn internal(error: &(dyn std::error::Error + 'static)) -> Status {
    tracing::error!(error = %Chain(error), "request failed");
    Status::internal("the node failed to answer; its log says why")
}

/// Exactly `N` bytes.
pub(super) fn fixed<const N: usize>(bytes: &[u8], field: &str) -> Result<[u8; N], Status> {
    bytes
        .try_into()
        .map_err(|_| Status::invalid_argument(format!("{field}: {} bytes given, {N} expected", bytes.len())))
}

pub(super) fn account_key(request: pb::GetAccountRequest) -> Result<AccountKey, Status> {
    match request.key {
        Some(pb::get_account_request::Key::Index(index)) => Ok(AccountKey::Index(index)),
        Some(pb::get_account_request::Key::Owner(owner)) => {
            let auth = owner.auth.map(|bytes| {
                hash_from_bytes32(&fixed(&bytes, "auth")?)
                    .ok_or_else(|| Status::invalid_argument("auth: a limb is not below the field's order"))
            });
            Ok(AccountKey::Owner {
                l1_owner: fixed(&owner.l1_owner, "l1_owner")?,
                auth: auth.transpose()?,
            })
        }
        None => Err(Status::invalid_argument("key: missing")),
    }
}

pub(super) fn hash_bytes(hash: &Hash) -> Bytes {
    hash_to_bytes32(hash).to_vec().into()
}

pub(super) fn account(view: &AccountView) -> pb::Account {
    pb::Account {
        index: view.index,
        auth: hash_bytes(&view.account.auth),
        nonce: view.account.nonce,
        // What follows without a gap is executed as it comes, so nothing that waits has the next nonce.
        pending_nonce: view.account.nonce,
        waiting: view.waiting,
        l1_owner: view.account.l1_owner.to_vec().into(),
        flags: view.account.flags.into(),
        balances: view
            .account
            .balances
            .iter()
            .map(|(token, amount)| pb::Balance {
                token: u32::from(*token),
                amount: *amount,
            })
            .collect(),
    }
}

pub(super) fn withdrawal(batch: u64, record: &WithdrawalRecord) -> pb::WithdrawalClaim {
    pb::WithdrawalClaim {
        batch_number: batch,
        withdrawal_index: record.index,
        recipient: record.recipient.to_vec().into(),
        token: u32::from(record.token),
        amount: record.amount,
    }
}

/// Limbs as L1 sees them: `e0 + e1·2^64 + …`, 32 bytes big-endian.
fn limbs(elements: [u64; 4]) -> Bytes {
    elements
        .iter()
        .rev()
        .flat_map(|element| element.to_be_bytes())
        .collect::<Vec<u8>>()
        .into()
}

pub(super) fn batch(record: &BatchRecord) -> Result<pb::Batch, StoreError> {
    let inputs = record.public_inputs()?;
    let status = match (record.status, &record.failure) {
        (BatchStatus::Proven, _) => pb::BatchStatus::Proven,
        (_, Some(_)) => pb::BatchStatus::Failed,
        (BatchStatus::Committed, None) => pb::BatchStatus::Committed,
        (BatchStatus::Sealed, None) => pb::BatchStatus::Sealed,
    };
    Ok(pb::Batch {
        number: record.number,
        status: status.into(),
        old_root: limbs(inputs.old_root),
        new_root: limbs(inputs.new_root),
        chunk_count: record.chunks,
        l1_operation_count: record.l1_operations,
        withdrawal_count: record.withdrawals,
        transfer_count: record.transfers,
        pubdata_bytes: (record.bridge.len() + record.rollup.len()) as u64,
        commit: record.commit.as_ref().map(l1_transaction),
        prove: record.prove.as_ref().map(l1_transaction),
        failure_reason: record.failure.clone().unwrap_or_default(),
        steps: record.steps.iter().map(step).collect(),
        snark_bytes: record.snark_bytes,
        withdrawals: Vec::new(),
        progress: None,
    })
}

pub(super) fn progress(jobs: &BatchJobs, seconds_left: Option<f64>) -> pb::Progress {
    let step = |(step, jobs): (&ashlar_protocol::Step, &crate::progress::Jobs)| pb::StepProgress {
        name: step.name().to_owned(),
        done: jobs.done,
        total: jobs.total,
        running: jobs.running,
    };
    pb::Progress {
        steps: STEPS.iter().zip(jobs).map(step).collect(),
        seconds_left,
    }
}

/// The withdrawals of a batch, from its public data; `None` if that is damaged.
pub(super) fn withdrawals(record: &BatchRecord) -> Option<Vec<pb::WithdrawalClaim>> {
    let found = ashlar_payments::pubdata::withdrawals(&record.bridge)?;
    let claims = (0..).zip(found).map(|(index, found)| pb::WithdrawalClaim {
        batch_number: record.number,
        withdrawal_index: index,
        recipient: found.recipient.to_vec().into(),
        token: found.token.into(),
        amount: found.amount,
    });
    Some(claims.collect())
}

/// `None` before L1 was asked.
pub(super) fn exit_mode(outlook: Outlook) -> Option<pb::ExitMode> {
    let oldest = outlook.oldest().map(|oldest| pb::OldestOperation {
        queue_index: oldest.index,
        expires_unix_ms: 100 * oldest.expiry,
    });
    Some(pb::ExitMode {
        entered: outlook.is_entered(),
        is_final: outlook == Outlook::Entered { is_final: true },
        oldest,
    })
    .filter(|_| outlook != Outlook::Unknown)
}

/// Least fees that can be signed: amounts are rounded up to the next packed fee.
pub(super) fn min_fees(least: &BTreeMap<u8, u64>) -> Vec<pb::MinFee> {
    let least = least.iter().map(|(token, least)| pb::MinFee {
        token: (*token).into(),
        // One that is beyond every fee is told as it is: nobody can pay it.
        amount: PackedFee::ceil(*least).map_or(*least, PackedFee::value),
    });
    least.collect()
}

fn l1_transaction(receipt: &L1Receipt) -> pb::L1Transaction {
    pb::L1Transaction {
        hash: receipt.hash.to_vec().into(),
        block_number: receipt.block_number,
        gas_used: receipt.gas_used,
    }
}

fn step(step: &StepRecord) -> pb::StepTiming {
    pb::StepTiming {
        name: step.name.clone(),
        seconds: step.micros as f64 / 1e6,
        peak_rss_bytes: step.peak_rss_bytes,
    }
}
