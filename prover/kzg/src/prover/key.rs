//! What a prover computes once per key, reference string and backend.

use std::sync::Arc;

use ashlar_accel::{Backend, Direction};
use halo2_proofs::{
    SerdeFormat,
    arithmetic::lagrange_interpolate,
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine},
        ff::{Field, PrimeField},
        serde::SerdeObject,
    },
    plonk::{ConstraintSystem, ProvingKey},
    poly::{
        commitment::{Params, ParamsProver},
        kzg::commitment::ParamsKZG,
    },
};

use super::{
    ProverError, Unsupported,
    collect::usable_rows,
    columns::ColumnPrograms,
    compile::Compiled,
    constraints::{self, Columns},
    machine::Machine,
    products::powers,
    steps::Clock,
};

/// A proving key where a backend can use it: bases, cosets of the key's own polynomials, compiled constraints.
///
/// Made once and used by every proof, by several at a time too. See [`Self::memory`] for what it holds.
pub struct PreparedKey<B: Backend> {
    pub(super) pk: Arc<ProvingKey<G1Affine>>,
    pub(super) backend: B,
    pub(super) columns: Columns,
    /// Bases for polynomials in coefficient and in Lagrange form.
    pub(super) monomial: B::Bases,
    pub(super) lagrange: B::Bases,
    pub(super) domain: B::Domain,
    pub(super) cosets: Vec<KeyCoset<B>>,
    /// From the quotients on the cosets to the pieces of the quotient polynomial.
    pub(super) split: Vec<Vec<Fr>>,
    /// The n-th roots of unity.
    pub(super) roots: Vec<Fr>,
    pub(super) numerator: Compiled,
    pub(super) programs: ColumnPrograms,
}

/// Memory of a [`PreparedKey`] and its proofs, in bytes, without the backend's own (bases, twiddles, scratch space).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Held as long as the prepared key: halo2's key, and the values of the key's polynomials on every coset, which are
    /// most of it.
    pub held: usize,
    /// What each proof adds at its peak, which is in the evaluation of the last coset: the witness, its polynomials,
    /// their values on that coset, and one quotient per coset.
    pub proof: usize,
}

/// One coset `shift · H` of the n-th roots of unity H.
pub(super) struct KeyCoset<B: Backend> {
    pub(super) shift: Fr,
    pub(super) transform: B::Coset,
    /// Values of the key's polynomials, in the order of [`Columns`].
    pub(super) keys: Vec<Vec<Fr>>,
}

impl<B: Backend> std::fmt::Debug for PreparedKey<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreparedKey")
            .field("backend", &self.backend.name())
            .field("k", &self.k())
            .finish_non_exhaustive()
    }
}

impl<B: Backend> PreparedKey<B> {
    /// Prepares `pk` under `params` on `backend`: a second at k = 18.
    pub fn new(
        pk: Arc<ProvingKey<G1Affine>>,
        params: &ParamsKZG<Bn256>,
        backend: B,
    ) -> Result<Self, ProverError> {
        let domain = pk.get_vk().get_domain();
        let (k, pieces) = (domain.k(), domain.get_quotient_poly_degree());
        if params.k() != k {
            return Err(ProverError::Size {
                keys: k,
                srs: params.k(),
            });
        }
        let cs = pk.get_vk().cs();
        check_phases(cs)
            .and_then(|()| constraints::check_degree(cs, pieces))
            .map_err(ProverError::Unsupported)?;
        let numerator = constraints::numerator(cs).map_err(ProverError::Unsupported)?;
        let programs = ColumnPrograms::new(cs).map_err(ProverError::Unsupported)?;
        let monomial = backend.prepare_bases(params.get_g())?;
        let lagrange = backend.prepare_bases(&lagrange_bases(params))?;
        let transforms = backend.prepare_domain(k)?;
        let shifts = powers(Fr::MULTIPLICATIVE_GENERATOR, pieces + 1).split_off(1);
        let cosets = shifts
            .iter()
            .map(|shift| key_coset(&pk, &backend, &transforms, *shift))
            .collect::<Result<_, _>>()?;
        let n = 1 << k;
        Ok(Self {
            columns: Columns::new(cs),
            monomial,
            lagrange,
            domain: transforms,
            cosets,
            split: split_matrix(&shifts, n),
            roots: powers(domain.get_omega(), n as usize),
            numerator,
            programs,
            backend,
            pk,
        })
    }

    pub(super) fn k(&self) -> u32 {
        self.pk.get_vk().get_domain().k()
    }

    pub(super) fn rows(&self) -> usize {
        1 << self.k()
    }

    pub(super) fn usable(&self) -> usize {
        usable_rows(self.cs(), self.rows())
    }

    pub(super) fn cs(&self) -> &ConstraintSystem<Fr> {
        self.pk.get_vk().cs()
    }

