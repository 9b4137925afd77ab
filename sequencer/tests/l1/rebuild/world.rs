//! Who lives on the rollup whose database is lost, and what they do.

use std::path::Path;

use alloy::primitives::U256;
use ashlar_contracts::DataMode;
use ashlar_ecgfp5::SecretKey;
use ashlar_payments::{
    batch::Shapes,
    packing::{PackedAmount, PackedFee},
    transaction::{Domain, SignedTransaction, Transaction, Transfer, Withdraw},
};
use ashlar_sequencer::{config::Sealing, pipeline::InCommittee, store::Store};

use super::super::{
    members::{self, Members},
    support::{Guard, L1, Node, auth_word, key, l1_in, l1_validium, signer},
};

pub const USERS: u32 = 6;
pub const BATCHES: u64 = 5;
pub const PER_BATCH: u32 = 210;
/// Of its chunks.
const SLOTS: usize = 32;
pub const UNIT: u64 = 1_000_000_000;

pub fn open(folder: &Path) -> Store {
    Store::open(&folder.join("state.redb")).expect("database")
}

/// User 0 is the operator, who earns the fees; the others belong to L1 accounts 1 and 2.
pub fn user(account: u32) -> (SecretKey, usize) {
    let owner = match account {
        0 => 0,
        account => 1 + account as usize % 2,
    };
    (key(&format!("user {account}")), owner)
}

pub struct World {
    pub l1: L1,
    pub domain: Domain,
    /// Of a validium.
    pub members: Option<Members>,
    data: DataMode,
    nonces: Vec<u32>,
}

impl World {
    pub async fn new(data: DataMode) -> Self {
        let l1 = match data {
            DataMode::Calldata | DataMode::Blob => l1_in(Guard::AcceptsAll, data).await,
            DataMode::Validium => l1_validium(members::addresses()).await,
        };
        let domain = Domain {
            chain_id: l1.client(&[&l1.endpoint]).await.chain_id(),
            rollup: l1.rollup.into_array(),
        };
        let members = match data {
            DataMode::Calldata | DataMode::Blob => None,
            DataMode::Validium => Some(Members::start(domain, Shapes::new(&[SLOTS])).await),
        };
        let nonces = vec![0; USERS as usize + 1];
        Self {
            l1,
            domain,
            members,
            data,
            nonces,
        }
    }

    pub async fn node(&self, folder: &Path) -> Node {
        self.node_of(folder, PER_BATCH).await
    }

    /// The same with so many operations in a batch.
    pub async fn node_of(&self, folder: &Path, max_transactions: u32) -> Node {
        let sealing = Sealing {
            max_transactions,
            max_age: std::time::Duration::from_secs(3600),
            ..Sealing::default()
        }
        .in_mode(self.data);
        let client = self.l1.client(&[&self.l1.endpoint]).await;
        let node = Node::with_slots(folder, client, self.l1.rollup, sealing, SLOTS).await;
        let Some(members) = &self.members else {
            return node;
        };
        let (store, fee_owner) = (node.store.clone(), signer(0).address().into_array());
        let shapes = Shapes::new(&[SLOTS]);
        node.publishing(InCommittee::new(members.gatherer(), store, fee_owner, shapes))
    }

    pub async fn deposit(&self, account: u32, units: u64) {
        let (key, owner) = user(account);
        let contract = self.l1.contract(owner);
        let deposit = contract
            .depositETH(signer(owner).address(), auth_word(&key))
            .value(U256::from(units) * U256::from(UNIT));
        let sent = deposit.send().await.expect("sent");
        assert!(sent.get_receipt().await.expect("mined").status());
    }

    /// Transfers and withdrawals in turns, of all users.
    pub fn signed(&mut self, turn: u32) -> SignedTransaction {
        let from = turn % USERS;
        let (key, _) = user(from);
        let nonce = self.nonces[from as usize];
        self.nonces[from as usize] += 1;
        let fee = PackedFee::exact(u64::from(turn % 3)).expect("representable");
        let tx = if turn % 10 == 7 {
            Transaction::Withdraw(Withdraw {
                from,
                to_l1: [7; 20],
                token: 0,
                amount: 3,
                fee,
                nonce,
            })
        } else {
            let to = (turn + 1 + turn / USERS % 3) % USERS;
            Transaction::Transfer(Transfer {
                from,
                to,
                to_owner: signer(user(to).1).address().into_array(),
                token: 0,
                amount: PackedAmount::exact(u64::from(turn % 50)).expect("representable"),
                fee,
                nonce,
            })
        };
        tx.sign(&self.domain, &key)
    }

    /// What owners and the operator order on L1 in each batch: an order of each kind, and a stranger's.
    pub async fn orders(&self, batch: u64) {
        let owner = self.l1.contract(2); // of accounts 1, 3 and 5
        let other = auth_word(&key("another"));
        for call in [
            owner.forceWithdrawal(5, 0, 1_000).send().await,
            owner.forceTransfer(3, 4, 0, 500 + batch).send().await,
            owner.setAuth(6, other).send().await, // there is none, and later another's
            owner.setAuth(5, other).send().await,
            owner.setAuth(5, auth_word(&user(5).0)).send().await,
            self.l1.contract(1).forceWithdrawal(5, 0, 1_000).send().await,
            self.l1.contract(0).setFlags(2, batch as u8).send().await,
        ] {
            let receipt = call.expect("sent").get_receipt().await.expect("mined");
            assert!(receipt.status());
        }
    }

    pub async fn submit(&mut self, node: &Node, first: u32, count: u32) {
        for turn in first..first + count {
            let signed = self.signed(turn).encode();
            node.executor.submit(signed).await.expect("taken");
        }
    }
}

pub fn counts(node: &Node, sealed: u64) -> (u64, usize) {
    let batches = (1..=sealed).map(|number| node.batch(number));
    let operations = batches.map(|batch| batch.transactions.len()).sum();
    (node.store.next_batch().expect("database"), operations)
}

pub async fn prove_all(l1: &L1, node: &mut Node, last: u64) {
    for number in 1..=last {
        node.store.put_snark(number, &l1.no_snark()).expect("database");
    }
    let errors = node
        .settle_until("all are final", |store| {
            store.final_batch().expect("database") == last
        })
        .await;
    assert!(errors.is_empty(), "{errors:?}");
}
