//! Who pays meanwhile, and what they were told.

use std::time::Duration;

use alloy::primitives::{Address, B256};
use ashlar_client::{AccountKey, Client, ClientError, Milestone, Payee, Sender, auth_of, rollup_key};
use ashlar_devnet::DEV_ACCOUNTS;
use ashlar_payments::packing::{PackedAmount, PackedFee};
use ashlar_statement::Domain;
use rand::{Rng, rngs::StdRng};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub const USERS: usize = 3;
pub const FEE: u64 = 10;
/// A tenth of an ETH: far more than a user spends here.
const FUNDS: u64 = 100_000_000;
/// Between two payments of a user, in milliseconds.
const PAUSE: std::ops::Range<u64> = 700..2_300;
const LIMIT: Duration = Duration::from_secs(120);

/// What a user wants done. No two of a run are equal, for no amount is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Payment {
    Transfer { from: u32, to: u32, amount: u64 },
    Withdrawal { from: u32, to: Address, amount: u64 },
}

/// What became of a user's payments, as far as the user knows.
#[derive(Debug, Default)]
pub struct Ledger {
    pub acknowledged: Vec<(B256, Payment)>,
    /// Sent, and never answered.
    pub unknown: Vec<Payment>,
}

pub struct User {
    sender: Sender,
    client: Client,
    address: Address,
    number: usize,
    /// By account: 0 is the operator's.
    payees: Vec<Payee>,
    sent: u64,
    ledger: Ledger,
}

pub fn key(domain: &Domain, number: usize) -> ashlar_ecgfp5::SecretKey {
    let signer = alloy::signers::local::PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[number].secret_key);
    rollup_key(&signer.expect("a key"), domain).expect("signs")
}

/// Opens the users' accounts.
pub async fn fund(stack: &crate::stack::Stack) -> Vec<User> {
    let links = stack.links();
    let client = links.client().await;
    let mut users = Vec::new();
    for number in 1..=USERS {
        let l1 = links.l1(number).await;
        let ether = l1.token(0).await.expect("ETH");
        let (owner, key) = (DEV_ACCOUNTS[number].address, key(l1.domain(), number));
        let deposit = l1
            .deposit(&ether, FUNDS, owner, &auth_of(&key.public_key()))
            .await
            .expect("deposits");
        client
            .wait_for_l1_operation(deposit, Milestone::Executed, LIMIT)
            .await
            .expect("executed");
        users.push(User {
            sender: client.sender(owner, key).await.expect("an account"),
            client: client.clone(),
            address: owner,
            number,
            payees: Vec::new(),
            sent: 0,
            ledger: Ledger::default(),
        });
    }
    for user in &mut users {
        for account in 0..=USERS as u32 {
            let payee = client.payee(AccountKey::Index(account)).await;
            user.payees
                .push(payee.expect("the operator's account, or a user's"));
        }
    }
    users
}

impl User {
    pub fn account(&self) -> u32 {
        self.sender.account()
    }

    /// An amount that nobody else pays, and this one never again.
    fn amount(&mut self) -> u64 {
        self.sent += 1;
        1_000 + self.sent * 10 + self.number as u64
    }

    /// Pays until told to stop: singly, in groups over one stream, and out to L1.
    pub async fn pay(mut self, mut rng: StdRng, stop: CancellationToken) -> Ledger {
        while !stop.is_cancelled() {
            match rng.gen_range(0..8) {
                0 => self.withdraw().await,
                1 => self.group(rng.gen_range(2..4), &mut rng).await,
                _ => self.transfer(&mut rng).await,
            }
            sleep(Duration::from_millis(rng.gen_range(PAUSE))).await;
        }
        self.ledger
    }

    fn payee(&self, rng: &mut StdRng) -> Payee {
        self.payees[rng.gen_range(0..self.payees.len())]
    }

    async fn transfer(&mut self, rng: &mut StdRng) {
        let (to, amount) = (self.payee(rng), self.amount());
        let payment = Payment::Transfer {
            from: self.sender.account(),
            to: to.account,
            amount,
        };
        let outcome = self.sender.transfer(to, 0, packed(amount), fee()).await;
        self.note(outcome, payment).await;
    }

    async fn withdraw(&mut self) {
        let (to, amount) = (self.address, self.amount());
        let payment = Payment::Withdrawal {
            from: self.sender.account(),
            to,
            amount,
        };
        let outcome = self.sender.withdraw(to, 0, amount, fee()).await;
        self.note(outcome, payment).await;
    }

    async fn group(&mut self, size: usize, rng: &mut StdRng) {
        let (mut payments, mut signed) = (Vec::new(), Vec::new());
        for _ in 0..size {
            let (to, amount) = (self.payee(rng), self.amount());
            let from = self.sender.account();
            payments.push(Payment::Transfer {
                from,
                to: to.account,
                amount,
            });
            signed.push(self.sender.sign_transfer(to, 0, packed(amount), fee()));
        }
        match self.client.submit_all(&signed).await {
            Ok(answers) => {
                for (answer, payment) in answers.into_iter().zip(payments) {
                    let id = answer.expect("a payment in order that its account can make");
                    self.ledger.acknowledged.push((id, payment));
                }
            }
            Err(error) => {
                assert!(error.is_retryable(), "{error}");
                self.ledger.unknown.extend(payments);
                self.refresh().await;
            }
        }
    }

    async fn note(&mut self, outcome: Result<B256, ClientError>, payment: Payment) {
        match outcome {
            Ok(id) => self.ledger.acknowledged.push((id, payment)),
            Err(error) => {
                assert!(error.is_retryable(), "{error}: {payment:?}");
                self.ledger.unknown.push(payment);
                self.refresh().await;
            }
        }
    }

    async fn refresh(&mut self) {
        self.sender
            .refresh()
            .await
            .expect("it is back within the client's patience");
    }
}

fn packed(amount: u64) -> PackedAmount {
    PackedAmount::exact(amount).expect("representable")
}

fn fee() -> PackedFee {
    PackedFee::exact(FEE).expect("representable")
}
