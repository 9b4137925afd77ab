//! A small world for tests: keys, a funded state, and random operations on it.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod forge;

use ashlar_payments::{
    batch::{BlockBuilder, BlockConfig},
    packing::{PackedAmount, PackedFee},
    state::{AccountStore, MemoryStore},
    transaction::{Deposit, Domain, Operation, SecretKey, Transaction, Transfer, Withdraw},
};
use rand::Rng;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// Fee account of every test.
pub const FEE_ACCOUNT: u32 = 0;
/// When every test is sealed, in minutes since 1970.
pub const TIME: u32 = 29_700_000;
/// Where every test is deployed.
pub const DOMAIN: Domain = Domain {
    chain_id: 31337,
    rollup: [0x42; 20],
};

/// The key of a test account.
pub fn key(account: u32) -> SecretKey {
    SecretKey::from_seed(&account.to_be_bytes())
}

/// A deposit to the account whose key has the same number.
pub fn deposit(account: u32, token: u8, amount: u64) -> Deposit {
    Deposit {
        account,
        token,
        amount,
        key_hash: key(account).public_key().key_hash(),
    }
}

/// A transfer to be signed; amount and fee must be representable.
pub fn transfer(from: u32, to: u32, token: u8, amount: u64, fee: u64, nonce: u32) -> Transaction {
    let amount = PackedAmount::exact(amount).expect("representable amount");
    let fee = PackedFee::exact(fee).expect("representable fee");
    Transaction::Transfer(Transfer {
        from,
        to,
        token,
        amount,
        fee,
        nonce,
    })
}

/// A withdrawal to be signed.
pub fn withdraw(from: u32, token: u8, amount: u64, fee: u64, nonce: u32) -> Transaction {
    let fee = PackedFee::exact(fee).expect("representable fee");
    Transaction::Withdraw(Withdraw {
        from,
        to_l1: [0xab; 20],
        token,
        amount,
        fee,
        nonce,
    })
}

/// Signed by its payer's key.
pub fn signed(tx: Transaction) -> Operation {
    tx.sign(&DOMAIN, &key(tx.from())).into()
}

pub fn config(slots: usize) -> BlockConfig {
    BlockConfig {
        domain: DOMAIN,
        fee_owner: key(FEE_ACCOUNT).public_key().key_hash(),
        slots,
    }
}

/// A builder over a store, as the tests configure it.
pub fn builder(store: &MemoryStore, slots: usize) -> BlockBuilder<&MemoryStore> {
    BlockBuilder::new(store, config(slots)).expect("in memory")
}

/// A state in which accounts 0 to `accounts - 1` hold 1,000,000 units of each of `tokens`.
pub fn funded(accounts: u32, tokens: &[u8]) -> MemoryStore {
    let mut store = MemoryStore::new();
    let mut builder = builder(&store, 8);
    for account in 0..accounts {
        for token in tokens {
            builder
                .push(deposit(account, *token, 1_000_000))
                .expect("deposit");
        }
    }
    let (_, changes) = builder.seal(0, TIME).expect("not empty");
    store.apply(changes);
    store
}

pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A random operation that the builder's state accepts; new accounts are created now and then.
pub fn random_operation<R: Rng>(
    rng: &mut R,
    builder: &BlockBuilder<&MemoryStore>,
    tokens: &[u8],
) -> Operation {
    let state = builder.state();
    let count = state.account_count().expect("in memory");
    let token = tokens[rng.gen_range(0..tokens.len())];
    let from = rng.gen_range(0..count);
    let payer = state
        .account(from)
        .expect("in memory")
        .expect("indices are dense");
    let fee = PackedFee::ceil(rng.gen_range(0..300)).expect("small").value();
    let spendable = payer.balance(token).saturating_sub(fee);
    match rng.gen_range(0..4) {
        0 => deposit(rng.gen_range(0..=count), token, rng.gen_range(1..1 << 40)).into(),
        1 if spendable > 0 => signed(withdraw(
            from,
            token,
            rng.gen_range(1..=spendable),
            fee,
            payer.nonce,
        )),
        _ if payer.balance(token) >= fee => {
            let amount = PackedAmount::floor(rng.gen_range(0..=spendable)).value();
            signed(transfer(
                from,
                rng.gen_range(0..count),
                token,
                amount,
                fee,
                payer.nonce,
            ))
        }
        _ => Operation::Noop,
    }
}