    /// Bytes needed to hold the key and to prove.
    pub fn memory(&self) -> Memory {
        let column = self.rows() * size_of::<Fr>();
        let (keys, witness) = (self.columns.of_keys(), self.columns.of_witness());
        // Fixed columns and sigmas in both forms, l_0, l_last and l_active as coefficients.
        let of_halo2 = 2 * (keys - 3) + 3;
        let cosets = self.cosets.len();
        Memory {
            held: column * (of_halo2 + cosets * keys + 1),
            proof: column * (self.cs().num_advice_columns() + 2 * witness + cosets + 1),
        }
    }

    /// The backend that the key was prepared for.
    pub fn backend(&self) -> &B {
        &self.backend
    }
}

fn check_phases(cs: &ConstraintSystem<Fr>) -> Result<(), Unsupported> {
    let later_columns = cs
        .advice_column_phase()
        .iter()
        .filter(|phase| **phase > 0)
        .count();
    if cs.num_challenges() > 0 || later_columns > 0 {
        return Err(Unsupported::Phases {
            challenges: cs.num_challenges(),
            later_columns,
        });
    }
    Ok(())
}

fn key_coset<B: Backend>(
    pk: &ProvingKey<G1Affine>,
    backend: &B,
    domain: &B::Domain,
    shift: Fr,
) -> Result<KeyCoset<B>, ProverError> {
    let transform = backend.prepare_coset(domain, shift)?;
    let polynomials = pk.fixed_polys().iter().chain(pk.permutation().polys());
    let mut keys: Vec<Vec<Fr>> = polynomials
        .chain([pk.l0(), pk.l_last(), pk.l_active_row()])
        .map(|polynomial| polynomial.values().to_vec())
        .collect();
    let machine = Machine {
        backend,
        clock: &Clock::default(),
    };
    machine.transform(domain, Direction::Forward, &transform, &mut keys)?;
    Ok(KeyCoset {
        shift,
        transform,
        keys,
    })
}

/// The quotient h has degree below m·n for m cosets. On the coset of `shift`, `X^n` is the constant `t = shift^n`, so
/// interpolating numerator / (t - 1) there gives `h mod (X^n - t) = Σ_j t^j·h_j`. The matrix inverts that system and
/// divides by `t - 1`: `h_j = Σ_i split[j][i] · numerator_i`.
fn split_matrix(shifts: &[Fr], n: u64) -> Vec<Vec<Fr>> {
    let constants: Vec<Fr> = shifts.iter().map(|shift| shift.pow_vartime([n])).collect();
    let mut split = vec![vec![Fr::ZERO; shifts.len()]; shifts.len()];
    for i in 0..shifts.len() {
        let mut unit = vec![Fr::ZERO; shifts.len()];
        // The shifts are powers of a generator of the whole group, fewer than its odd part: no n-th power is 1.
        unit[i] = (constants[i] - Fr::ONE)
            .invert()
            .expect("the coset is not H itself");
        for (j, coefficient) in lagrange_interpolate(&constants, &unit).into_iter().enumerate() {
            split[j][i] = coefficient;
        }
    }
    split
}

/// The Lagrange basis has no getter: it is read out of the written form, `k (4 B) ‖ powers ‖ Lagrange basis ‖ …`.
fn lagrange_bases(params: &ParamsKZG<Bn256>) -> Vec<G1Affine> {
    const POINT_BYTES: usize = 64;
    let mut bytes = Vec::new();
    params
        .write_custom(&mut bytes, SerdeFormat::RawBytes)
        .expect("writing to memory does not fail");
    let (start, length) = (4 + (POINT_BYTES << params.k()), POINT_BYTES << params.k());
    bytes[start..start + length]
        .chunks_exact(POINT_BYTES)
        .map(G1Affine::from_raw_bytes_unchecked)
        .collect()
}

#[cfg(test)]
mod tests {
    use halo2_proofs::poly::commitment::Blind;

    use super::*;
    use crate::srs::insecure_development;

    #[test]
    fn the_lagrange_basis_is_found() {
        let params = insecure_development(4);
        let bases = lagrange_bases(&params);
        let domain = halo2_proofs::poly::EvaluationDomain::<Fr>::new(1, 4);
        for (i, base) in bases.iter().enumerate() {
            let mut unit = domain.empty_lagrange();
            unit[i] = Fr::ONE;
            assert_eq!(params.commit_lagrange(&unit, Blind(Fr::ZERO)), (*base).into());
        }
    }

    #[test]
    fn the_split_recovers_the_pieces() {
        let n = 4;
        let pieces = [3, 1, 4, 1, 5].map(Fr::from); // degree 0 in X, so h_j are numbers
        let shifts = powers(Fr::MULTIPLICATIVE_GENERATOR, 6).split_off(1);
        let split = split_matrix(&shifts, n);
        let numerators: Vec<Fr> = shifts
            .iter()
            .map(|shift| {
                let t = shift.pow_vartime([n]);
                let h = pieces.iter().rev().fold(Fr::ZERO, |sum, piece| sum * t + piece);
                h * (t - Fr::ONE)
            })
            .collect();
        for (row, piece) in split.iter().zip(&pieces) {
            let sum: Fr = row.iter().zip(&numerators).map(|(a, b)| a * b).sum();
            assert_eq!(sum, *piece);
        }
    }
}
