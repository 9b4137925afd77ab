//! A real `alloy` provider against the node.

use alloy::{
    consensus::Transaction as _,
    eips::{BlockId, BlockNumberOrTag, eip1559::BaseFeeParams, eip2718::Encodable2718},
    network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder},
    primitives::{Address, B256, Bytes, U256, address},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{Filter, TransactionRequest},
    signers::local::PrivateKeySigner,
    sol,
    transports::TransportError,
};
use ashlar_devnet::{Config, DEV_ACCOUNTS, Handle, ServeError, serve};

const ETHER: u64 = 1_000_000_000_000_000_000;
const STRANGER: Address = address!("00000000000000000000000000000000000a11ce");

async fn start() -> (Handle, DynProvider) {
    let node = serve("127.0.0.1:0".parse().unwrap(), Config::default())
        .await
        .unwrap();
    let signers = DEV_ACCOUNTS.map(|account| PrivateKeySigner::from_bytes(&account.secret_key).unwrap());
    let mut wallet = EthereumWallet::from(signers[0].clone());
    signers
        .into_iter()
        .skip(1)
        .for_each(|signer| wallet.register_signer(signer));
    let provider = ProviderBuilder::new()
        .wallet(wallet)
        .connect_http(node.url().parse().unwrap())
        .erased();
    (node, provider)
}

fn transfer(value: u64) -> TransactionRequest {
    TransactionRequest::default()
        .with_from(DEV_ACCOUNTS[0].address)
        .with_to(STRANGER)
        .with_value(U256::from(value))
}

fn code_and_message(error: TransportError) -> (i64, String) {
    let payload = error.as_error_resp().expect("an error response");
    (payload.code, payload.message.to_string())
}

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

/// Signs without any filler, so that every field is the test's own.
async fn raw(request: TransactionRequest) -> Vec<u8> {
    let signer = PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[0].secret_key).unwrap();
    let full = request
        .with_max_fee_per_gas(10_000_000_000)
        .with_max_priority_fee_per_gas(1);
    full.build(&EthereumWallet::from(signer))
        .await
        .unwrap()
        .encoded_2718()
}

fn plain(nonce: u64) -> TransactionRequest {
    transfer(1)
        .with_chain_id(31_337)
        .with_gas_limit(21_000)
        .with_nonce(nonce)
}

#[tokio::test]
async fn bad_transactions_are_refused_by_name() {
    let (_node, provider) = start().await;
    let refused = |bytes: Vec<u8>| {
        let provider = provider.clone();
        async move { code_and_message(provider.send_raw_transaction(&bytes).await.unwrap_err()) }
    };
    let good = raw(plain(0)).await;
    let _ = provider.send_raw_transaction(&good).await.unwrap();

    let (code, message) = refused(good.clone()).await;
    assert!(code == -32003 && message.contains("already known"), "{message}");
    let (code, message) = refused(raw(plain(0).with_value(U256::from(2))).await).await;
    assert!(
        code == -32003 && message.contains("nonce too low: next nonce 1, tx nonce 0"),
        "{message}"
    );
    assert!(refused(raw(plain(1000)).await).await.1.contains("nonce too high"));
    let (code, message) = refused(raw(plain(1).with_chain_id(1)).await).await;
    assert!(
        code == -32003 && message.contains("for chain 1, this is chain 31337"),
        "{message}"
    );
    let rich = plain(1).with_value(U256::from(20_000) * U256::from(ETHER));
    assert!(refused(raw(rich).await).await.1.contains("lack of funds"));
    assert!(
        refused(raw(plain(1).with_gas_limit(20_999)).await)
            .await
            .1
            .contains("rejected")
    );
    assert!(
        refused(raw(plain(1).with_gas_limit(30_000_001)).await)
            .await
            .1
            .contains("rejected")
    );
    let mut long = raw(plain(1)).await;
    long.push(0);
    assert_eq!(refused(long).await.0, -32602);
    assert_eq!(refused(vec![2, 0xc0]).await.0, -32602);
    assert_eq!(refused(vec![]).await.0, -32602);
    // EIP-7623: 1000 non-zero bytes cost at least 21000 + 40 * 1000.
    let data = plain(1).with_input(vec![1; 1000]).with_gas_limit(60_999);
    assert!(refused(raw(data).await).await.1.contains("rejected"));
    let data = plain(1).with_input(vec![1; 1000]).with_gas_limit(61_000);
    let hash = *provider
        .send_raw_transaction(&raw(data).await)
        .await
        .unwrap()
        .tx_hash();
    assert_eq!(
        provider
            .get_transaction_receipt(hash)
            .await
            .unwrap()
            .unwrap()
            .gas_used,
        61_000
    );
}

