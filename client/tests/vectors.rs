//! The vectors that contract and circuits are held to, through this crate's parser.

use alloy::primitives::{Address, hex};
use ashlar_client::data::{Record, parse_bridge, parse_rollup};
use ashlar_contracts::Withdrawal;
use ashlar_payments::packing::{PackedAmount, PackedFee};
use ashlar_statement::hash::{F, Hash};
use plonky2::field::types::Field;
use serde_json::Value;

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect(field)
}

fn number(value: &Value, field: &str) -> u64 {
    text(value, field).parse().expect(field)
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().expect(field)
}

/// What the generator says of a record of the bridge stream.
fn expected(of: &Value) -> Record {
    let account = number(of, "account") as u32;
    let address = |field| text(of, field).parse::<Address>().expect("an address");
    let (token, amount) = (|| number(of, "token") as u8, || number(of, "amount"));
    let auth = || {
        let limbs = list(of, "auth").iter().map(|limb| limb.as_str().expect("text"));
        let limbs: Vec<F> = limbs
            .map(|limb| F::from_canonical_u64(limb.parse().expect("a number")))
            .collect();
        Hash::from_vec(limbs)
    };
    match text(of, "kind") {
        "deposit" => Record::Deposit {
            account,
            token: token(),
            amount: amount(),
            owner: address("owner"),
            auth: auth(),
        },
        "set_auth" => Record::SetAuth {
            account,
            sender: address("owner"),
            auth: auth(),
        },
        "forced_withdrawal" => Record::ForcedWithdrawal {
            account,
            requested: amount(),
            withdrawal: Withdrawal {
                token: token(),
                amount: number(of, "paid"),
                to: address("owner"),
            },
        },
        "forced_transfer" => Record::ForcedTransfer {
            from: account,
            to: number(of, "to") as u32,
            token: token(),
            requested: amount(),
            paid: number(of, "paid"),
            sender: address("owner"),
        },
        "set_flags" => Record::SetFlags {
            account,
            flags: number(of, "flags") as u8,
        },
        kind => panic!("{kind}"),
    }
}

#[test]
fn public_data_is_read_as_the_contract_reads_it() {
    let vectors = include_str!("../../verifier-contracts/test/vectors/batches.json");
    let vectors: Value = serde_json::from_str(vectors).expect("JSON");
    let (mut operations, mut withdrawals, mut transfers) = (0, 0, 0);
    for batch in list(&vectors, "batches") {
        let bytes = |field| hex::decode(text(batch, field)).expect("hex");
        let bridge = parse_bridge(&bytes("bridge")).expect("a bridge stream");
        let queued: Vec<_> = bridge.iter().filter(|record| record.is_l1_operation()).collect();
        let of: Vec<_> = list(batch, "operations").iter().map(expected).collect();
        assert_eq!(queued, of.iter().collect::<Vec<_>>());
        operations += of.len();

        // Those that are paid on L1, forced ones among them, in the order of the stream.
        let paid: Vec<_> = bridge
            .iter()
            .filter(|record| record.withdrawal().is_some())
            .collect();
        let of = list(batch, "withdrawals");
        assert_eq!(paid.len(), of.len());
        for (record, of) in paid.iter().zip(of) {
            let withdrawal = Withdrawal {
                token: number(of, "token") as u8,
                amount: number(of, "amount"),
                to: text(of, "to").parse().expect("an address"),
            };
            assert_eq!(record.withdrawal(), Some(&withdrawal));
            assert!(record.concerns(number(of, "account") as u32));
            assert_eq!(Some(record.is_l1_operation()), of["forced"].as_bool());
        }
        withdrawals += of.len();

        // Amounts of these vectors are bits of any value: what no proof could be made for is refused.
        let (stream, of) = (bytes("rollup"), list(batch, "transfers"));
        assert_eq!(stream.len(), 14 * of.len());
        for (bytes, of) in stream.chunks(14).zip(of) {
            let bits = number(of, "amount") as u32;
            let Ok(amount) = PackedAmount::from_bits(bits) else {
                parse_rollup(bytes).expect_err("no amount");
                continue;
            };
            let expected = Record::Transfer {
                from: number(of, "from") as u32,
                to: number(of, "to") as u32,
                token: number(of, "token") as u8,
                amount: amount.value(),
                fee: PackedFee::from_bits(number(of, "fee") as u8).value(),
            };
            assert_eq!(parse_rollup(bytes), Ok(vec![expected]));
            transfers += 1;
        }
    }
    assert!(operations >= 7 && withdrawals >= 7 && transfers >= 10);
}
