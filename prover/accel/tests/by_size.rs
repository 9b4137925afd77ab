//! Splitting by size: the suite with work on both sides, and what goes where.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use ashlar_accel::{
    AccelError, Backend, BySize, Direction, Msm, Ntt, Order, Thresholds, Transform,
    cpu::CpuBackend,
    rows::{EvaluateRows, Program, Step},
    testing,
};
use halo2curves::bn256::{Fr, G1, G1Affine};

/// The CPU in the place of a device; counts the columns that it is given.
#[derive(Clone, Default)]
struct Counting {
    cpu: CpuBackend,
    columns: Arc<AtomicUsize>,
}

impl Counting {
    fn count(&self, columns: usize) {
        self.columns.fetch_add(columns, Ordering::Relaxed);
    }
}

impl Msm<G1Affine> for Counting {
    type Bases = <CpuBackend as Msm<G1Affine>>::Bases;

    fn prepare_bases(&self, bases: &[G1Affine]) -> Result<Self::Bases, AccelError> {
        self.cpu.prepare_bases(bases)
    }

    fn msm_batch(&self, bases: &Self::Bases, scalars: &[&[Fr]]) -> Result<Vec<G1>, AccelError> {
        self.count(scalars.len());
        self.cpu.msm_batch(bases, scalars)
    }
}

impl Ntt<Fr> for Counting {
    type Domain = <CpuBackend as Ntt<Fr>>::Domain;
    type Coset = <CpuBackend as Ntt<Fr>>::Coset;

    fn prepare_domain(&self, log_size: u32) -> Result<Self::Domain, AccelError> {
        self.cpu.prepare_domain(log_size)
    }

    fn prepare_coset(&self, domain: &Self::Domain, shift: Fr) -> Result<Self::Coset, AccelError> {
        self.cpu.prepare_coset(domain, shift)
    }

    fn ntt_batch(
        &self,
        domain: &Self::Domain,
        transform: Transform<'_, Self::Coset>,
        columns: &mut [&mut [Fr]],
    ) -> Result<(), AccelError> {
        self.count(columns.len());
        self.cpu.ntt_batch(domain, transform, columns)
    }
}

impl EvaluateRows<Fr> for Counting {
    fn evaluate_rows(
        &self,
        program: &Program<Fr>,
        columns: &[&[Fr]],
        out: &mut [Fr],
    ) -> Result<(), AccelError> {
        self.count(columns.len());
        self.cpu.evaluate_rows(program, columns, out)
    }
}

impl Backend for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }
}

const THRESHOLDS: Thresholds = Thresholds {
    msm: 100,
    ntt: 1 << 6,
    rows: 1 << 5,
};

fn split() -> (BySize<Counting>, Arc<AtomicUsize>) {
    let device = Counting::default();
    let columns = device.columns.clone();
    (BySize::new(device, THRESHOLDS), columns)
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
    assert_eq!((sums.len(), on_device.load(Ordering::Relaxed)), (4, 2));
    let few = backend
        .prepare_bases(&testing::msm::KnownBases::new(99).points)
        .unwrap();
    backend.msm(&few, &scalars[..99]).unwrap();
    assert_eq!(
        on_device.load(Ordering::Relaxed),
        2,
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
        on_device.load(Ordering::Relaxed)
    };
    assert_eq!([transform(32), transform(64)], [0, 1]);

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
    assert_eq!([evaluate(31), evaluate(32)], [1, 2]);
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
