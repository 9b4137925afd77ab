//! The circuit's constraints on a witness, in plain Rust: tells why a proof would fail before it is tried.

use ashlar_ecgfp5::SignatureError;
use plonky2::field::{extension::quadratic::QuadraticExtension, types::Field};

use ashlar_statement::{
    ACCOUNT_BITS, SpanPublicInputs, Stream, TIME_BITS,
    hash::{F, Hash, ZERO_HASH},
    stream::{Evaluation, data_hash},
};

use super::{ChunkWitness, FEE_SLOTS, moves::Moves, plan::plan};
use crate::{
    account::balance_digest, batch::Shapes, policy::PolicyError, pubdata::Record, transaction::Operation,
    tree::ACCOUNT_DEPTH, validate::credit,
};

/// Why a slot breaks the circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlotFault {
    /// Not signed by the owner of the paying account.
    #[error("signature: {0}")]
    Signature(SignatureError),
    /// The signer's key does not sign for the paying account.
    #[error("public_key: does not sign for the source")]
    Owner,
    /// The payee's account is not whose the payer has signed it to be.
    #[error("to_owner: not the L1 owner of the destination")]
    PayeeOwner,
    /// The clause does not permit it.
    #[error("clause: {0}")]
    Policy(PolicyError),
    /// The batch is of a later time.
    #[error("valid_until: {valid_until} is over, the batch is of minute {time}")]
    Expired {
        /// Of the transaction, in minutes since 1970.
        valid_until: u32,
        /// Of the batch, in minutes since 1970.
        time: u32,
    },
    /// The message's nonce is not the account's, or the account has none left.
    #[error("nonce: {given} given, the source is at {expected}")]
    Nonce {
        /// Of the transaction.
        given: u32,
        /// Of the account.
        expected: u32,
    },
    /// The source cannot pay amount and fee.
    #[error("balance: {needed} needed, the source holds {balance}")]
    Balance {
        /// Amount and fee.
        needed: u64,
        /// Of the source.
        balance: u64,
    },
    /// The destination would hold 2^62 or more.
    #[error("balance: the destination would hold 2^62 or more")]
    BalanceLimit,
    /// A bridge amount outside 1..2^56.
    #[error("amount: {0} outside 1..2^56")]
    BridgeAmount(u64),
    /// The source is not in the tree as claimed.
    #[error("path: the source is not under the running root")]
    SourcePath,
    /// The destination is not in the tree as claimed.
    #[error("path: the destination is not under the running root")]
    DestinationPath,
    /// A transfer to an absent account, or an absent account with a history.
    #[error("existence: the destination is absent, or is not blank")]
    Existence,
    /// A deposit to an account that is not its owner's, or has another `auth`.
    #[error("deposit: not its owner and auth that the destination has")]
    DepositOwner,
    /// A forced operation that does not pay what the accounts say.
    #[error("paid: {given} given, {expected} follows from the accounts")]
    Payment {
        /// Of the operation.
        given: u64,
        /// What follows from the accounts.
        expected: u64,
    },
    /// An account's index that the tree has no place for.
    #[error("account: {0} is not below 2^{ACCOUNT_DEPTH}")]
    Index(u32),
    /// The fee slot's token is not the transaction's.
    #[error("fee: slot {0} is of another token")]
    FeeToken(u8),
}

/// Why a witness breaks the circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// Another number of slots than the circuit has.
    #[error("{actual} slots, the circuit has {expected}")]
    SlotCount {
        /// Of the circuit.
        expected: usize,
        /// Of the witness.
        actual: usize,
    },
    /// No circuit has as many slots.
    #[error("{actual} slots, the circuits have {shapes:?}")]
    NoSuchChunk {
        /// Of the circuits.
        shapes: Shapes,
        /// Of the witness.
        actual: usize,
    },
    /// A slot is at fault.
    #[error("slot {slot}: {fault}")]
    Slot {
        /// Index of the slot.
        slot: usize,
        /// Why.
        fault: SlotFault,
    },
    /// Fees were earned but their credit is switched off.
    #[error("fee credit: disabled, though fees were earned")]
    FeeDisabled,
    /// The fee account would hold 2^62 or more.
    #[error("fee credit: slot {fee_slot} would reach 2^62")]
    FeeLimit {
        /// Index of the fee slot.
        fee_slot: usize,
    },
    /// The tree has no place for the fee account, or the statement none for the time.
    #[error("{field}: {value} is not below 2^{bits}")]
    Range {
        /// `fee_account` or `time`.
        field: &'static str,
        /// Given.
        value: u32,
        /// Bits that it may have.
        bits: u32,
    },
    /// The fee account is not in the tree as claimed.
    #[error("fee credit: the fee account is not under the running root")]
    FeePath,
}

