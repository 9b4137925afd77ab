use ashlar_ecgfp5::SignatureError;
use ashlar_frost::{
    Commitment, FrostError, OneTimeNonces, Quorum, Session, Share, Signer, Terms, Wire, WireError,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};

use super::{forged, group, message, shares, sign};

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

/// All subsets of the signers with so many members.
fn subsets(signers: &[Signer], size: usize) -> Vec<Vec<&Signer>> {
    let members = |mask: usize| {
        signers
            .iter()
            .enumerate()
            .filter(move |(i, _)| mask >> i & 1 == 1)
    };
    let sets = 0..1usize << signers.len();
    let sets = sets.filter(|mask| mask.count_ones() as usize == size);
    sets.map(|mask| members(mask).map(|(_, signer)| signer).collect())
        .collect()
}

#[test]
fn every_set_of_the_threshold_s_size_signs_what_the_ordinary_verifier_accepts() {
    for (threshold, parties, sets) in [(2, 2, 1), (2, 3, 3), (3, 5, 10), (4, 4, 1)] {
        let signers = group(threshold, parties, 5);
        let all = subsets(&signers, threshold.into());
        assert_eq!(all.len(), sets);
        for set in all {
            let signature = sign(&set, &message(9), &mut rng()).expect("signs");
            let key = signers[0].quorum().public_key();
            assert_eq!(key.verify(&message(9), &signature), Ok(()));
            assert_eq!(key.verify(&message(8), &signature), Err(SignatureError::Mismatch));
        }
    }
}

#[test]
fn one_less_than_the_threshold_is_refused() {
    let signers = group(3, 4, 5);
    let error = sign(&[&signers[0], &signers[3]], &message(1), &mut rng()).expect_err("two of three");
    assert_eq!(
        error,
        FrostError::TooFew {
            given: 2,
            threshold: 3
        }
    );
}

#[test]
fn more_than_the_threshold_sign_too() {
    let signers = group(2, 4, 6);
    let all: Vec<_> = signers.iter().collect();
    let signature = sign(&all, &message(1), &mut rng()).expect("signs");
    assert_eq!(
        signers[0].quorum().public_key().verify(&message(1), &signature),
        Ok(())
    );
}

#[test]
fn whoever_sends_a_wrong_share_is_named() {
    let signers = group(3, 5, 7);
    let (session, good) =
        shares(&[&signers[0], &signers[2], &signers[4]], &message(1), &mut rng()).expect("shares");
    let wrong = |i: usize| Share::decode(&forged(&good[i].encode(), 40, 1)).expect("a share in form");
    let error = session
        .aggregate(&[good[0].clone(), wrong(1), good[2].clone()])
        .expect_err("one");
    assert_eq!(error, FrostError::WrongShares { parties: vec![3] });
    let error = session
        .aggregate(&[wrong(0), good[1].clone(), wrong(2)])
        .expect_err("two");
    assert_eq!(error, FrostError::WrongShares { parties: vec![1, 5] });
    assert!(error.to_string().contains("from: 1, 5"), "{error}");
    session.aggregate(&good).expect("the good ones are good");

    let error = session.aggregate(&good[1..]).expect_err("one is missing");
    assert_eq!(error, FrostError::Missing { parties: vec![1] });
    let error = session
        .aggregate(&[&good[..], &[wrong(1)]].concat())
        .expect_err("two of one party");
    assert_eq!(error, FrostError::Twice { party: 3 });
    let impossible = Share::decode(&forged(&good[0].encode(), 1, 0x80)).expect("a share in form");
    let error = session
        .aggregate(&[impossible, good[1].clone(), good[2].clone()])
        .expect_err("not below n");
    assert!(matches!(error, FrostError::Content { party: 1, .. }), "{error}");
}

#[test]
fn shares_and_commitments_of_something_else_are_not_taken_for_wrong_ones() {
    let signers = group(2, 3, 8);
    let pair = [&signers[0], &signers[1]];
    let (session, good) = shares(&pair, &message(1), &mut rng()).expect("shares");
    let mut other = StdRng::seed_from_u64(2);
    let (_, later) = shares(&pair, &message(1), &mut other).expect("shares");
    let error = session
        .aggregate(&[good[0].clone(), later[1].clone()])
        .expect_err("of another session");
    assert_eq!(error, FrostError::OtherSession { party: 2 });
    let foreign = group(2, 3, 9);
    let (_, of_others) = shares(&[&foreign[0], &foreign[1]], &message(1), &mut rng()).expect("shares");
    let error = session
        .aggregate(&[good[0].clone(), of_others[1].clone()])
        .expect_err("of another group");
    assert_eq!(error, FrostError::OtherKey { party: 2 });

    let commit = |signer: &Signer, seed| signer.commit(&message(seed), &mut rng()).expect("commits").1;
    let quorum = signers[0].quorum();
    for (second, error) in [
        (commit(&signers[1], 2), FrostError::OtherMessage { party: 2 }),
        (commit(&foreign[1], 1), FrostError::OtherKey { party: 2 }),
        (
            commit(&group(2, 4, 8)[3], 1),
            FrostError::NoParty { party: 4, parties: 3 },
        ),
    ] {
        let refused = Session::new(quorum, &message(1), &[commit(&signers[0], 1), second]);
        assert_eq!(refused.expect_err("something else"), error);
    }
}

