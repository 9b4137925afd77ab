//! `ashlar devnet` as a process that is killed.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use alloy::{
    network::{EthereumWallet, TransactionBuilder},
    primitives::{Address, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};
use ashlar_devnet::DEV_ACCOUNTS;

struct Devnet(Child);

impl Drop for Devnet {
    fn drop(&mut self) {
        let _ = self.0.kill(); // SIGKILL; it may have ended by itself
        let _ = self.0.wait();
    }
}

fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound")
}

async fn start(data_dir: &Path) -> (Devnet, DynProvider) {
    let address = free_address();
    let child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(["devnet", "--listen", &address.to_string(), "--data-dir"])
        .arg(data_dir)
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let devnet = Devnet(child);
    let signer = PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[0].secret_key).expect("a key");
    let provider = ProviderBuilder::new()
        .wallet(EthereumWallet::from(signer))
        .connect_http(format!("http://{address}").parse().expect("a URL"))
        .erased();
    let start = Instant::now();
    while provider.get_chain_id().await.is_err() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the devnet does not answer"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (devnet, provider)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_devnet_that_is_killed_under_load_keeps_every_transaction_it_answered_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = Address::repeat_byte(0x11);
    let mut answered = Vec::new();
    for round in 0..4u64 {
        let (devnet, provider) = start(folder.path()).await;
        for hash in &answered {
            let receipt = provider.get_transaction_receipt(*hash).await.expect("answers");
            assert!(receipt.expect("a transaction that was answered for").status());
        }
        // One more may be there: mined and kept, but its sender killed the node before it heard of it.
        let mined = provider.get_balance(to).await.expect("answers").to::<u64>();
        let known = answered.len() as u64;
        assert!(
            (known..=known + round).contains(&mined),
            "{mined} mined, {known} answered"
        );
        let kill_after = 5 + 7 * round;
        let load = tokio::spawn({
            let provider = provider.clone();
            async move {
                let mut hashes = Vec::new();
                let request = TransactionRequest::default()
                    .with_to(to)
                    .with_value(U256::from(1));
                while let Ok(pending) = provider.send_transaction(request.clone()).await {
                    hashes.push(*pending.tx_hash());
                }
                hashes
            }
        });
        let start = Instant::now();
        while provider
            .get_balance(to)
            .await
            .is_ok_and(|balance| balance.to::<u64>() < mined + kill_after)
        {
            assert!(start.elapsed() < Duration::from_secs(60), "no progress");
        }
        drop(devnet);
        answered.extend(load.await.expect("the load ends with the node"));
    }
    let (_devnet, provider) = start(folder.path()).await;
    for hash in &answered {
        assert!(
            provider
                .get_transaction_receipt(*hash)
                .await
                .expect("answers")
                .is_some()
        );
    }
    assert!(answered.len() >= 20, "{} under load", answered.len());
}
