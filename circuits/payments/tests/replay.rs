//! The native replay of a witness: each fault is told, with its slot, and the first of several.

mod common;

use ashlar_payments::{
    transaction::Operation,
    witness::{ChunkWitness, SlotFault, WitnessError},
};
use ashlar_statement::LeafWitness;
use common::{builder, deposit, funded, signed, transfer};

/// Slot 0 creates account 3, slot 1 pays it, slot 2 adds to account 1.
fn chunk() -> ChunkWitness {
    let store = funded(3, &[0]);
    let mut builder = builder(&store, 4);
    for operation in [
        Operation::from(deposit(3, 0, 5)),
        signed(transfer(1, 3, 0, 100, 10, 0)),
        deposit(1, 0, 7).into(),
    ] {
        builder.push(operation).expect("valid");
    }
    let (batch, _) = builder.seal(1).expect("not empty");
    batch.chunks[0].clone()
}

fn told(change: impl FnOnce(&mut ChunkWitness)) -> Result<(), WitnessError> {
    let mut chunk = chunk();
    change(&mut chunk);
    chunk.replay().map(drop)
}

fn at(slot: usize, fault: SlotFault) -> Result<(), WitnessError> {
    Err(WitnessError::Slot { slot, fault })
}

#[test]
fn what_was_executed_replays() {
    assert_eq!(told(|_| {}), Ok(()));
}

#[test]
fn an_account_that_is_not_in_the_tree_as_claimed_is_told() {
    let other_balance = told(|chunk| chunk.slots[1].source.balance += 1);
    assert_eq!(other_balance, at(1, SlotFault::SourcePath));
    let other_path = told(|chunk| chunk.slots[1].source.account_path.siblings.swap(0, 1));
    assert_eq!(other_path, at(1, SlotFault::SourcePath));
    let payee = told(|chunk| chunk.slots[1].destination.balance += 1);
    assert_eq!(payee, at(1, SlotFault::DestinationPath));
    let high = told(|chunk| chunk.slots[2].destination.account_path.siblings.swap(26, 27));
    assert_eq!(high, at(2, SlotFault::DestinationPath));
    let blank = told(|chunk| chunk.slots[0].destination.account_path.siblings.swap(0, 1));
    assert_eq!(blank, at(0, SlotFault::DestinationPath));
    // The first of them stands under the chunk's root, each other one under the root that the step before left.
    let root = told(|chunk| chunk.old_root.elements.swap(0, 1));
    assert_eq!(root, at(0, SlotFault::DestinationPath));
}

#[test]
fn an_absent_account_has_neither_balance_nor_history_and_is_not_paid() {
    let holds = told(|chunk| chunk.slots[0].destination.balance = 1);
    assert_eq!(holds, at(0, SlotFault::Existence));
    let has_paid = told(|chunk| chunk.slots[0].destination.head.nonce = 1);
    assert_eq!(has_paid, at(0, SlotFault::Existence));
    let is_paid = told(|chunk| chunk.slots[1].destination.exists = false);
    assert_eq!(is_paid, at(1, SlotFault::Existence));
    // One that is said to be there, and is not, is not in the tree.
    let is_said_to_be = told(|chunk| chunk.slots[0].destination.exists = true);
    assert_eq!(is_said_to_be, at(0, SlotFault::DestinationPath));
}

#[test]
fn the_first_fault_is_told() {
    let paths_of_two = told(|chunk| {
        chunk.slots[2].destination.balance += 1;
        chunk.slots[1].source.balance += 1;
    });
    assert_eq!(paths_of_two, at(1, SlotFault::SourcePath));
    // A path is looked at after the sums of all slots, and told before those of a later one.
    let path_before_nonce = told(|chunk| {
        chunk.slots[0].destination.account_path.siblings.swap(0, 1);
        chunk.slots[1].source.head.nonce = 9;
    });
    assert_eq!(path_before_nonce, at(0, SlotFault::DestinationPath));
    let source_before_payee = told(|chunk| {
        chunk.slots[1].source.balance += 1;
        chunk.slots[1].destination.exists = false;
    });
    assert_eq!(source_before_payee, at(1, SlotFault::SourcePath));
    let (given, expected) = (0, 9);
    let nonce = told(|chunk| chunk.slots[1].source.head.nonce = 9);
    assert_eq!(nonce, at(1, SlotFault::Nonce { given, expected }));
    let (needed, balance) = (110, 109);
    let too_little = told(|chunk| chunk.slots[1].source.balance = 109);
    assert_eq!(too_little, at(1, SlotFault::Balance { needed, balance }));
}

#[test]
fn the_fee_account_must_stand_under_the_last_root() {
    let path = told(|chunk| chunk.fee.account_path.siblings.swap(0, 1));
    assert_eq!(path, Err(WitnessError::FeePath));
    let balance = told(|chunk| chunk.fee.balances[0] += 1);
    assert_eq!(balance, Err(WitnessError::FeePath));
}
