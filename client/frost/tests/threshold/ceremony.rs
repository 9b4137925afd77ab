use ashlar_frost::{
    FrostError, Signer, Terms, Wire,
    dkg::{Dealing, Dealt, Opened, Opening, Stage, open},
};
use rand::{SeedableRng, rngs::StdRng};

use super::{forged, message, sign};

struct Ceremony {
    rng: StdRng,
    opened: Vec<Opened>,
    openings: Vec<Opening>,
}

impl Ceremony {
    fn begin(threshold: u16, parties: u16, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let terms = Terms::new(threshold, parties).expect("possible");
        let opened = (1..=parties).map(|party| open(terms, party, &mut rng).expect("opens"));
        let (opened, openings) = opened.unzip();
        Self {
            rng,
            opened,
            openings,
        }
    }

    fn deal(&mut self, party: usize, openings: &[Opening]) -> Result<(Dealt, Dealing), FrostError> {
        self.opened[party - 1].deal(openings, &mut self.rng)
    }

    fn deal_all(&mut self) -> (Vec<Dealt>, Vec<Dealing>) {
        let openings = self.openings.clone();
        (1..=self.opened.len())
            .map(|party| self.deal(party, &openings).expect("deals"))
            .unzip()
    }
}

fn refused<T>(outcome: Result<T, FrostError>) -> FrostError {
    outcome.err().expect("refused")
}

#[test]
fn parties_come_to_one_key_that_any_of_them_in_the_threshold_s_number_sign_with() {
    for (threshold, parties) in [(2, 2), (2, 3), (3, 4)] {
        let (dealt, dealings) = Ceremony::begin(threshold, parties, 1).deal_all();
        let signers = dealt.iter().map(|of| of.finish(&dealings).expect("finishes"));
        let signers: Vec<Signer> = signers.collect();
        assert!(dealt.iter().all(|of| of.fingerprint() == dealt[0].fingerprint()));
        for (party, signer) in (1..).zip(&signers) {
            assert_eq!((signer.party(), signer.quorum()), (party, signers[0].quorum()));
        }
        let last: Vec<_> = signers.iter().rev().take(threshold.into()).collect();
        let signature = sign(&last, &message(4), &mut StdRng::seed_from_u64(3)).expect("signs");
        let key = signers[0].quorum().public_key();
        assert_eq!(key.verify(&message(4), &signature), Ok(()));
    }
}

#[test]
fn two_ceremonies_give_two_keys() {
    let key = |seed| {
        let (dealt, dealings) = Ceremony::begin(2, 2, seed).deal_all();
        dealt[0]
            .finish(&dealings)
            .expect("finishes")
            .quorum()
            .public_key()
    };
    assert_ne!(key(1), key(2));
}

#[test]
fn a_party_goes_on_from_what_it_has_kept() {
    let mut ceremony = Ceremony::begin(2, 3, 1);
    let openings = ceremony.openings.clone();
    let kept = Stage::Opened(ceremony.opened.remove(0)).encode();
    let Ok(Stage::Opened(opened)) = Stage::decode(&kept) else {
        panic!("it has opened");
    };
    assert_eq!(opened.opening(), &openings[0]);
    let (dealt, first) = opened.deal(&openings, &mut ceremony.rng).expect("deals");
    let Ok(Stage::Dealt(dealt)) = Stage::decode(&Stage::Dealt(dealt).encode()) else {
        panic!("it has dealt");
    };
    let others = (0..2).map(|i| {
        ceremony.opened[i]
            .deal(&openings, &mut ceremony.rng)
            .expect("deals")
            .1
    });
    let others: Vec<_> = others.collect();
    // Its own messages may be among the others, or not.
    let signer = dealt.finish(&others).expect("finishes");
    assert_eq!(
        dealt.finish(&[&others[..], &[first]].concat()).expect("finishes"),
        signer
    );
}

#[test]
fn who_has_not_sent_an_opening_or_a_second_one_is_named() {
    let mut ceremony = Ceremony::begin(2, 3, 1);
    let openings = ceremony.openings.clone();
    let error = refused(ceremony.deal(1, &openings[..2]));
    assert_eq!(error, FrostError::Missing { parties: vec![3] });
    let mut other = Ceremony::begin(2, 3, 2);
    let twice = [&openings[..], &other.openings[1..2]].concat();
    assert_eq!(refused(ceremony.deal(1, &twice)), FrostError::Twice { party: 2 });
    // Somebody has taken this party's number.
    assert_eq!(
        refused(ceremony.deal(1, &other.openings)),
        FrostError::Twice { party: 1 }
    );
    let mut larger = Ceremony::begin(2, 4, 1);
    let error = refused(larger.deal(4, &[&openings[..], &larger.openings.clone()[3..]].concat()));
    assert!(
        matches!(
            error,
            FrostError::OtherTerms {
                party: 1,
                threshold: 2,
                parties: 3
            }
        ),
        "{error}"
    );
    let terms = Terms::new(2, 3).expect("possible");
    let error = refused(open(terms, 4, &mut other.rng));
    assert_eq!(error, FrostError::NoParty { party: 4, parties: 3 });
}

#[test]
fn an_opening_under_another_number_has_no_proof() {
    let mut ceremony = Ceremony::begin(2, 3, 1);
    let openings = ceremony.openings.clone();
    let encoded = openings[1].encode();
    let body = encoded.len() - 4 - 6; // its first byte is the number
    let stolen = Opening::decode(&forged(&encoded, body, 2 ^ 3)).expect("in form");
    assert_eq!(stolen.party(), 3);
    let error = refused(ceremony.deal(1, &[openings[0].clone(), openings[1].clone(), stolen]));
    assert_eq!(error, FrostError::Proof { party: 3 });
}

#[test]
fn a_party_that_was_shown_other_openings_is_found() {
    let mut ceremony = Ceremony::begin(2, 3, 1);
    let other = Ceremony::begin(2, 3, 2);
    let openings = ceremony.openings.clone();
    // Party 3 shows party 2 another opening than party 1.
    let shown = [
        openings[0].clone(),
        openings[1].clone(),
        other.openings[2].clone(),
    ];
    let (first, _) = ceremony.deal(1, &openings).expect("deals");
    let (second, of_second) = ceremony.deal(2, &shown).expect("deals");
    let (_, of_third) = ceremony.deal(3, &openings).expect("deals");
    assert_ne!(first.fingerprint(), second.fingerprint());
    let error = refused(first.finish(&[of_second, of_third]));
    assert_eq!(error, FrostError::OtherTranscript { party: 2 });
}

#[test]
fn a_dealing_that_is_missing_changed_or_of_another_ceremony_is_refused() {
    let mut ceremony = Ceremony::begin(2, 3, 1);
    let (dealt, dealings) = ceremony.deal_all();
    let error = refused(dealt[0].finish(&dealings[..2]));
    assert_eq!(error, FrostError::Missing { parties: vec![3] });
    let (_, others) = Ceremony::begin(2, 3, 2).deal_all();
    let error = refused(dealt[0].finish(&[dealings[1].clone(), others[2].clone()]));
    assert_eq!(error, FrostError::Sealed { party: 3 });
    // The last byte of the third party's dealing is of what it sends the second.
    let changed = Dealing::decode(&forged(&dealings[2].encode(), 1, 1)).expect("in form");
    let error = refused(dealt[1].finish(&[dealings[0].clone(), changed.clone()]));
    assert_eq!(error, FrostError::Sealed { party: 3 });
    dealt[0]
        .finish(&[dealings[1].clone(), changed])
        .expect("its own share is whole");
}
