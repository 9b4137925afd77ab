//! Commitments to polynomials: their values on cosets of the subgroup, hashed into a tree.

use ashlar_accel::{
    AccelError, Direction, Ntt, Order, Transform,
    cpu::{CpuBackend, Level},
};
use ashlar_statement::hash::{D, F};
use plonky2::{
    field::types::Field,
    fri::FriConfig,
    hash::merkle_tree::MerkleCap,
    plonk::{circuit_data::CommonCircuitData, config::Hasher},
};

use crate::{
    Kind,
    hasher::{AT_ONCE, ManyHasher},
    leaves::Leaves,
    memory::Buffer,
    quotient,
    tree::Tree,
};

type Domain = <CpuBackend as Ntt<F>>::Domain;
type Coset = <CpuBackend as Ntt<F>>::Coset;

/// Polynomials of the degree of a circuit, and the tree over their values.
pub struct Batch<H: Hasher<F>> {
    /// Coefficients of each.
    pub polynomials: Vec<Vec<F>>,
    pub tree: Tree<H>,
}

impl<H: Hasher<F>> Batch<H> {
    /// The coefficients of each polynomial.
    pub fn columns(&self) -> impl Iterator<Item = &[F]> {
        self.polynomials.iter().map(Vec::as_slice)
    }
}

/// The transforms and trees of a circuit.
pub struct Committer {
    kind: Kind,
    backend: CpuBackend,
    degree: usize,
    cap_height: usize,
    rows: Domain,
    /// The subgroup's cosets that leaves are values on, in the order of the leaves: bits reversed.
    cosets: Vec<Coset>,
    points: Domain,
    shift: Coset,
}

impl Committer {
    pub fn new(kind: Kind, common: &CommonCircuitData<F, D>) -> Result<Self, AccelError> {
        let fri = &common.config.fri_config;
        Self::with_points(kind, common.degree_bits(), fri, quotient::rate_bits(common))
    }

    /// For polynomials of this degree, and a quotient at points of this rate.
    fn with_points(
        kind: Kind,
        degree_bits: usize,
        fri: &FriConfig,
        quotient_rate_bits: usize,
    ) -> Result<Self, AccelError> {
        let backend = match kind {
            Kind::Avx512 => CpuBackend::new(),
            Kind::Portable | Kind::Avx2 => {
                CpuBackend::with_level(Level::Portable).expect("every machine has it")
            }
        };
        let rate_bits = fri.rate_bits;
        let rows = prepare(&backend, degree_bits)?;
        let generator = F::primitive_root_of_unity(degree_bits + rate_bits);
        let cosets = (0..1usize << rate_bits).map(|coset| {
            let shift = F::coset_shift() * generator.exp_u64(reverse_bits(coset, rate_bits) as u64);
            backend.prepare_coset(&rows, shift)
        });
        let cosets = cosets.collect::<Result<_, _>>()?;
        let points = prepare(&backend, degree_bits + quotient_rate_bits)?;
        let shift = backend.prepare_coset(&points, F::coset_shift())?;
        Ok(Self {
            kind,
            backend,
            degree: 1 << degree_bits,
            cap_height: fri.cap_height,
            rows,
            cosets,
            points,
            shift,
        })
    }

    /// Commits to the polynomials with these values on the subgroup.
    pub fn values<H: ManyHasher>(&self, mut columns: Vec<Vec<F>>) -> Result<Batch<H>, AccelError> {
        let inverse = Transform {
            direction: Direction::Inverse,
            order: Order::NaturalToNatural,
            coset: None,
        };
        let mut slices: Vec<_> = columns.iter_mut().map(Vec::as_mut_slice).collect();
        self.backend.ntt_batch(&self.rows, inverse, &mut slices)?;
        self.polynomials(columns)
    }

    /// Commits to polynomials. The values on one coset after the other are computed, and hashed while they are near.
    pub fn polynomials<H: ManyHasher>(&self, polynomials: Vec<Vec<F>>) -> Result<Batch<H>, AccelError> {
        let (width, count) = (polynomials.len(), self.degree * self.cosets.len());
        let mut leaves = Leaves::new(width, count);
        let mut digests = vec![H::empty(); count];
        // Blocks of leaves do not reach across cosets unless these are very small.
        let cosets_at_once = AT_ONCE.div_ceil(self.degree).min(self.cosets.len());
        let length = cosets_at_once * self.degree;
        let mut columns = Buffer::new(width * length);
        let parts = self.cosets.chunks(cosets_at_once);
        for (part, digests) in parts.zip(digests.chunks_mut(length)).enumerate() {
            let (cosets, digests) = digests;
            self.extend(&polynomials, cosets, &mut columns)?;
            let columns: Vec<_> = columns.chunks_exact(length).collect();
            leaves.write(part * length, &columns, AT_ONCE, digests, |tiles, digests| {
                H::hash_leaves(self.kind, width, tiles, digests);
            });
        }
        let tree = Tree::over(self.kind, leaves, digests, self.cap_height);
        Ok(Batch { polynomials, tree })
    }

    /// Values on the leaves' cosets of polynomials of the degree of the circuit or less, in the order of the leaves.
    pub fn low_degree_extension(&self, polynomials: &[Vec<F>]) -> Result<Vec<Vec<F>>, AccelError> {
        let length = self.degree * self.cosets.len();
        let mut values = Buffer::new(polynomials.len() * length);
        self.extend(polynomials, &self.cosets, &mut values)?;
        Ok(values.chunks_exact(length).map(<[F]>::to_vec).collect())
    }

    /// Values of each polynomial on these cosets, polynomial by polynomial.
    fn extend(&self, polynomials: &[Vec<F>], cosets: &[Coset], columns: &mut [F]) -> Result<(), AccelError> {
        let held = <CpuBackend as Ntt<F>>::Held::new(polynomials.iter().map(Vec::as_slice).collect());
        let length = cosets.len() * self.degree;
        for (place, coset) in cosets.iter().enumerate() {
            let forward = Transform {
                direction: Direction::Forward,
                order: Order::NaturalToReversed,
                coset: Some(coset),
            };
            let columns = columns.chunks_exact_mut(length);
            let mut values: Vec<_> = columns
                .map(|column| &mut column[place * self.degree..][..self.degree])
                .collect();
            self.backend.ntt_from(&self.rows, forward, &held, &mut values)?;
        }
        Ok(())
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

/// Commits to columns as a circuit's wires are committed to, for measurements.
pub struct ColumnCommitter(Committer);

impl ColumnCommitter {
    /// For columns of `2^degree_bits` values, computed in such lanes, which the processor must have. Of the configuration,
    /// rate and height of the cap count.
    ///
    /// # Errors
    /// If the field has no subgroup of the size of the extended columns.
    pub fn new(kind: Kind, degree_bits: usize, fri: &FriConfig) -> Result<Self, AccelError> {
        Committer::with_points(kind, degree_bits, fri, fri.rate_bits).map(Self)
    }

    /// The cap of the tree that plonky2 makes of these values on the subgroup.
    ///
    /// # Errors
    /// If a column has another length.
    pub fn cap<H: ManyHasher>(&self, columns: Vec<Vec<F>>) -> Result<MerkleCap<F, H>, AccelError> {
        Ok(self.0.values::<H>(columns)?.tree.cap)
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
