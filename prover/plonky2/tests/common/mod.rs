//! Circuits and witnesses that the suites share.
#![allow(dead_code, reason = "each suite uses a part")]

use std::ops::Range;

use ashlar_statement::hash::{Builder, F};
use plonky2::{
    field::types::{Field, PrimeField64, Sample},
    hash::poseidon::PoseidonHash,
    iop::{
        target::Target,
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::circuit_data::CircuitConfig,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A circuit of gates in a random order over a few secrets, and the secrets.
pub fn lay_out(config: CircuitConfig, seed: u64) -> (Builder, Vec<Target>) {
    lay_out_some(config, seed, 40..120)
}

/// The same with as many gates as are asked for.
pub fn lay_out_some(config: CircuitConfig, seed: u64, gates: Range<usize>) -> (Builder, Vec<Target>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut builder = Builder::new(config);
    let secrets = builder.add_virtual_targets(8);
    let mut sum = builder.mul_many(&secrets);
    for _ in 0..rng.gen_range(gates) {
        let secret = secrets[rng.gen_range(0..8)];
        sum = match rng.gen_range(0..6) {
            0 => {
                builder
                    .hash_n_to_hash_no_pad::<PoseidonHash>([&secrets[..], &[sum]].concat())
                    .elements[0]
            }
            1 => {
                builder.range_check(secret, 40);
                builder.mul_const_add(F::from_canonical_u64(rng.r#gen::<u64>() >> 1), secret, sum)
            }
            2 => {
                let index = builder.split_le(secret, 40)[0];
                builder.random_access(index.target, vec![sum, secret])
            }
            3 => {
                let point = builder.convert_to_ext(sum);
                builder
                    .exp_u64_extension(point, rng.gen_range(3..9))
                    .to_target_array()[0]
            }
            4 => builder.exp_u64(sum, rng.gen_range(3..1 << 20)),
            _ => builder.mul_add(sum, secret, secret),
        };
    }
    builder.register_public_input(sum);
    (builder, secrets)
}

/// Secrets below 2^40, the last one of the caller's choice.
pub fn witness(secrets: &[Target], last: u64) -> anyhow::Result<PartialWitness<F>> {
    let mut witness = PartialWitness::new();
    let (end, rest) = secrets.split_last().expect("eight");
    for secret in rest {
        witness.set_target(*secret, F::from_canonical_u64(F::rand().to_canonical_u64() >> 24))?;
    }
    witness.set_target(*end, F::from_canonical_u64(last))?;
    Ok(witness)
}
