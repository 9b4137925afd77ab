//! `ntt_bn254/<backend>/<log n>`.

use ashlar_benches::operations::ntt_bn254::Fixture;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn ntt(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ntt_bn254");
    group.sample_size(10);
    for log_size in [12, 14, 16, 17, 18, 20] {
        let fixture = Fixture::new(log_size);
        for mut contender in fixture.contenders() {
            let mut run = contender.prepare().expect("the answer is right");
            group.bench_function(BenchmarkId::new(&contender.backend, log_size), |b| {
                b.iter(&mut run)
            });
        }
    }
}

criterion_group!(benches, ntt);
criterion_main!(benches);