#[test]
fn nonces_sign_only_with_the_commitment_to_them() {
    let signers = group(2, 3, 10);
    let mut rng = rng();
    let (older, _) = signers[0].commit(&message(1), &mut rng).expect("commits");
    let (_, newer) = signers[0].commit(&message(1), &mut rng).expect("commits");
    let (_, second) = signers[1].commit(&message(1), &mut rng).expect("commits");
    let (third, _) = signers[2].commit(&message(1), &mut rng).expect("commits");
    let session = Session::new(signers[0].quorum(), &message(1), &[newer, second]).expect("two");
    assert_eq!(session.signers(), [1, 2]);
    let error = signers[0].sign(older, &session).expect_err("others");
    assert_eq!(error, FrostError::OtherNonces { party: 1 });
    let error = signers[2].sign(third, &session).expect_err("not among them");
    assert_eq!(error, FrostError::NotIncluded { party: 3 });
    // Somebody else's nonces, as when folders are mixed up.
    let (nonces, first) = signers[0].commit(&message(1), &mut rng).expect("commits");
    let (_, second) = signers[1].commit(&message(1), &mut rng).expect("commits");
    let session = Session::new(signers[0].quorum(), &message(1), &[first, second]).expect("two");
    let error = signers[1].sign(nonces, &session).expect_err("another's");
    assert_eq!(error, FrostError::OtherKey { party: 1 });
}

#[test]
fn everything_is_read_back_as_it_was_written_and_as_nothing_else() {
    fn check<T: Wire>(value: &T) -> T {
        let bytes = value.encode();
        let back = T::decode(&bytes).unwrap_or_else(|error| panic!("kind {}: {error}", T::KIND));
        assert_eq!(back.encode(), bytes);
        assert_eq!(
            T::decode(&bytes[..bytes.len() - 1]).err(),
            Some(WireError::Damaged)
        );
        let mut newer = bytes;
        newer[4] += 1;
        assert_eq!(T::decode(&newer).err(), Some(WireError::Version { given: 2 }));
        back
    }
    let signers = group(2, 3, 11);
    let signer = check(&signers[2]);
    assert_eq!((signer.party(), signer.quorum()), (3, signers[0].quorum()));
    assert_eq!(&check(signer.quorum()), signer.quorum());
    let (nonces, commitment) = signer.commit(&message(1), &mut rng()).expect("commits");
    assert_eq!(check(&nonces).commitment(), &check(&commitment));
    let (session, good) = shares(&[&signers[0], &signer], &message(1), &mut rng()).expect("shares");
    let back: Vec<_> = good.iter().map(check).collect();
    session.aggregate(&back).expect("the same shares");

    let error = Commitment::decode(&good[0].encode()).expect_err("a share");
    assert!(matches!(error, WireError::Kind { given: 4, .. }), "{error}");
    assert!(OneTimeNonces::decode(&commitment.encode()).is_err());
    // Secrets are not printed.
    assert_eq!(
        format!("{signer:?} {nonces:?}"),
        "Signer(3, ..) OneTimeNonces(3, ..)"
    );
}

#[test]
fn a_share_of_a_key_with_another_group_s_public_part_is_refused() {
    let (one, other) = (group(2, 3, 12), group(2, 3, 13));
    let (signer, quorum) = (one[0].encode(), one[0].quorum().encode());
    let foreign = other[0].quorum().encode();
    // The public part stands at the end of a signer, without its header and checksum.
    let body = quorum.len() - 6 - 4;
    let mut mixed = signer[..signer.len() - 4 - body].to_vec();
    mixed.extend(&foreign[6..foreign.len() - 4]);
    mixed.extend([0; 4]);
    let error = Signer::decode(&forged(&mixed, 1, 0)).expect_err("mixed");
    assert_eq!(error, WireError::Body);
    Signer::decode(&forged(&signer, 1, 0)).expect("unchanged");
    // A public part that says another threshold than its key has.
    let mut lower = quorum[..quorum.len() - 4].to_vec();
    assert_eq!(lower[6..8], [2, 3]);
    lower[6] = 3;
    lower.extend([0; 4]);
    assert_eq!(
        Quorum::decode(&forged(&lower, 1, 0)).expect_err("another"),
        WireError::Body
    );
}

#[test]
fn terms_that_make_no_sense_are_refused() {
    for (threshold, parties) in [(1, 3), (0, 2), (4, 3), (1, 1), (2, 101)] {
        let error = Terms::new(threshold, parties).expect_err("refused");
        assert_eq!(error, FrostError::Terms { threshold, parties });
    }
    Terms::new(2, 100).expect("the largest");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_terms_message_and_signers_give_an_ordinary_signature(
        seed in any::<u64>(),
        threshold in 2u16..5,
        more in 0u16..3,
        order in any::<u64>(),
    ) {
        let signers = group(threshold, threshold + more, seed);
        let sets = subsets(&signers, threshold.into());
        let mut set = sets[order as usize % sets.len()].clone();
        if order & 1 == 1 {
            set.reverse(); // the order of messages does not matter
        }
        let signature = sign(&set, &message(seed), &mut StdRng::seed_from_u64(order)).expect("signs");
        let key = signers[0].quorum().public_key();
        prop_assert_eq!(key.verify(&message(seed), &signature), Ok(()));
        prop_assert!(key.verify(&message(!seed), &signature).is_err());
    }
}
