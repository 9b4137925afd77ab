//! Milliseconds of forward transforms beside those of the libraries that the field uses, in turn in one run.
//!
//! `cargo run --release -p ashlar-accel --example ntt_peers -- [log sizes…]`

use std::time::{Duration, Instant};

use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ashlar_accel::{
    Direction, Ntt, NttField, Order, Transform,
    cpu::{CpuBackend, Level},
    testing::ntt::random_element,
};
use halo2curves::bn256::Fr;
use halo2curves_upstream::{
    bn256::Fr as UpstreamFr,
    ff::{Field as _, PrimeField as _},
    fft::best_fft,
};
use plonky2_field::{
    fft::{fft_root_table, fft_with_options},
    goldilocks_field::GoldilocksField,
    polynomial::PolynomialCoeffs,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

const ROUNDS: usize = 7;
/// Columns of a batch: about what a circuit has.
const BATCH: usize = 14;

/// What a contender is called and one run of it.
type Contender<'a> = (String, Box<dyn FnMut() + 'a>);

/// The fastest of several rounds, contenders in turn so that a noisy neighbour hits all alike.
fn race(title: &str, mut contenders: Vec<Contender<'_>>) {
    let mut best = vec![Duration::MAX; contenders.len()];
    for _ in 0..ROUNDS {
        for (best, (_, run)) in best.iter_mut().zip(&mut contenders) {
            let start = Instant::now();
            run();
            *best = start.elapsed().min(*best);
        }
    }
    for (best, (name, _)) in best.iter().zip(&contenders) {
        println!("{title:<22} {name:<24} {:>10.3} ms", best.as_secs_f64() * 1e3);
    }
}

fn random_columns<F: NttField>(log_size: u32, count: usize) -> Vec<Vec<F>> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut column = || (0..1 << log_size).map(|_| random_element(&mut rng)).collect();
    (0..count).map(|_| column()).collect()
}

fn ours<F: NttField>(log_size: u32, count: usize, with_coset: bool) -> Vec<Contender<'static>>
where
    CpuBackend: Ntt<F>,
{
    let level = |level| {
        let backend = CpuBackend::with_level(level)?;
        let domain = Ntt::<F>::prepare_domain(&backend, log_size).unwrap();
        let coset = with_coset.then(|| backend.prepare_coset(&domain, F::from_integer(7)).unwrap());
        let mut columns = random_columns::<F>(log_size, count);
        let run = move || {
            let mut slices: Vec<&mut [F]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
            let transform = Transform {
                direction: Direction::Forward,
                order: Order::NaturalToNatural,
                coset: coset.as_ref(),
            };
            backend.ntt_batch(&domain, transform, &mut slices).unwrap();
        };
        let name = format!("{level:?}{}", if with_coset { " on a coset" } else { "" });
        Some((name, Box::new(run) as Box<dyn FnMut()>))
    };
    [Level::Portable, Level::Avx512Ifma]
        .into_iter()
        .filter_map(level)
        .collect()
}

fn bn254(log_size: u32, count: usize) {
    let mut contenders = ours::<Fr>(log_size, count, false);
    contenders.extend(ours::<Fr>(log_size, count, true));

    let random = |_| UpstreamFr::random(&mut ChaCha8Rng::seed_from_u64(1));
    let mut column: Vec<_> = (0..1 << log_size).map(random).collect();
    let root = (log_size..UpstreamFr::S).fold(UpstreamFr::ROOT_OF_UNITY, |root, _| root.square());
    let halo2 = move || (0..count).for_each(|_| best_fft(&mut column, root, log_size));
    contenders.push(("halo2curves".into(), Box::new(halo2)));

    let domain = Radix2EvaluationDomain::<ark_bn254::Fr>::new(1 << log_size).unwrap();
    let mut column: Vec<_> = (0..1u64 << log_size).map(ark_bn254::Fr::from).collect();
    let ark = move || (0..count).for_each(|_| domain.fft_in_place(&mut column));
    contenders.push(("ark-poly".into(), Box::new(ark)));
    race(&format!("bn254 {count} x 2^{log_size}"), contenders);
}

fn goldilocks(log_size: u32, count: usize) {
    let mut contenders = ours::<GoldilocksField>(log_size, count, false);
    let mut columns = random_columns::<GoldilocksField>(log_size, count);
    let table = fft_root_table(1 << log_size);
    // One thread per column is all the parallelism that plonky2 has.
    let plonky2 = move || {
        columns.par_iter_mut().for_each(|column| {
            let coefficients = PolynomialCoeffs::new(std::mem::take(column));
            *column = fft_with_options(coefficients, None, Some(&table)).values;
        });
    };
    contenders.push(("plonky2".into(), Box::new(plonky2)));
    race(&format!("goldilocks {count} x 2^{log_size}"), contenders);
}

fn main() {
    let mut log_sizes: Vec<u32> = std::env::args()
        .skip(1)
        .map(|size| size.parse().unwrap())
        .collect();
    if log_sizes.is_empty() {
        log_sizes = vec![12, 17, 20];
    }
    for log_size in log_sizes {
        for count in if log_size < 20 { vec![1, BATCH] } else { vec![1] } {
            bn254(log_size, count);
            goldilocks(log_size, count);
        }
    }
}
