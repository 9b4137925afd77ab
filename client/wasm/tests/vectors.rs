//! What `client/typescript` is held to: computed by the Rust client, and again by the operations that the module exports.
//!
//! `ASHLAR_WRITE_VECTORS=1 cargo test --release -p ashlar-client-wasm` writes the file anew.

use std::{fs, path::Path};

use alloy::{
    primitives::{Address, B256, U256},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::{SolCall, SolEvent},
};
use ashlar_client::{auth_of, key_message, rollup_key};
use ashlar_client_wasm::{Error, Reader, keys::Keys, operations};
use ashlar_contracts::{BatchHeader, MintableToken, Rollup, Withdrawal};
use ashlar_payments::{
    account::Account,
    packing::{PackedAmount, PackedFee},
    transaction::{Domain, SecretKey, SignedTransaction, Transaction, Transfer, Withdraw},
    tree::AccountPath,
};
use ashlar_statement::hash::hash_to_bytes32;
use plonky2::field::types::PrimeField64;
use serde_json::{Value, json};

const DOMAIN: Domain = Domain {
    chain_id: 31_337,
    rollup: [0x5b; 20],
};
const PAYEE_OWNER: [u8; 20] = [0xba; 20];
const TRANSFERS: [(u64, u64, u32); 3] = [
    (1, 0, 0),
    (1_234_500_000, 30, 7),
    (PackedAmount::MAX, PackedFee::MAX, u32::MAX),
];
const WITHDRAWALS: [(u64, u64, u32); 3] = [(1, 0, 1), (987_654_321, 10, 2), ((1 << 56) - 1, 31, 3)];

fn hexed(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("text");
    hex::decode(text.strip_prefix("0x").expect("0x")).expect("hex")
}

fn ethereum() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(0x11)).expect("a key")
}

fn key() -> SecretKey {
    rollup_key(&ethereum(), &DOMAIN).expect("signs")
}

fn transfer((amount, fee, nonce): (u64, u64, u32)) -> Transaction {
    Transaction::Transfer(Transfer {
        from: 3,
        to: 0x0102_0304,
        to_owner: PAYEE_OWNER,
        token: 5,
        amount: PackedAmount::exact(amount).expect("representable"),
        fee: PackedFee::exact(fee).expect("representable"),
        nonce,
    })
}

fn withdrawal((amount, fee, nonce): (u64, u64, u32)) -> Transaction {
    Transaction::Withdraw(Withdraw {
        from: 3,
        to_l1: [0xab; 20],
        token: 5,
        amount,
        fee: PackedFee::exact(fee).expect("representable"),
        nonce,
    })
}

fn transaction(transaction: Transaction) -> Value {
    let signed: SignedTransaction = transaction.sign(&DOMAIN, &key());
    let mut fields = match transaction {
        Transaction::Transfer(transfer) => json!({ "to": transfer.to, "toOwner": hexed(transfer.to_owner) }),
        Transaction::Withdraw(withdraw) => json!({ "to": hexed(withdraw.to_l1) }),
    };
    let shared = json!({
        "from": transaction.from(), "token": transaction.token(), "amount": transaction.amount().to_string(),
        "fee": transaction.fee().value().to_string(), "nonce": transaction.nonce(),
        "id": hexed(signed.id()), "encoded": hexed(signed.encode()),
    });
    let shared = shared.as_object().expect("an object").clone();
    fields.as_object_mut().expect("an object").extend(shared);
    fields
}

/// An account with two balances, and an empty leaf of the same tree.
fn inclusion() -> Value {
    let index = 6;
    let mut path = AccountPath::empty();
    let auth = auth_of(&key().public_key());
    path.siblings[3] = auth; // any digest: as if others lived there
    let mut account = Account::new([0xcc; 20], auth);
    account.nonce = 9;
    account.flags = 0xa5;
    account.set_balance(0, (1 << 62) - 1);
    account.set_balance(255, 1);
    let siblings: Vec<String> = path
        .siblings
        .iter()
        .map(|hash| hexed(hash_to_bytes32(hash)))
        .collect();
    let root = |leaf: Option<&Account>| {
        hexed(hash_to_bytes32(&ashlar_client_core::inclusion::root(
            leaf,
            index,
            path.siblings,
        )))
    };
    json!({
        "index": index, "siblings": siblings, "root": root(Some(&account)), "root_of_empty_leaf": root(None),
        "l1_owner": hexed(account.l1_owner), "auth": hexed(hash_to_bytes32(&account.auth)),
        "nonce": account.nonce, "flags": account.flags,
        "balances": account.balances.iter().map(|(token, amount)| json!([token, amount.to_string()])).collect::<Vec<_>>(),
    })
}

