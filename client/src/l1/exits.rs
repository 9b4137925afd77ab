//! Exit mode: whether L1 is in it, the ways out, and what has left by them.

use std::collections::BTreeSet;

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    providers::Provider,
    rpc::types::{BlockNumberOrTag, Filter},
    sol_types::{SolEvent, SolValue},
};
use ashlar_contracts::{
    AccountPath, BatchHeader, Rollup,
    bridge::{ENTRY_HASH_BYTES, exits, queue_entry},
};
use ashlar_payments::state::{AccountStore, Overlay};
use ashlar_statement::{
    hash::{Hash, hash_to_bytes32},
    queue::L1Operation,
};

use plonky2::field::types::PrimeField64;

use super::{
    CommittedBatch, L1, L1Error, ProvenState,
    actions::auth_word,
    error::{refused, transport},
};

/// Of an encoded header.
const HEADER_BYTES: usize = 15 * 32;

/// How far L1 is from exit mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitState {
    /// No operation waits for its proof.
    NothingWaits,
    /// The oldest operation that is not proven has time left.
    Waits {
        /// Its place in the queue.
        index: u64,
        /// When it expires, in tenths of a second since 1970.
        expiry: u64,
        /// The newest block's time, in seconds since 1970.
        now: u64,
    },
    /// It has expired: anybody can enter exit mode.
    Expired {
        /// Its place in the queue.
        index: u64,
    },
    /// Exit mode was entered: the state root stands still.
    Entered,
}

/// A deposit that no proven batch has executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnprovenDeposit {
    /// Its place in the queue.
    pub index: u64,
    /// Who made it, and gets it back.
    pub sender: Address,
    /// Token number.
    pub token: u8,
    /// In units.
    pub units: u64,
    record: Bytes,
}

/// Balances that have left, by account and token.
pub type Exited = BTreeSet<(u32, u8)>;

/// What left by one transaction.
struct Left {
    /// Number of the exit batch; `None` if it left by a path.
    batch: Option<u64>,
    pairs: Vec<(u32, u8)>,
}

/// The path of a balance, as L1 takes it.
///
/// # Errors
/// If there is no such account.
pub fn account_path(state: &ProvenState, account: u32, token: u8) -> Result<AccountPath, L1Error> {
    let tree = Overlay::new(&state.accounts);
    let Ok(found) = tree.account(account);
    let found = found.ok_or(L1Error::NoAccount {
        account,
        batch: state.batch,
    })?;
    let Ok(path) = tree.account_path(account);
    let word = |hash: Hash| B256::from(hash_to_bytes32(&hash));
    let balances = found.balance_path(token);
    let [.., meta] = found.head().meta().elements;
    Ok(AccountPath {
        account,
        token,
        balance: found.balance(token),
        auth: auth_word(&found.auth),
        owner: found.l1_owner.into(),
        meta: meta.to_canonical_u64(),
        balanceSiblings: balances.siblings.map(word),
        accountSiblings: path.siblings.map(word),
    })
}

