//! The CPU backend at every level that this machine has, and independent checks of the roots.

use ark_ff::{BigInteger, PrimeField as _};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ashlar_accel::{
    Direction, Ntt, NttField, Order, Transform,
    cpu::{CpuBackend, Level},
    testing,
};
use halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
    fft::best_fft,
};
use plonky2_field::{fft::fft, goldilocks_field::GoldilocksField, polynomial::PolynomialCoeffs};
use proptest::prelude::*;

const MAX_LOG_SIZE: u32 = 18;

fn backends() -> Vec<CpuBackend> {
    let levels = [Level::Portable, Level::Avx512Ifma];
    let backends = levels.iter().filter_map(|&level| {
        let backend = CpuBackend::with_level(level);
        if backend.is_none() {
            println!("skipped: this machine does not have {level:?}");
        }
        backend
    });
    backends.collect()
}

#[test]
fn bn254_suite() {
    for backend in backends() {
        testing::ntt::suite::<Fr, _>(&backend, MAX_LOG_SIZE);
    }
}

#[test]
fn goldilocks_suite() {
    for backend in backends() {
        testing::ntt::suite::<GoldilocksField, _>(&backend, MAX_LOG_SIZE);
    }
}

fn forward<F: NttField>(backend: &CpuBackend, log_size: u32, column: &[F]) -> Vec<F>
where
    CpuBackend: Ntt<F>,
{
    let domain = Ntt::<F>::prepare_domain(backend, log_size).unwrap();
    let transform = Transform {
        direction: Direction::Forward,
        order: Order::NaturalToNatural,
        coset: None,
    };
    testing::ntt::transformed(backend, &domain, &transform, &[column.to_vec()]).remove(0)
}

/// arkworks has another root of the same order, so its value `i` is ours with the index `i·j`, where its root is our
/// root to the power `j`.
#[test]
fn bn254_values_are_those_of_arkworks() {
    let to_ark = |value: &Fr| ark_bn254::Fr::from_le_bytes_mod_order(value.to_repr().as_ref());
    let from_ark = |value: ark_bn254::Fr| {
        let mut repr = [0; 32];
        repr.copy_from_slice(&value.into_bigint().to_bytes_le());
        Fr::from_repr(repr.into()).unwrap()
    };
    for log_size in [1, 5, 8, 11] {
        let column = testing::ntt::columns::<Fr>(log_size).pop().unwrap();
        let domain = Radix2EvaluationDomain::<ark_bn254::Fr>::new(column.len()).unwrap();
        let values = domain.fft(&column.iter().map(to_ark).collect::<Vec<_>>());
        let (root, ark_root) = (Fr::root(log_size), from_ark(domain.group_gen()));
        let j = (0..1u64 << log_size)
            .find(|&j| root.pow_vartime([j]) == ark_root)
            .unwrap() as usize;
        for backend in backends() {
            let ours = forward(&backend, log_size, &column);
            for (i, &value) in values.iter().enumerate() {
                assert_eq!(
                    ours[i * j % column.len()],
                    from_ark(value),
                    "2^{log_size}, value {i}"
                );
            }
        }
    }
}

#[test]
fn bn254_values_are_those_of_halo2() {
    for log_size in [0, 1, 6, 15] {
        let column = testing::ntt::columns::<Fr>(log_size).pop().unwrap();
        let mut expected = column.clone();
        best_fft(&mut expected, Fr::root(log_size), log_size);
        for backend in backends() {
            assert!(forward(&backend, log_size, &column) == expected, "2^{log_size}");
        }
    }
}

#[test]
fn goldilocks_values_are_those_of_plonky2() {
    for log_size in [1, 6, 10, 15] {
        let column = testing::ntt::columns::<GoldilocksField>(log_size).pop().unwrap();
        let expected = fft(PolynomialCoeffs::new(column.clone())).values;
        for backend in backends() {
            assert!(forward(&backend, log_size, &column) == expected, "2^{log_size}");
        }
    }
}

/// Goldilocks elements may be stored unreduced: every 64-bit word is one.
#[test]
fn goldilocks_takes_unreduced_elements() {
    let words = [
        u64::MAX,
        u64::MAX - 1,
        0xffff_ffff_0000_0001,
        0xffff_ffff_0000_0000,
        1 << 63,
        0,
    ];
    for log_size in [3, 7, 12] {
        let column: Vec<_> = words
            .iter()
            .cycle()
            .map(|&word| GoldilocksField(word))
            .take(1 << log_size)
            .collect();
        let expected = fft(PolynomialCoeffs::new(column.clone())).values;
        for backend in backends() {
            assert!(forward(&backend, log_size, &column) == expected, "2^{log_size}");
        }
    }
}

fn agree<F: NttField>(log_size: u32, column: &[F], shift: F, direction: Direction, order: Order)
where
    CpuBackend: Ntt<F>,
{
    let expected = ashlar_accel::reference::ntt::ntt(direction, order, shift, column);
    for backend in backends() {
        let domain = Ntt::<F>::prepare_domain(&backend, log_size).unwrap();
        let coset = backend.prepare_coset(&domain, shift).unwrap();
        let transform = Transform {
            direction,
            order,
            coset: Some(&coset),
        };
        let actual = testing::ntt::transformed(&backend, &domain, &transform, &[column.to_vec()]);
        assert_eq!(actual[0], expected);
    }
}

fn scalar() -> impl Strategy<Value = Fr> {
    let extreme = prop_oneof![Just(Fr::ZERO), Just(Fr::ONE), Just(-Fr::ONE), Just(-Fr::from(2))];
    let random = prop::array::uniform4(any::<u64>()).prop_map(Fr::from_raw);
    prop_oneof![extreme, random]
}

fn goldilocks() -> impl Strategy<Value = GoldilocksField> {
    let near = |bits: u32| (0..4u64).prop_map(move |i| (1u64 << bits).wrapping_sub(2).wrapping_add(i));
    let order = (0..4u64).prop_map(|i| 0xffff_ffff_0000_0000 + i);
    prop_oneof![any::<u64>(), near(32), near(0), near(63), order, Just(u64::MAX)].prop_map(GoldilocksField)
}

fn direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(testing::ntt::DIRECTIONS.to_vec())
}

fn order() -> impl Strategy<Value = Order> {
    prop::sample::select(testing::ntt::ORDERS.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn bn254_agrees_with_its_twin(
        (log_size, column) in (0u32..10).prop_flat_map(|log| (Just(log), prop::collection::vec(scalar(), 1 << log))),
        shift in scalar().prop_filter("not zero", |shift| !bool::from(shift.is_zero())),
        (direction, order) in (direction(), order()),
    ) {
        agree(log_size, &column, shift, direction, order);
    }

    #[test]
    fn goldilocks_agrees_with_its_twin(
        (log_size, column) in (0u32..12).prop_flat_map(|log| (Just(log), prop::collection::vec(goldilocks(), 1 << log))),
        shift in goldilocks().prop_filter("not zero", |&shift| shift.inverse().is_some()),
        (direction, order) in (direction(), order()),
    ) {
        agree(log_size, &column, shift, direction, order);
    }
}
