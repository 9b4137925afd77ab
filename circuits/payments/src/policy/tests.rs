//! The tree, the lock, and the encoding: strict, total, one byte string per value.

use ashlar_statement::hash::{F, Hash, Role, ZERO_HASH, two_to_one};
use plonky2::field::types::Field;
use proptest::prelude::*;

use super::*;
use crate::{transaction::Kind, tree::empty_subtree};

fn digest(seed: u64) -> Hash {
    let elements = [seed, 2, 3, 4].map(F::from_noncanonical_u64);
    Hash { elements }
}

fn clause(number: u8) -> Clause {
    Clause {
        key_hash: digest(number.into()),
        rules: Rules {
            cap: number.into(),
            ..Rules::PLAIN
        },
        lock: (number % 2 == 1).then(|| lock(digest(100))),
    }
}

fn policy(clauses: u8) -> Policy {
    Policy::new((0..clauses).map(clause).collect()).expect("1 to 8")
}

/// A clause with all there is, unlocked.
fn full() -> ClauseWitness {
    let shown = policy(6).authorise(5).expect("the last clause");
    shown.unlock(digest(100)).expect("its preimage")
}

#[test]
fn every_clause_leads_to_the_root() {
    for count in 1..=8 {
        let policy = policy(count);
        for place in 0..count {
            let shown = policy.authorise(place).expect("a clause");
            assert_eq!(shown.auth(clause(place).key_hash), policy.root());
            assert_ne!(shown.auth(digest(99)), policy.root(), "another key");
            let elsewhere = ClauseWitness {
                place: place ^ 1,
                ..shown
            };
            assert_ne!(elsewhere.auth(clause(place).key_hash), policy.root());
        }
        let absent = PolicyError::NoClause {
            given: count,
            clauses: count.into(),
        };
        assert_eq!(policy.authorise(count), Err(absent));
    }
}

#[test]
fn a_plain_policy_is_the_tree_of_one_plain_clause() {
    let key_hash = digest(7);
    let rules = Hash {
        elements: [0xff + (256 << 8), (1 << 62) - 1, 0, (1 << 28) - 1].map(F::from_canonical_u64),
    };
    let signer = two_to_one(Role::ClauseSigner, key_hash, rules);
    let leaf = two_to_one(Role::Clause, signer, ZERO_HASH);
    let root = (0..3).fold(leaf, |node, level| {
        let empty = empty_subtree(Role::PolicyNode, level);
        two_to_one(Role::PolicyNode, node, empty)
    });
    let policy = Policy::plain(key_hash);
    assert_eq!(
        (policy.root(), ClauseWitness::plain().auth(key_hash)),
        (root, root)
    );
    assert_eq!(policy.authorise(0), Ok(ClauseWitness::plain()));
    assert_eq!(Policy::new(vec![Clause::plain(key_hash)]), Ok(policy));
}

#[test]
fn policies_that_cannot_be_are_refused() {
    assert_eq!(Policy::new(vec![]), Err(PolicyError::ClauseCount { given: 0 }));
    let nine = (0..9).map(clause).collect();
    assert_eq!(Policy::new(nine), Err(PolicyError::ClauseCount { given: 9 }));
    let with = |change: fn(&mut Clause)| {
        let mut clauses = policy(3).clauses().to_vec();
        change(&mut clauses[2]);
        Policy::new(clauses)
    };
    let unlocked = with(|clause| clause.lock = Some(ZERO_HASH));
    assert_eq!(unlocked, Err(PolicyError::ZeroLock));
    assert_eq!(with(|clause| clause.rules.kinds = 0), Err(PolicyError::NoKind));
}

#[test]
fn a_locked_clause_permits_nothing_without_its_preimage() {
    let permits = |shown: ClauseWitness| shown.permits(Kind::Transfer, 0, 5, 0);
    let locked = policy(6).authorise(5).expect("a clause");
    assert_eq!(permits(locked), Err(PolicyError::NoPreimage));
    assert_eq!(permits(full()), Ok(()));
    assert_eq!(full().auth(digest(5)), policy(6).root());
    let wrong = Some(digest(101));
    assert_eq!(
        permits(ClauseWitness {
            preimage: wrong,
            ..locked
        }),
        Err(PolicyError::WrongPreimage)
    );
    assert_eq!(locked.unlock(digest(101)), Err(PolicyError::WrongPreimage));
    assert_eq!(
        ClauseWitness::plain().unlock(digest(100)),
        Err(PolicyError::NoLock)
    );
    let above = PolicyError::AboveCap { spent: 6, cap: 5 };
    assert_eq!(full().permits(Kind::Transfer, 0, 6, 0), Err(above));
}

#[test]
fn clauses_round_trip_at_exact_length_only() {
    let open = policy(6).authorise(4).expect("a clause");
    let locked = policy(6).authorise(5).expect("a clause");
    for (shown, length) in [
        (ClauseWitness::plain(), 1),
        (open, 183),
        (locked, 183),
        (full(), 183),
    ] {
        let mut bytes = shown.encode();
        assert_eq!((bytes.len(), ClauseWitness::decode(&bytes)), (length, Ok(shown)));
        let wrong_length = |actual| {
            Err(ClauseDecodeError::Length {
                actual,
                expected: length,
            })
        };
        bytes.push(0);
        assert_eq!(ClauseWitness::decode(&bytes), wrong_length(length + 1));
        bytes.truncate(length - 1);
        let shorter = if length == 1 {
            Err(ClauseDecodeError::Empty)
        } else {
            wrong_length(length - 1)
        };
        assert_eq!(ClauseWitness::decode(&bytes), shorter);
    }
}

