//! What blocks do, and how they are read.

use alloy::{
    consensus::Transaction as _,
    eips::{BlockNumberOrTag, eip1559::BaseFeeParams},
    network::TransactionBuilder,
    primitives::{B256, Bytes, U256},
    providers::Provider,
    rpc::types::Filter,
    sol,
};
use ashlar_devnet::DEV_ACCOUNTS;

use crate::{ETHER, STRANGER, code_and_message, start, transfer};

#[tokio::test]
async fn a_transfer_moves_ether_and_pays_its_fee() {
    let (_node, provider) = start().await;
    assert_eq!(provider.get_chain_id().await.unwrap(), 31_337);
    assert_eq!(provider.get_block_number().await.unwrap(), 0);
    let sender = DEV_ACCOUNTS[0].address;
    let before = provider.get_balance(sender).await.unwrap();
    assert_eq!(before, U256::from(10_000) * U256::from(ETHER));

    let receipt = provider
        .send_transaction(transfer(7))
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert!(receipt.status());
    assert_eq!((receipt.gas_used, receipt.block_number), (21_000, Some(1)));
    assert_eq!(provider.get_balance(STRANGER).await.unwrap(), U256::from(7));
    let fee = U256::from(receipt.effective_gas_price) * U256::from(21_000);
    assert_eq!(
        provider.get_balance(sender).await.unwrap(),
        before - U256::from(7) - fee
    );
    assert_eq!(provider.get_transaction_count(sender).await.unwrap(), 1);

    let mined = provider
        .get_transaction_by_hash(receipt.transaction_hash)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (mined.inner.signer(), mined.value(), mined.block_number),
        (sender, U256::from(7), Some(1))
    );
}

#[tokio::test]
async fn blocks_chain_and_tags_name_the_newest() {
    let (_node, provider) = start().await;
    for _ in 0..3 {
        provider
            .send_transaction(transfer(1))
            .await
            .unwrap()
            .get_receipt()
            .await
            .unwrap();
    }
    let newest = provider
        .get_block_by_number(BlockNumberOrTag::Latest)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(newest.header.number, 3);
    for tag in [
        BlockNumberOrTag::Safe,
        BlockNumberOrTag::Finalized,
        BlockNumberOrTag::Pending,
    ] {
        assert_eq!(
            provider
                .get_block_by_number(tag)
                .await
                .unwrap()
                .unwrap()
                .header
                .hash,
            newest.header.hash
        );
    }
    for number in 1..=3 {
        let block = provider
            .get_block_by_number(number.into())
            .full()
            .await
            .unwrap()
            .unwrap();
        let parent = provider
            .get_block_by_number((number - 1).into())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(block.header.parent_hash, parent.header.hash);
        assert_eq!(block.header.inner.hash_slow(), block.header.hash);
        assert!(block.header.timestamp > parent.header.timestamp);
        assert_eq!(
            block.header.base_fee_per_gas,
            parent.header.next_block_base_fee(BaseFeeParams::ethereum())
        );
        let transactions = block.transactions.into_transactions_vec();
        assert_eq!(transactions.len(), 1);
        assert_eq!(transactions[0].block_hash, Some(block.header.hash));
    }
    let by_hash = provider
        .get_block_by_hash(newest.header.hash)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(by_hash.transactions.hashes().count(), 1);
    assert!(provider.get_block_by_number(4.into()).await.unwrap().is_none());

    let history = provider
        .get_fee_history(2, BlockNumberOrTag::Latest, &[50.0])
        .await
        .unwrap();
    assert_eq!(
        (
            history.oldest_block,
            history.base_fee_per_gas.len(),
            history.gas_used_ratio.len()
        ),
        (2, 3, 2)
    );
}

