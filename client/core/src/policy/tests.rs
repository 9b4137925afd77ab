use ashlar_payments::{
    policy::{PolicyError, lock},
    transaction::SecretKey,
};
use ashlar_statement::hash::F;
use plonky2::field::types::Field;

use super::*;

const DOMAIN: Domain = Domain {
    chain_id: 31_337,
    rollup: [0xab; 20],
};

fn key_hash(name: &str) -> Hash {
    SecretKey::from_seed(name.as_bytes()).public_key().key_hash()
}

/// An owner, and a phone with every rule that there is.
fn policy() -> Policy {
    let preimage = Hash {
        elements: [1, 2, 3, 4].map(F::from_canonical_u64),
    };
    let phone = Clause {
        key_hash: key_hash("phone"),
        rules: Rules {
            kinds: 1 << Kind::Transfer as u8,
            token: Some(3),
            cap: (1 << 60) + 1,
            from: 29_700_000,
            until: 29_700_060,
        },
        lock: Some(lock(preimage)),
    };
    Policy::new(vec![Clause::plain(key_hash("owner")), phone]).expect("two clauses")
}

/// The text with one part in the place of another, which must be there.
fn with(part: &str, other: &str) -> PolicyTextError {
    let text = to_text(&policy(), &DOMAIN);
    assert!(text.contains(part), "no {part} in {text}");
    from_text(&text.replace(part, other), &DOMAIN).expect_err(other)
}

fn clause_fault(part: &str, other: &str) -> ClauseTextError {
    match with(part, other) {
        PolicyTextError::Clause { place: 1, source } => source,
        error => panic!("{error:?}"),
    }
}

#[test]
fn every_rule_comes_back_from_the_text() {
    let text = to_text(&policy(), &DOMAIN);
    let read = from_text(&text, &DOMAIN).expect("its own text");
    assert_eq!((read.root(), &read), (policy().root(), &policy()));
    assert_eq!(to_text(&read, &DOMAIN), text);
    assert!(
        text.contains("\"cap\": \"1152921504606846977\"") && text.contains("\"transfer\""),
        "{text}"
    );
}

#[test]
fn every_mask_of_kinds_comes_back() {
    for kinds in 1..=u8::MAX {
        let rules = Rules {
            kinds,
            ..Rules::PLAIN
        };
        let clause = Clause {
            rules,
            ..Clause::plain(key_hash("owner"))
        };
        let policy = Policy::new(vec![clause]).expect("one clause");
        assert_eq!(
            from_text(&to_text(&policy, &DOMAIN), &DOMAIN).expect("its own text"),
            policy
        );
    }
}

#[test]
fn a_plain_clause_is_its_key_alone() {
    let text = to_text(&Policy::plain(key_hash("owner")), &DOMAIN);
    for rule in ["kinds", "token", "cap", "from", "until", "lock", "null"] {
        assert!(!text.contains(rule), "{text}");
    }
}

#[test]
fn a_version_is_refused_before_its_fields_are_read() {
    let newer = "{\"version\": 2, \"guardians\": []}";
    let error = from_text(newer, &DOMAIN).expect_err("newer");
    assert!(
        matches!(error, PolicyTextError::Version { given: 2, known: 1 }),
        "{error:?}"
    );
}

#[test]
fn another_rollups_policy_is_refused() {
    for (part, other) in [("31337", "1"), ("0xab", "0xac")] {
        let error = with(part, other);
        assert!(matches!(error, PolicyTextError::Domain { .. }), "{error:?}");
    }
}

#[test]
fn a_rule_that_is_not_known_is_not_passed_over() {
    for (part, other) in [
        ("\"cap\"", "\"Cap\""),
        ("\"token\": 3", "\"token\": 3, \"token\": 4"),
        ("\"token\": 3", "\"token\": 256"),
        ("\"cap\": \"1152921504606846977\"", "\"cap\": 500"),
        ("\"from\": 29700000", "\"from\": -1"),
        ("\"version\": 1", "\"version\": 1, \"more\": 1"),
        ("\"key_hash\"", "\"key\""),
    ] {
        let error = with(part, other);
        assert!(matches!(error, PolicyTextError::Json(_)), "{other}: {error:?}");
    }
    let text = to_text(&policy(), &DOMAIN);
    for cut in [0, 1, text.len() / 2, text.len() - 2] {
        let error = from_text(&text[..cut], &DOMAIN).expect_err("cut");
        assert!(matches!(error, PolicyTextError::Json(_)), "{error:?}");
    }
}

#[test]
fn a_field_out_of_form_is_refused_with_its_place_and_name() {
    let kind = |given: &str| ClauseTextError::Kind {
        given: given.to_owned(),
    };
    assert_eq!(clause_fault("\"transfer\"", "\"Transfer\""), kind("Transfer"));
    let twice = ClauseTextError::KindTwice {
        given: "transfer".to_owned(),
    };
    assert_eq!(clause_fault("\"transfer\"", "\"transfer\", \"transfer\""), twice);
    for given in ["", "+5", "-5", "0.5", "18446744073709551616", " 5"] {
        let cap = ClauseTextError::Cap {
            given: given.to_owned(),
        };
        assert_eq!(clause_fault("1152921504606846977", given), cap);
    }
    let of_phone = digest_text(&key_hash("phone"));
    for given in [
        &of_phone[2..],
        &of_phone[..64],
        "0x",
        &format!("0x{}", "f".repeat(64)),
        &format!("0x{}", "g".repeat(64)),
    ] {
        let digest = ClauseTextError::Digest {
            field: "key_hash",
            given: given.to_owned(),
        };
        assert_eq!(clause_fault(&of_phone, given), digest);
    }
}

#[test]
fn a_policy_that_no_account_can_have_is_refused_for_its_own_reason() {
    let fault = |part: &str, other: &str| match with(part, other) {
        PolicyTextError::Policy(fault) => fault,
        error => panic!("{error:?}"),
    };
    assert_eq!(fault("\"transfer\"", ""), PolicyError::NoKind);
    let given = 1 << 62;
    assert_eq!(
        fault("1152921504606846977", &given.to_string()),
        PolicyError::Cap { given }
    );
    let empty = PolicyError::EmptyWindow {
        from: 29_700_000,
        until: 1,
    };
    assert_eq!(fault("29700060", "1"), empty);
    let locked = policy().clauses()[1].lock.expect("a lock");
    let zeros = format!("0x{}", "0".repeat(64));
    assert_eq!(fault(&digest_text(&locked), &zeros), PolicyError::ZeroLock);
    let none = format!(
        "{{\"version\":1,\"chain_id\":31337,\"rollup\":\"{}\",\"clauses\":[]}}",
        hex(&DOMAIN.rollup)
    );
    let error = from_text(&none, &DOMAIN).expect_err("no clause");
    assert!(
        matches!(
            error,
            PolicyTextError::Policy(PolicyError::ClauseCount { given: 0 })
        ),
        "{error:?}"
    );
}
