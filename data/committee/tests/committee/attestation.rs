//! Attestations and evaluation points are those that were made elsewhere, by the letter of the specification.

use alloy::{
    primitives::{Address, B256, Signature, U256, keccak256},
    signers::local::PrivateKeySigner,
};
use ashlar_committee::{Committee, CommitteeError, Statement, TooFewSigned};
use ashlar_contracts::encoding::{extension_to_word, hash_to_word};
use ashlar_statement::{
    Domain,
    hash::{F, Hash},
    validium_evaluation_point,
};
use plonky2::field::types::{Field, PrimeField64};
use serde_json::Value;

struct Vector {
    domain: Domain,
    statement: Statement,
    committee: Vec<Address>,
    signers: Vec<PrivateKeySigner>,
    data_hash: Hash,
    bridge: Vec<u8>,
    z: [u64; 2],
    attestation: Vec<u8>,
}

fn numbers<const N: usize>(value: &Value) -> [u64; N] {
    let list = value.as_array().expect("a list");
    core::array::from_fn(|i| list[i].as_str().expect("decimal").parse().expect("a number"))
}

fn bytes(value: &Value) -> Vec<u8> {
    alloy::hex::decode(value.as_str().expect("hexadecimal")).expect("hexadecimal")
}

fn number(value: &Value) -> u64 {
    value.as_str().expect("decimal").parse().expect("a number")
}

fn vectors() -> Vec<Vector> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../verifier-contracts/test/vectors/validium.json"
    );
    let file: Value = serde_json::from_slice(&std::fs::read(path).expect("committed")).expect("JSON");
    let batches = file["batches"].as_array().expect("a list").clone();
    batches
        .iter()
        .map(|batch| {
            let data_hash = numbers::<4>(&batch["data_hash"]);
            let bridge = bytes(&batch["bridge"]);
            let keys = batch["keys"].as_array().expect("a list");
            Vector {
                domain: Domain {
                    chain_id: number(&batch["chain_id"]),
                    rollup: bytes(&batch["rollup_address"]).try_into().expect("20 bytes"),
                },
                statement: Statement {
                    number: number(&batch["number"]),
                    new_root: hash_to_word(numbers(&batch["new_root"])),
                    data_hash: hash_to_word(data_hash),
                    bridge_hash: keccak256(&bridge),
                    words: number(&batch["rollup_words"]) as u32,
                    rollup_eval: extension_to_word(numbers(&batch["rollup_eval"])),
                    expiry: number(&batch["expiry"]),
                },
                committee: batch["committee"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|member| Address::from_slice(&bytes(member)))
                    .collect(),
                signers: keys
                    .iter()
                    .map(|key| PrivateKeySigner::from_bytes(&B256::from_slice(&bytes(key))).expect("a key"))
                    .collect(),
                data_hash: Hash {
                    elements: data_hash.map(F::from_canonical_u64),
                },
                bridge,
                z: numbers(&batch["z"]),
                attestation: bytes(&batch["attestation"]),
            }
        })
        .collect()
}

/// Places of the members whose signatures an attestation has.
fn places(attestation: &[u8]) -> Vec<usize> {
    let bits = u32::from_be_bytes(attestation[28..32].try_into().expect("four bytes"));
    (0..32).filter(|place| bits >> place & 1 == 1).collect()
}

#[test]
fn signatures_and_attestations_are_those_of_the_vectors() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 3);
    for of in vectors {
        let committee = Committee::new(of.committee.clone()).expect("the contract takes it");
        let signed = places(&of.attestation);
        let signatures: Vec<Signature> = signed
            .iter()
            .map(|place| of.statement.sign(&of.domain, &of.signers[*place]).expect("signs"))
            .collect();
        // More than are needed: the vectors have all that were made, the operator pays for no more than two thirds.
        let expected = match signed.len() > committee.threshold() {
            false => of.attestation.clone(),
            true => {
                let bits = signed[..committee.threshold()]
                    .iter()
                    .fold(0_u32, |bits, place| bits | 1 << place);
                let signatures = &of.attestation[32..32 + 65 * committee.threshold()];
                [&of.attestation[..28], &bits.to_be_bytes(), signatures].concat()
            }
        };
        let shuffled: Vec<_> = signatures.iter().rev().copied().collect();
        let made = committee
            .attestation(&of.statement, &of.domain, &shuffled)
            .expect("enough");
        assert_eq!(made, expected);
    }
}