sol! {
    /// Compiled from `tests/Counter.sol` with solc 0.8.19, optimiser on, no metadata.
    #[derive(Debug)]
    #[sol(rpc, bytecode = "0x608060405234801561001057600080fd5b50610130806100206000396000f3fe608060405234801561001057600080fd5b50600436106100365760003560e01c80631003e2d21461003b5780632ddbd13a14610050575b600080fd5b61004e6100493660046100f0565b61006b565b005b61005960005481565b60405190815260200160405180910390f35b6103e881111561009d57604051636073b21f60e01b81526103e860048201526024810182905260440160405180910390fd5b806000808282546100ae9190610109565b9091555050600054604051908152819033907f2a8f5e2f05e241e9eed0e8f7a9338ba078a26ed2cfc22913acfd874a2d3093c59060200160405180910390a350565b60006020828403121561010257600080fd5b5035919050565b8082018082111561012a57634e487b7160e01b600052601160045260246000fd5b9291505056")]
    contract Counter {
        error TooMuch(uint256 limit, uint256 asked);
        event Added(address indexed by, uint256 indexed amount, uint256 total);
        function add(uint256 amount) external;
        function total() external view returns (uint256);
    }
}

#[tokio::test]
async fn a_contract_is_deployed_called_and_filtered_by_its_logs() {
    let (_node, provider) = start().await;
    let counter = Counter::deploy(&provider).await.unwrap();
    assert!(!provider.get_code_at(*counter.address()).await.unwrap().is_empty());
    assert_eq!(provider.get_code_at(STRANGER).await.unwrap(), Bytes::new());
    assert_eq!(counter.total().call().await.unwrap(), U256::ZERO);

    for amount in [3, 4, 3] {
        let receipt = counter
            .add(U256::from(amount))
            .send()
            .await
            .unwrap()
            .get_receipt()
            .await
            .unwrap();
        assert!(receipt.status());
        let [log] = receipt.logs() else {
            panic!("one log expected")
        };
        assert_eq!(
            log.log_decode::<Counter::Added>().unwrap().inner.amount,
            U256::from(amount)
        );
        assert!(!receipt.inner.logs_bloom().is_zero());
    }
    assert_eq!(counter.total().call().await.unwrap(), U256::from(10));
    let slot = provider
        .get_storage_at(*counter.address(), U256::ZERO)
        .await
        .unwrap();
    assert_eq!(slot, U256::from(10));

    let all = Filter::new().address(*counter.address()).from_block(0);
    assert_eq!(provider.get_logs(&all).await.unwrap().len(), 3);
    let threes = all.clone().topic2(B256::from(U256::from(3)));
    assert_eq!(provider.get_logs(&threes).await.unwrap().len(), 2);
    let late = all.clone().from_block(4).to_block(100);
    assert_eq!(provider.get_logs(&late).await.unwrap().len(), 1);
    assert!(
        provider
            .get_logs(&all.clone().address(STRANGER))
            .await
            .unwrap()
            .is_empty()
    );
    let block = provider.get_block_by_number(2.into()).await.unwrap().unwrap();
    let by_hash = Filter::new().at_block_hash(block.header.hash);
    assert_eq!(provider.get_logs(&by_hash).await.unwrap().len(), 1);
}

#[tokio::test]
async fn reverts_carry_their_data_in_calls_and_status_zero_in_blocks() {
    let (_node, provider) = start().await;
    let counter = Counter::deploy(&provider).await.unwrap();
    let too_much = counter.add(U256::from(1001));

    let error = too_much
        .call()
        .await
        .unwrap_err()
        .as_decoded_interface_error::<Counter::CounterErrors>()
        .unwrap();
    let Counter::CounterErrors::TooMuch(error) = error;
    assert_eq!((error.limit, error.asked), (U256::from(1000), U256::from(1001)));
    let estimate = provider
        .estimate_gas(too_much.clone().into_transaction_request())
        .await
        .unwrap_err();
    assert_eq!(code_and_message(estimate).0, 3);

    let before = provider.get_block_number().await.unwrap();
    let receipt = too_much
        .gas(100_000)
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert!(!receipt.status());
    assert!(receipt.logs().is_empty());
    assert_eq!(receipt.block_number, Some(before + 1));
    assert_eq!(counter.total().call().await.unwrap(), U256::ZERO);
}

#[tokio::test]
async fn an_estimate_suffices_and_is_tight() {
    let (_node, provider) = start().await;
    let counter = Counter::deploy(&provider).await.unwrap();
    let request = counter.add(U256::from(5)).into_transaction_request();
    let estimate = provider.estimate_gas(request.clone()).await.unwrap();
    let receipt = provider
        .send_transaction(request.with_gas_limit(estimate))
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert!(receipt.status());
    assert!(receipt.gas_used <= estimate && estimate - receipt.gas_used <= estimate / 16);
}
