//! Verifying keys alone.

use ashlar_statement::Security;

use super::{pair, setup};
use crate::{
    circuits::digest_bytes,
    keys::{KeyBytesError, SetKeys},
    proof::{SpanKind, SpanProof},
};

/// The keys of the circuits of the tests, whose leaf is a set's only one.
fn keys() -> SetKeys {
    let setup = setup();
    let leaf = digest_bytes(&setup.leaf.data.verifier_only.circuit_digest);
    let aside = [&super::link().data, &setup.circuits.join.data];
    let aside = aside.map(|data| digest_bytes(&data.verifier_only.circuit_digest));
    SetKeys::new(vec![leaf], aside, setup.circuits.keys().clone())
}

fn read(bytes: &[u8]) -> Result<SetKeys, KeyBytesError> {
    SetKeys::from_bytes(bytes, Security::default())
}

#[test]
fn keys_that_were_read_verify_as_those_that_were_made() {
    let made = keys();
    let bytes = made.to_bytes().expect("standard gates");
    println!("{} bytes", bytes.len());
    let read = read(&bytes).expect("own bytes");
    assert_eq!(read.digests(), made.digests());
    assert_eq!(read.to_bytes().expect("standard gates"), bytes);
    for proof in pair() {
        let span = made.recursion.verify_span(proof).expect("valid");
        assert_eq!(read.recursion.verify_span(proof).expect("valid"), span);
        let kind = match proof.kind {
            SpanKind::Fold => SpanKind::Lift(0),
            SpanKind::Lift(_) => SpanKind::Fold,
        };
        let other = SpanProof {
            kind,
            ..proof.clone()
        };
        read.recursion
            .verify_span(&other)
            .expect_err("of another circuit");
    }
}

/// A commitment or a digest that was changed, of any circuit, and other parameters.
#[test]
fn keys_that_are_not_what_they_say_are_refused() {
    let made = keys();
    let bytes = made.to_bytes().expect("standard gates");
    let digests = made.digests();
    for (circuit, digest) in [
        ("lift", digests.lifts[0]),
        ("fold", digests.fold),
        ("compress", digests.compress),
    ] {
        let mut places = bytes.windows(32).enumerate();
        let (place, _) = places.find(|(_, window)| *window == digest).expect("written");
        // The digest's first byte, and the last commitment's before it.
        for place in [place, place - 32] {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let error = read(&changed).expect_err("changed");
            assert!(
                matches!(error, KeyBytesError::Digest { circuit: found } if found == circuit),
                "{circuit}, byte {place}: {error:?}"
            );
        }
    }
    let other = SetKeys::from_bytes(&bytes, Security::Proven100).expect_err("other parameters");
    assert!(
        matches!(other, KeyBytesError::Shape { circuit: "lift" }),
        "{other:?}"
    );
    for malformed in [&bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat()] {
        let error = read(malformed).expect_err("malformed");
        assert!(matches!(error, KeyBytesError::Malformed), "{error:?}");
    }
}
