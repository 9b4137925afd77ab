//! A member executes what is proposed, keeps it and signs, or refuses.

use std::path::Path;

use alloy::primitives::{B256, Signature, U256};
use ashlar_committee::{Member, MemberError, Proposal, Refusal, Statement, Terms};
use ashlar_payments::{batch::SHAPES, rebuild::UnsignedError, validate::TransactionError};
use ashlar_statement::hash::hash_to_bytes32;
use tempfile::TempDir;

use super::support::{DOMAIN, Item, Operator, TIME, deposit, key, member, signer, transfer};

pub fn refusal(outcome: Result<Option<Signature>, MemberError>) -> Refusal {
    match outcome {
        Err(MemberError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

pub fn root_of(member: &Member, proposal: &Proposal) -> Option<Vec<u8>> {
    let root = hash_to_bytes32(&proposal.new_root);
    let kept = member.batch(proposal.number, root).expect("reads");
    kept.map(|kept| kept.rollup)
}

#[test]
fn what_is_signed_and_allowed_is_kept_and_signed_and_survives_a_restart() {
    let folder = TempDir::new().expect("a folder");
    let mut operator = Operator::new(DOMAIN);
    let mut honest = member(DOMAIN, 0, folder.path());
    let (_, first) = operator.first(TIME);
    let statement = first.statement.clone().expect("it has transfers");
    let signature = honest.attest(&first).expect("signs").expect("a signature");
    assert_eq!(statement.signer(&DOMAIN, &signature), Some(honest.address()));
    assert_eq!(root_of(&honest, &first), Some(first.rollup.clone()));

    // One without a rollup stream is executed like any other.
    let (_, second) = operator.propose(vec![Item::L1(deposit(2))], TIME);
    assert_eq!(second.statement, None);
    assert_eq!(honest.attest(&second).expect("executes"), None);
    let third_items = vec![operator.sign(transfer(2, 1, 7_000, 0))];
    let (_, third) = operator.propose(third_items, TIME);
    honest.attest(&third).expect("signs").expect("a signature");

    // Again, for longer.
    let mut longer = third.clone();
    if let Some(statement) = &mut longer.statement {
        statement.expiry += 60;
    }
    let signature = honest.attest(&longer).expect("signs").expect("a signature");
    let statement = longer.statement.clone().expect("has one");
    assert_eq!(statement.signer(&DOMAIN, &signature), Some(honest.address()));
    assert_eq!(files(folder.path()), 3, "nothing is kept twice");

    drop(honest);
    std::fs::write(folder.path().join("000000000003.part"), "half of a batch").expect("writes");
    let mut honest = member(DOMAIN, 0, folder.path());
    assert_eq!(honest.last(), 3);
    assert_eq!(root_of(&honest, &first), Some(first.rollup.clone()));
    let fourth_items = vec![operator.sign(transfer(1, 0, 1_000, 1))];
    let (_, fourth) = operator.propose(fourth_items, TIME);
    honest.attest(&fourth).expect("signs").expect("a signature");
    assert_eq!(honest.last(), 4);
}

fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries
        .filter(|entry| {
            entry
                .as_ref()
                .is_ok_and(|entry| entry.path().extension().is_some_and(|of| of == "batch"))
        })
        .count()
}

#[test]
fn what_nobody_signed_is_refused_and_changes_nothing() {
    let folder = TempDir::new().expect("a folder");
    let mut operator = Operator::new(DOMAIN);
    let mut honest = member(DOMAIN, 0, folder.path());
    let (_, first) = operator.first(TIME);
    honest.attest(&first).expect("signs");

    let theft = transfer(1, 2, 90_000_000, 1);
    let mut forged = theft.sign(&DOMAIN, &key(1));
    forged.signature = theft.sign(&DOMAIN, &key(2)).signature;
    let (_, stolen) = operator.propose(vec![Item::Signed(Box::new(forged))], TIME);
    let refused = refusal(honest.attest(&stolen));
    assert!(
        matches!(
            refused,
            Refusal::Unsigned(UnsignedError::Refused {
                place: 0,
                source: TransactionError::Signature(_)
            })
        ),
        "{refused:?}"
    );
    assert_eq!((honest.last(), files(folder.path())), (1, 1));
    assert_eq!(root_of(&honest, &stolen), None);
}

#[test]
fn what_is_proposed_must_come_of_what_is_shown() {
    let folder = TempDir::new().expect("a folder");
    let mut operator = Operator::new(DOMAIN);
    let mut honest = member(DOMAIN, 0, folder.path());
    let (_, good) = operator.first(TIME);
    let mut told = |change: fn(&mut Proposal)| {
        let mut proposal = good.clone();
        change(&mut proposal);
        refusal(honest.attest(&proposal))
    };
    let differs = |refusal: &Refusal| match refusal {
        Refusal::Differs { what, .. } => *what,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        differs(&told(|of| of.new_root.elements.swap(0, 1))),
        "the new root"
    );
    assert_eq!(differs(&told(|of| of.statement = None)), "the number of words");
    type Change = fn(&mut Statement);
    let changes: [(Change, &str); 6] = [
        (|of| of.number += 1, "the number"),
        (|of| of.new_root ^= U256::from(1), "the new root"),
        (|of| of.data_hash ^= U256::from(1), "the data hash"),
        (|of| of.bridge_hash = B256::ZERO, "the bridge stream's hash"),
        (|of| of.words += 1, "the number of words"),
        (|of| of.rollup_eval ^= 1, "the rollup stream's value"),
    ];
    for (change, what) in changes {
        let mut proposal = good.clone();
        change(proposal.statement.as_mut().expect("has one"));
        assert_eq!(differs(&refusal(honest.attest(&proposal))), what);
    }
    let mut told = |change: fn(&mut Proposal)| {
        let mut proposal = good.clone();
        change(&mut proposal);
        refusal(honest.attest(&proposal))
    };
    assert!(matches!(
        told(|of| of.rollup[9] ^= 1),
        Refusal::Unsigned(UnsignedError::Other { place: 3 })
    ));
    assert!(matches!(
        told(|of| of.shown.truncate(3)),
        Refusal::Unsigned(UnsignedError::Missing { left: 1 })
    ));
    assert!(matches!(
        told(|of| of.chunk_slots = 33),
        Refusal::Shape { slots: 33, .. }
    ));
    assert!(matches!(
        told(|of| of.number = 2),
        Refusal::Order {
            given: 2,
            first: 1,
            next: 1
        }
    ));
    assert_eq!(honest.last(), 0);
    honest.attest(&good).expect("it was good");
}

#[test]
fn a_batch_that_l1_has_lost_is_replaced_and_both_are_kept() {
    let folder = TempDir::new().expect("a folder");
    let mut operator = Operator::new(DOMAIN);
    let mut honest = member(DOMAIN, 0, folder.path());
    let (_, first) = operator.first(TIME);
    honest.attest(&first).expect("signs");
    let before = operator.state.clone();
    let items = vec![operator.sign(transfer(1, 2, 6_000, 1))];
    let (_, lost) = operator.propose(items, TIME);
    honest.attest(&lost).expect("signs");
    let items = vec![operator.sign(transfer(2, 0, 1_000, 0))];
    let (_, behind) = operator.propose(items, TIME);
    honest.attest(&behind).expect("signs");

    (operator.state, operator.last) = (before, 1);
    let items = vec![operator.sign(transfer(2, 1, 8_000, 0))];
    let (_, instead) = operator.propose(items, TIME + 1);
    honest.attest(&instead).expect("signs").expect("a signature");
    assert_eq!(honest.last(), 2, "what was behind it is gone");
    for kept in [&lost, &behind, &instead] {
        assert_eq!(root_of(&honest, kept), Some(kept.rollup.clone()));
    }
    drop(honest);
    let mut honest = member(DOMAIN, 0, folder.path());
    assert_eq!(honest.last(), 2);
    let items = vec![operator.sign(transfer(1, 2, 9_000, 1))];
    let (_, third) = operator.propose(items, TIME + 1);
    honest
        .attest(&third)
        .expect("follows the one that replaced")
        .expect("a signature");

    // What was kept leads from batch to batch, or the member does not start.
    std::fs::remove_file(folder.path().join("000000000000.batch")).expect("it is there");
    let terms = Terms {
        domain: DOMAIN,
        shapes: SHAPES,
    };
    let gap = Member::open(signer(0), terms, folder.path());
    assert!(
        matches!(gap, Err(MemberError::Gap { last: 0, found: 2 })),
        "{gap:?}"
    );
}
