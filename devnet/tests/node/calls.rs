//! Overrides, fees and past states in `eth_call`.

use alloy::{
    eips::BlockId,
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes, U256, hex},
    providers::Provider,
    rpc::types::{
        BlockOverrides, TransactionRequest,
        state::{AccountOverride, StateOverride},
    },
};
use ashlar_devnet::DEV_ACCOUNTS;

use crate::{ETHER, STRANGER, code_and_message, send, start, transfer};

/// Returns storage slot 0.
const LOADS: [u8; 8] = hex!("5f545f5260205ff3");

fn call(to: Address) -> TransactionRequest {
    TransactionRequest::default().with_to(to)
}

fn overriding(account: AccountOverride) -> StateOverride {
    StateOverride::from_iter([(STRANGER, account)])
}

fn word(value: u64) -> Bytes {
    B256::from(U256::from(value)).into()
}

#[tokio::test]
async fn state_overrides_change_what_a_call_sees_and_nothing_else() {
    let (_node, provider) = start().await;
    let slot = |value: u64| [(B256::ZERO, B256::from(U256::from(value)))];
    let code = AccountOverride::default().with_code(LOADS.to_vec());
    for (account, seen) in [
        (code.clone(), 0),
        (code.clone().with_state_diff(slot(7)), 7),
        (code.clone().with_state(slot(8)), 8),
    ] {
        let answer = provider
            .call(call(STRANGER))
            .overrides(overriding(account))
            .await
            .unwrap();
        assert_eq!(answer, word(seen));
    }
    // BALANCE of the callee: ADDRESS BALANCE.
    let balance = AccountOverride::default()
        .with_code(hex!("30315f5260205ff3").to_vec())
        .with_balance(U256::from(9));
    let answer = provider
        .call(call(STRANGER))
        .overrides(overriding(balance))
        .await
        .unwrap();
    assert_eq!(answer, word(9));
    let rich = overriding(AccountOverride::default().with_balance(U256::from(ETHER)));
    let spends = transfer(5).with_from(STRANGER);
    assert!(provider.call(spends.clone()).await.is_err());
    assert!(provider.call(spends).overrides(rich).await.is_ok());

    assert_eq!(provider.get_code_at(STRANGER).await.unwrap(), Bytes::new());
    assert_eq!(provider.get_balance(STRANGER).await.unwrap(), U256::ZERO);
}

#[tokio::test]
async fn block_overrides_change_the_block_of_a_call() {
    let (_node, provider) = start().await;
    // TIMESTAMP and NUMBER as two words.
    let code = overriding(AccountOverride::default().with_code(hex!("425f524360205260405ff3").to_vec()));
    let block = BlockOverrides {
        number: Some(U256::from(1_000)),
        time: Some(5),
        ..BlockOverrides::default()
    };
    let answer = provider
        .call(call(STRANGER))
        .overrides(code)
        .with_block_overrides(block)
        .await
        .unwrap();
    assert_eq!(answer, Bytes::from([word(5), word(1_000)].concat()));
}

#[tokio::test]
async fn a_call_with_a_fee_is_run_at_that_fee_and_one_that_cannot_pay_it_is_refused() {
    let (_node, provider) = start().await;
    // GASPRICE
    let code = overriding(AccountOverride::default().with_code(hex!("3a5f5260205ff3").to_vec()));
    let sender = DEV_ACCOUNTS[0].address;
    let asks = call(STRANGER).with_from(sender).with_gas_price(3_000_000_000);
    let answer = provider.call(asks).overrides(code.clone()).await.unwrap();
    assert_eq!(answer, word(3_000_000_000));
    let below = call(STRANGER).with_from(sender).with_gas_price(1);
    assert!(
        code_and_message(provider.call(below).await.unwrap_err())
            .1
            .contains("rejected")
    );
    let poor = call(STRANGER)
        .with_from(STRANGER)
        .with_gas_limit(50_000)
        .with_gas_price(3_000_000_000);
    assert!(
        code_and_message(provider.call(poor).await.unwrap_err())
            .1
            .contains("rejected")
    );
}

#[tokio::test]
async fn the_states_of_recent_blocks_can_be_asked() {
    let (_node, provider) = start().await;
    for _ in 0..3 {
        send(&provider, transfer(10)).await;
    }
    for number in 0..=3 {
        let at = BlockId::number(number);
        let balance = provider.get_balance(STRANGER).block_id(at).await.unwrap();
        assert_eq!(balance, U256::from(10 * number));
        let sent = provider
            .get_transaction_count(DEV_ACCOUNTS[0].address)
            .block_id(at);
        assert_eq!(sent.await.unwrap(), number);
    }
    // BLOCKHASH of block 1, in a call on block 2.
    let code = overriding(AccountOverride::default().with_code(hex!("6001405f5260205ff3").to_vec()));
    let answer = provider
        .call(call(STRANGER))
        .overrides(code)
        .block(BlockId::number(2))
        .await
        .unwrap();
    let first = provider.get_block_by_number(1.into()).await.unwrap().unwrap();
    assert_eq!(answer, Bytes::from(first.header.hash));
}