#[tokio::test]
async fn a_nonce_gap_is_queued_until_it_closes() {
    let (_node, provider) = start().await;
    let early = *provider
        .send_raw_transaction(&raw(plain(1)).await)
        .await
        .unwrap()
        .tx_hash();
    assert_eq!(provider.get_block_number().await.unwrap(), 0);
    assert!(provider.get_transaction_receipt(early).await.unwrap().is_none());
    assert_eq!(
        provider
            .get_transaction_by_hash(early)
            .await
            .unwrap()
            .unwrap()
            .block_number,
        None
    );
    let _ = provider.send_raw_transaction(&raw(plain(0)).await).await.unwrap();
    assert_eq!(provider.get_block_number().await.unwrap(), 2);
    assert_eq!(
        provider
            .get_transaction_receipt(early)
            .await
            .unwrap()
            .unwrap()
            .block_number,
        Some(2)
    );
}

/// Init code that returns `bytes` zero bytes as runtime code: PUSH3 n PUSH1 0 RETURN.
fn deploys(bytes: u32) -> TransactionRequest {
    let [_, a, b, c] = bytes.to_be_bytes();
    let code = vec![0x62, a, b, c, 0x60, 0, 0xf3];
    TransactionRequest::default()
        .with_from(DEV_ACCOUNTS[0].address)
        .with_deploy_code(code)
}

#[tokio::test]
async fn code_above_the_eip170_limit_is_refused() {
    let (_node, provider) = start().await;
    let fits = deploys(24_576).with_gas_limit(10_000_000);
    let receipt = provider
        .send_transaction(fits)
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert_eq!(
        provider
            .get_code_at(receipt.contract_address.unwrap())
            .await
            .unwrap()
            .len(),
        24_576
    );
    let large = deploys(24_577).with_gas_limit(10_000_000);
    assert_eq!(
        code_and_message(provider.call(large.clone()).await.unwrap_err()).0,
        -32000
    );
    let receipt = provider
        .send_transaction(large)
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert!(!receipt.status());
}

#[tokio::test]
async fn old_state_is_refused_rather_than_answered_wrongly() {
    let (_node, provider) = start().await;
    provider
        .send_transaction(transfer(1))
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    let error = provider
        .get_balance(STRANGER)
        .block_id(BlockId::number(0))
        .await
        .unwrap_err();
    let (code, message) = code_and_message(error);
    assert!(
        code == -32001 && message.contains("state of block 0 is not kept, the newest is 1"),
        "{message}"
    );
    let newest = provider
        .get_balance(STRANGER)
        .block_id(BlockId::number(1))
        .await
        .unwrap();
    assert_eq!(newest, U256::from(1));
}

#[tokio::test]
async fn batches_and_malformed_requests_are_answered_one_by_one() {
    let (node, provider) = start().await;
    let post = async |body: &str| -> serde_json::Value {
        let answer = reqwest_post(&node.url(), body).await;
        serde_json::from_str(&answer).unwrap()
    };
    let batch = post(
        r#"[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},{"jsonrpc":"2.0","method":"evm_mine"},
            {"jsonrpc":"2.0","id":"x","method":"eth_nothing","params":[]}, 7,
            {"jsonrpc":"2.0","id":2,"method":"eth_getBalance","params":["0x12"]}]"#,
    )
    .await;
    let answers = batch.as_array().unwrap();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0]["result"], "0x7a69");
    assert_eq!(answers[1]["error"]["code"], -32601);
    assert_eq!(answers[2]["error"]["code"], -32600);
    assert_eq!(answers[3]["error"]["code"], -32602);
    assert_eq!(provider.get_block_number().await.unwrap(), 1);
    assert_eq!(post("{").await["error"]["code"], -32700);
    assert_eq!(post("[]").await["error"]["code"], -32600);
}

/// One HTTP POST over a plain socket: the tests need no HTTP client of their own.
async fn reqwest_post(url: &str, body: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let addr = url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {addr}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[tokio::test]
async fn only_loopback_is_served_and_shutdown_frees_the_port() {
    let refused = serve("0.0.0.0:0".parse().unwrap(), Config::default()).await;
    assert!(matches!(refused, Err(ServeError::NotLoopback { .. })));
    let (node, _) = start().await;
    let addr = node.addr();
    assert!(matches!(
        serve(addr, Config::default()).await,
        Err(ServeError::Bind { .. })
    ));
    node.shutdown().await;
    serve(addr, Config::default()).await.unwrap();
}
