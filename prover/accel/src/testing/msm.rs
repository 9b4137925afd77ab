//! What every [`Msm`] over BN254 must do.
//!
//! The bases are known multiples of the generator, so the expected sum is one multiplication, whatever the size.

use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::Field,
    group::{Curve, Group, prime::PrimeCurveAffine},
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::Check;
use crate::{AccelError, Msm, reference};

/// Bases whose logarithms are known.
pub struct KnownBases {
    /// `logarithms[i] * generator`
    pub points: Vec<G1Affine>,
    /// The multiples.
    pub logarithms: Vec<Fr>,
}

impl KnownBases {
    /// `count` different points, none of them the identity.
    pub fn new(count: usize) -> Self {
        const RUN: usize = 1 << 12;
        let step = Fr::from(0x1234_5678_9abc_def1);
        let step_point = (G1::generator() * step).to_affine();
        let mut points = vec![G1Affine::identity(); count];
        let mut logarithms = vec![Fr::zero(); count];
        let runs = points.par_chunks_mut(RUN).zip(logarithms.par_chunks_mut(RUN));
        runs.enumerate().for_each(|(run, (points, logarithms))| {
            let mut logarithm = Fr::one() + step * Fr::from((run * RUN) as u64);
            let mut point = G1::generator() * logarithm;
            let multiples: Vec<G1> = logarithms
                .iter_mut()
                .map(|slot| {
                    let own = point;
                    *slot = logarithm;
                    point += step_point;
                    logarithm += step;
                    own
                })
                .collect();
            G1::batch_normalize(&multiples, points);
        });
        Self { points, logarithms }
    }

    /// `sum(scalars[i] * points[i])`, by way of the logarithms.
    pub fn expected(&self, scalars: &[Fr]) -> G1 {
        let products = scalars
            .par_iter()
            .zip(&self.logarithms)
            .map(|(scalar, log)| scalar * log);
        G1::generator() * products.reduce(Fr::zero, |sum, product| sum + product)
    }
}

/// Kinds of scalars: what proofs are made of, and what breaks recoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalars {
    /// All over the field.
    Full,
    /// Below `2^bits`.
    Small(u32),
    /// `-x` for `x` below `2^bits`.
    SmallNegative(u32),
    /// Zero, one, minus one, and the neighbours of half the modulus.
    Edges,
    /// All the same.
    Constant,
    /// Nine in ten are zero or one, one in ten is large: a column of a witness.
    Skewed,
    /// `2^i` and its neighbours, either sign.
    Powers,
}

impl Scalars {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Full,
        Self::Small(1),
        Self::Small(16),
        Self::Small(64),
        Self::Small(65),
        Self::SmallNegative(16),
        Self::SmallNegative(33),
        Self::Edges,
        Self::Constant,
        Self::Skewed,
        Self::Powers,
    ];

    /// `count` scalars, the same for the same seed.
    pub fn draw(self, count: usize, seed: u64) -> Vec<Fr> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let half = Fr::from(2).invert().expect("two is not zero");
        let edges = [
            Fr::zero(),
            Fr::one(),
            -Fr::one(),
            half,
            -half,
            Fr::from(2),
            -Fr::from(2),
        ];
        let constant = Fr::random(&mut rng);
        let mut small = |bits: u32| {
            let value = rng.r#gen::<u128>() & ((1 << bits) - 1);
            Fr::from_raw([value as u64, (value >> 64) as u64, 0, 0])
        };
        let mut full = ChaCha8Rng::seed_from_u64(!seed);
        (0..count)
            .map(|i| match self {
                Self::Full => Fr::random(&mut full),
                Self::Small(bits) => small(bits),
                Self::SmallNegative(bits) => -small(bits),
                Self::Edges => edges[i % edges.len()],
                Self::Constant => constant,
                Self::Skewed if i % 10 == 0 => Fr::random(&mut full),
                Self::Skewed => small(1),
                Self::Powers => {
                    let power = Fr::from(2).pow_vartime([i as u64 % 256]) + edges[i % 3];
                    if i % 2 == 0 { power } else { -power }
                }
            })
            .collect()
    }
}

fn check<B: Msm<G1Affine>>(backend: &B, known: &KnownBases, bases: &B::Bases, scalars: &[Fr], what: &str) {
    let sum = backend
        .msm(bases, scalars)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(sum, known.expected(scalars), "{what}, {} scalars", scalars.len());
}