/// Verifies the signature of every signed slot.
pub(super) fn verify_signatures(witness: &ChunkWitness) -> Result<(), WitnessError> {
    for (index, slot) in witness.slots.iter().enumerate() {
        let Operation::Signed(signed) = &slot.operation else {
            continue;
        };
        let message = signed.message(&witness.domain);
        signed
            .public_key
            .verify(&message, &signed.signature)
            .map_err(|error| WitnessError::Slot {
                slot: index,
                fault: SlotFault::Signature(error),
            })?;
    }
    Ok(())
}

/// Runs the slots from root to root; everything but the signatures is checked.
pub(super) fn replay(witness: &ChunkWitness) -> Result<SpanPublicInputs<F>, WitnessError> {
    let mut moves = Moves::default();
    let mut fees = [0u64; FEE_SLOTS];
    let ranges = [
        ("fee_account", witness.fee_account, ACCOUNT_BITS),
        ("time", witness.time, TIME_BITS),
    ];
    for (field, value, bits) in ranges {
        if value >> bits != 0 {
            return Err(WitnessError::Range { field, value, bits });
        }
    }
    let slots: Vec<_> = witness
        .slots
        .iter()
        .map(|slot| plan(slot, witness.time, &witness.fee.tokens, &mut fees, &mut moves))
        .collect();
    let places = moves.places();
    let mut root = witness.old_root;
    for (slot, checks) in slots.into_iter().enumerate() {
        for check in checks {
            root = check
                .apply(root, &places)
                .map_err(|fault| WitnessError::Slot { slot, fault })?;
        }
    }
    let new_root = replay_fees(root, witness, fees)?;
    let records = witness.records();
    let mut evaluation = Evaluation::EMPTY;
    for record in &records {
        if let Some(stream) = record.stream() {
            evaluation.push(QuadraticExtension(witness.z), stream, record.published());
        }
    }
    let words = |stream| {
        let members = records.iter().filter(|record| record.stream() == Some(stream));
        F::from_canonical_usize(members.map(Record::len).sum())
    };
    Ok(SpanPublicInputs {
        old_root: witness.old_root.elements,
        new_root: new_root.elements,
        domain: witness.domain.words(),
        data_hash: data_hash(records.iter().flat_map(Record::blocks)).elements,
        z: witness.z,
        bridge_eval: evaluation.bridge_eval.0,
        rollup_eval: evaluation.rollup_eval.0,
        bridge_power: evaluation.bridge_power.0,
        rollup_power: evaluation.rollup_power.0,
        fee_account: F::from_canonical_u32(witness.fee_account),
        time: F::from_canonical_u32(witness.time),
        bridge_words: words(Stream::Bridge),
        rollup_words: words(Stream::Rollup),
    })
}

fn replay_fees(root: Hash, witness: &ChunkWitness, fees: [u64; FEE_SLOTS]) -> Result<Hash, WitnessError> {
    let fee = &witness.fee;
    if !fee.enabled {
        return if fees == [0; FEE_SLOTS] {
            Ok(root)
        } else {
            Err(WitnessError::FeeDisabled)
        };
    }
    let mut balances_root = None;
    let mut first_root = ZERO_HASH;
    for fee_slot in 0..FEE_SLOTS {
        let (path, token) = (&fee.balance_paths[fee_slot], u32::from(fee.tokens[fee_slot]));
        let old = path.root(balance_digest(fee.balances[fee_slot]), token);
        match balances_root {
            None => first_root = old,
            Some(running) if running != old => return Err(WitnessError::FeePath),
            Some(_) => {}
        }
        let sum =
            credit(fee.balances[fee_slot], fees[fee_slot]).ok_or(WitnessError::FeeLimit { fee_slot })?;
        balances_root = Some(path.root(balance_digest(sum), token));
    }
    let root_with = |balances| {
        fee.account_path
            .root(fee.head.leaf(balances), witness.fee_account)
    };
    if root_with(first_root) != root {
        return Err(WitnessError::FeePath);
    }
    Ok(root_with(balances_root.unwrap_or(first_root)))
}
