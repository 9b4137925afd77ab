//! `poseidon2_bn254/<backend>/<log n>`, on one core.

use ashlar_benches::operations::poseidon2_bn254::Fixture;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

const LOG_STATES: u32 = 10;

fn permutations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("poseidon2_bn254");
    let fixture = Fixture::new(LOG_STATES);
    for mut contender in fixture.contenders() {
        let mut run = contender.prepare().expect("the answer is right");
        group.bench_function(BenchmarkId::new(&contender.backend, LOG_STATES), |b| {
            b.iter(&mut run)
        });
    }
}

criterion_group!(benches, permutations);
criterion_main!(benches);
