//! A real `alloy` provider against the node.

mod anvil;
mod blob_pool;
mod blobs;
mod calls;
mod execution;
mod filters;
mod fork;
mod journal;
mod pool;
mod refusals;
mod restart;
mod service;
mod sidecars;
mod signing;
mod socket;
mod steering;

use alloy::{
    network::{EthereumWallet, TransactionBuilder},
    primitives::{Address, B256, U256, address},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
    transports::TransportError,
};
use ashlar_devnet::{Config, DEV_ACCOUNTS, Handle, Mining, serve};
use serde_json::Value;

const ETHER: u64 = 1_000_000_000_000_000_000;
const STRANGER: Address = address!("00000000000000000000000000000000000a11ce");

async fn start() -> (Handle, DynProvider) {
    start_with(Config::default()).await
}

async fn start_with(config: Config) -> (Handle, DynProvider) {
    let node = serve("127.0.0.1:0".parse().unwrap(), config).await.unwrap();
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

/// A request that alloy has no method for.
async fn rpc(provider: &DynProvider, method: &'static str, params: Value) -> Result<Value, (i64, String)> {
    let answer = provider.raw_request::<Value, Value>(method.into(), params);
    answer.await.map_err(code_and_message)
}

/// Mines only when told to.
async fn start_manual() -> (Handle, DynProvider) {
    start_with(Config {
        mining: Mining::Manual,
        ..Config::default()
    })
    .await
}

/// Sends a transfer of the first account and gives its hash.
async fn send(provider: &DynProvider, request: TransactionRequest) -> B256 {
    *provider.send_transaction(request).await.unwrap().tx_hash()
}

fn code_and_message(error: TransportError) -> (i64, String) {
    let payload = error.as_error_resp().expect("an error response");
    (payload.code, payload.message.to_string())
}
