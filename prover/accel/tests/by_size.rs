//! Splitting by size: the suite with work on both sides, and what goes where.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use ashlar_accel::{
    AccelError, Backend, BySize, Direction, Msm, Ntt, Order, Thresholds, Transform,
    rows::{EvaluateRows, Program, Step},
    testing,
    testing::observed::{Answer, Observed, Observer},
};
use halo2curves::bn256::Fr;

/// Counts the columns that the device is given.
#[derive(Clone, Default)]
struct Columns(Arc<AtomicUsize>);

impl Observer for Columns {
    const NAME: &'static str = "counting";

    fn call(&self, _: &'static str, columns: usize) -> Result<Answer, AccelError> {
        self.0.fetch_add(columns, Ordering::Relaxed);
        Ok(Answer::Honest)
    }
}

const THRESHOLDS: Thresholds = Thresholds {
    msm: 100,
    ntt: 1 << 6,
    rows: 1 << 5,
};

fn split() -> (BySize<Observed<Columns>>, Arc<AtomicUsize>) {
    let columns = Columns::default();
    let counter = Arc::clone(&columns.0);
    (BySize::new(Observed::new(columns), THRESHOLDS), counter)
}

#[test]
fn the_suite_passes_with_work_on_both_sides() {
    let (backend, columns) = split();
    testing::msm::suite(&backend, 10);
    testing::ntt::suite::<Fr, _>(&backend, 10);
    testing::rows::suite(&backend);
    assert!(columns.load(Ordering::Relaxed) > 0);
    assert_eq!(backend.name(), "counting");
}

#[test]
fn sums_go_where_their_own_length_says() {
    let (backend, on_device) = split();
    let bases = backend
        .prepare_bases(&testing::msm::KnownBases::new(200).points)
        .unwrap();
    let scalars = [Fr::one(); 200];
    let sums = backend
        .msm_batch(
            &bases,
            &[&scalars[..99], &scalars[..100], &scalars[..1], &scalars],
        )
        .unwrap();
    // The bases count as one.
    assert_eq!((sums.len(), on_device.load(Ordering::Relaxed)), (4, 1 + 2));
    let few = backend
        .prepare_bases(&testing::msm::KnownBases::new(99).points)
        .unwrap();
    backend.msm(&few, &scalars[..99]).unwrap();
    assert_eq!(
        on_device.load(Ordering::Relaxed),
        3,
        "bases too few for the device stay off it"
    );
}

#[test]
fn transforms_and_tables_go_where_their_size_says() {
    let (backend, on_device) = split();
    let transform = |size: usize| {
        let domain = Ntt::<Fr>::prepare_domain(&backend, size.ilog2()).unwrap();
        let shift = backend.prepare_coset(&domain, Fr::from(7)).unwrap();
        let transform = Transform {
            direction: Direction::Forward,
            order: Order::NaturalToNatural,
            coset: Some(&shift),
        };
        backend
            .ntt_batch(&domain, transform, &mut [&mut vec![Fr::one(); size]])
            .unwrap();
        let mut column = vec![Fr::one(); size];
        let held = backend.ntt_hold(&domain, transform, vec![&mut column]).unwrap();
        backend
            .ntt_from(&domain, transform, &held, &mut [&mut vec![Fr::one(); size]])
            .unwrap();
        on_device.load(Ordering::Relaxed)
    };
    assert_eq!([transform(32), transform(64)], [0, 3]);

    let cell = Step::Cell {
        column: 0,
        rotation: 0,
    };
    let program = Program::new(vec![cell], vec![], 0).unwrap();
    let evaluate = |rows: usize| {
        backend
            .evaluate_rows(&program, &[&vec![Fr::one(); rows]], &mut vec![Fr::zero(); rows])
            .unwrap();
        on_device.load(Ordering::Relaxed)
    };
    assert_eq!([evaluate(31), evaluate(32)], [3, 4]);
}

#[test]
fn a_coset_of_the_other_side_is_refused() {
    let (backend, _) = split();
    let [small, large] = [5, 6].map(|log_size| Ntt::<Fr>::prepare_domain(&backend, log_size).unwrap());
    for (domain, other, size) in [(&small, &large, 32), (&large, &small, 64)] {
        let coset = backend.prepare_coset(other, Fr::from(7)).unwrap();
        let transform = Transform {
            direction: Direction::Inverse,
            order: Order::NaturalToNatural,
            coset: Some(&coset),
        };
        let refused = backend.ntt_batch(domain, transform, &mut [&mut vec![Fr::one(); size]]);
        assert!(matches!(refused, Err(AccelError::InvalidInput { .. })));
    }
}

#[test]
fn columns_held_on_the_other_side_are_refused() {
    let (backend, _) = split();
    let [small, large] = [5, 6].map(|log_size| Ntt::<Fr>::prepare_domain(&backend, log_size).unwrap());
    let plain = Transform {
        direction: Direction::Forward,
        order: Order::NaturalToNatural,
        coset: None,
    };
    for (domain, size, other, other_size) in [(&small, 32, &large, 64), (&large, 64, &small, 32)] {
        let mut column = vec![Fr::one(); size];
        let held = backend.ntt_hold(domain, plain, vec![&mut column]).unwrap();
        let refused = backend.ntt_from(other, plain, &held, &mut [&mut vec![Fr::one(); other_size]]);
        assert!(matches!(refused, Err(AccelError::InvalidInput { .. })));
    }
}
