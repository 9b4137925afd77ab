//! Grand products: running products of fractions, in parallel.

use halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{BatchInvert, Field},
};
use rayon::prelude::*;

/// Elements per parallel task, and per shared inversion.
pub(super) const CHUNK: usize = 1 << 12;

/// `z[0] = 1`, `z[i + 1] = z[i] · numerators[i] / denominators[i]`, as long as the inputs (the last fraction is not
/// used). A zero denominator counts as zero; its proof will not verify.
pub(super) fn grand_product(numerators: Vec<Fr>, mut denominators: Vec<Fr>) -> Vec<Fr> {
    let mut z = numerators;
    let totals: Vec<Fr> = z
        .par_chunks_mut(CHUNK)
        .zip(denominators.par_chunks_mut(CHUNK))
        .map(|(numerators, denominators)| {
            denominators.iter_mut().batch_invert();
            let mut total = Fr::ONE;
            for (numerator, inverse) in numerators.iter_mut().zip(denominators) {
                let fraction = *numerator * *inverse;
                *numerator = total;
                total *= fraction;
            }
            total
        })
        .collect();
    let mut before = Fr::ONE;
    let starts: Vec<Fr> = totals
        .iter()
        .map(|total| {
            let start = before;
            before *= total;
            start
        })
        .collect();
    scale_chunks(&mut z, &starts);
    z
}

/// Multiplies chunk `i` by `factors[i]`.
fn scale_chunks(values: &mut [Fr], factors: &[Fr]) {
    values
        .par_chunks_mut(CHUNK)
        .zip(factors)
        .for_each(|(chunk, factor)| chunk.iter_mut().for_each(|value| *value *= factor));
}

/// Multiplies all values.
pub(super) fn scale(values: &mut [Fr], factor: Fr) {
    values
        .par_chunks_mut(CHUNK)
        .for_each(|chunk| chunk.iter_mut().for_each(|value| *value *= factor));
}

/// `1, x, x², …`, `count` of them.
pub(super) fn powers(x: Fr, count: usize) -> Vec<Fr> {
    let mut powers = vec![Fr::ONE; count];
    powers.par_chunks_mut(CHUNK).enumerate().for_each(|(i, chunk)| {
        let mut power = x.pow_vartime([(i * CHUNK) as u64]);
        for value in chunk {
            *value = power;
            power *= x;
        }
    });
    powers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(seed: u64, count: usize) -> Vec<Fr> {
        (0..count as u64)
            .map(|i| Fr::from(seed + 7 * i).square())
            .collect()
    }

    #[test]
    fn a_grand_product_is_the_running_product_of_fractions() {
        for count in [1, 5, CHUNK, 2 * CHUNK + 3] {
            let (numerators, denominators) = (values(3, count), values(11, count));
            let mut expected = Fr::ONE;
            let z = grand_product(numerators.clone(), denominators.clone());
            for i in 0..count {
                assert_eq!(z[i], expected, "{i} of {count}");
                expected *= numerators[i] * denominators[i].invert().unwrap();
            }
        }
    }

    #[test]
    fn powers_cross_chunks() {
        let x = Fr::from(5);
        let count = 2 * CHUNK + 1;
        let all = powers(x, count);
        for i in [0, 1, CHUNK, 2 * CHUNK] {
            assert_eq!(all[i], x.pow_vartime([i as u64]));
        }
        let mut scaled = all.clone();
        scale(&mut scaled, x);
        assert_eq!(scaled[..2 * CHUNK], all[1..]);
    }
}
