use alloy::primitives::{Address, B256, Bytes};
use serde::Deserialize;

use super::{BridgeError, BridgeRecord, parse, queue_entry, withdrawals};
use crate::{Withdrawal, withdrawal};

fn address() -> Address {
    let mut address = [0xa0; 20];
    address[14..].fill(0xb0);
    address.into()
}

fn address_record() -> Vec<u8> {
    [[0xa0; 14].as_slice(), &[0], &[0xb0; 6]].concat()
}

fn auth() -> [u64; 4] {
    [0x10 << 56 | 1, 0x20 << 56 | 2, 0x30 << 56 | 3, 0x40 << 56 | 4]
}

fn auth_record() -> Vec<u8> {
    let low = (1..=4).flat_map(|limb| [0, 0, 0, 0, 0, 0, limb]);
    low.chain([0, 0, 0, 0x10, 0x20, 0x30, 0x40]).collect()
}

fn paid(amount: u64) -> Withdrawal {
    Withdrawal {
        token: 3,
        amount,
        to: address(),
    }
}

/// One record of each kind, in the order of their tags: its bytes, and what they say.
fn samples() -> [(Vec<u8>, BridgeRecord); 6] {
    let account = 0x0102_0304;
    let head = |tag, token, last| vec![tag, 1, 2, 3, 4, token, last];
    let amount = |low| vec![0, 0, 0, 0, 0, 1, low];
    [
        (
            [head(1, 3, 0), amount(2), address_record(), auth_record()].concat(),
            BridgeRecord::Deposit {
                account,
                token: 3,
                amount: 258,
                owner: address(),
                auth: auth(),
            },
        ),
        (
            [head(2, 3, 9), amount(2), address_record()].concat(),
            BridgeRecord::Withdrawal {
                account,
                fee_bits: 9,
                withdrawal: paid(258),
            },
        ),
        (
            [head(4, 0, 0), vec![0; 7], address_record(), auth_record()].concat(),
            BridgeRecord::SetAuth {
                account,
                sender: address(),
                auth: auth(),
            },
        ),
        (
            [head(5, 3, 0), amount(2), address_record(), amount(1)].concat(),
            BridgeRecord::ForcedWithdrawal {
                account,
                requested: 258,
                withdrawal: paid(257),
            },
        ),
        (
            [
                head(6, 3, 0),
                amount(2),
                address_record(),
                amount(1),
                vec![0, 0, 0, 5, 6, 7, 8],
            ]
            .concat(),
            BridgeRecord::ForcedTransfer {
                account,
                to: 0x0506_0708,
                token: 3,
                requested: 258,
                paid: 257,
                sender: address(),
            },
        ),
        (head(7, 0, 0x81), BridgeRecord::SetFlags { account, flags: 0x81 }),
    ]
}

#[test]
fn records_are_read_in_order() {
    let (bytes, expected): (Vec<_>, Vec<_>) = samples().into_iter().unzip();
    let records = parse(&bytes.concat()).unwrap();
    assert_eq!(records, expected);
    assert_eq!(withdrawals(&records), [paid(258), paid(257)]);
    let encoded: Vec<_> = records.iter().map(BridgeRecord::encode).collect();
    assert_eq!(encoded, bytes);
    assert_eq!(parse(&[]), Ok(Vec::new()));
}

#[test]
fn the_queue_has_zeros_for_what_is_found_at_execution() {
    let found: [Option<std::ops::Range<usize>>; 6] = [
        Some(1..5),
        None,
        Some(0..0),
        Some(35..42),
        Some(35..42),
        Some(0..0),
    ];
    for ((bytes, record), found) in samples().into_iter().zip(found) {
        let queued = found.map(|range| {
            let mut queued = bytes;
            queued[range].fill(0);
            queued
        });
        assert_eq!(record.queue_record(), queued);
    }
}

#[test]
fn a_forced_withdrawal_that_paid_nothing_is_no_withdrawal() {
    let record = BridgeRecord::ForcedWithdrawal {
        account: 1,
        requested: 5,
        withdrawal: paid(0),
    };
    assert_eq!(withdrawals(&[record]), []);
}

#[test]
fn damaged_streams_are_refused_with_their_place() {
    let (before, _) = samples()[0].clone();
    let offset = before.len();
    for (bytes, _) in samples() {
        let whole = [before.clone(), bytes.clone()].concat();
        assert_eq!(
            parse(&whole[..whole.len() - 1]),
            Err(BridgeError::Truncated {
                offset,
                expected: bytes.len(),
                actual: bytes.len() - 1
            })
        );
        let mut changed = whole;
        changed[offset] = 3;
        assert_eq!(parse(&changed), Err(BridgeError::Tag { tag: 3, offset }));
    }
    let padding: [&[usize]; 6] = [
        &[6, 28, 63, 65],
        &[28],
        &[5, 6, 7, 13, 28, 63, 65],
        &[6, 28],
        &[6, 28, 42, 44],
        &[5],
    ];
    for ((bytes, _), padding) in samples().into_iter().zip(padding) {
        for place in padding {
            let mut changed = [before.clone(), bytes.clone()].concat();
            changed[offset + place] = 1;
            let field = "padding";
            assert_eq!(parse(&changed), Err(BridgeError::Field { offset, field }));
        }
    }
}

#[test]
fn an_auth_that_is_not_canonical_is_refused() {
    for kind in [0, 2] {
        let (mut record, _) = samples()[kind].clone();
        record[35..42].fill(0xff);
        record[66] = 0xff;
        let (offset, field) = (0, "auth");
        assert_eq!(parse(&record), Err(BridgeError::Field { offset, field }));
    }
}

#[test]
fn an_entry_is_a_hash_with_an_expiry_at_its_end() {
    // keccak256 of nothing.
    let hash = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8";
    let entry: B256 = format!("0x{hash}042c1d8e2f").parse().unwrap();
    assert_eq!(queue_entry(&[], 0x04_2c1d_8e2f), entry);
}

#[derive(Deserialize)]
struct Vectors {
    batches: Vec<Batch>,
}

#[derive(Deserialize)]
struct Batch {
    bridge: Bytes,
    operations: Vec<Operation>,
    withdrawals_root: B256,
}

#[derive(Deserialize)]
struct Operation {
    queue_hash: B256,
}

#[test]
fn entries_and_withdrawals_equal_the_vectors() {
    let vectors: Vectors =
        serde_json::from_str(include_str!("../../../test/vectors/batches.json")).expect("vectors parse");
    for batch in vectors.batches {
        let records = parse(&batch.bridge).expect("a bridge stream");
        let queued = records.iter().filter_map(BridgeRecord::queue_record);
        let entries: Vec<_> = queued.map(|record| queue_entry(&record, 0)).collect();
        let expected: Vec<_> = batch.operations.iter().map(|of| of.queue_hash).collect();
        assert_eq!(entries, expected);
        assert_eq!(withdrawal::root(&withdrawals(&records)), batch.withdrawals_root);
    }
}