fn claim() -> (BatchHeader, u32, Withdrawal, Vec<B256>) {
    let header = BatchHeader {
        number: 3,
        firstOperation: 4,
        withdrawalCount: 6,
        feeAccount: 8,
        time: 9,
        previousTime: 5,
        bridgeWords: 7,
        rollupWords: 12,
        oldRoot: U256::MAX,
        newRoot: U256::from(10),
        dataHash: U256::from(11),
        z: u128::MAX,
        bridgeEval: 13,
        rollupEval: U256::from(15),
        withdrawalsRoot: B256::repeat_byte(14),
    };
    let paid = Withdrawal {
        token: 1,
        amount: (1 << 56) - 1,
        to: Address::repeat_byte(0xcd),
    };
    (header, 2, paid, vec![B256::repeat_byte(1), B256::repeat_byte(2)])
}

fn calldata() -> Value {
    let (header, index, withdrawal, proof) = claim();
    let auth = U256::from_be_bytes(hash_to_bytes32(&auth_of(&key().public_key())));
    let (account, to, units) = (u32::MAX >> 4, 6, (1 << 56) - 1);
    let (token, amount) = (Address::repeat_byte(0xee), U256::from(1_000_000u64) << 80usize);
    let call = |bytes: Vec<u8>| hexed(bytes);
    json!({
        "auth": hexed(auth.to_be_bytes::<32>()), "address": hexed(token), "amount": amount.to_string(),
        "deposit_eth": call(Rollup::depositETHCall { owner: token, auth }.abi_encode()),
        "deposit_erc20": call(Rollup::depositERC20Call { token, amount, owner: token, auth }.abi_encode()),
        "set_auth": call(Rollup::setAuthCall { account, auth }.abi_encode()),
        "force_withdrawal": call(Rollup::forceWithdrawalCall { account, token: 5, amount: units }.abi_encode()),
        "force_transfer": call(Rollup::forceTransferCall { account, to, token: 5, amount: units }.abi_encode()),
        "approve": call(MintableToken::approveCall { spender: token, amount }.abi_encode()),
        "allowance": call(MintableToken::allowanceCall { holder: token, spender: token }.abi_encode()),
        "decimals": call(MintableToken::decimalsCall {}.abi_encode()),
        "symbol": call(MintableToken::symbolCall {}.abi_encode()),
        "token_info": call(Rollup::tokenInfoCall { id: 1 }.abi_encode()),
        "is_claimed": call(Rollup::isClaimedCall { batch: 3, index: 2 }.abi_encode()),
        "exit_mode": call(Rollup::exitModeCall {}.abi_encode()),
        "claim_withdrawal": call(Rollup::claimWithdrawalCall { header, index, withdrawal, proof }.abi_encode()),
        "operation_queued": hexed(Rollup::OperationQueued::SIGNATURE_HASH),
    })
}

fn vectors() -> Value {
    let signature = ethereum()
        .sign_message_sync(key_message(&DOMAIN).as_bytes())
        .expect("signs")
        .as_bytes();
    let public = key().public_key();
    let words: Vec<String> = DOMAIN
        .words()
        .map(|word| word.to_canonical_u64().to_string())
        .into();
    json!({
        "message": key_message(&DOMAIN),
        "key": { "signature": hexed(signature), "public_key": hexed(public.to_bytes()), "auth": hexed(hash_to_bytes32(&auth_of(&public))) },
        "domain": { "chain_id": DOMAIN.chain_id.to_string(), "rollup": hexed(DOMAIN.rollup), "words": words },
        "transfers": TRANSFERS.map(|fields| transaction(transfer(fields))),
        "withdrawals": WITHDRAWALS.map(|fields| transaction(withdrawal(fields))),
        "inclusion": inclusion(),
        "calldata": calldata(),
    })
}

#[test]
fn the_committed_vectors_are_what_the_rust_client_computes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../typescript/test/vectors.json");
    let now = serde_json::to_string_pretty(&vectors()).expect("JSON") + "\n";
    if std::env::var_os("ASHLAR_WRITE_VECTORS").is_some() {
        fs::write(&path, &now).expect("writable");
    }
    assert!(
        fs::read_to_string(&path).expect("committed") == now,
        "run with ASHLAR_WRITE_VECTORS=1 and look at the difference"
    );
}

