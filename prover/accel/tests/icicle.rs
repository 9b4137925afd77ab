//! The generic suite on the backend `icicle`, where a card answers. Without one every test says so and passes, unless
//! `ASHLAR_ICICLE_MUST_RUN` is set. `ASHLAR_ICICLE_MAX_LOG_SIZE` replaces the largest size, 18.
#![cfg(feature = "icicle")]

use std::env;

use ashlar_accel::{
    AccelError, Backend, BySize, Direction, Msm, Ntt, Order, Thresholds, Transform,
    icicle::{IcicleBackend, Options, cards},
    short_test, testing,
    testing::msm::{KnownBases, Scalars},
};
use halo2curves::bn256::Fr;
use plonky2_field::goldilocks_field::GoldilocksField;

fn max_log_size() -> u32 {
    env::var("ASHLAR_ICICLE_MAX_LOG_SIZE").map_or(18, |text| text.parse().expect("a number"))
}

/// The card, if there is one. Anything else than its absence is a failure.
fn open(options: Options) -> Option<IcicleBackend> {
    match IcicleBackend::new(options) {
        Ok(backend) => Some(backend),
        Err(error @ AccelError::Unavailable { .. }) if env::var_os("ASHLAR_ICICLE_MUST_RUN").is_none() => {
            println!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Whether the build has transforms over Goldilocks: a library of ICICLE 1.3.0 has none, and says so.
fn has_goldilocks(backend: &IcicleBackend) -> bool {
    match Ntt::<GoldilocksField>::prepare_domain(backend, 3) {
        Ok(_) => true,
        Err(error @ AccelError::Unavailable { .. }) => {
            println!("skipped: {error}");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn msm_suite() {
    let Some(backend) = open(Options::default()) else {
        return;
    };
    testing::msm::suite(&backend, max_log_size());
}

#[test]
fn the_short_self_test_passes() {
    let Some(backend) = open(Options::default()) else {
        return;
    };
    let found = short_test(&backend).expect("a card that passes the suites passes this");
    assert!(
        found.msm_scalars_per_second > 0.0 && found.ntt_elements_per_second > 0.0,
        "{found:?}"
    );
}

#[test]
fn bn254_ntt_suite() {
    let Some(backend) = open(Options::default()) else {
        return;
    };
    testing::ntt::suite::<Fr, _>(&backend, max_log_size());
}

#[test]
fn goldilocks_ntt_suite() {
    let Some(backend) = open(Options::default()) else {
        return;
    };
    if has_goldilocks(&backend) {
        testing::ntt::suite::<GoldilocksField, _>(&backend, max_log_size());
    }
}

#[test]
fn rows_suite() {
    let Some(backend) = open(Options::default()) else {
        return;
    };
    assert_eq!(backend.name(), "icicle");
    testing::rows::suite(&backend);
}

#[test]
fn goldilocks_takes_unreduced_elements() {
    let Some(backend) = open(Options::default()) else {
        return;
    };
    if has_goldilocks(&backend) {
        testing::ntt::takes_unreduced_words(&backend);
    }
}

/// Buffers of a few columns: many loads are under way one after another, some of them shorter than a buffer.
#[test]
fn small_buffers_give_the_same() {
    let options = Options {
        staging_bytes: 3 * (32 << 7),
        ..Options::default()
    };
    let Some(backend) = open(options) else { return };
    testing::msm::batches(&backend);
    testing::msm::special_bases(&backend);
    testing::ntt::batches_columns::<Fr, _>(&backend);
    testing::ntt::holds_columns::<Fr, _>(&backend);
    testing::ntt::agrees_with_reference::<Fr, _>(&backend, 7);
}

/// With thresholds in the middle of the sizes both sides get some of the work.
#[test]
fn split_by_size_it_passes_the_suite() {
    let Some(card) = open(Options::default()) else {
        return;
    };
    let thresholds = Thresholds {
        msm: 128,
        ntt: 256,
        rows: 64,
    };
    let backend = BySize::new(card, thresholds);
    testing::msm::suite(&backend, 10);
    testing::ntt::suite::<Fr, _>(&backend, 10);
    testing::rows::suite(&backend);
}

#[test]
fn cards_are_listed_or_their_absence_is_explained() {
    match cards() {
        Ok(cards) => {
            assert!(!cards.is_empty());
            for (index, card) in cards.iter().enumerate() {
                assert_eq!(card.index, index);
                assert!(
                    0 < card.total_bytes && card.free_bytes <= card.total_bytes,
                    "{card:?}"
                );
            }
        }
        Err(error) => {
            assert!(
                open(Options::default()).is_none(),
                "a card opens that is not listed"
            );
            assert!(matches!(error, AccelError::Unavailable { .. }), "{error:?}");
        }
    }
}

#[test]
fn threads_share_a_backend() {
    let Some(backend) = open(Options::default()) else {
        return;
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| testing::msm::batches(&backend));
            scope.spawn(|| testing::ntt::batches_columns::<Fr, _>(&backend));
            scope.spawn(|| testing::ntt::holds_columns::<Fr, _>(&backend));
        }
    });
}

/// A second backend on the same card has its own buffers and the same roots.
#[test]
fn two_backends_share_a_card() {
    let (Some(one), Some(two)) = (open(Options::default()), open(Options::default())) else {
        return;
    };
    for backend in [&one, &two] {
        testing::ntt::agrees_with_reference::<Fr, _>(backend, 6);
        testing::msm::batches(backend);
    }
}

#[test]
fn the_budget_is_kept() {
    let options = Options {
        memory_budget_bytes: Some(48 << 20),
        staging_bytes: 1 << 20,
        max_log_size: 16,
        ..Options::default()
    };
    let Some(backend) = open(options) else { return };
    assert_eq!(
        backend.bytes_in_use(),
        0,
        "nothing is allocated before it is needed"
    );
    let points = KnownBases::new(1 << 12);
    let bytes = 64 * points.points.len() as u64;
    let bases = backend.prepare_bases(&points.points).unwrap();
    assert_eq!(backend.bytes_in_use(), bytes);

    // Bases beyond the budget are refused with the number, and leave no trace.
    let many: Vec<_> = points.points.iter().copied().cycle().take(1 << 20).collect();
    match backend.prepare_bases(&many).map(|_| ()) {
        Err(AccelError::OutOfMemory { requested_bytes, .. }) => assert_eq!(requested_bytes, 64 << 20),
        other => panic!("64 MiB of bases in 48 MiB: {other:?}"),
    }
    assert_eq!(backend.bytes_in_use(), bytes);

    let scalars = Scalars::Full.draw(1 << 12, 1);
    assert_eq!(backend.msm(&bases, &scalars).unwrap(), points.expected(&scalars));
    let with_buffers = backend.bytes_in_use();
    assert_eq!(
        with_buffers,
        bytes + (4 << 20),
        "two slots of two buffers are kept, scratch is given back"
    );
    assert_eq!(backend.msm(&bases, &scalars).unwrap(), points.expected(&scalars));
    assert_eq!(backend.bytes_in_use(), with_buffers, "and used again");
    drop(bases);
    assert_eq!(backend.bytes_in_use(), with_buffers - bytes);
}

/// What is held takes its bytes and gives them back; where it does not fit, it is held by reference and the results are
/// the same.
#[test]
fn columns_are_held_within_the_budget() {
    const COLUMN: u64 = 32 << 10;
    let one = ashlar_icicle::Batch {
        log_size: 10,
        count: 1,
        direction: ashlar_icicle::Direction::Inverse,
        order: ashlar_icicle::Order::NaturalToNatural,
    };
    let scratch = 2 * ashlar_icicle::bn254::ntt_scratch_bytes(&one);
    // A library of ICICLE keeps the process's first domain of roots, so it must be as large as the other tests'.
    let roots = ashlar_icicle::bn254::domain_bytes(Options::default().max_log_size);
    let fixed = roots + 4 * COLUMN; // and buffers
    for (room, fits) in [(3 * COLUMN, true), (3 * COLUMN - 1, false)] {
        let options = Options {
            memory_budget_bytes: Some(fixed + scratch + room),
            staging_bytes: COLUMN as usize,
            ..Options::default()
        };
        let Some(backend) = open(options) else { return };
        let domain = Ntt::<Fr>::prepare_domain(&backend, 10).unwrap();
        let transform = |direction| Transform {
            direction,
            order: Order::NaturalToNatural,
            coset: None,
        };
        let given: Vec<Vec<Fr>> = testing::ntt::columns(10).split_off(2);
        let mut columns = given.clone();
        let slices = columns.iter_mut().map(Vec::as_mut_slice).collect();
        let held = backend
            .ntt_hold(&domain, transform(Direction::Inverse), slices)
            .unwrap();
        assert_eq!(held.is_on_device(), fits);
        assert_eq!(backend.bytes_in_use(), if fits { fixed + room } else { fixed });
        let mut out = vec![vec![Fr::zero(); 1 << 10]; 3];
        let mut slices: Vec<&mut [Fr]> = out.iter_mut().map(Vec::as_mut_slice).collect();
        backend
            .ntt_from(&domain, transform(Direction::Forward), &held, &mut slices)
            .unwrap();
        assert!(out == given);
        drop(held);
        assert_eq!(backend.bytes_in_use(), fixed, "given back");
    }
}

/// Every word that goes to the card or comes back is counted, and held columns do not go there again.
#[test]
fn traffic_is_counted() {
    let options = Options {
        staging_bytes: 3 * (32 << 7), // several loads
        ..Options::default()
    };
    let Some(backend) = open(options) else { return };
    let column = 32 << 7;
    let traffic = || {
        let traffic = backend.traffic();
        (traffic.to_card_bytes / column, traffic.from_card_bytes / column)
    };
    let given: Vec<Vec<Fr>> = testing::ntt::columns(7);
    let count = given.len() as u64;
    let mut columns = given.clone();
    let mut slices: Vec<&mut [Fr]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
    backend.round_trip(&mut slices).unwrap();
    assert!(columns == given, "unchanged");
    assert_eq!(traffic(), (count, count));

    let transform = Transform {
        direction: Direction::Forward,
        order: Order::NaturalToNatural,
        coset: None,
    };
    let domain = Ntt::<Fr>::prepare_domain(&backend, 7).unwrap();
    let slices = columns.iter_mut().map(Vec::as_mut_slice).collect();
    let held = backend.ntt_hold(&domain, transform, slices).unwrap();
    assert_eq!(traffic(), (2 * count, 2 * count));
    let mut out = given.clone();
    let mut slices: Vec<&mut [Fr]> = out.iter_mut().map(Vec::as_mut_slice).collect();
    backend.ntt_from(&domain, transform, &held, &mut slices).unwrap();
    assert_eq!(traffic(), (2 * count, 3 * count));
    drop(held);

    let points = KnownBases::new(1 << 7);
    let bases = backend.prepare_bases(&points.points).unwrap();
    assert_eq!(
        traffic(),
        (2 * count + 2, 3 * count),
        "a point is two coordinates"
    );
    backend.msm_batch(&bases, &[&given[0], &given[1]]).unwrap();
    backend.send(&[&given[0]]).unwrap();
    assert_eq!(traffic(), (2 * count + 2 + 3, 3 * count));
}

#[test]
fn a_card_that_is_not_there_is_unavailable() {
    let options = Options {
        device: 1000,
        ..Options::default()
    };
    match IcicleBackend::new(options).map(|_| ()) {
        Err(error @ AccelError::Unavailable { .. }) => {
            let text = error.to_string();
            assert!(
                text.contains("nvidia-smi") || text.contains("driver"),
                "no remedy: {text}"
            );
        }
        other => panic!("card 1000: {other:?}"),
    }
}
