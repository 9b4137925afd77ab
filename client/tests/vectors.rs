//! The vectors that contract and circuits are held to, through this crate's parser.

use alloy::primitives::{Address, hex};
use ashlar_client::data::{Record, parse_bridge, parse_rollup};
use ashlar_payments::packing::{PackedAmount, PackedFee};
use plonky2::field::types::PrimeField64;
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

#[test]
fn public_data_is_read_as_the_contract_reads_it() {
    let vectors = include_str!("../../verifier-contracts/test/vectors/batches.json");
    let vectors: Value = serde_json::from_str(vectors).expect("JSON");
    let (mut deposits, mut withdrawals, mut transfers) = (0, 0, 0);
    for batch in list(&vectors, "batches") {
        let bytes = |field| hex::decode(text(batch, field)).expect("hex");
        let bridge = parse_bridge(&bytes("bridge")).expect("a bridge stream");
        let mut expected = (list(batch, "deposits").iter(), list(batch, "withdrawals").iter());
        for record in &bridge {
            match record {
                Record::Deposit {
                    account,
                    token,
                    amount,
                    key_hash,
                } => {
                    let of = expected.0.next().expect("a deposit");
                    let given = [u64::from(*account), u64::from(*token), *amount];
                    assert_eq!(
                        given,
                        ["account", "token", "amount"].map(|field| number(of, field))
                    );
                    let limbs = list(of, "key_hash")
                        .iter()
                        .map(|limb| limb.as_str().expect("text"));
                    let ours = key_hash.elements.map(|limb| limb.to_canonical_u64().to_string());
                    assert!(limbs.eq(ours.iter()));
                    deposits += 1;
                }
                Record::Withdrawal {
                    account, withdrawal, ..
                } => {
                    let of = expected.1.next().expect("a withdrawal");
                    let given = [u64::from(*account), withdrawal.token.into(), withdrawal.amount];
                    assert_eq!(
                        given,
                        ["account", "token", "amount"].map(|field| number(of, field))
                    );
                    assert_eq!(
                        withdrawal.to,
                        text(of, "to").parse::<Address>().expect("an address")
                    );
                    withdrawals += 1;
                }
                Record::Transfer { .. } => panic!("a transfer in the bridge stream"),
            }
        }
        assert!(expected.0.next().is_none() && expected.1.next().is_none());
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
    assert!(deposits >= 7 && withdrawals >= 7 && transfers >= 10);
}
