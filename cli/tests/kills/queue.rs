//! What is ordered through L1's queue meanwhile, and what L1 has acknowledged of it.

use std::time::Duration;

use alloy::primitives::Address;
use ashlar_client::{L1, L1Error, auth_of, data::Record};
use ashlar_contracts::Withdrawal;
use ashlar_devnet::DEV_ACCOUNTS;
use ashlar_statement::hash::ZERO_HASH;
use rand::{Rng, rngs::StdRng};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    stack::Links,
    users::{USERS, key},
};

/// Number of the devnet's account that owns nothing on the rollup.
const STRANGER: usize = 4;

/// An operation that L1 has acknowledged: its index, and what is to come of it.
#[derive(Clone, Debug)]
pub struct Order {
    pub queue_index: u64,
    pub record: Record,
}

/// Orders for the users, whose accounts these are, until told to stop. L1 is killed as well: what it does not answer is not
/// noted.
pub async fn order(links: Links, accounts: Vec<u32>, mut rng: StdRng, stop: CancellationToken) -> Vec<Order> {
    let mut l1s = Vec::new();
    for number in 1..=STRANGER {
        l1s.push(links.l1(number).await);
    }
    let mut noted = Vec::new();
    for sent in 1.. {
        sleep(Duration::from_millis(rng.gen_range(800..3_000))).await;
        if stop.is_cancelled() {
            break;
        }
        let user = rng.gen_range(1..=USERS);
        let to = accounts[rng.gen_range(0..USERS)];
        let user = User {
            l1: &l1s[user - 1],
            number: user,
            owner: DEV_ACCOUNTS[user].address,
            account: accounts[user - 1],
        };
        let (stranger, units) = (&l1s[STRANGER - 1], sent * 7);
        let answered = match rng.gen_range(0..6) {
            0 => user.withdraw(user.l1, user.owner, units, units).await,
            // Nothing of it is the stranger's.
            1 => {
                let sender = DEV_ACCOUNTS[STRANGER].address;
                user.withdraw(stranger, sender, units, 0).await
            }
            2 => user.transfer(to, units).await,
            3 => user.keep_auth().await,
            _ => user.deposit(stranger, units).await,
        };
        if let Ok(order) = answered {
            noted.push(order);
        }
    }
    noted
}

struct User<'a> {
    l1: &'a L1,
    number: usize,
    owner: Address,
    account: u32,
}

impl User<'_> {
    /// A deposit by somebody else, for whatever account the user has.
    async fn deposit(&self, depositor: &L1, units: u64) -> Result<Order, L1Error> {
        let ether = depositor.token(0).await?;
        let queue_index = depositor.deposit(&ether, units, self.owner, &ZERO_HASH).await?;
        let record = Record::Deposit {
            account: self.account,
            token: 0,
            amount: units,
            owner: self.owner,
            auth: ZERO_HASH,
        };
        Ok(Order { queue_index, record })
    }

    async fn withdraw(&self, l1: &L1, sender: Address, units: u64, paid: u64) -> Result<Order, L1Error> {
        let queue_index = l1.force_withdrawal(self.account, 0, units).await?;
        let record = Record::ForcedWithdrawal {
            account: self.account,
            requested: units,
            withdrawal: Withdrawal {
                token: 0,
                amount: paid,
                to: sender,
            },
        };
        Ok(Order { queue_index, record })
    }

    async fn transfer(&self, to: u32, units: u64) -> Result<Order, L1Error> {
        let queue_index = self.l1.force_transfer(self.account, to, 0, units).await?;
        let record = Record::ForcedTransfer {
            from: self.account,
            to,
            token: 0,
            requested: units,
            paid: units,
            sender: self.owner,
        };
        Ok(Order { queue_index, record })
    }

    /// The auth that it has: the user goes on paying.
    async fn keep_auth(&self) -> Result<Order, L1Error> {
        let auth = auth_of(&key(self.l1.domain(), self.number).public_key());
        let queue_index = self.l1.set_auth(self.account, &auth).await?;
        let record = Record::SetAuth {
            account: self.account,
            sender: self.owner,
            auth,
        };
        Ok(Order { queue_index, record })
    }
}
