//! halo2's verifying key without what only provers use of it.
//!
//! halo2 gives the key's domain the twiddle factors of its transforms: 64 bytes for each element of each size from the
//! circuit's own up to that of its quotient, a quarter of a gigabyte for the wrap. Verifying transforms nothing.

use std::io::{self, Read};

use halo2_proofs::{
    halo2curves::{
        bn256::{Fr, G1Affine},
        ff::{PrimeField, WithSmallOrderMulGroup},
    },
    plonk::{Circuit, ConstraintSystem, VerifyingKey, permutation},
    poly::EvaluationDomain,
};

use crate::{keys::pinned_number, verifier_key::read_point};

/// First byte of halo2's encoding.
const VERSION: u8 = 2;

/// Reads what halo2's `write` has written with compressed points, as its `read` does, but for the domain's tables.
pub(crate) fn read<C: Circuit<Fr>>(
    bytes: &mut &[u8],
    params: C::Params,
) -> io::Result<VerifyingKey<G1Affine>> {
    let [version] = take(bytes)?;
    let k = u32::from_le_bytes(take(bytes)?);
    let [compressed] = take(bytes)?;
    let fixed = u32::from_le_bytes(take(bytes)?);
    if version != VERSION || compressed != 1 {
        return Err(invalid("a verifying key of another version or kind"));
    }
    let mut cs = ConstraintSystem::default();
    C::configure_with_params(&mut cs, params);
    let domain = domain(k, cs.degree()).ok_or_else(|| invalid("a size that the field does not have"))?;
    let mut points = |count: usize| -> io::Result<Vec<G1Affine>> {
        let mut point = || read_point(bytes)?.ok_or_else(|| invalid("a commitment is no point of G1"));
        (0..count).map(|_| point()).collect()
    };
    let fixed_commitments = points(fixed as usize)?;
    let sigmas = points(cs.permutation().get_columns().len())?;
    let selectors = pinned_number(&cs, "num_selectors");
    let selectors = (0..selectors)
        .map(|_| selector(bytes, k))
        .collect::<io::Result<Vec<_>>>()?;
    let (cs, _) = cs.compress_selectors(selectors.clone());
    Ok(VerifyingKey::from_parts(
        domain,
        fixed_commitments,
        permutation::VerifyingKey::from_commitments(sigmas),
        cs,
        selectors,
        true,
    ))
}

/// The rows of a circuit where a selector is on, eight to a byte.
fn selector(bytes: &mut &[u8], k: u32) -> io::Result<Vec<bool>> {
    let rows = 1 << k;
    let mut packed = vec![0; usize::div_ceil(rows, 8)];
    bytes.read_exact(&mut packed)?;
    Ok((0..rows)
        .map(|row| packed[row / 8] >> (row % 8) & 1 == 1)
        .collect())
}

/// The numbers of `EvaluationDomain::new`, and none of its tables.
fn domain(k: u32, degree: usize) -> Option<EvaluationDomain<Fr>> {
    let quotient_poly_degree = degree.checked_sub(1)? as u64;
    let extended_k = k.checked_add(quotient_poly_degree.checked_next_power_of_two()?.ilog2())?;
    if extended_k > Fr::S {
        return None;
    }
    let root = |k| (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    let inverse = |of: Fr| Option::<Fr>::from(of.invert());
    let (omega, extended_omega) = (root(k), root(extended_k));
    let divisor = inverse(Fr::from(1 << k))?;
    Some(EvaluationDomain {
        n: 1 << k,
        k,
        extended_k,
        omega,
        omega_inv: inverse(omega)?,
        extended_omega,
        extended_omega_inv: inverse(extended_omega)?,
        g_coset: Fr::ZETA,
        g_coset_inv: Fr::ZETA.square(),
        quotient_poly_degree,
        ifft_divisor: divisor,
        extended_ifft_divisor: inverse(Fr::from(1 << extended_k))?,
        t_evaluations: Vec::new(),
        barycentric_weight: divisor,
        fft_data: Default::default(),
    })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> io::Result<[u8; N]> {
    let mut taken = [0; N];
    bytes.read_exact(&mut taken)?;
    Ok(taken)
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_has_halo2_s_numbers_and_no_tables() {
        for (k, degree) in [(3, 3), (5, 4), (7, 6), (4, 9)] {
            let lean = domain(k, degree).expect("small");
            let stock = EvaluationDomain::<Fr>::new(degree as u32, k);
            let stock = EvaluationDomain {
                t_evaluations: Vec::new(),
                fft_data: Default::default(),
                ..stock
            };
            assert_eq!(
                format!("{lean:?}"),
                format!("{stock:?}"),
                "k = {k}, degree {degree}"
            );
        }
        for (k, degree) in [(Fr::S, 3), (u32::MAX, 3), (5, 0)] {
            assert!(domain(k, degree).is_none(), "k = {k}, degree {degree}");
        }
    }
}
