//! What the suites have in common.
#![allow(dead_code, reason = "each suite uses a part")]

use std::sync::Arc;

use ashlar_plonky2_cuda::{Device, Runtime, Words, emulation};
use plonky2::field::{
    goldilocks_field::GoldilocksField as F,
    types::{Field64, PrimeField64},
};
use proptest::prelude::*;

/// A card, if this build has kernels for one and there is one. Otherwise the emulation, without faults.
pub fn device() -> Arc<Device> {
    emulation::restore();
    let device = Device::open(Runtime::Cuda, 0).or_else(|_| Device::open(Runtime::Emulated, 0));
    Arc::new(device.expect("there is one"))
}

/// Elements on a device.
pub fn upload(device: &Arc<Device>, elements: &[F]) -> Words {
    Words::of_elements(device, elements).expect("memory")
}

/// Elements that a device has.
pub fn download(words: &Words) -> Vec<F> {
    let words = words.read_all().expect("no fault");
    words.into_iter().map(F).collect()
}

/// Below p.
pub fn canonical(elements: &[F]) -> Vec<u64> {
    elements.iter().map(F::to_canonical_u64).collect()
}

/// Words of every kind: small, at the borders of halves and of p, and not canonical.
pub fn word() -> impl Strategy<Value = F> {
    let edges = vec![
        0,
        1,
        u64::from(u32::MAX),
        1 << 32,
        1 << 63,
        0xffff_ffff_0000_0000,
        F::ORDER - 1,
        F::ORDER,
        F::ORDER + 1,
        u64::MAX - 1,
        u64::MAX,
    ];
    prop_oneof![any::<u64>(), proptest::sample::select(edges)].prop_map(F)
}

/// So many elements of every kind: random ones of a seed, but for a few.
pub fn elements(count: usize, seed: u64) -> Vec<F> {
    use rand::{Rng, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut element = || match rng.gen_range(0..16) {
        0 => F(u64::MAX - rng.gen_range(0..4)),
        1 => F(rng.gen_range(0..4)),
        _ => F(rng.r#gen()),
    };
    (0..count).map(|_| element()).collect()
}

/// So many random elements: no sum of a few is zero.
pub fn random(count: usize, seed: u64) -> Vec<F> {
    use rand::{Rng, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| F(rng.r#gen())).collect()
}
