//! The multiplication against its twin, on both levels.
use super::*;
use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::Field,
    group::{Curve, Group},
    msm::msm_best,
};
use rand::SeedableRng;
#[test]
fn random() {
    for level in [Level::Portable, Level::Avx512Ifma] {
        let Some(backend) = CpuBackend::with_level(level) else {
            continue;
        };
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for log in [0, 1, 2, 3, 5, 8, 10, 13, 17, 18] {
            let n = 1usize << log;
            let g = G1::random(&mut rng);
            let mut p = g;
            let mut pts = vec![g; n];
            for q in pts.iter_mut() {
                *q = p;
                p += g;
                if p == g {
                    p = p.double()
                }
            }
            let mut bases = vec![G1Affine::default(); n];
            G1::batch_normalize(&pts, &mut bases);
            for kind in 0..2 {
                let scalars: Vec<Fr> = (0..n)
                    .map(|i| {
                        if kind == 0 {
                            Fr::random(&mut rng)
                        } else {
                            Fr::from(i as u64 % 65536)
                        }
                    })
                    .collect();
                let prepared = backend.prepare_bases(&bases).unwrap();
                let t = std::time::Instant::now();
                let ours = backend.msm(&prepared, &scalars).unwrap();
                let t1 = t.elapsed();
                let theirs = msm_best(&scalars, &bases);
                println!(
                    "{level:?} {log} kind {kind}: ours {t1:?} peer {:?} {:?}",
                    t.elapsed() - t1,
                    Plan::new(&scalars)
                );
                assert_eq!(ours, theirs);
            }
        }
    }
}
