//! What an operation of L1's queue did, as its batch's public data says and as the API tells it.

use ashlar_payments::{
    pubdata::{WITHDRAW_TAG, WITHDRAW_WORDS},
    transaction::Served,
};
use ashlar_proto::sequencer::v1::{self as pb, operation::Kind};
use ashlar_statement::{
    queue::{L1Operation, record_words},
    stream::WORD_BYTES,
};

use super::convert::hash_bytes;

/// Tells what was served.
pub(super) fn describe(told: &mut pb::Operation, served: &Served) {
    let address = |address: [u8; 20]| Some(address.to_vec().into());
    told.token = served.token().into();
    match served.operation {
        L1Operation::Deposit(deposit) => {
            told.set_kind(Kind::Deposit);
            told.amount = deposit.amount;
            told.to = Some(served.account);
            told.auth = Some(hash_bytes(&deposit.auth));
            told.l1_address = address(deposit.owner);
        }
        L1Operation::SetAuth(set) => {
            told.set_kind(Kind::SetAuth);
            told.to = Some(set.account);
            told.auth = Some(hash_bytes(&set.auth));
            told.l1_address = address(set.sender);
        }
        L1Operation::ForcedWithdrawal(forced) => {
            told.set_kind(Kind::ForcedWithdrawal);
            told.amount = served.paid;
            told.requested = Some(forced.amount);
            told.from = Some(forced.account);
            told.l1_address = address(forced.sender);
        }
        L1Operation::ForcedTransfer(forced) => {
            told.set_kind(Kind::ForcedTransfer);
            told.amount = served.paid;
            told.requested = Some(forced.amount);
            told.from = Some(forced.account);
            told.to = Some(forced.to);
            told.l1_address = address(forced.sender);
        }
        L1Operation::SetFlags(set) => {
            told.set_kind(Kind::SetFlags);
            told.to = Some(set.account);
            told.flags = Some(set.flags.into());
        }
    }
}

/// How the L1 operation with this queue index was served, from its batch's bridge stream, whose first L1 operation is
/// `first`; `None` if the stream does not hold it or is damaged.
pub(super) fn served(bridge: &[u8], first: u64, queue_index: u64) -> Option<Served> {
    let before = usize::try_from(queue_index.checked_sub(first)?).ok()?;
    Served::decode(l1_records(bridge).nth(before)?).ok()
}

/// The records of L1 operations in a bridge stream, up to its end or the first byte that is no record's.
fn l1_records(mut bridge: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        loop {
            let tag = *bridge.first()?;
            let is_signed = tag == WITHDRAW_TAG;
            let words = if is_signed {
                WITHDRAW_WORDS
            } else {
                record_words(tag)?
            };
            let (record, rest) = bridge.split_at_checked(words * WORD_BYTES)?;
            bridge = rest;
            if !is_signed {
                return Some(record);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use ashlar_statement::{
        queue::{ForcedTransfer, SetFlags},
        stream::words_to_bytes,
    };

    use super::*;

    #[test]
    fn l1_operations_are_found_between_signed_withdrawals() {
        let mut signed = [0; WITHDRAW_WORDS * WORD_BYTES];
        signed[0] = WITHDRAW_TAG;
        let flags = Served {
            operation: L1Operation::SetFlags(SetFlags { account: 1, flags: 2 }),
            account: 1,
            paid: 0,
        };
        let transfer = Served {
            operation: L1Operation::ForcedTransfer(ForcedTransfer {
                account: 3,
                to: 4,
                token: 5,
                amount: 60,
                sender: [7; 20],
            }),
            account: 3,
            paid: 50,
        };
        let record = |served: &Served| words_to_bytes(&served.words());
        let bridge = [&signed[..], &record(&flags), &signed, &signed, &record(&transfer)].concat();
        assert_eq!(served(&bridge, 100, 100), Some(flags));
        assert_eq!(served(&bridge, 100, 101), Some(transfer));
        assert_eq!(
            (served(&bridge, 100, 99), served(&bridge, 100, 102)),
            (None, None)
        );
        assert_eq!(served(&bridge[..bridge.len() - 1], 100, 101), None);
    }
}