#[test]
fn malformed_bytes_are_refused_for_their_own_reason() {
    const LOCK: usize = 21;
    const PREIMAGE: usize = LOCK + 33;
    let refused = |bytes: &[u8]| ClauseWitness::decode(bytes).expect_err("malformed");
    let with = |at: usize, value: &[u8]| {
        let mut bytes = full().encode();
        bytes[at..at + value.len()].copy_from_slice(value);
        refused(&bytes)
    };
    assert_eq!(refused(&[2]), ClauseDecodeError::Form { given: 2 });
    assert_eq!(with(1, &[8]), ClauseDecodeError::Place { given: 8 });
    assert_eq!(with(2, &[0]), PolicyError::NoKind.into());
    assert_eq!(with(3, &[1, 1]), ClauseDecodeError::Token { given: 257 });
    assert_eq!(with(5, &[0x40]), PolicyError::Cap { given: (1 << 62) + 5 }.into());
    for (at, field) in [(13, "from"), (17, "until")] {
        let wide = PolicyError::Time {
            field,
            given: 1 << 28,
        };
        assert_eq!(with(at, &[0x10, 0, 0, 0]), wide.into());
    }
    for (at, field) in [(LOCK, "lock"), (PREIMAGE, "preimage")] {
        assert_eq!(with(at, &[2]), ClauseDecodeError::Flag { field, given: 2 });
        assert_eq!(with(at, &[0]), ClauseDecodeError::Stray { field });
        assert_eq!(with(at + 1, &[0xff; 8]), ClauseDecodeError::Digest { field });
    }
    assert_eq!(with(LOCK, &[0; 33]), ClauseDecodeError::NoLock);
    assert_eq!(with(LOCK + 1, &[0; 32]), PolicyError::ZeroLock.into());
    assert_eq!(
        with(183 - 32, &[0xff; 8]),
        ClauseDecodeError::Digest { field: "path" }
    );
}

#[test]
fn the_plain_clause_has_one_encoding() {
    // A neighbour's encoding, with the one thing changed that tells it from the plain clause.
    let neighbour = ClauseWitness {
        place: 1,
        ..ClauseWitness::plain()
    };
    let mut bytes = neighbour.encode();
    bytes[1] = 0;
    assert_eq!(ClauseWitness::decode(&bytes), Err(ClauseDecodeError::PlainInFull));
}

#[test]
fn serde_is_as_strict_as_the_encoding() {
    for shown in [ClauseWitness::plain(), full()] {
        let bytes = postcard::to_stdvec(&shown).expect("serialises");
        assert_eq!(bytes, postcard::to_stdvec(&shown.encode()).expect("serialises"));
        assert_eq!(postcard::from_bytes::<ClauseWitness>(&bytes), Ok(shown));
    }
    let malformed = postcard::to_stdvec(&vec![2u8]).expect("serialises");
    assert!(postcard::from_bytes::<ClauseWitness>(&malformed).is_err());
}

fn digests() -> impl Strategy<Value = Hash> {
    prop::array::uniform4(any::<u64>()).prop_map(|limbs| Hash {
        elements: limbs.map(F::from_noncanonical_u64),
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    let times = (0u32..1 << 28, 0u32..1 << 28);
    (1..=u8::MAX, any::<Option<u8>>(), 0u64..1 << 62, times).prop_map(|(kinds, token, cap, (a, b))| Rules {
        kinds,
        token,
        cap,
        from: a.min(b),
        until: a.max(b),
    })
}

fn witnesses() -> impl Strategy<Value = ClauseWitness> {
    let locks = prop_oneof![
        Just((None, None)),
        (digests(), prop::option::of(digests())).prop_map(|(lock, preimage)| (Some(lock), preimage)),
    ];
    let fields = (0u8..8, rules(), locks, prop::array::uniform3(digests()));
    let any = fields.prop_map(|(place, rules, (lock, preimage), siblings)| ClauseWitness {
        place,
        rules,
        lock,
        path: PolicyPath { siblings },
        preimage,
    });
    prop_oneof![1 => Just(ClauseWitness::plain()), 9 => any]
}

proptest! {
    #[test]
    fn every_clause_round_trips(shown in witnesses()) {
        prop_assert_eq!(ClauseWitness::decode(&shown.encode()), Ok(shown));
    }

    #[test]
    fn decoding_never_panics_and_is_canonical(bytes in prop::collection::vec(any::<u8>(), 0..200), form in 0u8..3) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = form;
        }
        if let Ok(shown) = ClauseWitness::decode(&bytes) {
            prop_assert_eq!(shown.encode(), bytes);
        }
    }

    #[test]
    fn a_changed_byte_is_refused_or_another_clause(shown in witnesses(), at in any::<prop::sample::Index>(), flip in 1u8..=255) {
        let mut bytes = shown.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = ClauseWitness::decode(&bytes) {
            prop_assert_ne!(other, shown);
            prop_assert_eq!(other.encode(), bytes);
        }
    }
}
