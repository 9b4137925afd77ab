//! Who lives on the rollup meanwhile.

use alloy::primitives::U256;
use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    transaction::{Domain, Transaction, Transfer, Withdraw},
};
use ashlar_sequencer::executor::SubmitError;
use rand::{Rng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::super::support::{Deployed, Node, auth_word, key, signer};

/// Account 0 is the operator's, who earns the fees; the others belong to L1 accounts 1 to 3.
pub const USERS: u32 = 5;
const UNIT: u64 = 1_000_000_000;
/// Much more than anybody spends here.
const FUNDS: u64 = 1_000_000_000;

fn owner(account: u32) -> usize {
    match account {
        0 => 0,
        account => 1 + account as usize % 3,
    }
}

/// What they have done.
#[derive(Debug)]
pub struct Users {
    domain: Domain,
    nonces: [u32; USERS as usize],
}

impl Users {
    /// With an account and funds each, in the order of the accounts.
    pub async fn settle(l1: &Deployed, chain_id: u64) -> Self {
        for account in 0..USERS {
            Self::deposit(l1, account, FUNDS).await;
        }
        Self {
            domain: Domain {
                chain_id,
                rollup: l1.rollup.into_array(),
            },
            nonces: [0; USERS as usize],
        }
    }

    /// Signed transactions that the sequencer has accepted.
    pub fn accepted(&self) -> [u32; USERS as usize] {
        self.nonces
    }

    /// Whether it is mined is not waited for.
    async fn deposit(l1: &Deployed, account: u32, units: u64) {
        let signing = auth_word(&key(&format!("user {account}")));
        let contract = l1.contract(owner(account));
        let deposit = contract
            .depositETH(signer(owner(account)).address(), signing)
            .value(U256::from(units) * U256::from(UNIT));
        drop(deposit.send().await.expect("sent"));
    }

    /// Something on L1 or on L2.
    pub async fn act(&mut self, l1: &Deployed, node: &Node, rng: &mut ChaCha8Rng) {
        let account = rng.gen_range(1..USERS);
        let own = l1.contract(owner(account));
        match rng.gen_range(0..10) {
            0..3 => Self::deposit(l1, account, rng.gen_range(1..1_000)).await,
            3 => drop(own.forceWithdrawal(account, 0, 7).send().await.expect("sent")),
            4 => drop(own.forceTransfer(account, 1, 0, 5).send().await.expect("sent")),
            // A stranger's, of whom nothing is paid.
            5 => {
                let other = (1..USERS).filter(|other| owner(*other) != owner(account));
                let other: Vec<_> = other.collect();
                let of = *other.choose(rng).expect("three owners");
                drop(own.forceWithdrawal(of, 0, 7).send().await.expect("sent"));
            }
            _ => {
                for _ in 0..rng.gen_range(1..4) {
                    self.sign(node, rng).await;
                }
            }
        }
    }

    /// A transfer or a withdrawal.
    pub async fn sign(&mut self, node: &Node, rng: &mut ChaCha8Rng) {
        let from = rng.gen_range(0..USERS);
        let nonce = &mut self.nonces[from as usize];
        let fee = PackedFee::exact(rng.gen_range(0..3)).expect("small");
        let transaction = if rng.gen_ratio(1, 4) {
            Transaction::Withdraw(Withdraw {
                from,
                to_l1: signer(7).address().into_array(),
                token: 0,
                amount: rng.gen_range(1..50),
                fee,
                nonce: *nonce,
            })
        } else {
            let to = rng.gen_range(0..USERS);
            Transaction::Transfer(Transfer {
                from,
                to,
                to_owner: signer(owner(to)).address().into_array(),
                token: 0,
                amount: PackedAmount::exact(rng.gen_range(1..50)).expect("small"),
                fee,
                nonce: *nonce,
            })
        };
        let signed = transaction.sign(&self.domain, &key(&format!("user {from}")));
        match node.executor.submit(signed.encode()).await {
            Ok(_) => *nonce += 1,
            Err(SubmitError::Busy { .. }) => {} // it is told to come again
            Err(error) => panic!("refused: {error:?}"),
        }
    }
}
