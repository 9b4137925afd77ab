//! Reference strings whose secret is known: whoever knows it can forge proofs.

use halo2_proofs::{
    arithmetic::Field,
    halo2curves::{
        bn256::Fr,
        ff::{PrimeField, WithSmallOrderMulGroup},
        group::{Group, prime::PrimeCurveAffine},
    },
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use super::insecure;

/// Secrets from 1 to this, and their negatives, are tried.
const SMALL: u64 = 1 << 16;
/// Seeds of the usual generator from 0 to below this are tried.
const SEEDS: u64 = 256;

/// How a secret is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownSecret {
    /// That of this repository's development string.
    Development,
    /// A small number.
    Small(u64),
    /// A small number's negative.
    NegativeSmall(u64),
    /// Two to this power.
    PowerOfTwo(u32),
    /// A root of unity, or another constant of the field.
    FieldConstant,
    /// What halo2's and axiom's tools draw for tests from ChaCha20 with this seed.
    SeededTest(u64),
}

impl std::fmt::Display for KnownSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Development => f.write_str("that of the development string"),
            Self::Small(number) => write!(f, "{number}"),
            Self::NegativeSmall(number) => write!(f, "-{number}"),
            Self::PowerOfTwo(exponent) => write!(f, "2^{exponent}"),
            Self::FieldConstant => f.write_str("a constant of the field"),
            Self::SeededTest(seed) => write!(f, "drawn by the usual generator of tests with seed {seed}"),
        }
    }
}

/// How the secret of a string is known that has this multiple of the generator of either group; `None` if it is none of
/// those that are tried.
pub(super) fn known_secret<A: PrimeCurveAffine<Scalar = Fr>>(tau: &A) -> Option<KnownSecret> {
    let (tau, generator) = (tau.to_curve(), A::Curve::generator());
    let is = |secret: Fr| generator * secret == tau;
    if is(insecure::secret()) {
        return Some(KnownSecret::Development);
    }
    let mut multiple = A::Curve::identity();
    for number in 1..=SMALL {
        multiple += generator;
        if multiple == tau {
            return Some(KnownSecret::Small(number));
        }
        if -multiple == tau {
            return Some(KnownSecret::NegativeSmall(number));
        }
    }
    let mut power = generator;
    for exponent in 0..Fr::NUM_BITS {
        if power == tau {
            return Some(KnownSecret::PowerOfTwo(exponent));
        }
        power = power.double();
    }
    let mut root = Fr::ROOT_OF_UNITY;
    for _ in 0..Fr::S {
        if is(root) || is(-root) {
            return Some(KnownSecret::FieldConstant);
        }
        root = root.square();
    }
    if [Fr::MULTIPLICATIVE_GENERATOR, Fr::DELTA, Fr::TWO_INV, Fr::ZETA]
        .into_iter()
        .any(is)
    {
        return Some(KnownSecret::FieldConstant);
    }
    let drawn = |mut rng: ChaCha20Rng| is(Fr::random(&mut rng));
    if drawn(ChaCha20Rng::from_seed([0; 32])) {
        return Some(KnownSecret::SeededTest(0));
    }
    (0..SEEDS)
        .find(|seed| drawn(ChaCha20Rng::seed_from_u64(*seed)))
        .map(KnownSecret::SeededTest)
}

#[cfg(test)]
mod tests {
    use halo2_proofs::{
        halo2curves::{
            bn256::{Bn256, G1Affine, G2Affine},
            group::Curve,
        },
        poly::{commitment::ParamsProver, kzg::commitment::ParamsKZG},
    };

    use super::*;

    /// Either group tells the same.
    fn known(secret: Fr) -> Option<KnownSecret> {
        let in_g1 = known_secret(&(G1Affine::generator() * secret).to_affine());
        let in_g2 = known_secret(&(G2Affine::generator() * secret).to_affine());
        assert_eq!(in_g1, in_g2);
        in_g1
    }

    #[test]
    fn weak_secrets_are_told_and_others_are_not() {
        assert_eq!(known(insecure::secret()), Some(KnownSecret::Development));
        assert_eq!(known(Fr::ONE), Some(KnownSecret::Small(1)));
        assert_eq!(known(Fr::from(54_321)), Some(KnownSecret::Small(54_321)));
        assert_eq!(known(-Fr::from(2)), Some(KnownSecret::NegativeSmall(2)));
        assert_eq!(
            known(Fr::from(2).pow_vartime([200])),
            Some(KnownSecret::PowerOfTwo(200))
        );
        assert_eq!(
            known(Fr::ROOT_OF_UNITY.square()),
            Some(KnownSecret::FieldConstant)
        );
        assert_eq!(known(Fr::from(0x5eed_0000_1234)), None);
    }

    #[test]
    fn what_test_tools_draw_is_told() {
        for (rng, seed) in [
            (ChaCha20Rng::from_seed([0; 32]), 0),
            (ChaCha20Rng::seed_from_u64(7), 7),
        ] {
            let params = ParamsKZG::<Bn256>::setup(2, rng);
            assert_eq!(
                known_secret(&params.get_g()[1]),
                Some(KnownSecret::SeededTest(seed))
            );
        }
    }
}
