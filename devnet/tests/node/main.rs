//! A real `alloy` provider against the node.

mod execution;
mod refusals;
mod service;

use alloy::{
    network::{EthereumWallet, TransactionBuilder},
    primitives::{Address, U256, address},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
    transports::TransportError,
};
use ashlar_devnet::{Config, DEV_ACCOUNTS, Handle, serve};

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
