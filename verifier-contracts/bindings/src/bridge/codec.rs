//! Records as bytes: 7-byte big-endian words, laid out in `QueuedOperation.sol` and `BridgeStream.sol`.

use alloy::primitives::Address;

use crate::{Withdrawal, bridge::BridgeRecord};

/// Bytes of a word.
const WORD_BYTES: usize = 7;
const DEPOSIT_TAG: u8 = 1;
const WITHDRAWAL_TAG: u8 = 2;
const SET_AUTH_TAG: u8 = 4;
const FORCED_WITHDRAWAL_TAG: u8 = 5;
const FORCED_TRANSFER_TAG: u8 = 6;
const SET_FLAGS_TAG: u8 = 7;
/// Order of the Goldilocks field: elements of an auth are below it.
const FIELD_ORDER: u64 = 0xffff_ffff_0000_0001;

/// Bytes of a record with this tag; `None` for a tag of no record.
pub fn record_bytes(tag: u8) -> Option<usize> {
    let words = match tag {
        DEPOSIT_TAG | SET_AUTH_TAG => 10,
        WITHDRAWAL_TAG => 5,
        FORCED_WITHDRAWAL_TAG => 6,
        FORCED_TRANSFER_TAG => 7,
        SET_FLAGS_TAG => 1,
        _ => return None,
    };
    Some(words * WORD_BYTES)
}

pub fn encode(record: &BridgeRecord) -> Vec<u8> {
    match record {
        BridgeRecord::Deposit {
            account,
            token,
            amount,
            owner,
            auth,
        } => [
            head(DEPOSIT_TAG, *account, *token, 0),
            word(*amount),
            address_words(owner),
            auth_words(auth),
        ]
        .concat(),
        BridgeRecord::Withdrawal {
            account,
            fee_bits,
            withdrawal,
        } => [
            head(WITHDRAWAL_TAG, *account, withdrawal.token, *fee_bits),
            word(withdrawal.amount),
            address_words(&withdrawal.to),
        ]
        .concat(),
        BridgeRecord::SetAuth {
            account,
            sender,
            auth,
        } => [
            head(SET_AUTH_TAG, *account, 0, 0),
            word(0),
            address_words(sender),
            auth_words(auth),
        ]
        .concat(),
        BridgeRecord::ForcedWithdrawal {
            account,
            requested,
            withdrawal,
        } => [
            head(FORCED_WITHDRAWAL_TAG, *account, withdrawal.token, 0),
            word(*requested),
            address_words(&withdrawal.to),
            word(withdrawal.amount),
        ]
        .concat(),
        BridgeRecord::ForcedTransfer {
            account,
            to,
            token,
            requested,
            paid,
            sender,
        } => [
            head(FORCED_TRANSFER_TAG, *account, *token, 0),
            word(*requested),
            address_words(sender),
            word(*paid),
            word(u64::from(*to)),
        ]
        .concat(),
        BridgeRecord::SetFlags { account, flags } => head(SET_FLAGS_TAG, *account, 0, *flags),
    }
}

/// A record of [`record_bytes`] of its tag; the error names the field at fault.
pub fn decode(bytes: &[u8]) -> Result<BridgeRecord, &'static str> {
    let (account, token, last) = (number(&bytes[1..5]) as u32, bytes[5], bytes[6]);
    let amount_at = |index| number(&bytes[index * WORD_BYTES..(index + 1) * WORD_BYTES]);
    let address = || Address::from_slice(&[&bytes[14..28], &bytes[29..35]].concat());
    let withdrawal = |amount_word| Withdrawal {
        token,
        amount: amount_at(amount_word),
        to: address(),
    };
    let record = match bytes[0] {
        DEPOSIT_TAG => BridgeRecord::Deposit {
            account,
            token,
            amount: amount_at(1),
            owner: address(),
            auth: auth(&bytes[35..])?,
        },
        WITHDRAWAL_TAG => BridgeRecord::Withdrawal {
            account,
            fee_bits: last,
            withdrawal: withdrawal(1),
        },
        SET_AUTH_TAG => BridgeRecord::SetAuth {
            account,
            sender: address(),
            auth: auth(&bytes[35..])?,
        },
        FORCED_WITHDRAWAL_TAG => BridgeRecord::ForcedWithdrawal {
            account,
            requested: amount_at(1),
            withdrawal: withdrawal(5),
        },
        FORCED_TRANSFER_TAG => BridgeRecord::ForcedTransfer {
            account,
            to: amount_at(6) as u32,
            token,
            requested: amount_at(1),
            paid: amount_at(5),
            sender: address(),
        },
        SET_FLAGS_TAG => BridgeRecord::SetFlags { account, flags: last },
        _ => return Err("tag"),
    };
    // What no field takes up must be zero.
    if encode(&record) != bytes {
        return Err("padding");
    }
    Ok(record)
}

fn auth(words: &[u8]) -> Result<[u64; 4], &'static str> {
    let (low, high) = words.split_at(4 * WORD_BYTES);
    let element = |index: usize| {
        let low = number(&low[index * WORD_BYTES..(index + 1) * WORD_BYTES]);
        low | u64::from(high[3 + index]) << 56
    };
    let auth = std::array::from_fn(element);
    if auth.iter().any(|element| *element >= FIELD_ORDER) {
        return Err("auth");
    }
    Ok(auth)
}

/// Big-endian, at most 8 bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn word(value: u64) -> Vec<u8> {
    value.to_be_bytes()[1..].to_vec()
}

fn head(tag: u8, account: u32, token: u8, last: u8) -> Vec<u8> {
    let [a0, a1, a2, a3] = account.to_be_bytes();
    vec![tag, a0, a1, a2, a3, token, last]
}

fn address_words(address: &Address) -> Vec<u8> {
    [&address[..14], &[0], &address[14..]].concat()
}

fn auth_words(auth: &[u64; 4]) -> Vec<u8> {
    let low = auth.iter().flat_map(|element| word(*element));
    let high = auth.iter().map(|element| element.to_be_bytes()[0]);
    low.chain([0; 3]).chain(high).collect()
}
