//! The smallest leaf circuit against its native check, and with one thing broken at a time.

use std::sync::LazyLock;

use ashlar_statement::{
    Domain, LeafCircuits, LeafWitness, ProveError, Security, SpanPublicInputs, TIME_BITS,
    fee_account_and_time,
    hash::F,
    prove::prove_stock,
    seal, stream_words,
    testing::{Adder, AdderFault, AdderWitness, OutOfRange},
};
use plonky2::field::types::Field;

static CIRCUIT: LazyLock<Adder> = LazyLock::new(|| Adder::build(Security::default()));

fn witness(start: u64, additions: &[u64]) -> AdderWitness {
    let domain = Domain {
        chain_id: 1,
        rollup: [2; 20],
    };
    AdderWitness {
        domain,
        z: [F::from_canonical_u64(3), F::from_canonical_u64(5)],
        time: 27_000_000,
        start,
        additions: additions.to_vec(),
    }
}

fn prove(witness: &AdderWitness, claim: &SpanPublicInputs<F>) -> Result<Vec<F>, ProveError> {
    let proof = prove_stock("adder", CIRCUIT.data(), || CIRCUIT.assign(witness, claim))?;
    Ok(proof.public_inputs)
}

#[test]
fn proofs_state_what_the_native_check_says() {
    for additions in [&[7, 8, 9, (1 << 32) - 1][..], &[1], &[]] {
        let witness = witness(100, additions);
        let claim = Adder::check(&witness).expect("in range");
        assert_eq!(prove(&witness, &claim).expect("satisfied"), claim.to_vec());
    }
}

#[test]
fn every_part_of_the_statement_is_constrained() {
    let witness = witness(100, &[7, 8]);
    let honest = Adder::check(&witness).expect("in range");
    // The domain is free: nothing is signed here. So is the time within its range, and the point, but what is evaluated at
    // it is not.
    const TIME: usize = 27;
    let free = |index: usize| (8..12).contains(&index) || index == TIME;
    for index in (0..SpanPublicInputs::<F>::LEN).filter(|index| !free(*index)) {
        let mut claim = honest.to_vec();
        claim[index] += F::ONE;
        let claim = SpanPublicInputs::from_slice(&claim).expect("as many");
        assert!(prove(&witness, &claim).is_err(), "element {index}");
    }
    let at = |time: u64| {
        let time = F::from_canonical_u64(time);
        prove(&witness, &SpanPublicInputs { time, ..honest })
    };
    assert!(at((1 << TIME_BITS) - 1).is_ok());
    assert!(
        at(1 << TIME_BITS).is_err(),
        "a time that another number's place holds"
    );
}

#[test]
fn faults_are_told_natively_and_refused_by_the_circuit() {
    let honest = Adder::check(&witness(0, &[1])).expect("in range");
    for addition in [0, 1 << 32] {
        let bad = witness(0, &[addition]);
        assert_eq!(Adder::check(&bad), Err(AdderFault::Range(OutOfRange(addition))));
        assert!(prove(&bad, &honest).is_err());
    }
    assert_eq!(Adder::check(&witness(0, &[1; 5])), Err(AdderFault::Count(5)));
}

#[test]
fn a_batch_is_sealed_from_any_application_s_chunks() {
    let (first, second) = (witness(0, &[1, 2, 3, 4]), witness(10, &[5]));
    let domain = first.domain;
    let root = second.replay().expect("in range").new_root;
    let root = ashlar_statement::hash::Hash { elements: root };
    let batch = seal(9, 27, &domain, vec![first.clone(), second.clone()], root).expect("neighbours");
    assert_eq!(batch.rollup.len(), 5 * 7);
    let inputs = &batch.public_inputs;
    assert_eq!(inputs.stream_words, F::from_canonical_u64(stream_words(0, 5)));
    assert_eq!(
        inputs.fee_account_and_time,
        F::from_canonical_u64(fee_account_and_time(0, 27))
    );
    assert_ne!(batch.public_inputs.z, first.z, "drawn from the public data");
    assert!(batch.chunks.iter().all(|chunk| chunk.z == batch.public_inputs.z));
    assert!(
        seal(9, 27, &domain, vec![second, first], root).is_err(),
        "no neighbours"
    );
}

#[test]
fn the_circuit_survives_its_bytes() {
    let bytes = CIRCUIT.to_bytes().expect("standard gates");
    let read = Adder::from_bytes(&bytes).expect("own bytes");
    let digest = |circuit: &Adder| circuit.data().verifier_only.circuit_digest;
    assert_eq!(digest(&read), digest(&CIRCUIT));
    assert!(Adder::from_bytes(&bytes[..100]).is_err());
}