/// Every kind of scalars at sizes from 0 to `2^max_log_size`, over more bases than there are scalars.
pub fn sizes_and_scalars<B: Msm<G1Affine>>(backend: &B, max_log_size: u32) {
    let known = KnownBases::new(1 << max_log_size);
    let bases = backend
        .prepare_bases(&known.points)
        .expect("the suite's bases can be prepared");
    let powers = (0..=max_log_size).map(|log| 1 << log);
    let sizes = [0, 3, 7, 9, 100, 1000, 5000].into_iter().chain(powers);
    for size in sizes.filter(|size| *size <= known.points.len()) {
        // Every kind at small sizes; the three that differ most in their work at large ones.
        let few = [Scalars::Full, Scalars::Small(16), Scalars::Skewed];
        let kinds = if size <= 1 << 13 { &Scalars::ALL[..] } else { &few };
        for kind in kinds {
            check(
                backend,
                &known,
                &bases,
                &kind.draw(size, size as u64),
                &format!("{kind:?}"),
            );
        }
    }
}

/// Identities, repeated and opposite bases, against the twin that adds one product after another.
pub fn special_bases<B: Msm<G1Affine>>(backend: &B) {
    let known = KnownBases::new(40);
    let mut points = known.points;
    points[0] = G1Affine::identity();
    points[7] = G1Affine::identity();
    for i in 10..20 {
        points[i] = points[9];
    }
    for i in 20..30 {
        points[i] = -points[9];
    }
    let bases = backend
        .prepare_bases(&points)
        .expect("the suite's bases can be prepared");
    for kind in Scalars::ALL {
        for size in [1, 8, 21, 40] {
            let scalars = kind.draw(size, 5);
            let sum = backend
                .msm(&bases, &scalars)
                .expect("the suite's sums can be computed");
            assert_eq!(
                sum,
                reference::msm(&scalars, &points[..size]),
                "{kind:?}, {size} scalars"
            );
        }
    }
    let identities = backend
        .prepare_bases(&[G1Affine::identity(); 33])
        .expect("identities can be prepared");
    let sum = backend
        .msm(&identities, &Scalars::Full.draw(33, 1))
        .expect("identities can be summed");
    assert_eq!(sum, G1::identity());
}

/// Batches give what the single sums give, in order, and columns may be of different lengths.
pub fn batches<B: Msm<G1Affine>>(backend: &B) {
    let known = KnownBases::new(300);
    let bases = backend
        .prepare_bases(&known.points)
        .expect("the suite's bases can be prepared");
    let columns: Vec<Vec<Fr>> = [300, 0, 1, 17, 300, 128]
        .into_iter()
        .zip(Scalars::ALL)
        .map(|(size, kind)| kind.draw(size, 11))
        .collect();
    let slices: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
    let sums = backend
        .msm_batch(&bases, &slices)
        .expect("the suite's sums can be computed");
    let expected: Vec<G1> = slices.iter().map(|scalars| known.expected(scalars)).collect();
    assert_eq!(sums, expected);
    assert!(
        backend
            .msm_batch(&bases, &[])
            .expect("an empty batch is no error")
            .is_empty()
    );
}

/// More scalars than bases is an error that says so.
pub fn refusals<B: Msm<G1Affine>>(backend: &B) {
    let bases = backend
        .prepare_bases(&KnownBases::new(4).points)
        .expect("four bases can be prepared");
    let refused = backend.msm_batch(&bases, &[&[Fr::one(); 3], &[Fr::one(); 5]]);
    let expected = (4, 5);
    match refused {
        Err(AccelError::LengthMismatch {
            expected: e,
            actual: a,
            ..
        }) => assert_eq!((e, a), expected),
        other => panic!("five scalars over four bases gave {other:?}"),
    }
}

/// The suite as a list, up to `2^max_log_size` bases.
pub fn checks<B: Msm<G1Affine> + 'static>(max_log_size: u32) -> Vec<Check<B>> {
    vec![
        Check::new("refusals", refusals),
        Check::new("batches", batches),
        Check::new("special bases", special_bases),
        Check::new(
            format!("every kind of scalars to 2^{max_log_size}"),
            move |backend| sizes_and_scalars(backend, max_log_size),
        ),
    ]
}

/// The whole suite, up to `2^max_log_size` bases.
pub fn suite<B: Msm<G1Affine> + 'static>(backend: &B, max_log_size: u32) {
    checks(max_log_size).iter().for_each(|check| check.run(backend));
}
