//! Plonky3's commitments, with the packing that its crates were compiled for.

use p3_commit::Mmcs;
use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::{Field, PackedValue, PrimeCharacteristicRing, PrimeField64, TwoAdicField};
use p3_goldilocks::{Goldilocks, default_goldilocks_poseidon2_8, poseidon1::default_goldilocks_poseidon1_12};
use p3_matrix::{Matrix, bitrev::BitReversibleMatrix, dense::RowMajorMatrix};
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{CryptographicPermutation, PaddingFreeSponge, TruncatedPermutation};
use plonky2::field::types::{Field as _, PrimeField64 as _};

use super::{CAP_HEIGHT, Committing, F, Fixture, RATE_BITS, compiled_for};
use crate::{Cause, NotMeasured};

type Packed = <Goldilocks as Field>::Packing;

/// Elements of a digest.
const DIGEST: usize = 4;

type Trees<P, const WIDTH: usize, const RATE: usize> = MerkleTreeMmcs<
    Packed,
    Packed,
    PaddingFreeSponge<P, WIDTH, RATE, DIGEST>,
    TruncatedPermutation<P, 2, DIGEST, WIDTH>,
    2,
    DIGEST,
>;

/// With the hash that Plonky3's users take, and with the one of ours as it has it.
pub(super) fn contenders(fixture: &Fixture) -> Result<[Committing<'_>; 2], NotMeasured> {
    let wide = default_goldilocks_poseidon1_12();
    Ok([
        contender::<_, 8, 4>(fixture, "Poseidon2 of 8", default_goldilocks_poseidon2_8())?,
        contender::<_, 12, 8>(fixture, "Poseidon of 12", wide)?,
    ])
}

fn contender<'a, P, const WIDTH: usize, const RATE: usize>(
    fixture: &'a Fixture,
    hash: &'static str,
    permutation: P,
) -> Result<Committing<'a>, NotMeasured>
where
    P: CryptographicPermutation<[Goldilocks; WIDTH]> + CryptographicPermutation<[Packed; WIDTH]> + 'a,
{
    let trees = Trees::<P, WIDTH, RATE>::new(
        PaddingFreeSponge::new(permutation.clone()),
        TruncatedPermutation::new(permutation),
        CAP_HEIGHT,
    );
    let (transforms, rows) = (Radix2DitParallel::default(), fixture.rows());
    // As its FRI commits to a matrix: extended to the coset of the generator, in reversed order.
    let commit = move || {
        let extended = transforms.coset_lde_batch(rows.clone(), RATE_BITS, Goldilocks::GENERATOR);
        let extended = extended.bit_reverse_rows().to_row_major_matrix();
        let (cap, data) = trees.commit_matrix(extended);
        (cap, trees.open_batch(0, &data).opened_values)
    };
    let mut contender = Committing {
        backend: format!("plonky3/{}", hash.replace(" of ", "-").to_lowercase()),
        hash,
        lanes: format!("{}, {} at once", compiled_for(), Packed::WIDTH),
        run: Box::new(|| Ok(())),
    };
    let (_, opened) = commit();
    if opened != [fixture.first_leaf()] {
        return Err(contender.failed(Cause::Wrong));
    }
    contender.run = Box::new(move || {
        std::hint::black_box(commit());
        Ok(())
    });
    Ok(contender)
}

impl Fixture {
    fn rows(&self) -> RowMajorMatrix<Goldilocks> {
        let mut cells = Vec::with_capacity(self.columns.len() << self.log_rows);
        for row in 0..1 << self.log_rows {
            let values = self.columns.iter().map(|column| column[row]);
            cells.extend(values.map(|value| Goldilocks::from_u64(value.to_canonical_u64())));
        }
        RowMajorMatrix::new(cells, self.columns.len())
    }

    /// The polynomials with these values, on Plonky3's subgroup, at the first point of its coset: by the barycentric
    /// formula, in plonky2's arithmetic.
    fn first_leaf(&self) -> Vec<Goldilocks> {
        let ours = |value: Goldilocks| F::from_canonical_u64(value.as_canonical_u64());
        let root = ours(Goldilocks::two_adic_generator(self.log_rows as usize));
        let point = ours(Goldilocks::GENERATOR);
        let rows = F::from_canonical_u64(1 << self.log_rows);
        let scale = (point.exp_power_of_2(self.log_rows as usize) - F::ONE) / rows;
        let weights: Vec<F> = root
            .powers()
            .take(1 << self.log_rows)
            .map(|x| scale * x / (point - x))
            .collect();
        let at = |column: &Vec<F>| {
            let value: F = column
                .iter()
                .zip(&weights)
                .map(|(value, weight)| *value * *weight)
                .sum();
            Goldilocks::from_u64(value.to_canonical_u64())
        };
        self.columns.iter().map(at).collect()
    }
}
