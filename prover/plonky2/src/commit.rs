//! Commitments to polynomials: their values on cosets of the subgroup, hashed into a tree.

use ashlar_accel::{
    AccelError, Direction, Ntt, Order, Transform,
    cpu::{CpuBackend, Level},
};
use ashlar_statement::hash::{C, D, F};
use plonky2::{
    field::{polynomial::PolynomialCoeffs, types::Field},
    fri::oracle::PolynomialBatch,
    plonk::circuit_data::CommonCircuitData,
};
use rayon::prelude::*;

use crate::{Arithmetic, quotient, tree::merkle_tree};

type Domain = <CpuBackend as Ntt<F>>::Domain;
type Coset = <CpuBackend as Ntt<F>>::Coset;
/// plonky2's commitment.
pub type Batch = PolynomialBatch<F, C, D>;

/// Leaves that are gathered together: one line of the cache of each column.
const TILE: usize = 8;

/// The transforms and trees of a circuit.
pub struct Committer {
    arithmetic: Arithmetic,
    backend: CpuBackend,
    degree_bits: usize,
    rate_bits: usize,
    cap_height: usize,
    rows: Domain,
    /// The subgroup's cosets that leaves are values on, in the order of the leaves: bits reversed.
    cosets: Vec<Coset>,
    points: Domain,
    shift: Coset,
}

impl Committer {
    pub fn new(arithmetic: Arithmetic, common: &CommonCircuitData<F, D>) -> Result<Self, AccelError> {
        let backend = match arithmetic {
            Arithmetic::Portable => CpuBackend::with_level(Level::Portable).expect("every machine has it"),
            Arithmetic::Fastest => CpuBackend::new(),
        };
        let fri = &common.config.fri_config;
        let (degree_bits, rate_bits) = (common.degree_bits(), fri.rate_bits);
        let rows = prepare(&backend, degree_bits)?;
        let generator = F::primitive_root_of_unity(degree_bits + rate_bits);
        let cosets = (0..1usize << rate_bits).map(|coset| {
            let shift = F::coset_shift() * generator.exp_u64(reverse_bits(coset, rate_bits) as u64);
            backend.prepare_coset(&rows, shift)
        });
        let cosets = cosets.collect::<Result<_, _>>()?;
        let points = prepare(&backend, degree_bits + quotient::rate_bits(common))?;
        let shift = backend.prepare_coset(&points, F::coset_shift())?;
        Ok(Self {
            arithmetic,
            backend,
            degree_bits,
            rate_bits,
            cap_height: fri.cap_height,
            rows,
            cosets,
            points,
            shift,
        })
    }

    /// Commits to the polynomials with these values on the subgroup.
    pub fn values(&self, mut columns: Vec<Vec<F>>) -> Result<Batch, AccelError> {
        let inverse = Transform {
            direction: Direction::Inverse,
            order: Order::NaturalToNatural,
            coset: None,
        };
        let mut slices: Vec<_> = columns.iter_mut().map(Vec::as_mut_slice).collect();
        self.backend.ntt_batch(&self.rows, inverse, &mut slices)?;
        self.polynomials(columns.into_iter().map(PolynomialCoeffs::new).collect())
    }

    /// Commits to polynomials.
    pub fn polynomials(&self, polynomials: Vec<PolynomialCoeffs<F>>) -> Result<Batch, AccelError> {
        let leaves = self.leaves(&polynomials)?;
        Ok(Batch {
            polynomials,
            merkle_tree: merkle_tree(self.arithmetic, leaves, self.cap_height),
            degree_log: self.degree_bits,
            rate_bits: self.rate_bits,
            blinding: false,
        })
    }

    /// The values of all polynomials at each point, in the order of the tree, coset by coset.
    fn leaves(&self, polynomials: &[PolynomialCoeffs<F>]) -> Result<Vec<Vec<F>>, AccelError> {
        let degree = 1 << self.degree_bits;
        let mut columns = vec![F::ZERO; polynomials.len() * degree];
        let mut leaves = vec![Vec::new(); degree << self.rate_bits];
        for (coset, leaves) in self.cosets.iter().zip(leaves.chunks_exact_mut(degree)) {
            let forward = Transform {
                direction: Direction::Forward,
                order: Order::NaturalToReversed,
                coset: Some(coset),
            };
            let columns_of = columns.par_chunks_exact_mut(degree).zip(polynomials);
            columns_of.try_for_each(|(column, polynomial)| {
                column.copy_from_slice(&polynomial.coeffs);
                self.backend.ntt_batch(&self.rows, forward, &mut [column])
            })?;
            leaves
                .par_chunks_mut(TILE)
                .enumerate()
                .for_each(|(tile, leaves)| {
                    leaves.fill_with(|| Vec::with_capacity(polynomials.len()));
                    for column in columns.chunks_exact(degree) {
                        for (leaf, value) in leaves.iter_mut().zip(&column[tile * TILE..]) {
                            leaf.push(*value);
                        }
                    }
                });
        }
        Ok(leaves)
    }

    /// The polynomials with these values at the points of the quotient, in the order of the leaves.
    pub fn interpolate(&self, mut columns: Vec<Vec<F>>) -> Result<Vec<Vec<F>>, AccelError> {
        let inverse = Transform {
            direction: Direction::Inverse,
            order: Order::ReversedToNatural,
            coset: Some(&self.shift),
        };
        let mut slices: Vec<_> = columns.iter_mut().map(Vec::as_mut_slice).collect();
        self.backend.ntt_batch(&self.points, inverse, &mut slices)?;
        Ok(columns)
    }
}

fn prepare(backend: &CpuBackend, bits: usize) -> Result<Domain, AccelError> {
    Ntt::<F>::prepare_domain(backend, bits as u32)
}

/// The lowest `bits` of `n` in reverse order.
pub fn reverse_bits(n: usize, bits: usize) -> usize {
    n.reverse_bits()
        .checked_shr(usize::BITS - bits as u32)
        .unwrap_or(0)
}