impl L1 {
    /// How far the rollup is from exit mode.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn exit_state(&self) -> Result<ExitState, L1Error> {
        if self.in_exit_mode().await? {
            return Ok(ExitState::Entered);
        }
        let index = self.first_unproven_operation().await?;
        let queued = self.queued_operations().await?;
        if index == queued {
            return Ok(ExitState::NothingWaits);
        }
        let call = self.rollup.queuedOperation(index);
        let entry = call.call().await.map_err(refused("queuedOperation"))?;
        let tail = entry[ENTRY_HASH_BYTES..].iter();
        let expiry = tail.fold(0, |expiry, byte| expiry << 8 | u64::from(*byte));
        let now = self.now().await?;
        Ok(if now * 10 < expiry {
            ExitState::Waits { index, expiry, now }
        } else {
            ExitState::Expired { index }
        })
    }

    /// Whether the rollup is in exit mode.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn in_exit_mode(&self) -> Result<bool, L1Error> {
        let call = self.rollup.exitMode();
        call.call().await.map_err(refused("exitMode"))
    }

    /// Enters exit mode, for ever. Refused unless the state is [`ExitState::Expired`].
    ///
    /// # Errors
    /// If the contract refuses.
    pub async fn enter_exit_mode(&self) -> Result<(), L1Error> {
        // Where there is none the contract does not look at it.
        let none = || BatchHeader::abi_decode(&[0; HEADER_BYTES]).expect("fifteen words");
        let header = self.first_unproven_batch().await?.unwrap_or_else(none);
        self.mine("enterExitMode", self.rollup.enterExitMode(header))
            .await?;
        Ok(())
    }

    /// Sends an exit batch with its proof; gives the number that it got. `data_hash` is that of its chunks.
    ///
    /// # Errors
    /// If the contract refuses.
    pub async fn exit_batch(
        &self,
        data_hash: &Hash,
        bridge: Vec<u8>,
        proof: Vec<u8>,
    ) -> Result<u64, L1Error> {
        let data_hash = U256::from_be_bytes(hash_to_bytes32(data_hash));
        let call = self.rollup.exitBatch(data_hash, bridge.into(), proof.into());
        let receipt = self.mine("exitBatch", call).await?;
        let proven = receipt.decoded_log::<Rollup::BatchProven>();
        proven.map(|event| event.data.number).ok_or(L1Error::Failed {
            call: "exitBatch",
            hash: receipt.transaction_hash,
            block: receipt.block_number.unwrap_or_default(),
        })
    }

    /// Has the balances of an exit batch paid at once, with the batch's proof, and makes no batch. What cannot be paid has
    /// not left: [`Self::exit_batch`] takes the same proof.
    ///
    /// # Errors
    /// If the contract refuses, as it does if none can be paid.
    pub async fn exit_and_pay(
        &self,
        data_hash: &Hash,
        bridge: Vec<u8>,
        proof: Vec<u8>,
    ) -> Result<(), L1Error> {
        let data_hash = U256::from_be_bytes(hash_to_bytes32(data_hash));
        let call = self.rollup.exitAndPay(data_hash, bridge.into(), proof.into());
        self.mine("exitAndPay", call).await?;
        Ok(())
    }

    /// Has a balance paid to its account's L1 owner, without any proof system.
    ///
    /// # Errors
    /// If the contract refuses.
    pub async fn exit_by_path(&self, path: AccountPath) -> Result<(), L1Error> {
        self.mine("exitByPath", self.rollup.exitByPath(path)).await?;
        Ok(())
    }

    /// Whether a balance has left.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn is_exited(&self, account: u32, token: u8) -> Result<bool, L1Error> {
        let call = self.rollup.isExited(account, token);
        call.call().await.map_err(refused("isExited"))
    }

    /// All balances that have left.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn exited(&self) -> Result<Exited, L1Error> {
        let all = self.all_left().await?.into_iter();
        Ok(all.flat_map(|left| left.pairs).collect())
    }

    /// What had left before an exit batch: its records of these are skipped.
    pub(super) async fn exited_before(&self, number: u64) -> Result<Exited, L1Error> {
        let all = self.all_left().await?.into_iter();
        let before = all.take_while(|left| left.batch != Some(number));
        Ok(before.flat_map(|left| left.pairs).collect())
    }

    /// In the order in which it left.
    async fn all_left(&self) -> Result<Vec<Left>, L1Error> {
        let filter = Filter::new().event_signature(vec![
            Rollup::BalancesExited::SIGNATURE_HASH,
            Rollup::BalanceExited::SIGNATURE_HASH,
        ]);
        let mut all = Vec::new();
        for log in self.logs(filter).await? {
            if let Ok(event) = Rollup::BalancesExited::decode_log(&log.inner) {
                let number = event.data.number;
                let exits = exits::parse(&event.data.bridge);
                let exits = exits.map_err(|error| L1Error::Data {
                    number,
                    source: error.into(),
                })?;
                let pair = |exit: &exits::Exit| (exit.account, exit.withdrawal.token);
                all.push(Left {
                    batch: Some(number),
                    pairs: exits.iter().map(pair).collect(),
                });
            } else if let Ok(event) = Rollup::BalanceExited::decode_log(&log.inner) {
                all.push(Left {
                    batch: None,
                    pairs: vec![(event.data.account, event.data.token)],
                });
            }
        }
        Ok(all)
    }

    /// The bridge stream of a batch that only lets balances leave; `None` of any other.
    pub(super) async fn exit_stream(&self, batch: &CommittedBatch) -> Result<Option<Vec<u8>>, L1Error> {
        let header = &batch.header;
        if header.oldRoot != header.newRoot || header.rollupWords != 0 {
            return Ok(None); // the state has changed, or others have paid
        }
        let filter = Filter::new()
            .address(*self.rollup.address())
            .event_signature(Rollup::BalancesExited::SIGNATURE_HASH)
            .topic1(U256::from(header.number))
            .select(batch.block);
        let logs = self.provider.get_logs(&filter).await;
        for log in logs.map_err(transport("eth_getLogs"))? {
            if let Ok(event) = Rollup::BalancesExited::decode_log(&log.inner) {
                return Ok(Some(event.data.bridge.to_vec()));
            }
        }
        Ok(None)
    }

    /// The deposits that no proven batch has executed and that were not refunded.
    ///
    /// # Errors
    /// If the node does not answer, or shows other operations than the contract has.
    pub async fn unproven_deposits(&self) -> Result<Vec<UnprovenDeposit>, L1Error> {
        let first = self.first_unproven_operation().await?;
        let filter = Filter::new().event_signature(Rollup::OperationQueued::SIGNATURE_HASH);
        let mut found = Vec::new();
        for log in self.logs(filter).await? {
            let Ok(event) = Rollup::OperationQueued::decode_log(&log.inner) else {
                continue;
            };
            let Rollup::OperationQueued {
                index,
                sender,
                expiry,
                record,
                ..
            } = event.data;
            let Ok(L1Operation::Deposit(deposit)) = L1Operation::decode(&record) else {
                continue;
            };
            if index < first {
                continue;
            }
            let call = self.rollup.queuedOperation(index);
            let kept = call.call().await.map_err(refused("queuedOperation"))?;
            if kept == queue_entry(&record, expiry) {
                found.push(UnprovenDeposit {
                    index,
                    sender,
                    token: deposit.token,
                    units: deposit.amount,
                    record,
                });
            }
        }
        Ok(found)
    }

    /// Has a deposit paid back to who made it. Refused outside exit mode.
    ///
    /// # Errors
    /// If the contract refuses.
    pub async fn refund(&self, deposit: &UnprovenDeposit) -> Result<(), L1Error> {
        let call = self.rollup.refundDeposit(deposit.index, deposit.record.clone());
        self.mine("refundDeposit", call).await?;
        Ok(())
    }

    /// Index of the first operation that no proven batch executes.
    async fn first_unproven_operation(&self) -> Result<u64, L1Error> {
        if let Some(header) = self.first_unproven_batch().await? {
            return Ok(header.firstOperation);
        }
        let call = self.rollup.committedOperations();
        call.call().await.map_err(refused("committedOperations"))
    }

    async fn first_unproven_batch(&self) -> Result<Option<BatchHeader>, L1Error> {
        let (proven, committed) = (self.proven_batches().await?, self.committed_batches().await?);
        if proven == committed {
            return Ok(None);
        }
        Ok(Some(self.committed_batch(proven + 1).await?.header))
    }

    async fn queued_operations(&self) -> Result<u64, L1Error> {
        let call = self.rollup.queuedOperations();
        call.call().await.map_err(refused("queuedOperations"))
    }

    async fn now(&self) -> Result<u64, L1Error> {
        let asked = "eth_getBlockByNumber";
        let block = self.provider.get_block_by_number(BlockNumberOrTag::Latest);
        let block = block.await.map_err(transport(asked))?;
        Ok(block.map_or(0, |block| block.header.timestamp))
    }
}