#[test]
fn points_are_those_of_the_vectors() {
    for of in vectors() {
        let (number, words) = (of.statement.number, of.statement.words);
        let z = validium_evaluation_point(&of.domain, number, &of.data_hash, &of.bridge, words);
        assert_eq!(z.map(|element| element.to_canonical_u64()), of.z);
    }
}

#[test]
fn what_two_thirds_have_not_signed_is_no_attestation() {
    let of = &vectors()[0];
    let committee = Committee::new(of.committee.clone()).expect("four");
    assert_eq!((committee.members().len(), committee.threshold()), (4, 3));
    let sign =
        |statement: &Statement, place: usize| statement.sign(&of.domain, &of.signers[place]).expect("signs");
    let attest = |signatures: &[Signature]| committee.attestation(&of.statement, &of.domain, signatures);
    let two = [sign(&of.statement, 0), sign(&of.statement, 3)];
    let refused = Err(TooFewSigned { signed: 2, needed: 3 });
    assert_eq!(attest(&two), refused);
    // A third one that counts for nothing: a member's second, a stranger's, one for something else, one of nobody.
    let stranger = of
        .statement
        .sign(&of.domain, &PrivateKeySigner::random())
        .expect("signs");
    let changes: [fn(&mut Statement); 7] = [
        |of| of.number += 1,
        |of| of.new_root ^= U256::from(1),
        |of| of.data_hash ^= U256::from(1),
        |of| of.bridge_hash = B256::ZERO,
        |of| of.words += 1,
        |of| of.rollup_eval ^= 1,
        |of| of.expiry += 1,
    ];
    let others = changes.map(|change| {
        let mut other = of.statement.clone();
        change(&mut other);
        sign(&other, 1)
    });
    let nobody = Signature::new(U256::ZERO, U256::ZERO, false);
    for third in [two[0], stranger, nobody].into_iter().chain(others) {
        assert_eq!(attest(&[two[0], third, two[1]]), refused);
    }
    let elsewhere = Domain {
        chain_id: of.domain.chain_id + 1,
        ..of.domain
    };
    let there = of.statement.sign(&elsewhere, &of.signers[1]).expect("signs");
    assert_eq!(attest(&[two[0], there, two[1]]), refused);
    let good = attest(&[two[0], sign(&of.statement, 1), two[1]]).expect("three");
    assert_eq!(places(&good), [0, 1, 3]);
}

#[test]
fn a_committee_that_the_contract_refuses_is_refused() {
    let members: Vec<Address> = (1..=33).map(Address::with_last_byte).collect();
    for size in [0, 3, 33] {
        assert_eq!(
            Committee::new(members[..size].to_vec()),
            Err(CommitteeError::Size { size })
        );
    }
    for size in [4, 32] {
        Committee::new(members[..size].to_vec()).expect("within the bounds");
    }
    let order = |change: fn(&mut Vec<Address>)| {
        let mut members = members[..4].to_vec();
        change(&mut members);
        Committee::new(members).expect_err("not ascending")
    };
    let error = order(|members| members.swap(1, 2));
    assert_eq!(error, CommitteeError::Order { member: members[1] });
    let error = order(|members| members[3] = members[2]);
    assert_eq!(error, CommitteeError::Order { member: members[2] });
    let error = order(|members| members[0] = Address::ZERO);
    assert_eq!(
        error,
        CommitteeError::Order {
            member: Address::ZERO
        }
    );
}