#[test]
fn operations_sign_what_the_rust_client_signs() {
    let (vectors, mut keys) = (vectors(), Keys::default());
    let opened = operations::open_key(&mut Reader::new(&bytes(&vectors["key"]["signature"])), &mut keys)
        .expect("a key");
    assert_eq!(hexed(&opened[4..44]), vectors["key"]["public_key"]);
    assert_eq!(hexed(&opened[44..]), vectors["key"]["auth"]);
    let domain = [&DOMAIN.chain_id.to_be_bytes()[..], &DOMAIN.rollup].concat();
    let request = |to: &[u8], (amount, fee, nonce): (u64, u64, u32)| {
        let numbers = [
            &amount.to_be_bytes()[..],
            &fee.to_be_bytes(),
            &nonce.to_be_bytes(),
        ]
        .concat();
        [&opened[..4], &domain, &3u32.to_be_bytes(), to, &[5], &numbers].concat()
    };
    for (fields, expected) in TRANSFERS
        .into_iter()
        .zip(vectors["transfers"].as_array().expect("list"))
    {
        let payee = [&0x0102_0304u32.to_be_bytes()[..], &PAYEE_OWNER].concat();
        let request = request(&payee, fields);
        let signed = operations::sign_transfer(&mut Reader::new(&request), &mut keys).expect("signs");
        assert_eq!(
            (hexed(&signed[..32]), hexed(&signed[32..])),
            (text(expected, "id"), text(expected, "encoded"))
        );
    }
    for (fields, expected) in WITHDRAWALS
        .into_iter()
        .zip(vectors["withdrawals"].as_array().expect("list"))
    {
        let request = request(&[0xab; 20], fields);
        let signed = operations::sign_withdrawal(&mut Reader::new(&request), &mut keys).expect("signs");
        assert_eq!(
            (hexed(&signed[..32]), hexed(&signed[32..])),
            (text(expected, "id"), text(expected, "encoded"))
        );
    }

    operations::close_key(&mut Reader::new(&opened[..4]), &mut keys).expect("closes");
    let request = request(&[0xab; 20], WITHDRAWALS[0]);
    let error = operations::sign_withdrawal(&mut Reader::new(&request), &mut keys).expect_err("closed");
    assert!(matches!(error, Error::KeyClosed));
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().expect(field).to_owned()
}

#[test]
fn what_cannot_be_signed_is_refused_with_its_reason() {
    let mut keys = Keys::default();
    let signature = bytes(&vectors()["key"]["signature"]);
    let handle = operations::open_key(&mut Reader::new(&signature), &mut keys).expect("a key")[..4].to_vec();
    let head = [&handle[..], &[0; 28], &[0; 4]].concat();
    let request = |to: usize, amount: u64, fee: u64| {
        [
            &head[..],
            &vec![0; to],
            &[0],
            &amount.to_be_bytes(),
            &fee.to_be_bytes(),
            &[0; 4],
        ]
        .concat()
    };
    let mut transfer =
        |amount, fee| operations::sign_transfer(&mut Reader::new(&request(24, amount, fee)), &mut keys);
    assert_eq!(
        transfer(1_000_000_001, 0).expect_err("ten digits").code(),
        "amount-inexact"
    );
    assert_eq!(
        transfer(1, 321).expect_err("three digits").code(),
        "amount-inexact"
    );
    assert_eq!(
        transfer(u64::MAX, 0).expect_err("too large").code(),
        "amount-out-of-range"
    );
    for amount in [0, 1 << 56] {
        let error = operations::sign_withdrawal(&mut Reader::new(&request(20, amount, 0)), &mut keys);
        assert_eq!(error.expect_err("outside").code(), "amount-out-of-range");
    }
    let mut long = request(24, 1, 0);
    long.push(0);
    for wrong in [&long[..], &long[..long.len() - 2], &[]] {
        let error = operations::sign_transfer(&mut Reader::new(wrong), &mut keys).expect_err("length");
        assert_eq!(error.code(), "request");
    }
}

#[test]
fn an_inclusion_proof_holds_for_its_account_only() {
    let vector = inclusion();
    let limbs = |value: &Value| bytes(value);
    let siblings: Vec<u8> = vector["siblings"]
        .as_array()
        .expect("list")
        .iter()
        .flat_map(limbs)
        .collect();
    let index = vector["index"].as_u64().expect("number") as u32;
    let request = |root: &str, account: &[u8]| {
        [
            &index.to_be_bytes()[..],
            &bytes(&vector[root]),
            &siblings,
            account,
        ]
        .concat()
    };
    let account = |balance: u64| {
        let balances = [&[0][..], &balance.to_be_bytes(), &[255], &1u64.to_be_bytes()].concat();
        [
            &[1][..],
            &bytes(&vector["l1_owner"]),
            &bytes(&vector["auth"]),
            &9u32.to_be_bytes(),
            &[0xa5],
            &balances,
        ]
        .concat()
    };
    let verify =
        |request: Vec<u8>| operations::verify_inclusion(&mut Reader::new(&request), &mut Keys::default());
    let most = (1 << 62) - 1;
    verify(request("root", &account(most))).expect("the account");
    verify(request("root_of_empty_leaf", &[0])).expect("the empty leaf");
    for (root, leaf, code) in [
        ("root", account(most - 1), "inclusion-root"),
        ("root", vec![0], "inclusion-root"),
        ("root_of_empty_leaf", account(most), "inclusion-root"),
        ("root", account(most + 1), "inclusion-malformed"),
        ("root", vec![2], "request"),
    ] {
        assert_eq!(verify(request(root, &leaf)).expect_err("refused").code(), code);
    }
    let mut request = request("root", &account(most));
    request[4..36].copy_from_slice(&[0xff; 32]);
    assert_eq!(
        verify(request).expect_err("no hash").code(),
        "inclusion-malformed"
    );
}
