//! Trees of one to five leaves against the native twin; encodings; the cache.

use ashlar_statement::{batch_public_inputs, fold_schedule, fold_spans};
use plonky2::util::serialization::Buffer;

use super::{bytes_of, pair, setup, span};
use crate::{
    circuits::RecursionCircuits,
    compress::CompressCircuit,
    proof::{DecodeError, MAX_PROOF_BYTES, SpanKind},
    span::Span,
};

#[test]
fn trees_agree_with_native_folds() {
    let setup = setup();
    let [left, right, _] = pair();
    let mut leaves = vec![left.clone(), right.clone()];
    leaves.extend((2..5).map(|i| setup.lift(&span(i))));
    for count in [1, 3, 5] {
        let mut nodes = leaves[..count].to_vec();
        for step in fold_schedule(count) {
            nodes.push(
                setup
                    .circuits
                    .fold(&nodes[step.left], &nodes[step.right])
                    .expect("neighbours"),
            );
        }
        let root = nodes.last().expect("not empty");
        let spans: Vec<Span> = (0..count as u64).map(span).collect();
        let expected = fold_spans(&spans).expect("neighbours");
        assert_eq!(
            setup.circuits.verify_span(root).expect("valid"),
            expected,
            "{count} leaves"
        );
        if count != 3 {
            let compressed = setup.circuits.compress(root).expect("valid root");
            assert_eq!(
                CompressCircuit::batch(&compressed),
                Ok(batch_public_inputs(&expected))
            );
        }
    }
}

#[test]
fn span_proof_encoding_is_strict() {
    let [lift, _, both] = pair();
    let circuits = &setup().circuits;
    for proof in [lift, both] {
        assert_eq!(circuits.decode_span(&proof.to_bytes()).as_ref(), Ok(proof));
    }
    let bytes = lift.to_bytes();
    assert_eq!(circuits.decode_span(&[]), Err(DecodeError::Kind));
    assert_eq!(
        circuits.decode_span(&[&[2], &bytes[1..]].concat()),
        Err(DecodeError::Kind)
    );
    assert_eq!(
        circuits.decode_span(&bytes[..bytes.len() - 1]),
        Err(DecodeError::Malformed)
    );
    assert_eq!(
        circuits.decode_span(&[&bytes[..], &[0]].concat()),
        Err(DecodeError::Malformed)
    );
    let mut wide = bytes.clone();
    wide[1..9].fill(0xff); // a field element of 2^64 - 1
    assert_eq!(circuits.decode_span(&wide), Err(DecodeError::Malformed));
    assert!(matches!(
        circuits.decode_span(&vec![0; MAX_PROOF_BYTES + 2]),
        Err(DecodeError::TooLong { .. })
    ));
}

#[test]
fn circuits_survive_the_cache() {
    let circuits = &setup().circuits;
    let bytes = bytes_of(circuits);
    let again = RecursionCircuits::read(&mut Buffer::new(&bytes)).expect("own bytes");
    let key = |circuits: &RecursionCircuits| circuits.compress.data.verifier_only.clone();
    assert_eq!(key(&again), key(circuits), "which pins all others");
    let [lift, right, both] = pair();
    assert_eq!(
        again.fold(lift, right).expect("valid").proof.public_inputs,
        both.proof.public_inputs
    );
    again.compress(lift).expect("a batch of one chunk");
    assert_eq!(lift.kind, SpanKind::Lift(0));
}
