//! An operator, his users and the members.

use std::path::Path;

use alloy::{primitives::B256, signers::local::PrivateKeySigner};
use ashlar_committee::{Member, Proposal, Terms, seal, statement_of};
use ashlar_devnet::DEV_ACCOUNTS;
use ashlar_payments::{
    auth,
    batch::{BlockBuilder, BlockConfig, SHAPES, SealedBatch},
    packing::{PackedAmount, PackedFee},
    rebuild::Shown,
    serve::serve,
    state::MemoryStore,
    transaction::{Deposit, L1Operation, Operation, SecretKey, SignedTransaction, Transaction, Transfer},
};
use ashlar_statement::{Domain, hash::Hash};

pub const DOMAIN: Domain = Domain {
    chain_id: 31337,
    rollup: [0x42; 20],
};
pub const TIME: u32 = 29_700_000;
pub const EXPIRY: u64 = 4_000_000_000;
pub const DEPOSIT: u64 = 100_000_000;

pub fn key(user: u32) -> SecretKey {
    SecretKey::from_seed(&user.to_be_bytes())
}

pub fn owner(user: u32) -> [u8; 20] {
    DEV_ACCOUNTS[user as usize].address.into_array()
}

pub fn auth_of(user: u32) -> Hash {
    auth::of_key(key(user).public_key().key_hash())
}

pub fn deposit(user: u32) -> L1Operation {
    L1Operation::Deposit(Deposit {
        token: 0,
        amount: DEPOSIT,
        owner: owner(user),
        auth: auth_of(user),
    })
}

/// From account `from` to account `to`, which are users of the same number.
pub fn transfer(from: u32, to: u32, amount: u64, nonce: u32) -> Transaction {
    Transaction::Transfer(Transfer {
        from,
        to,
        to_owner: owner(to),
        token: 0,
        amount: PackedAmount::exact(amount).expect("representable"),
        fee: PackedFee::exact(10).expect("representable"),
        nonce,
    })
}

/// What an operator puts into a batch.
pub enum Item {
    L1(L1Operation),
    Signed(Box<SignedTransaction>),
}

/// An operator, and what he has of the state.
pub struct Operator {
    pub domain: Domain,
    pub state: MemoryStore,
    pub last: u64,
}

impl Operator {
    pub fn new(domain: Domain) -> Self {
        Self {
            domain,
            state: MemoryStore::new(),
            last: 0,
        }
    }

    /// Makes a batch, without looking at signatures, and what members are asked to sign.
    pub fn propose(&mut self, items: Vec<Item>, time: u32) -> (SealedBatch, Proposal) {
        let (number, fee_owner) = (self.last + 1, owner(0));
        let config = BlockConfig {
            domain: self.domain,
            fee_owner,
            shapes: SHAPES,
        };
        let mut builder = BlockBuilder::new(&self.state, config).expect("in memory");
        builder.set_time(time);
        let mut shown = Vec::new();
        for item in items {
            let operation: Operation = match item {
                Item::L1(operation) => {
                    shown.push(Shown::L1);
                    serve(builder.state(), &operation).expect("in memory").into()
                }
                Item::Signed(signed) => {
                    shown.push(Shown::Signed(signed.encode()));
                    (*signed).into()
                }
            };
            builder.push_verified(operation).expect("allowed");
        }
        let (closed, changes) = builder.close().expect("in memory");
        let sealed = seal(closed, number, time).expect("not empty");
        let proposal = Proposal {
            number,
            time,
            fee_owner,
            chunk_slots: SHAPES.largest(),
            bridge: sealed.bridge.clone(),
            rollup: sealed.rollup.clone(),
            shown,
            new_root: Hash {
                elements: sealed.public_inputs.new_root,
            },
            statement: statement_of(&sealed, EXPIRY),
        };
        self.state.apply(changes);
        self.last = number;
        (sealed, proposal)
    }

    pub fn sign(&self, tx: Transaction) -> Item {
        Item::Signed(Box::new(tx.sign(&self.domain, &key(tx.from()))))
    }

    /// Deposits of users 0 to 2, and a transfer.
    pub fn first(&mut self, time: u32) -> (SealedBatch, Proposal) {
        let mut items: Vec<Item> = (0..3).map(|user| Item::L1(deposit(user))).collect();
        items.push(self.sign(transfer(1, 2, 5_000, 0)));
        self.propose(items, time)
    }
}

pub fn signer(member: usize) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(member as u8 + 1)).expect("a key")
}

pub fn member(domain: Domain, place: usize, folder: &Path) -> Member {
    let terms = Terms {
        domain,
        shapes: SHAPES,
    };
    Member::open(signer(place), terms, folder).expect("opens")
}
