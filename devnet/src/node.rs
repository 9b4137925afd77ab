//! The parts that requests share.

use std::{
    sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use tokio::sync::watch;

use crate::{Config, JournalError, Mining, RpcError, chain::Chain, rpc::filters::Filters};

/// A chain, its filters, and when it mines.
pub(crate) struct Node {
    chain: RwLock<Chain>,
    filters: Mutex<Filters>,
    interval_secs: watch::Sender<Option<u64>>,
}

impl Node {
    pub(crate) fn open(config: Config) -> Result<Self, JournalError> {
        let interval_secs = interval_secs(config.mining);
        Ok(Self {
            chain: RwLock::new(Chain::open(config)?),
            filters: Mutex::default(),
            interval_secs: watch::Sender::new(interval_secs),
        })
    }

    // A poisoned lock means that a request panicked half-way. The chain changes by whole blocks, so it can go on.

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Chain> {
        self.chain.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Chain> {
        self.chain.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The chain, for who tells somebody of it: nothing that could not be kept is told.
    pub(crate) fn kept(&self) -> Result<RwLockReadGuard<'_, Chain>, RpcError> {
        let chain = self.read();
        chain.require_kept()?;
        Ok(chain)
    }

    /// Changes the chain. What was done is durable, and told to who listens, before anybody else sees it.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Chain) -> Result<T, RpcError>,
    ) -> Result<T, RpcError> {
        let mut chain = self.write();
        chain.require_kept()?;
        let outcome = change(&mut chain);
        chain.flush()?;
        outcome
    }

    pub(crate) fn filters(&self) -> MutexGuard<'_, Filters> {
        self.filters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// With automine, what waits is mined.
    pub(crate) fn set_mining(&self, mining: Mining) -> Result<(), RpcError> {
        self.change(|chain| {
            chain.set_automine(mining == Mining::Automatic);
            Ok(())
        })?;
        self.interval_secs.send_replace(interval_secs(mining));
        Ok(())
    }

    pub(crate) fn interval_secs(&self) -> Option<u64> {
        *self.interval_secs.borrow()
    }

    /// Mines a block every interval, while there is one. Ends with its task.
    pub(crate) async fn mine_at_intervals(self: std::sync::Arc<Self>) {
        let mut changes = self.interval_secs.subscribe();
        loop {
            let interval_secs = *changes.borrow_and_update();
            let wait = async {
                match interval_secs {
                    Some(secs) => tokio::time::sleep(Duration::from_secs(secs)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = wait => {
                    let node = self.clone();
                    let mined = tokio::task::spawn_blocking(move || {
                        node.change(|chain| {
                            chain.mine_block();
                            Ok(())
                        })
                    });
                    match mined.await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => {
                            tracing::error!(error = ashlar_report::chain(&error), "no more blocks are mined");
                            return;
                        }
                        Err(error) => tracing::error!(error = ashlar_report::chain(&error), "mining panicked"),
                    }
                }
            }
        }
    }
}

fn interval_secs(mining: Mining) -> Option<u64> {
    match mining {
        Mining::IntervalSecs(secs) => Some(secs).filter(|secs| *secs > 0),
        Mining::Automatic | Mining::Manual => None,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rpc;

    #[test]
    fn nothing_is_told_of_a_chain_that_a_full_disk_did_not_keep() {
        let node = Node::open(Config::default()).unwrap();
        node.write().fill_disk();
        let ask = |method: &str, params: serde_json::Value| {
            let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
            rpc::answer(&node, None, request.to_string().as_bytes()).unwrap()
        };
        let filter = ask("eth_newBlockFilter", json!([]))["result"].clone();
        assert_eq!(ask("eth_blockNumber", json!([]))["result"], json!("0x0"));
        for (method, params) in [
            ("evm_mine", json!([])),
            ("eth_blockNumber", json!([])),
            ("eth_getBlockByNumber", json!(["latest", false])),
            ("eth_getFilterChanges", json!([filter])),
            ("eth_newBlockFilter", json!([])),
            ("evm_setAutomine", json!([true])),
            ("evm_mine", json!([])),
        ] {
            let answer = ask(method, params);
            assert_eq!(answer["error"]["code"], json!(-32603), "{method}: {answer}");
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.contains("/dev/full"), "{method}: {message}");
        }
    }
}
