//! The development SRS: its secret follows from a constant in this file.

use halo2_proofs::{
    arithmetic::Field,
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine, G2Affine},
        ff::{FromUniformBytes, PrimeField},
        group::Curve,
    },
    poly::kzg::commitment::ParamsKZG,
};
use rayon::prelude::*;
use sha3::{Digest, Sha3_512};

use super::{assemble, fixed_base::FixedBase};

const SECRET_SEED: &[u8] = b"ashlar INSECURE development SRS v1: whoever reads this can forge proofs";

/// **Insecure**: an SRS of 2^`k` points whose secret is public, so that anybody can forge proofs under it. Always the
/// same for one `k`.
///
/// Knowing the secret, both bases are fixed-base multiplications: the powers `s^i` and the values at `s` of the Lagrange
/// polynomials, `(s^n − 1)·ω^i / (n·(s − ω^i))`.
///
/// # Panics
/// When `k` is above [`super::MAX_K`].
pub fn insecure_development(k: u32) -> ParamsKZG<Bn256> {
    assert!(k <= super::MAX_K, "k = {k} is above {}", super::MAX_K);
    let secret = secret();
    let table = FixedBase::new(G1Affine::generator());
    let g = table.multiply_all(&powers(secret, 1 << k));
    let g_lagrange = table.multiply_all(&lagrange_at(secret, k));
    let g2 = G2Affine::generator();
    assemble(k, g, g_lagrange, g2, (g2 * secret).to_affine())
}

/// What nobody may know of a string that is worth anything.
pub(super) fn secret() -> Fr {
    Fr::from_uniform_bytes(&Sha3_512::digest(SECRET_SEED).into())
}

/// `1, x, x², …`, `n` of them.
fn powers(x: Fr, n: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |power| Some(power * x))
        .take(n)
        .collect()
}

/// The values at `x` of the Lagrange polynomials over the 2^`k`-th roots of unity.
fn lagrange_at(x: Fr, k: u32) -> Vec<Fr> {
    let n = 1u64 << k;
    let omega = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    let factor = (x.pow_vartime([n]) - Fr::ONE) * invert(Fr::from(n));
    let roots = powers(omega, n as usize);
    roots
        .par_iter()
        .map(|root| factor * root * invert(x - root))
        .collect()
}

fn invert(x: Fr) -> Fr {
    // Zero would need `x` to be a root of unity; the secret is fixed and is none.
    Option::from(x.invert()).expect("the secret is no root of unity")
}

#[cfg(test)]
mod tests {
    use halo2_proofs::poly::{
        EvaluationDomain,
        commitment::{Blind, Params, ParamsProver},
    };

    use super::*;

    #[test]
    fn both_bases_commit_to_the_same_point() {
        let k = 7;
        let params = insecure_development(k);
        let domain = EvaluationDomain::<Fr>::new(1, k);
        let mut values = domain.empty_lagrange();
        for (i, value) in values.iter_mut().enumerate() {
            *value = Fr::from(i as u64).square() + Fr::from(3);
        }
        let coefficients = domain.lagrange_to_coeff(values.clone());
        let blind = Blind(Fr::ZERO); // KZG commitments here are not blinded
        assert_eq!(
            params.commit(&coefficients, blind),
            params.commit_lagrange(&values, blind)
        );
    }

    #[test]
    fn powers_and_g2_share_the_secret() {
        let params = insecure_development(4);
        assert_eq!(params.get_g()[0], G1Affine::generator());
        for i in 1..16 {
            assert_eq!(params.get_g()[i], (params.get_g()[i - 1] * secret()).to_affine());
        }
        assert_eq!(params.s_g2(), (G2Affine::generator() * secret()).to_affine());
    }
}
