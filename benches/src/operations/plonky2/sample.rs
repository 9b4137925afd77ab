//! Batches to prove.

use ashlar_payments::{
    auth,
    batch::{BlockBuilder, BlockConfig, SHAPES, Shapes},
    leaves::PaymentWitness,
    packing::{PackedAmount, PackedFee},
    state::MemoryStore,
    transaction::{Deposit, Domain, SecretKey, Served, Transaction, Transfer},
};
use ashlar_statement::SealedBatch;

const OWNER: [u8; 20] = [7; 20];
const DOMAIN: Domain = Domain {
    chain_id: 31337,
    rollup: [0x42; 20],
};

/// Accounts that the transfers go round.
const PAYERS: u32 = 16;

fn builder(store: MemoryStore, shapes: Shapes) -> BlockBuilder<MemoryStore> {
    let config = BlockConfig {
        domain: DOMAIN,
        fee_owner: owner(0), // fees of transfers need an account of his
        shapes,
    };
    let mut builder = BlockBuilder::new(store, config).expect("a store in memory does not fail");
    builder.set_time(29_700_000); // in minutes since 1970
    builder
}

fn owner(account: u32) -> [u8; 20] {
    let mut owner = OWNER;
    owner[16..].copy_from_slice(&account.to_be_bytes());
    owner
}

fn key(account: u32) -> SecretKey {
    SecretKey::from_seed(&owner(account))
}

fn deposits(accounts: u32, shapes: Shapes) -> BlockBuilder<MemoryStore> {
    let mut builder = builder(MemoryStore::new(), shapes);
    for account in 0..accounts {
        let deposit = Deposit {
            token: 0,
            amount: 1_000_000,
            owner: owner(account),
            auth: auth::of_key(key(account).public_key().key_hash()),
        };
        builder
            .push(Served::deposit(account, deposit))
            .expect("a deposit to a new account is valid");
    }
    builder
}

/// Of the smallest size.
pub(super) fn two_chunks() -> [PaymentWitness; 2] {
    two_chunks_of(SHAPES.sizes()[0])
}

/// Deposits for one account more than a chunk has slots.
pub(super) fn two_chunks_of(slots: usize) -> [PaymentWitness; 2] {
    let (batch, _) = deposits(slots as u32 + 1, Shapes::new(&[slots]))
        .seal(1)
        .expect("the batch is not empty");
    let chunks: Result<_, Vec<_>> = batch.map(Into::into).chunks.try_into();
    chunks.unwrap_or_else(|chunks| panic!("{} chunks", chunks.len()))
}

/// A batch of so many signed transfers and nothing else, among accounts that were opened before.
pub(super) fn transfers(count: u32) -> SealedBatch<PaymentWitness> {
    let mut store = MemoryStore::new();
    let (_, opened) = deposits(PAYERS, SHAPES).seal(1).expect("the batch is not empty");
    store.apply(opened);
    let mut builder = builder(store, SHAPES);
    for number in 0..count {
        let (from, to) = (number % PAYERS, (number + 1) % PAYERS);
        let transfer = Transfer {
            from,
            to,
            to_owner: owner(to),
            token: 0,
            amount: PackedAmount::exact(5).expect("small"),
            fee: PackedFee::exact(1).expect("small"),
            nonce: number / PAYERS,
        };
        builder
            .push(Transaction::Transfer(transfer).sign(&DOMAIN, &key(from)))
            .expect("the account has the funds");
    }
    let (batch, _) = builder.seal(2).expect("the batch is not empty");
    batch.map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfers_fill_chunks_and_nothing_else_is_in_them() {
        for (count, chunks) in [
            (1, 1),
            (SHAPES.largest() as u32, 1),
            (SHAPES.largest() as u32 + 1, 2),
            (1_000, 1_000usize.div_ceil(SHAPES.largest())),
        ] {
            assert_eq!(transfers(count).chunks.len(), chunks, "{count} transfers");
        }
    }
}
