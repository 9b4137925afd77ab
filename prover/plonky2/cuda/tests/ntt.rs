//! Transforms of the kernels beside plonky2's.

mod common;

use std::sync::Arc;

use ashlar_plonky2_cuda::kernels::ntt::{Domain, Extender, Interpolator, Order};
use common::{canonical, device, download, elements, upload};
use plonky2::{
    field::{
        goldilocks_field::GoldilocksField as F,
        polynomial::{PolynomialCoeffs, PolynomialValues},
        types::Field,
    },
    util::reverse_index_bits_in_place,
};
use proptest::prelude::*;

/// Polynomials, bits of their size, of the rate, and of a tile.
fn shapes() -> impl Strategy<Value = (usize, usize, usize, u32)> {
    (1..6usize, 0..8usize, 0..4usize, 1..12u32)
}

fn shift(seed: u64) -> F {
    [F::ONE, F::coset_shift(), F::from_noncanonical_u64(seed | 1)][seed as usize % 3]
}

fn check(count: usize, bits: usize, rate_bits: usize, tile_bits: u32, seed: u64) {
    let (shift, device) = (shift(seed), device());
    let polynomials = elements(count << bits, seed);
    let domain = Arc::new(Domain::with_tiles(&device, bits, tile_bits).expect("memory"));
    let extended = Extender::new(&domain, rate_bits, shift)
        .and_then(|extender| extender.extend(&upload(&device, &polynomials)))
        .expect("no fault");
    let mut expected = Vec::new();
    for polynomial in polynomials.chunks_exact(1 << bits) {
        let mut polynomial = PolynomialCoeffs::new(polynomial.to_vec());
        polynomial.coeffs.resize(1 << (bits + rate_bits), F::ZERO);
        let mut values = polynomial.coset_fft(shift).values;
        reverse_index_bits_in_place(&mut values);
        expected.extend(values);
    }
    assert_eq!(download(&extended), expected);

    let large = Arc::new(Domain::with_tiles(&device, bits + rate_bits, tile_bits).expect("memory"));
    for order in [Order::Natural, Order::Reversed] {
        let found = Interpolator::new(&large, order, shift)
            .and_then(|interpolator| interpolator.interpolate(&extended))
            .expect("no fault");
        let mut expected = Vec::new();
        for values in download(&extended).chunks_exact(1 << (bits + rate_bits)) {
            let mut values = PolynomialValues::new(values.to_vec());
            if order == Order::Reversed {
                reverse_index_bits_in_place(&mut values.values);
            }
            expected.extend(values.coset_ifft(shift).coeffs);
        }
        assert_eq!(canonical(&download(&found)), canonical(&expected), "{order:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn transforms_are_plonky2_s((count, bits, rate_bits, tile_bits) in shapes(), seed: u64) {
        check(count, bits, rate_bits, tile_bits, seed);
    }
}

/// What the circuits have, and more: two passes with the tiles that are used.
#[test]
fn large_transforms_are_plonky2_s() {
    for (count, bits, rate_bits) in [(1, 13, 1), (2, 12, 3), (1, 17, 0)] {
        check(count, bits, rate_bits, 11, bits as u64);
    }
}

#[test]
#[should_panic(expected = "no columns of 2^3 elements")]
fn columns_of_another_size_are_not_transformed() {
    let device = device();
    let domain = Arc::new(Domain::new(&device, 3).expect("memory"));
    let interpolator = Interpolator::new(&domain, Order::Natural, F::ONE).expect("memory");
    let _ = interpolator.interpolate(&upload(&device, &[F::ONE; 12]));
}

#[test]
#[should_panic(expected = "memory of another device")]
fn columns_of_another_device_are_not_transformed() {
    let domain = Arc::new(Domain::new(&device(), 3).expect("memory"));
    let interpolator = Interpolator::new(&domain, Order::Natural, F::ONE).expect("memory");
    let _ = interpolator.interpolate(&upload(&device(), &[F::ONE; 8]));
}
