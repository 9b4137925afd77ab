//! `msm_bn254/<backend>/<log n>`, also with 64-bit and 16-bit scalars.

use ashlar_benches::operations::msm_bn254::{Fixture, KINDS};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn msm(criterion: &mut Criterion) {
    for (operation, kind) in KINDS {
        let mut group = criterion.benchmark_group(operation);
        group.sample_size(10);
        for log_size in [12, 16, 17, 18, 20] {
            let fixture = Fixture::new(log_size, kind);
            for mut contender in fixture.contenders() {
                let mut run = contender.prepare().expect("the answer is right");
                group.bench_function(BenchmarkId::new(&contender.backend, log_size), |b| {
                    b.iter(&mut run)
                });
            }
        }
    }
}

criterion_group!(benches, msm);
criterion_main!(benches);
