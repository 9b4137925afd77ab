//! A small world for tests: keys, a funded state, and random operations on it.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod forge;

use ashlar_payments::{
    auth,
    batch::{BlockBuilder, BlockConfig, Shapes},
    packing::{PackedAmount, PackedFee},
    serve::serve,
    state::{AccountStore, MemoryStore},
    transaction::{
        Deposit, Domain, ForcedTransfer, ForcedWithdrawal, L1Operation, Operation, SecretKey, Served,
        SetAuth, SetFlags, Transaction, Transfer, Withdraw,
    },
};
use ashlar_statement::hash::Hash;
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

/// The `auth` of a test account.
pub fn auth_of(account: u32) -> Hash {
    auth::of_key(key(account).public_key().key_hash())
}

/// The L1 owner of a test account.
pub fn owner(account: u32) -> [u8; 20] {
    let mut owner = [0x0e; 20];
    owner[16..].copy_from_slice(&account.to_be_bytes());
    owner
}

/// A deposit to the account whose owner and key have the same number.
pub fn deposit(account: u32, token: u8, amount: u64) -> Served {
    deposit_for(account, account, token, amount)
}

/// A deposit for an owner and his key, to some account.
pub fn deposit_for(account: u32, whose: u32, token: u8, amount: u64) -> Served {
    let deposit = Deposit {
        token,
        amount,
        owner: owner(whose),
        auth: auth_of(whose),
    };
    Served::deposit(account, deposit)
}

/// Another `auth` for an account, that of another's key.
pub fn set_auth(account: u32, sender: u32, whose: u32) -> L1Operation {
    L1Operation::SetAuth(SetAuth {
        account,
        sender: owner(sender),
        auth: auth_of(whose),
    })
}

/// A forced withdrawal from an account.
pub fn force_withdrawal(account: u32, sender: u32, token: u8, amount: u64) -> L1Operation {
    L1Operation::ForcedWithdrawal(ForcedWithdrawal {
        account,
        token,
        amount,
        sender: owner(sender),
    })
}

/// A forced transfer between accounts.
pub fn force_transfer(account: u32, to: u32, sender: u32, token: u8, amount: u64) -> L1Operation {
    L1Operation::ForcedTransfer(ForcedTransfer {
        account,
        to,
        token,
        amount,
        sender: owner(sender),
    })
}

/// Other flags for an account.
pub fn set_flags(account: u32, flags: u8) -> L1Operation {
    L1Operation::SetFlags(SetFlags { account, flags })
}

/// A transfer to be signed; amount and fee must be representable.
pub fn transfer(from: u32, to: u32, token: u8, amount: u64, fee: u64, nonce: u32) -> Transaction {
    let amount = PackedAmount::exact(amount).expect("representable amount");
    let fee = PackedFee::exact(fee).expect("representable fee");
    Transaction::Transfer(Transfer {
        from,
        to,
        to_owner: owner(to),
        token,
        amount,
        fee,
        nonce,
    })
}

/// The transfer, to an account that another owner has.
pub fn owned_by(tx: Transaction, whose: u32) -> Transaction {
    match tx {
        Transaction::Transfer(tx) => Transaction::Transfer(Transfer {
            to_owner: owner(whose),
            ..tx
        }),
        Transaction::Withdraw(_) => tx,
    }
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

pub fn config(shapes: &[usize]) -> BlockConfig {
    BlockConfig {
        domain: DOMAIN,
        fee_owner: owner(FEE_ACCOUNT),
        shapes: Shapes::new(shapes),
    }
}

/// A builder over a store, as the tests configure it.
pub fn builder(store: &MemoryStore, slots: usize) -> BlockBuilder<&MemoryStore> {
    builder_of(store, &[slots])
}

/// The same with several sizes of chunks.
pub fn builder_of<'a>(store: &'a MemoryStore, shapes: &[usize]) -> BlockBuilder<&'a MemoryStore> {
    let mut builder = BlockBuilder::new(store, config(shapes)).expect("in memory");
    builder.set_time(TIME);
    builder
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
    let (_, changes) = builder.seal(0).expect("not empty");
    store.apply(changes);
    store
}

pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A random operation of the L1 queue, of any sender on any account, there or not; as the builder's state serves it.
pub fn random_queued<R: Rng>(rng: &mut R, builder: &BlockBuilder<&MemoryStore>, tokens: &[u8]) -> Operation {
    let count = builder.state().account_count().expect("in memory");
    let mut any = || rng.gen_range(0..count + 2);
    let [account, to, whose] = [any(), any(), any()];
    // Half of the senders own the account.
    let sender = if rng.gen_bool(0.5) { account } else { whose };
    let token = tokens[rng.gen_range(0..tokens.len())];
    let amount = rng.gen_range(1..1 << 21);
    let operation = match rng.gen_range(0..6) {
        0 => L1Operation::Deposit(Deposit {
            token,
            amount,
            owner: owner(whose),
            auth: Hash::default(),
        }),
        1 => set_auth(account, sender, whose),
        2 => set_flags(account, rng.r#gen()),
        3 => force_transfer(account, to, sender, token, amount),
        _ => force_withdrawal(account, sender, token, amount),
    };
    serve(builder.state(), &operation).expect("in memory").into()
}

/// A random operation that the builder's state accepts, from users and from the L1 queue; new accounts are created now and
/// then.
pub fn random_operation<R: Rng>(
    rng: &mut R,
    builder: &BlockBuilder<&MemoryStore>,
    tokens: &[u8],
) -> Operation {
    let state = builder.state();
    let count = state.account_count().expect("in memory");
    let account = |index| {
        state
            .account(index)
            .expect("in memory")
            .expect("indices are dense")
    };
    let token = tokens[rng.gen_range(0..tokens.len())];
    let (from, to) = (rng.gen_range(0..count), rng.gen_range(0..count));
    let payer = account(from);
    // Whoever signs for it now; nobody signs for an account that was created without a key.
    let signer = (0..count + 2).find(|whose| auth_of(*whose) == payer.auth);
    let fee = PackedFee::ceil(rng.gen_range(0..300)).expect("small").value();
    let spendable = payer.balance(token).saturating_sub(fee);
    let tx = match rng.gen_range(0..5) {
        0 => {
            let deposit = deposit(rng.gen_range(0..=count), token, rng.gen_range(1..1 << 40));
            return serve(state, &deposit.operation).expect("in memory").into();
        }
        1 => return random_queued(rng, builder, tokens),
        2 if spendable > 0 => withdraw(from, token, rng.gen_range(1..=spendable), fee, payer.nonce),
        _ if payer.balance(token) >= fee => {
            let amount = PackedAmount::floor(rng.gen_range(0..=spendable)).value();
            match transfer(from, to, token, amount, fee, payer.nonce) {
                Transaction::Transfer(tx) => Transaction::Transfer(Transfer {
                    to_owner: account(to).l1_owner,
                    ..tx
                }),
                tx => tx,
            }
        }
        _ => return Operation::Noop,
    };
    match signer {
        Some(signer) => tx.sign(&DOMAIN, &key(signer)).into(),
        None => Operation::Noop,
    }
}
