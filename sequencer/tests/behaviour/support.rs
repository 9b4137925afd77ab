//! A sequencer core in a temporary folder, and users who sign.

use std::{sync::Arc, time::Duration};

use ashlar_ecgfp5::SecretKey;
use ashlar_payments::{
    Payments, auth,
    batch::{BlockConfig, Shapes},
    packing::{PackedAmount, PackedFee},
    transaction::{Domain, SignedTransaction, Transaction, Transfer, Withdraw},
};
use ashlar_sequencer::{
    Changes,
    api::AccountKey,
    config::{Limits, Sealing},
    executor::{Executor, ExecutorError, ExecutorHandle},
    exit_mode::{ExitMode, Outlook},
    store::{LogItem, Store},
};
use ashlar_statement::{
    hash::{Hash, hash_to_bytes32},
    queue::{Deposit, L1Operation},
};
use tempfile::TempDir;

pub const DOMAIN: Domain = Domain {
    chain_id: 31337,
    rollup: [0x11; 20],
};
pub const SLOTS: usize = 4;

/// Never seals by age within a test.
pub fn seal_at(max_transactions: u32) -> Sealing {
    Sealing {
        max_transactions,
        max_age: Duration::from_secs(3600),
        ..Sealing::default()
    }
}

/// An executor over a database file. Dropping it without [`Core::stop`] is a crash: nothing is flushed.
pub struct Core {
    pub store: Arc<Store>,
    pub handle: ExecutorHandle<Payments>,
    pub changes: Changes,
    thread: std::thread::JoinHandle<Result<(), ExecutorError>>,
}

impl Core {
    pub fn open(folder: &TempDir, sealing: Sealing) -> Self {
        Self::with_limits(folder, sealing, Limits::default())
    }

    pub fn with_limits(folder: &TempDir, sealing: Sealing, limits: Limits) -> Self {
        Self::with_slots(folder, sealing, limits, SLOTS)
    }

    pub fn with_slots(folder: &TempDir, sealing: Sealing, limits: Limits, slots: usize) -> Self {
        Self::start(folder, sealing, limits, slots, ExitMode::default())
    }

    /// Starts while the rollup is in exit mode.
    pub fn in_exit_mode(folder: &TempDir, sealing: Sealing) -> Self {
        let exit_mode = ExitMode::default();
        exit_mode.set(Outlook::Entered { is_final: false });
        Self::start(folder, sealing, Limits::default(), SLOTS, exit_mode)
    }

    fn start(folder: &TempDir, sealing: Sealing, limits: Limits, slots: usize, exit_mode: ExitMode) -> Self {
        let store = Arc::new(Store::open(&folder.path().join("state.redb")).expect("database opens"));
        let payments = Payments(BlockConfig {
            domain: DOMAIN,
            fee_owner: owner(&key("operator")),
            shapes: Shapes::new(&[slots]),
        });
        let changes = Changes::default();
        let (handle, thread) = Executor::start(
            store.clone(),
            payments,
            sealing,
            changes.clone(),
            limits,
            exit_mode,
        )
        .expect("executor starts");
        Self {
            store,
            handle,
            changes,
            thread,
        }
    }

    /// Ends the executor and closes the database, whatever is in the open batch.
    pub fn stop(self) {
        drop(self.handle);
        self.thread.join().expect("no panic").expect("no error");
    }

    pub async fn nonce_and_balance(&self, account: u32) -> (u32, u64) {
        let view = self
            .handle
            .account(AccountKey::Index(account))
            .await
            .expect("runs")
            .expect("account exists");
        (view.account.nonce, view.account.balance(0))
    }

    /// Deposits for these keys, at queue indices from `first` on.
    pub async fn deposit(&self, first: u64, keys: &[&SecretKey], amount: u64) {
        let items = (first..)
            .zip(keys)
            .map(|(index, key)| deposit(index, key, amount))
            .collect();
        self.handle.l1_operations(items).await.expect("runs");
    }

    /// These operations, at queue indices from `first` on.
    pub async fn l1(&self, first: u64, operations: &[L1Operation]) {
        let items = (first..)
            .zip(operations)
            .map(|(index, operation)| LogItem::l1(index, operation))
            .collect();
        self.handle.l1_operations(items).await.expect("runs");
    }

    pub async fn batch(&self, number: u64) -> ashlar_sequencer::store::BatchRecord {
        for _ in 0..200 {
            if let Some(batch) = self.store.batch(number).expect("database") {
                return batch;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("batch {number} was not sealed");
    }
}

pub fn key(seed: &str) -> SecretKey {
    SecretKey::from_seed(seed.as_bytes())
}

/// The auth of an account for which this key signs.
pub fn auth(key: &SecretKey) -> Hash {
    auth::of_key(key.public_key().key_hash())
}

/// The L1 owner of this key's account in tests.
pub fn owner(key: &SecretKey) -> [u8; 20] {
    let bytes = hash_to_bytes32(&auth(key));
    core::array::from_fn(|place| bytes[place])
}

/// Whose account has this index in most tests: theirs are the first deposits, in this order.
pub fn owner_of(account: u32) -> [u8; 20] {
    let known = ["operator", "alice", "bob"].get(account as usize);
    known.map_or([0; 20], |name| owner(&key(name)))
}

pub fn deposit(index: u64, key: &SecretKey, amount: u64) -> LogItem {
    token_deposit(index, key, 0, amount)
}

pub fn token_deposit(index: u64, key: &SecretKey, token: u8, amount: u64) -> LogItem {
    let deposit = Deposit {
        token,
        amount,
        owner: owner(key),
        auth: auth(key),
    };
    LogItem::l1(index, &L1Operation::Deposit(deposit))
}

pub fn transfer(key: &SecretKey, from: u32, to: u32, amount: u64, nonce: u32) -> SignedTransaction {
    transfer_to(key, from, (to, owner_of(to)), amount, nonce)
}

/// To an account, signed as one of this L1 owner.
pub fn transfer_to(
    key: &SecretKey,
    from: u32,
    (to, to_owner): (u32, [u8; 20]),
    amount: u64,
    nonce: u32,
) -> SignedTransaction {
    let amount = PackedAmount::exact(amount).expect("representable");
    let fee = PackedFee::exact(1).expect("representable");
    Transaction::Transfer(Transfer {
        from,
        to,
        to_owner,
        token: 0,
        amount,
        fee,
        nonce,
    })
    .sign(&DOMAIN, key)
}

pub fn withdraw(key: &SecretKey, from: u32, amount: u64, nonce: u32) -> SignedTransaction {
    let fee = PackedFee::exact(1).expect("representable");
    Transaction::Withdraw(Withdraw {
        from,
        to_l1: [7; 20],
        token: 0,
        amount,
        fee,
        nonce,
    })
    .sign(&DOMAIN, key)
}
