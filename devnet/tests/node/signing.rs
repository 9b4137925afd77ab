//! What web3 libraries ask beside transactions: signatures, access lists, the pool in words.

use alloy::{
    network::TransactionBuilder,
    primitives::{Address, B256, Signature, U256, address, eip191_hash_message},
};
use ashlar_devnet::DEV_ACCOUNTS;
use serde_json::{Value, json};

use crate::{STRANGER, rpc, send, start, start_manual, transfer};

fn signer(answer: &Value, hash: B256) -> Address {
    let signature: Signature = answer.as_str().unwrap().parse().unwrap();
    signature.recover_address_from_prehash(&hash).unwrap()
}

#[tokio::test]
async fn messages_are_signed_for_the_development_accounts() {
    let (_node, provider) = start().await;
    let (account, hash) = (DEV_ACCOUNTS[2].address, eip191_hash_message(b"hello"));
    let data = json!("0x68656c6c6f");
    for (method, params) in [
        ("eth_sign", json!([account, data])),
        ("personal_sign", json!([data, account])),
    ] {
        let answer = rpc(&provider, method, params).await.unwrap();
        assert_eq!(signer(&answer, hash), account, "{method}");
    }
    let (code, message) = rpc(&provider, "eth_sign", json!([STRANGER, data]))
        .await
        .unwrap_err();
    assert!(code == -32003 && message.contains("no key for"), "{message}");
}

/// The example of EIP-712, with the digest that it states.
#[tokio::test]
async fn typed_data_is_signed_as_eip712_has_it() {
    let (_node, provider) = start().await;
    let typed = json!({
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" },
                { "name": "version", "type": "string" },
                { "name": "chainId", "type": "uint256" },
                { "name": "verifyingContract", "type": "address" }
            ],
            "Person": [{ "name": "name", "type": "string" }, { "name": "wallet", "type": "address" }],
            "Mail": [
                { "name": "from", "type": "Person" },
                { "name": "to", "type": "Person" },
                { "name": "contents", "type": "string" }
            ]
        },
        "primaryType": "Mail",
        "domain": {
            "name": "Ether Mail",
            "version": "1",
            "chainId": 1,
            "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"
        },
        "message": {
            "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
            "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
            "contents": "Hello, Bob!"
        }
    });
    let digest: B256 = "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"
        .parse()
        .unwrap();
    let account = DEV_ACCOUNTS[0].address;
    for data in [typed.clone(), json!(typed.to_string())] {
        let answer = rpc(&provider, "eth_signTypedData_v4", json!([account, data])).await;
        assert_eq!(signer(&answer.unwrap(), digest), account);
    }
    let refused = rpc(&provider, "eth_signTypedData_v4", json!([account, {}])).await;
    assert_eq!(refused.unwrap_err().0, -32602);
}

#[tokio::test]
async fn an_access_list_has_what_a_call_reads() {
    let (_node, provider) = start().await;
    let reader = address!("00000000000000000000000000000000000eade4");
    // Reads slot 7 of its own, asks SHA-256 for nothing, and asks the stranger's balance.
    let code = "0x60075450".to_owned() + "5f5f5f5f60025afa50" + "73" + &STRANGER.to_string()[2..] + "3150";
    rpc(&provider, "anvil_setCode", json!([reader, code]))
        .await
        .unwrap();
    let call = json!([{ "from": DEV_ACCOUNTS[0].address, "to": reader }]);
    let answer = rpc(&provider, "eth_createAccessList", call.clone())
        .await
        .unwrap();
    let seven = B256::from(U256::from(7));
    let expected = json!([
        { "address": STRANGER.to_string().to_lowercase(), "storageKeys": [] },
        { "address": reader.to_string().to_lowercase(), "storageKeys": [seven] },
    ]);
    assert_eq!(answer["accessList"], expected);
    assert!(answer.get("error").is_none(), "{answer}");
    let used = answer["gasUsed"].as_str().unwrap();
    let with_list = json!([{
        "from": DEV_ACCOUNTS[0].address, "to": reader, "gas": used, "accessList": answer["accessList"],
    }]);
    rpc(&provider, "eth_call", with_list).await.unwrap();

    rpc(&provider, "anvil_setCode", json!([reader, "0x6007545f5ffd"]))
        .await
        .unwrap();
    let reverted = rpc(&provider, "eth_createAccessList", call).await.unwrap();
    assert_eq!(reverted["accessList"][0]["storageKeys"], json!([seven]));
    assert_eq!(reverted["error"], json!("execution reverted"));
}

#[tokio::test]
async fn the_type_of_a_transaction_is_the_one_asked_for() {
    let (_node, provider) = start().await;
    for kind in ["0x0", "0x1", "0x2"] {
        let request = json!([{ "from": DEV_ACCOUNTS[1].address, "to": STRANGER, "type": kind }]);
        let hash = rpc(&provider, "eth_sendTransaction", request).await.unwrap();
        let mined = rpc(&provider, "eth_getTransactionByHash", json!([hash]))
            .await
            .unwrap();
        assert_eq!(mined["type"], json!(kind));
        assert!(mined["blockNumber"].is_string(), "{mined}");
    }
}

#[tokio::test]
async fn the_pool_is_told_in_words() {
    let (_node, provider) = start_manual().await;
    let request = transfer(5).with_gas_limit(21_000).with_gas_price(3_000_000_000);
    send(&provider, request.with_nonce(0)).await;
    let answer = rpc(&provider, "txpool_inspect", json!([])).await.unwrap();
    let text = format!("{STRANGER}: 5 wei + 21000 gas × 3000000000 wei");
    let of_sender = answer["pending"].as_object().unwrap().values().next().unwrap();
    assert_eq!(*of_sender, json!({ "0": text }));
    assert_eq!(answer["queued"], json!({}));
    assert_eq!(
        rpc(&provider, "net_peerCount", json!([])).await.unwrap(),
        json!("0x0")
    );
    assert_eq!(
        rpc(&provider, "eth_syncing", json!([])).await.unwrap(),
        json!(false)
    );
}
