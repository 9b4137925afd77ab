//! A state that goes through a file is the same, and a file that was touched is told.

mod common;

use ashlar_payments::{
    batch::BlockBuilder,
    rebuild::{Snapshot, SnapshotError},
    state::{AccountStore, MemoryStore, Overlay},
};
use ashlar_statement::hash::hash_to_bytes32;
use common::{DOMAIN, auth_of, builder, deposit_for, funded, owner, random_operation, rng, set_auth};
use sha3::{Digest, Keccak256};

/// Random accounts; one owner whose first account has not the least index; one list in another order.
fn state() -> MemoryStore {
    let mut store = funded(4, &[0, 9, 255]);
    let mut apply = |fill: &dyn Fn(&mut BlockBuilder<&MemoryStore>)| {
        let mut builder = builder(&store, 8);
        fill(&mut builder);
        let (_, changes) = builder.seal(1).expect("not empty");
        store.apply(changes);
    };
    apply(&|builder| {
        let mut rng = rng(5);
        for _ in 0..60 {
            let operation = random_operation(&mut rng, builder, &[0, 9, 255]);
            builder.push(operation).expect("valid");
        }
    });
    apply(&|builder| {
        let mut serve = |operation| {
            let served = ashlar_payments::serve::serve(builder.state(), &operation).expect("in memory");
            builder.push(served).expect("valid");
        };
        for (account, whose) in [(1, 70), (1, 1)] {
            serve(set_auth(account, account, whose));
        }
        // An operator may scatter accounts.
        builder
            .push(deposit_for(1 << 20, 90, 0, 5))
            .expect("an empty leaf");
        builder
            .push(deposit_for(1 << 19, 90, 0, 5))
            .expect("an empty leaf");
    });
    let listed = store.accounts_with(&owner(90), &auth_of(90)).expect("in memory");
    assert_eq!(listed, [1 << 20, 1 << 19]);
    assert_eq!(store.first_account(&owner(90)).expect("in memory"), Some(1 << 20));
    store
}

fn file(store: &MemoryStore) -> Vec<u8> {
    let mut file = Vec::new();
    let snapshot = Snapshot::new(DOMAIN, 7, store.entries());
    snapshot.write(&mut file).expect("in memory");
    file
}

/// What a forger does.
fn sealed(mut file: Vec<u8>) -> Vec<u8> {
    file.truncate(file.len() - 32);
    let checksum = Keccak256::digest(&file);
    file.extend(checksum);
    file
}

#[test]
fn a_state_survives_its_file() {
    let store = state();
    let snapshot = Snapshot::read(&file(&store)[..]).expect("read back");
    assert_eq!((snapshot.domain, snapshot.batch), (DOMAIN, 7));
    assert_eq!(snapshot.accounts(), store.accounts().count());
    let mut again = MemoryStore::new();
    again.apply(snapshot.changes());
    assert_eq!(again.digest(), store.digest());
    let root = |store: &MemoryStore| Overlay::new(store).root().expect("in memory");
    assert_eq!(root(&again), root(&store));
    let empty = Snapshot::read(&file(&MemoryStore::new())[..]).expect("read back");
    again = MemoryStore::new();
    again.apply(empty.changes());
    assert_eq!(root(&again), root(&MemoryStore::new()));
}

#[test]
fn every_flipped_bit_and_every_cut_is_told() {
    let file = file(&state());
    for place in 0..file.len() {
        let mut damaged = file.clone();
        damaged[place] ^= 1 << (place % 8);
        assert!(Snapshot::read(&damaged[..]).is_err(), "byte {place}");
    }
    for length in 12..file.len() {
        let cut = Snapshot::read(&file[..length]).expect_err("cut off");
        assert!(matches!(cut, SnapshotError::Truncated), "{length} bytes: {cut}");
    }
    let longer = Snapshot::read(&[&file[..], &[0]].concat()[..]).expect_err("longer");
    assert!(matches!(longer, SnapshotError::Trailing));
    assert!(matches!(Snapshot::read(&b"{}"[..]), Err(SnapshotError::Magic)));
    let mut newer = file.clone();
    newer[15] = 2;
    assert!(matches!(
        Snapshot::read(&newer[..]),
        Err(SnapshotError::Version { found: 2 })
    ));
}

#[test]
fn what_contradicts_itself_is_told_and_a_forged_leaf_has_another_root() {
    let store = state();
    let file = file(&store);
    let told = |place: usize, byte: u8| {
        let mut forged = file.clone();
        forged[place] = byte;
        match Snapshot::read(&sealed(forged)[..]) {
            Err(SnapshotError::Field { what }) => what,
            other => panic!("{other:?}"),
        }
    };
    const ACCOUNT: usize = 12 + 4 + 8 + 20 + 8 + 4; // the first one's index
    const AUTH: usize = ACCOUNT + 4 + 20;
    const BALANCE: usize = AUTH + 32 + 4 + 1 + 2;
    assert_eq!(told(ACCOUNT, 0x10), "an account's index");
    assert_eq!(told(ACCOUNT + 3, 1), "an account's index"); // the next one's
    assert_eq!(told(BALANCE + 1, 0x40), "a balance");
    let index = (1u32 << 20).to_be_bytes();
    let first_listed = file.len() - 32 - 2 * 4;
    assert_eq!(file[first_listed..first_listed + 4], index);
    let before = file[..first_listed].windows(4).rposition(|bytes| bytes == index);
    let owner_s_first = before.expect("the owner's first account");
    assert_eq!(told(owner_s_first, 8), "an owner's first account");
    assert_eq!(told(first_listed, 8), "a list of accounts");
    assert_eq!(told(first_listed + 1, 8), "a list of accounts"); // twice the second

    let mut richer = file.clone();
    richer[BALANCE + 8] ^= 1;
    let forged = Snapshot::read(&sealed(richer)[..]).expect("consistent").changes();
    let top = (28, 0);
    let honest = Overlay::new(&store).root().expect("in memory");
    assert_ne!(hash_to_bytes32(&forged.nodes[&top]), hash_to_bytes32(&honest));
}
