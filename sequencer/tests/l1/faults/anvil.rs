//! anvil, if it is installed: the embedded devnet cannot be stopped like a process of its own, nor its pool looked at.

use std::{
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    time::Duration,
};

use alloy::{
    network::TransactionBuilder,
    primitives::{Address, B256, U256},
    providers::Provider,
    rpc::types::TransactionRequest,
};
use ashlar_process::children::{Group, Signal};
use serde_json::{Value, json};

use super::super::support::{provider, signer, until};

/// A running node.
pub struct Anvil {
    group: Group,
    child: Child,
    pub url: String,
}

/// A transaction that waits to be included.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    pub hash: B256,
    nonce: u64,
    max_fee_wei: u128,
}

impl Anvil {
    /// Under the rules of this fork; `None` if it is not installed.
    pub async fn start(fork: &str) -> Option<Self> {
        let program = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../verifier-contracts/node_modules/.bin/anvil"
        );
        if !std::path::Path::new(program).exists() {
            return None;
        }
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let child = Command::new(program)
            .args(["--port", &port.to_string(), "--silent", "--hardfork", fork])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .process_group(0) // the program may be a launcher: both are signalled
            .spawn()
            .expect("anvil starts");
        let anvil = Self {
            group: Group::of(&child),
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        until("anvil answers", async || {
            provider(&anvil.url, 0).get_chain_id().await.is_ok()
        })
        .await;
        Some(anvil)
    }

    pub async fn ask(&self, method: &'static str, params: Value) -> Value {
        let node = provider(&self.url, 1);
        let answer: Result<Value, _> = node.raw_request(method.into(), params).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Replaces the newest blocks by empty ones.
    pub async fn reorganise(&self, depth: u64) {
        self.ask("anvil_reorg", json!([depth, []])).await;
    }

    pub async fn mine(&self, blocks: u64) {
        self.ask("anvil_mine", json!([format!("{blocks:#x}")])).await;
    }

    /// Whether a transaction is included at once; what waits is included when this is turned on.
    pub async fn automine(&self, is_on: bool) {
        self.ask("evm_setAutomine", json!([is_on])).await;
    }

    /// Stands still for so long, with all connections open.
    pub async fn hang(&self, pause: Duration) {
        self.group.signal(Signal::STOP);
        tokio::time::sleep(pause).await;
        self.group.signal(Signal::CONT);
    }

    /// The pool's transactions of an account: those that can be included, and those that a missing nonce holds up.
    pub async fn waiting(&self, sender: Address) -> [Vec<Waiting>; 2] {
        let pool = self.ask("txpool_content", json!([])).await;
        ["pending", "queued"].map(|part| {
            let by_sender = pool[part].as_object().expect("senders");
            let own = by_sender.iter().filter(|(account, _)| {
                let account: Result<Address, _> = account.parse();
                account.is_ok_and(|account| account == sender)
            });
            let all = own.flat_map(|(_, by_nonce)| by_nonce.as_object().expect("nonces").values());
            all.map(|transaction| {
                let quantity = |name: &str| -> U256 {
                    let digits = transaction[name].as_str().expect("a quantity");
                    digits.parse().expect("hexadecimal")
                };
                Waiting {
                    hash: transaction["hash"]
                        .as_str()
                        .expect("a hash")
                        .parse()
                        .expect("a hash"),
                    nonce: quantity("nonce").to(),
                    max_fee_wei: quantity("maxFeePerGas").to(),
                }
            })
            .collect()
        })
    }

    /// Whether it was still in the pool.
    pub async fn drop_transaction(&self, waiting: Waiting) -> bool {
        !self
            .ask("anvil_dropTransaction", json!([waiting.hash]))
            .await
            .is_null()
    }

    /// Includes another transaction of the operator under this one's nonce; whether it was faster.
    pub async fn replace(&self, waiting: Waiting) -> bool {
        let operator = signer(0).address();
        let fee_wei = 2 * waiting.max_fee_wei;
        let other = TransactionRequest::default()
            .with_from(operator)
            .with_to(operator)
            .with_value(U256::from(1))
            .with_nonce(waiting.nonce)
            .with_gas_limit(21_000)
            .with_max_fee_per_gas(fee_wei)
            .with_max_priority_fee_per_gas(fee_wei);
        let node = provider(&self.url, 0);
        let Ok(sent) = node.send_transaction(other).await else {
            return false;
        };
        let hash = *sent.tx_hash();
        self.mine(1).await;
        let receipt = node.get_transaction_receipt(hash).await.expect("answers");
        receipt.is_some()
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        self.group.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}
